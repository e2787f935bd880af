/** The store, and the API server as its only client: what must be up before anything else. */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiServer, type Check } from '../apiserver/index.js';
import { type EtcdPlace, openStorage } from '../apiserver/storage/index.js';
import { type Clock, type Log, makeFolder, type Scope } from '../util/index.js';
import { sharedIn } from './authority.js';
import { kubeconfig } from './kubeconfig.js';
import { Pki } from './pki.js';

export interface ControlPlaneOptions {
  readonly dataFolder: string;
  /** Where the objects are, if not in the data folder. */
  readonly etcd?: EtcdPlace;
  /** The open port, on 127.0.0.1; 0 is any free one. */
  readonly port: number;
  /** The port for HTTPS; 0 is off. */
  readonly securePort: number;
  /** Where cluster IPs come from: `10.0.0.0/24`. */
  readonly serviceRange: string;
  /** The other components, and how to find out whether they are well: for componentstatuses. */
  readonly components?: ReadonlyMap<string, Check>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface ControlPlane {
  readonly server: ApiServer;
  readonly pki: Pki;
  /** The path of the kubeconfig, in the data folder. */
  readonly kubeconfig: string;
}

/** Starts both; `scope` ends them. */
export async function startControlPlane(scope: Scope, options: ControlPlaneOptions): Promise<ControlPlane> {
  const { dataFolder, etcd, port, securePort, serviceRange, components, clock, log } = options;
  makeFolder(dataFolder);
  const storage = scope.use(
    await openStorage(etcd ? { etcd } : { data: join(dataFolder, 'store') }, {
      clock,
      log: log.with({ component: 'store' }),
    }),
  );

  const folder = join(dataFolder, 'pki');
  const pki = await Pki.open({ folder, clock, ...(storage.shared && { share: sharedIn(storage, folder) }) });
  const kubeletClient = await pki.pair('apiserver-kubelet-client', {
    commonName: 'kube-apiserver-kubelet-client',
    organization: 'system:masters',
  });
  const server = scope.use(
    await ApiServer.start({
      storage,
      clock,
      log: log.with({ component: 'apiserver' }),
      port,
      ...(securePort > 0 && {
        secure: { port: securePort, ...(await pki.pair('apiserver', servingSubject(serviceRange))), clientCA: pki.ca },
      }),
      serviceRange,
      serviceAccountKey: (await pki.serviceAccountKeys()).privateKey,
      kubeletClient: { ...kubeletClient, ca: pki.ca },
      components,
    }),
  );

  const admin = await pki.pair('admin', { commonName: 'kubernetes-admin', organization: 'system:masters' });
  const access = server.secureUrl ? { server: server.secureUrl, ca: pki.ca, client: admin } : { server: server.url };
  const file = etcd ? await ownKubeconfig(dataFolder, access.server) : join(dataFolder, 'kubeconfig');
  await writeFile(file, kubeconfig(access), { mode: 0o600 });
  return { server, pki, kubeconfig: file };
}

/** Servers that share a data folder leave each other their kubeconfigs: `kubeconfig`, `kubeconfig-6444`. */
async function ownKubeconfig(dataFolder: string, server: string): Promise<string> {
  const usual = join(dataFolder, 'kubeconfig');
  const text = existsSync(usual) ? await readFile(usual, 'utf8') : '';
  return text === '' || text.includes(`server: ${server}\n`) ? usual : `${usual}-${new URL(server).port}`;
}

/** The names by which the API server is reached, from the host and from pods. */
const servingSubject = (serviceRange: string) => ({
  commonName: 'kube-apiserver',
  dnsNames: [
    'localhost',
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
  ],
  addresses: ['127.0.0.1', firstAddress(serviceRange)],
});

/** `10.0.0.0/24` → `10.0.0.1`, which is the Service `kubernetes`. */
function firstAddress(range: string): string {
  const octets = range.split('/')[0]!.split('.').map(Number);
  return [...octets.slice(0, 3), octets[3]! + 1].join('.');
}
