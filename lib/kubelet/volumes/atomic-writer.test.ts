import { mkdtemp, readFile, readdir, readlink, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeAtomically } from './atomic-writer.js';

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'kubebook-volume-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

const payload = (files: Record<string, string>, mode = 0o644) =>
  new Map(Object.entries(files).map(([path, text]) => [path, { data: Buffer.from(text), mode }]));

test('shows files through a link that moves from one content to the next', async () => {
  expect(await writeAtomically(folder, payload({ token: 'one', 'tls/ca.crt': 'cert' }))).toBe(true);
  expect(await readlink(join(folder, 'token'))).toBe('..data/token');
  expect(await readFile(join(folder, 'tls/ca.crt'), 'utf8')).toBe('cert');
  const before = await readlink(join(folder, '..data'));

  expect(await writeAtomically(folder, payload({ token: 'two', new: 'n' }))).toBe(true);
  expect(await readFile(join(folder, 'token'), 'utf8')).toBe('two');
  expect(await readFile(join(folder, 'new'), 'utf8')).toBe('n');
  expect((await readdir(folder)).filter((name) => !name.startsWith('..')).sort()).toEqual(['new', 'token']);
  expect(await readdir(folder)).not.toContain(before); // the old content is gone
});

test('leaves everything as it is when nothing has changed', async () => {
  await writeAtomically(folder, payload({ a: '1' }));
  const before = await readlink(join(folder, '..data'));
  expect(await writeAtomically(folder, payload({ a: '1' }))).toBe(false);
  expect(await readlink(join(folder, '..data'))).toBe(before);
});

test('gives files the mode they shall have, whatever the umask', async () => {
  const umask = process.umask(0o077);
  try {
    await writeAtomically(folder, payload({ a: '1' }, 0o444));
  } finally {
    process.umask(umask);
  }
  expect((await stat(join(folder, 'a'))).mode & 0o777).toBe(0o444);
});

test.each(['../outside', '/etc/passwd', 'a/../../b', ''])('refuses the path %j', async (path) => {
  await expect(writeAtomically(folder, payload({ [path]: 'x' }))).rejects.toThrow('invalid path');
});
