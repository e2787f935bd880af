/**
 * The command `kubebook`: the whole cluster (`kubebook start`, which is `npm start`), or one component alone against any
 * API server (`kubebook scheduler --kubeconfig FILE`).
 */
import { Command } from 'commander';
import { readFileSync } from 'node:fs';
import { componentCommands } from './components.js';
import { explainCommand } from './explain.js';
import { packageFile } from './options.js';
import { placeCommand } from './place.js';
import { startCommand } from './start.js';
import { storeCommand } from './store/commands.js';

/** Runs the command line; sets the process's exit code. */
export async function main(args: readonly string[]): Promise<void> {
  const { version } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string };
  const kubebook = new Command('kubebook')
    .description('A textbook you can run: a small Kubernetes cluster on this machine, whole or piece by piece.')
    .version(version);
  kubebook.addCommand(startCommand(), { isDefault: true });
  for (const command of componentCommands()) kubebook.addCommand(command);
  kubebook.addCommand(explainCommand());
  kubebook.addCommand(placeCommand());
  kubebook.addCommand(storeCommand());
  for (const command of kubebook.commands) {
    command.showHelpAfterError('(--help tells more)');
    command.addHelpText(
      'after',
      '\nEach option is also an environment variable: --service-range is KUBEBOOK_SERVICE_RANGE.',
    );
  }
  try {
    await kubebook.parseAsync([...args], { from: 'user' });
  } catch (error) {
    console.error(`kubebook: ${sentence(error)}`);
    if (process.env.KUBEBOOK_DEBUG) console.error(error);
    process.exitCode = 1;
  }
}

/** What went wrong, in one sentence that says what to do. */
function sentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, port, path, syscall } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE')
    return `port ${port} is taken by another program; choose another one with --port or --secure-port, or stop that program.`;
  if (code === 'EACCES' && port !== undefined)
    return `port ${port} is under 1024, which only root may open; choose another one.`;
  if (code === 'EACCES' || code === 'EROFS') return `${path} cannot be written; choose another folder with --data.`;
  if (code === 'ENOSPC') return `the disk is full${path ? ` (${path})` : ''}.`;
  if (syscall === 'mkdir') return `${path} cannot be made a folder (${code}); choose another one with --data.`;
  return error.message;
}
