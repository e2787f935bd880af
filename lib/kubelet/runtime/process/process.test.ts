import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runtimeContract } from '../../../../test/contracts/runtime.js';
import { realClock } from '../../../util/index.js';
import { ProcessRuntime } from './process.js';

const modes: [string, boolean | undefined][] = [
  ['process', undefined],
  ['process, without a file system view of its own,', false],
];

for (const [name, overlay] of modes)
  runtimeContract(name, { runs: true }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kubebook-process-'));
    const open = (): Promise<ProcessRuntime> =>
      ProcessRuntime.open({ clock: realClock, folder, ...(overlay !== undefined && { overlay }) });
    let runtime = await open();
    return {
      runtime,
      reopen: async () => (runtime = await open()),
      async [Symbol.asyncDispose]() {
        await runtime.removeAll();
        await runtime[Symbol.asyncDispose]();
        await rm(folder, { recursive: true, force: true });
      },
    };
  });
