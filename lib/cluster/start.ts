/** `kubebook start`, or `npm start`: a cluster in the foreground, until Ctrl-C. */
import { Command } from 'commander';
import { resolve } from 'node:path';
import { realClock } from '../util/index.js';
import type { Cluster, Piece } from './cluster.js';
import { type LeaderElectionFlags, withElection } from './leading.js';
import {
  dataOption,
  type EtcdFlags,
  etcdPlace,
  logFor,
  option,
  range,
  runtimesOfNodes,
  verboseOption,
  wholeNumber,
  withEtcd,
  type RuntimeName,
} from './options.js';
import { algorithmOf, withAlgorithm, type AlgorithmFlags } from './scheduling.js';
import { stopSignal } from './stop.js';

interface StartOptions extends EtcdFlags, AlgorithmFlags, LeaderElectionFlags {
  readonly nodes?: number;
  readonly runtime?: string;
  readonly data: string;
  readonly port: number;
  readonly securePort: number;
  readonly schedulerPort?: number;
  readonly serviceRange: string;
  readonly allowHostCommands: boolean;
  readonly fresh: boolean;
  readonly verbose: boolean;
}

export const startCommand = (): Command =>
  withElection(withAlgorithm(withEtcd(new Command('start'))))
    .description('start a cluster in the foreground; Ctrl-C stops it, a second start continues from what was stored')
    .addOption(
      option('--nodes <n>', 'how many nodes; 0 is the control plane alone (default: 3)').argParser(
        wholeNumber(0, 5000),
      ),
    )
    .addOption(
      option(
        '--runtime <name>',
        'docker, process or hollow for all nodes, or a mixture such as docker=1,process=2 (default: docker where an engine answers, else process)',
      ),
    )
    .addOption(dataOption())
    .addOption(
      option('--port <port>', 'the open port, HTTP, on 127.0.0.1').default(8080).argParser(wholeNumber(0, 65535)),
    )
    .addOption(
      option('--secure-port <port>', 'the port for HTTPS with client certificates; 0 is off')
        .default(6443)
        .argParser(wholeNumber(0, 65535)),
    )
    .addOption(
      option(
        '--scheduler-port <port>',
        "the scheduler's own port, where it tells its reasons; 0 is off (default: 10259, or another one if that is taken)",
      ).argParser(wholeNumber(0, 65535)),
    )
    .addOption(
      option('--service-range <range>', 'where the IPs of Services come from').default('10.0.0.0/24').argParser(range),
    )
    .addOption(
      option(
        '--allow-host-commands',
        'let pods of the process runtime run any command of this machine, not only the sample images',
      ).default(false),
    )
    .addOption(option('--fresh', 'forget what was stored and begin anew').default(false))
    .addOption(verboseOption())
    .action(start);

async function start(options: StartOptions): Promise<void> {
  const stop = stopSignal(realClock, () => process.stderr.write('\nstopping …\n'));
  // Loaded only now, so that --help and the other commands need not wait for it.
  const { removeData, startCluster } = await import('./cluster.js');
  const dataFolder = resolve(options.data);
  const etcd = etcdPlace(options);
  if (etcd && options.fresh)
    throw new Error(
      `--fresh does not empty an etcd, which may be others' too: if it is to be emptied, run "etcdctl del --prefix ${etcd.prefix ?? '/registry'}/", and start without --fresh.`,
    );
  const scheduler = await algorithmOf(options, realClock);
  const runtimes = await chooseRuntimes(options);
  if (options.fresh) await removeData(dataFolder);
  const { schedulerPort = 'usual' } = options;
  const log = logFor(options);
  const leaderElection = options.leaderElect ? options : undefined;
  const cluster = await startCluster({
    ...options,
    dataFolder,
    etcd,
    runtimes,
    scheduler,
    schedulerPort,
    leaderElection,
    log,
  });
  try {
    if (!stop.aborted) process.stdout.write(report(cluster, process.stdout.isTTY));
    await new Promise<void>((resolve) => (stop.aborted ? resolve() : stop.addEventListener('abort', () => resolve())));
  } finally {
    await cluster[Symbol.asyncDispose]();
  }
  process.stderr.write('stopped; nothing of it runs any more. The objects are kept for the next start.\n');
}

/** What was asked for; Docker's absence is said, and processes take its place. */
async function chooseRuntimes({ runtime, nodes }: StartOptions): Promise<RuntimeName[]> {
  const wanted = runtimesOfNodes(runtime ?? 'docker', nodes);
  if (!wanted.includes('docker')) return wanted;
  const { findEngine } = await import('../kubelet/runtime/docker/engine.js');
  if ((await findEngine()) !== undefined) return wanted;
  if (runtime !== undefined)
    process.stderr.write(
      'No Docker engine answers (see "docker info"); its nodes run pods as processes of this machine instead.\n',
    );
  return wanted.map((name) => (name === 'docker' ? 'process' : name));
}

/** The table, and what to type next. */
function report({ pieces, kubeconfig }: Cluster, colour: boolean): string {
  const bold = (text: string): string => (colour ? `\x1b[1m${text}\x1b[0m` : text);
  const width = (column: (piece: Piece) => string): number => Math.max(...pieces.map((piece) => column(piece).length));
  const [names, places] = [width(({ name }) => name), width(({ where }) => where)];
  const lines = pieces.map(
    ({ name, where, note }) => `  ${name.padEnd(names)}  ${note ? `${where.padEnd(places)}  ${note}` : where}`,
  );
  return [
    bold('kubebook is up.'),
    '',
    ...lines,
    '',
    'In another terminal:',
    `  kubectl get nodes`,
    `  kubectl create -f examples/guestbook/`,
    `  kubectl get pods,services -o wide`,
    '',
    'first of all',
    bold(`  export KUBECONFIG=${kubeconfig}`),
    '',
  ].join('\n');
}
