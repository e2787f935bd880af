import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFolder } from './index.js';

const root = mkdtempSync(join(tmpdir(), 'kubebook-folder-'));
afterAll(() => rmSync(root, { recursive: true }));

test('a folder is made with those above it, and is left as it is if it is there', () => {
  for (let time = 0; time < 2; time++) makeFolder(join(root, 'a', 'b', 'c'), 0o700);
  expect(statSync(join(root, 'a', 'b', 'c')).mode & 0o777).toBe(0o700);
});

test.each([
  ['a file', () => (writeFileSync(join(root, 'file'), ''), join(root, 'file')), 'EEXIST'],
  ['a folder below a file', () => join(root, 'file', 'below', 'it'), 'ENOTDIR'],
  ['a folder where none can be made', () => '/proc/none/below', 'ENOENT'],
])('%s cannot be made one', (_, folder, code) => {
  expect(() => makeFolder(folder())).toThrow(expect.objectContaining({ code }));
});
