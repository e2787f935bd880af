/** `npm run lab`: JupyterLab on `notebooks/`, on loopback, until Ctrl-C. Arguments go to `jupyter lab`. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { jupyterEnv, setupPython, venvBin } from './python.mjs';
import { root, setup } from './setup.mjs';

setup();
setupPython();
const rootFlag = typeof process.getuid === 'function' && process.getuid() === 0 ? ['--allow-root'] : [];
const lab = spawn(
  venvBin('jupyter'),
  ['lab', '--ip=127.0.0.1', '--LabApp.extension_manager=readonly', ...rootFlag, ...process.argv.slice(2)],
  {
    cwd: join(root, 'notebooks'),
    env: { ...process.env, ...jupyterEnv },
    stdio: 'inherit',
  },
);
// Ctrl-C reaches Jupyter by itself; we only wait for it to end.
for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => {});
process.on('SIGTERM', () => lab.kill('SIGTERM'));
lab.on('exit', (code) => process.exit(code ?? 0));
