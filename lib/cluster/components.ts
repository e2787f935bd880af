/**
 * Each component alone: `kubebook scheduler --kubeconfig FILE`. It serves, or is served by, components started elsewhere.
 */
import { Command } from 'commander';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { connect, loadKubeconfig, type Client, type ClientOptions } from '../client/index.js';
import { type Log, realClock as clock, Scope, untilAborted } from '../util/index.js';
import { runElected, withLeaderElection, type LeaderElectionFlags } from './leading.js';
import {
  dataOption,
  type EtcdFlags,
  etcdPlace,
  logFor,
  option,
  range,
  verboseOption,
  wholeNumber,
  withEtcd,
  type RuntimeName,
} from './options.js';
import { algorithmOf, serveScheduler, withAlgorithm, type AlgorithmFlags } from './scheduling.js';
import { stopSignal } from './stop.js';

export const componentCommands = (): Command[] => [apiserver(), controllerManager(), scheduler(), kubelet(), proxy()];

interface ClientFlags {
  readonly server?: string;
  readonly kubeconfig?: string;
  readonly verbose: boolean;
}

/** A command of a component that speaks with an API server. */
const clientCommand = (name: string, description: string): Command =>
  new Command(name)
    .description(description)
    .addOption(option('--kubeconfig <file>', 'where the API server is, and who we are there').env('KUBECONFIG'))
    .addOption(
      option('--server <url>', 'where the API server is, if it asks nobody who he is; goes before --kubeconfig'),
    )
    .addOption(verboseOption());

function clientOptions({ server, kubeconfig }: ClientFlags, userAgent: string): ClientOptions {
  if (server) return { server, userAgent };
  if (kubeconfig) return loadKubeconfig(kubeconfig, { userAgent });
  throw new Error('which API server? Give --kubeconfig FILE or --server URL.');
}

/** Runs `component` until the program is asked to stop. */
async function runAlone(
  flags: ClientFlags,
  userAgent: string,
  component: (
    context: { client: Client; log: Log; options: ClientOptions; scope: Scope },
    signal: AbortSignal,
  ) => Promise<void>,
): Promise<void> {
  const options = clientOptions(flags, userAgent);
  const signal = stopSignal(clock, () => process.stderr.write('\nstopping …\n'));
  await using scope = new Scope();
  const client = scope.use(connect(options));
  process.stderr.write(`${userAgent}: working for ${options.server}\n`);
  await component({ client, log: logFor(flags).with({ component: userAgent }), options, scope }, signal);
}

function apiserver(): Command {
  return withEtcd(new Command('apiserver'))
    .description('the API server alone, with its store; several may share one etcd')
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
      option('--service-range <range>', 'where the IPs of Services come from').default('10.0.0.0/24').argParser(range),
    )
    .addOption(verboseOption())
    .action(
      async (
        flags: EtcdFlags & { data: string; port: number; securePort: number; serviceRange: string; verbose: boolean },
      ) => {
        const { startControlPlane } = await import('./control-plane.js');
        const signal = stopSignal(clock, () => process.stderr.write('\nstopping …\n'));
        await using scope = new Scope();
        const { server, kubeconfig } = await startControlPlane(scope, {
          ...flags,
          dataFolder: resolve(flags.data),
          etcd: etcdPlace(flags),
          clock,
          log: logFor(flags),
        });
        process.stdout.write(
          `${[server.url, server.secureUrl].filter(Boolean).join('\n')}\nexport KUBECONFIG=${kubeconfig}\n`,
        );
        await untilAborted(signal);
      },
    );
}

function controllerManager(): Command {
  const command = clientCommand(
    'controller-manager',
    'the controllers: replication, endpoints, nodes, namespaces, service accounts, garbage',
  ).addOption(
    option(
      '--root-ca-file <file>',
      'the certificate that service accounts are told to trust (default: that of the kubeconfig)',
    ),
  );
  return withLeaderElection(command).action(
    (flags: ClientFlags & LeaderElectionFlags & { readonly rootCaFile?: string }) =>
      runAlone(flags, 'kube-controller-manager', async ({ client, log, options }, signal) => {
        const { runControllers } = await import('../controllers/index.js');
        const rootCA = flags.rootCaFile ? readFileSync(flags.rootCaFile, 'utf8') : options.ca;
        const work = (signal: AbortSignal) => runControllers({ client, clock, log, rootCA }, signal);
        await runElected(flags, 'kube-controller-manager', { client, clock, log }, work, signal);
      }),
  );
}

function scheduler(): Command {
  const command = clientCommand('scheduler', 'the scheduler')
    .addOption(
      option('--scheduler-name <name>', 'serves pods that name it in spec.schedulerName').default('default-scheduler'),
    )
    .addOption(
      option(
        '--port <port>',
        'its own port, HTTP: /explain/NAMESPACE/NAME, /metrics, /healthz; 0 is off (default: 10259, or another one if that is taken)',
      ).argParser(wholeNumber(0, 65535)),
    )
    .addOption(option('--bind-address <ip>', 'where its port listens').default('127.0.0.1'));
  return withLeaderElection(withAlgorithm(command)).action((flags: SchedulerFlags) =>
    runAlone(flags, 'kube-scheduler', async ({ client, log, scope }, signal) => {
      const { schedulerName } = flags;
      const { defaultSchedulerName, Scheduler } = await import('../scheduler/index.js');
      const algorithm = await algorithmOf(flags, clock);
      const stopwatch = () => performance.now();
      const scheduler = new Scheduler({ client, clock, log, schedulerName, stopwatch, ...algorithm });
      const server = await serveScheduler({ ...flags, scheduler, log });
      if (server) process.stderr.write(`kube-scheduler: tells its reasons at ${scope.use(server).url}\n`);
      // Those of one name compete; another name is another scheduler.
      const lease = schedulerName === defaultSchedulerName ? 'kube-scheduler' : schedulerName;
      await runElected(flags, lease, { client, clock, log }, (signal) => scheduler.run(signal), signal);
    }),
  );
}

interface SchedulerFlags extends ClientFlags, AlgorithmFlags, LeaderElectionFlags {
  readonly schedulerName: string;
  readonly port?: number;
  readonly bindAddress: string;
}

interface KubeletFlags extends ClientFlags {
  readonly nodeName: string;
  readonly runtime: RuntimeName;
  readonly data: string;
  readonly address: string;
  readonly port: number;
  readonly clientCaFile?: string;
  readonly tlsCertFile?: string;
  readonly tlsPrivateKeyFile?: string;
  readonly allowHostCommands: boolean;
}

function kubelet(): Command {
  return clientCommand('kubelet', 'a node: runs the pods that are bound to it')
    .addOption(option('--node-name <name>', 'the name of its Node').default(hostname().toLowerCase()))
    .addOption(
      option('--runtime <name>', 'what runs the containers')
        .choices(['docker', 'process', 'hollow'])
        .default('process'),
    )
    .addOption(dataOption())
    .addOption(
      option('--address <ip>', 'where its port listens, and what it registers as its address').default('127.0.0.1'),
    )
    .addOption(
      option('--port <port>', 'its port, for logs, exec and port-forward')
        .default(10250)
        .argParser(wholeNumber(0, 65535)),
    )
    .addOption(
      option(
        '--client-ca-file <file>',
        'who signed the certificates of those that may call it (default: the authority in the data folder)',
      ),
    )
    .addOption(
      option('--tls-cert-file <file>', 'its certificate (default: one signed by the authority in the data folder)'),
    )
    .addOption(option('--tls-private-key-file <file>', 'the key of its certificate'))
    .addOption(
      option('--allow-host-commands', 'let pods of the process runtime run any command of this machine').default(false),
    )
    .action((flags: KubeletFlags) =>
      runAlone(flags, 'kubelet', async ({ client, log, scope }, signal) => {
        const { drain, startNode } = await import('./node.js');
        const { Pki } = await import('./pki.js');
        const pki = await Pki.open({ folder: join(resolve(flags.data), 'pki'), clock });
        const read = (file: string | undefined): string | undefined => (file ? readFileSync(file, 'utf8') : undefined);
        const [cert, key] = [read(flags.tlsCertFile), read(flags.tlsPrivateKeyFile)];
        const node = await startNode(scope, {
          ...flags,
          client,
          clock,
          log,
          dataFolder: resolve(flags.data),
          pki,
          portFixed: true,
          clientCA: read(flags.clientCaFile),
          servingPair: cert && key ? { cert, key } : undefined,
        });
        process.stderr.write(`node ${flags.nodeName}: ${flags.runtime} runtime, ${node.url}\n`);
        await untilAborted(signal);
        await drain([node]);
      }),
    );
}

function proxy(): Command {
  return clientCommand('proxy', 'serves the IPs of Services on this machine')
    .addOption(option('--node-name <name>', 'the name of its Node').default(hostname().toLowerCase()))
    .addOption(
      option('--service-range <range>', 'where the IPs of Services come from').default('10.0.0.0/24').argParser(range),
    )
    .action((flags: ClientFlags & { nodeName: string; serviceRange: string }) =>
      runAlone(flags, 'kube-proxy', async ({ client, log, scope }, signal) => {
        const { runProxy, serviceRoute } = await import('../proxy/index.js');
        scope.use(await serviceRoute(flags.serviceRange));
        await runProxy({ client, clock, log, nodeName: flags.nodeName }, signal);
      }),
    );
}
