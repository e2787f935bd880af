/**
 * DefaultTolerationSeconds: a pod that says nothing stays for five minutes on a node that is not ready or cannot be
 * reached; then it is evicted. (1.2 had the same five minutes as a flag of the node controller, `--pod-eviction-timeout`.)
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#defaulttolerationseconds
 */
import type { Pod, Toleration } from '../../api/types.js';
import type { AdmissionPlugin, AdmissionRequest } from './admission.js';

const tolerationSeconds = 300;
const keys = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'] as const;

export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  operations: ['CREATE', 'UPDATE'],
  admit({ kind, subresource, object: pod }: AdmissionRequest<Pod>) {
    if (kind.group !== '' || kind.resource !== 'pods' || subresource !== '' || !pod) return;
    const given = (pod.spec.tolerations ?? []) as Toleration[];
    const missing = keys.filter((key) => !given.some((toleration) => covers(toleration, key)));
    if (missing.length === 0) return;
    pod.spec.tolerations = [
      ...given,
      ...missing.map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds })),
    ];
  },
};

/** Whether the pod has said for itself what it does about that taint. */
const covers = (toleration: Toleration, key: string): boolean =>
  (!toleration.key || toleration.key === key) && (!toleration.effect || toleration.effect === 'NoExecute');
