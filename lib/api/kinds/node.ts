/**
 * Node: a machine that runs pods, as its kubelet describes it.
 *
 * @see https://kubernetes.io/docs/concepts/architecture/nodes/
 */
import { parseQuantity } from '../quantity.js';
import { nodes } from '../resources.js';
import type { DeepReadonly, Node } from '../types.js';
import { same } from '../validation/equal.js';
import { duplicate, forbidden, invalid, root } from '../validation/errors.js';
import { complainAt } from '../validation/metadata.js';
import { cidr } from '../validation/names.js';
import { validateAmount } from '../validation/resources.js';
import { validateTaints } from '../validation/scheduling.js';
import { ageColumn, column, nameColumn, wideColumn } from './columns.js';
import { defineKind, statusDoor } from './define.js';
import type { FieldError } from './kind.js';

type N = DeepReadonly<Node>;

const addressesText =
  "List of addresses reachable to the node. Queried from cloud provider, if available. More info: https://kubernetes.io/docs/reference/node/node-status/#addresses Note: This field is declared as mergeable, but the merge key is not sufficiently unique, which can cause data corruption when it is merged. Callers should instead use a full-replacement patch. See https://pr.k8s.io/79391 for an example. Consumers should assume that addresses can change during the lifetime of a Node. However, there are some exceptions where this may not be possible, such as Pods that inherit a Node's address in its own status or consumers of the downward API (status.hostIP).";

const addressOf = ({ status }: N, kind: string): string =>
  status?.addresses?.find(({ type }) => type === kind)?.address ?? '<none>';

export const node = defineKind<Node>({
  ...nodes,
  shortNames: ['no'],
  subresources: {
    proxy: {
      type: 'action',
      verbs: ['create', 'delete', 'get', 'patch', 'update'],
      kind: { group: '', version: 'v1', kind: 'NodeProxyOptions' },
      options: 'api.core.v1.NodeProxyOptions',
    },
    status: statusDoor<Node>((object, old, errors) => checkUpdate(object, old, errors)),
  },
  default(object) {
    object.spec ??= {};
    object.status ??= {};
    const { spec, status } = object;
    // The older field and the first of the newer list are one.
    if (spec.podCIDR && spec.podCIDRs?.[0] !== spec.podCIDR) spec.podCIDRs = [spec.podCIDR];
    else if (spec.podCIDRs?.[0]) spec.podCIDR = spec.podCIDRs[0];
    if (status.capacity && !status.allocatable) status.allocatable = { ...status.capacity };
    status.daemonEndpoints ??= {};
    status.daemonEndpoints.kubeletEndpoint ??= { Port: 0 };
    status.nodeInfo = { ...unknownSystem, ...status.nodeInfo };
  },
  prepareForUpdate(object, old) {
    object.status = old.status as Node['status'];
  },
  check(object, errors) {
    const { spec } = object;
    // Upstream speaks of the metadata here; taints once were annotations.
    validateTaints(spec.taints, root('metadata').child('taints'), errors);
    validateResources(object, errors);
    const { podCIDRs = [] } = spec;
    const path = root('spec').child('podCIDRs');
    podCIDRs.forEach((range, index) => complainAt(cidr(range), path.at(index), range, errors));
    const families = new Set(podCIDRs.map((range) => range.includes(':')));
    if (podCIDRs.length > 1 && families.size !== podCIDRs.length) {
      errors.push(invalid(path, podCIDRs, 'may specify no more than one CIDR for each IP family'));
    }
  },
  checkUpdate,
  columns: [
    nameColumn,
    column('Status', 'The status of the node', ({ spec, status }: N) => {
      const ready = status?.conditions?.find(({ type }) => type === 'Ready');
      const state = !ready ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
      return spec?.unschedulable ? `${state},SchedulingDisabled` : state;
    }),
    column('Roles', 'The roles of the node', (object: N) => rolesOf(object).join(',') || '<none>'),
    ageColumn,
    column(
      'Version',
      'Kubelet Version reported by the node.',
      ({ status }: N) => status?.nodeInfo?.kubeletVersion ?? '',
    ),
    wideColumn('Internal-IP', addressesText, (object: N) => addressOf(object, 'InternalIP')),
    wideColumn('External-IP', addressesText, (object: N) => addressOf(object, 'ExternalIP')),
    wideColumn(
      'OS-Image',
      'OS Image reported by the node from /etc/os-release (e.g. Debian GNU/Linux 7 (wheezy)).',
      ({ status }: N) => status?.nodeInfo?.osImage || '<unknown>',
    ),
    wideColumn(
      'Kernel-Version',
      "Kernel Version reported by the node from 'uname -r' (e.g. 3.16.0-0.bpo.4-amd64).",
      ({ status }: N) => {
        const { kernelVersion, architecture } = status?.nodeInfo ?? {};
        return `${kernelVersion || '<unknown>'}${architecture ? ` (${architecture})` : ''}`;
      },
    ),
    wideColumn(
      'Container-Runtime',
      'ContainerRuntime Version reported by the node through runtime remote API (e.g. containerd://1.4.2).',
      ({ status }: N) => status?.nodeInfo?.containerRuntimeVersion || '<unknown>',
    ),
  ],
  selectableFields: { 'spec.unschedulable': ({ spec }) => String(spec?.unschedulable ?? false) },
});

/** Written even while the kubelet has not said anything. */
const unknownSystem = {
  machineID: '',
  systemUUID: '',
  bootID: '',
  kernelVersion: '',
  osImage: '',
  containerRuntimeVersion: '',
  kubeletVersion: '',
  kubeProxyVersion: '',
  operatingSystem: '',
  architecture: '',
} as const;

const rolePrefix = 'node-role.kubernetes.io/';

function rolesOf({ metadata: { labels = {} } }: N): string[] {
  const roles = new Set<string>();
  for (const [key, value] of Object.entries(labels)) {
    if (key.startsWith(rolePrefix) && key.length > rolePrefix.length) roles.add(key.slice(rolePrefix.length));
    else if (key === 'kubernetes.io/role' && value !== '') roles.add(value);
  }
  return [...roles].sort();
}

function validateResources({ status }: N, errors: FieldError[]): void {
  for (const field of ['capacity', 'allocatable'] as const) {
    const amounts = status?.[field];
    for (const name in amounts) {
      validateAmount(name, parseQuantity(amounts[name]!), root('status').child(field).child(name), errors);
    }
  }
}

function checkUpdate(object: N, old: N, errors: FieldError[]): void {
  validateResources(object, errors);
  const earlier = new Set<string>();
  object.status?.addresses?.forEach((address, index) => {
    const text = JSON.stringify([address.type, address.address]);
    if (!earlier.has(text)) return void earlier.add(text);
    const shown = { Type: address.type, Address: address.address };
    errors.push(duplicate(root('status').child('addresses').at(index), shown));
  });
  const { spec } = object;
  const path = root('spec');
  if (old.spec.podCIDRs?.length && !same(spec.podCIDRs, old.spec.podCIDRs)) {
    errors.push(forbidden(path.child('podCIDRs'), 'node updates may not change podCIDR except from "" to valid'));
  }
  if (old.spec.providerID && spec.providerID !== old.spec.providerID) {
    errors.push(forbidden(path.child('providerID'), 'node updates may not change providerID except from "" to valid'));
  }
  validateTaints(spec.taints, root('metadata').child('taints'), errors);
  if ((spec.externalID ?? '') !== (old.spec.externalID ?? '')) {
    errors.push(forbidden(path.child('externalID'), 'may not be updated'));
  }
}
