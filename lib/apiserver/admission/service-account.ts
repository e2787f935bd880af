/**
 * ServiceAccount: every pod has one, `default` if it names none, and finds its token, the cluster's certificate and its
 * namespace in a volume, unless pod or account decline. Who has no pull secrets of his own takes those of the account.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/
 */
import { serviceAccounts } from '../../api/resources.js';
import type { Container, Pod, ServiceAccount, Volume, DeepReadonly } from '../../api/types.js';
import type { Reader } from '../reader.js';
import { generateName } from '../registry/names.js';
import type { AdmissionPlugin, AdmissionRequest } from './admission.js';
import { refuse } from './refuse.js';

const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
const volumePrefix = 'kube-api-access-';

/** An hour, and some seconds by which the API server tells tokens of this kind from others. */
const tokenSeconds = 3607;

/** Marks the shadow of a pod that a kubelet runs by itself; it must not use an account. */
const mirrorAnnotation = 'kubernetes.io/config.mirror';

export const serviceAccountAdmission = (reader: Reader): AdmissionPlugin => ({
  name: 'ServiceAccount',
  operations: ['CREATE'],
  admit(request: AdmissionRequest<Pod>) {
    const { kind, subresource, namespace, object: pod } = request;
    if (kind.group !== '' || kind.resource !== 'pods' || subresource !== '' || !pod) return;
    if (pod.metadata.annotations?.[mirrorAnnotation] !== undefined) {
      if (pod.spec.serviceAccountName) throw refuse(request, 'a mirror pod may not reference service accounts');
      return;
    }
    const name = (pod.spec.serviceAccountName ||= 'default');
    pod.spec.serviceAccount = name;
    const account = reader.get(serviceAccounts, namespace, name);
    if (!account) {
      throw refuse(
        request,
        `error looking up service account ${namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`,
      );
    }
    if (pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountToken(pod);
    takePullSecrets(pod, account);
  },
});

function mountToken(pod: Pod): void {
  const volumes = (pod.spec.volumes ?? []) as Volume[];
  const present = volumes.find(({ name }) => name.startsWith(volumePrefix));
  const name = present?.name ?? generateName(volumePrefix);
  let used = false;
  for (const container of [...(pod.spec.initContainers ?? []), ...(pod.spec.containers ?? [])] as Container[]) {
    if (container.volumeMounts?.some((mount) => mount.mountPath === mountPath)) continue;
    container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath }];
    used = true;
  }
  if (used && !present) pod.spec.volumes = [...volumes, tokenVolume(name)];
}

const tokenVolume = (name: string): Volume => ({
  name,
  projected: {
    sources: [
      { serviceAccountToken: { expirationSeconds: tokenSeconds, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      {
        downwardAPI: {
          items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
        },
      },
    ],
    defaultMode: 0o644,
  },
});

function takePullSecrets(pod: Pod, account: DeepReadonly<ServiceAccount>): void {
  if (pod.spec.imagePullSecrets?.length || !account.imagePullSecrets?.length) return;
  pod.spec.imagePullSecrets = account.imagePullSecrets.map((reference) => ({ ...reference }));
}
