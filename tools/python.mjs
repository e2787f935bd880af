/**
 * JupyterLab in a virtual environment of the project's own (`.venv`), with the tslab kernel registered there and nowhere
 * else; Jupyter's own files go to `.jupyter`, never to the user's home.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fail, root, run } from './setup.mjs';

const packages = ['jupyterlab~=4.6', 'nbclient~=0.10', 'nbconvert~=7.16'];
const venv = join(root, '.venv');

/** Where Jupyter, IPython and tslab keep their files: inside the clone. */
export const jupyterEnv = {
  PATH: `${join(venv, 'bin')}:${process.env.PATH}`,
  JUPYTER_CONFIG_DIR: join(root, '.jupyter', 'config'),
  JUPYTER_DATA_DIR: join(root, '.jupyter', 'data'),
  JUPYTER_RUNTIME_DIR: join(root, '.jupyter', 'runtime'),
  IPYTHONDIR: join(root, '.jupyter', 'ipython'),
  JUPYTER_PLATFORM_DIRS: '1',
};

/** Path of a program of the virtual environment. */
export const venvBin = (name) => join(venv, 'bin', name);

/** Makes the environment, or brings it up to date; does nothing when nothing has changed. */
export function setupPython() {
  makeEnvironment(venv, packages, 'JupyterLab', () => {
    // kernel.json holds absolute paths, hence the clone's place in the stamp.
    must(
      run(
        join(root, 'node_modules', '.bin', 'tslab'),
        [
          'install',
          `--python=${venvBin('python')}`,
          `--binary=${join(root, 'node_modules', '.bin', 'tslab')}`,
          '--sys-prefix',
        ],
        { quiet: true, env: jupyterEnv },
      ),
    );
  });
  writeSettings();
}

/** A virtual environment with some packages in it, made when it is not there or not as wanted. @param what for messages */
export function makeEnvironment(folder, packages, what, finish = () => {}) {
  const stamp = join(folder, '.kubebook');
  const wanted = `${packages.join(' ')} ${root}`;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  checkPython(what);
  console.error(`kubebook: installing ${what} into ${basename(folder)} …`);
  const pip = join(folder, 'bin', 'pip');
  must(run('python3', ['-m', 'venv', '--clear', folder], { quiet: true }), what);
  must(run(pip, ['install', '--quiet', '--disable-pip-version-check', ...packages], { quiet: true }), what);
  finish();
  writeFileSync(stamp, wanted);
}

function checkPython(what) {
  const probe = spawnSync('python3', ['-c', 'import sys, venv, ensurepip; print(sys.version_info >= (3, 9))'], {
    encoding: 'utf8',
  });
  if (probe.error)
    fail(
      `${what} needs Python 3.9 or newer, which is not here; on Debian and Ubuntu: sudo apt-get install python3 python3-venv`,
    );
  if (probe.status !== 0)
    fail('Python has no venv module here; on Debian and Ubuntu: sudo apt-get install python3-venv');
  if (probe.stdout.trim() !== 'True') fail(`${what} needs Python 3.9 or newer; python3 on this machine is older.`);
}

/** No news, no update checks: nothing leaves the machine. */
function writeSettings() {
  const folder = join(venv, 'share', 'jupyter', 'lab', 'settings');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'overrides.json'),
    JSON.stringify(
      { '@jupyterlab/apputils-extension:notification': { fetchNews: 'false', checkForUpdates: false } },
      null,
      2,
    ),
  );
  for (const path of Object.values(jupyterEnv).filter((value) => value.startsWith(join(root, '.jupyter'))))
    mkdirSync(path, { recursive: true });
}

function must({ code, output }, what = 'JupyterLab') {
  if (code !== 0) fail(`${output}\nkubebook: setting up ${what} failed; the lines above say why.`);
}
