import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeStorage } from '../../../../test/contracts/storage.js';
import { silent, SteppedClock } from '../../../util/index.js';
import { LowdbStorage } from './lowdb.js';

const root = mkdtempSync(join(tmpdir(), 'kubebook-store-'));
afterAll(() => rmSync(root, { recursive: true }));

let stores = 0;
const newFolder = (): string => join(root, `store-${stores++}`);

describeStorage('LowdbStorage', () =>
  LowdbStorage.open({ folder: newFolder(), clock: new SteppedClock(), log: silent }),
);
