/**
 * Pod: containers that live together on one node.
 *
 * Its doors: the pod itself, of which little may change once it is there; `status`, the kubelet's; `binding`, the
 * scheduler's; `ephemeralcontainers` for those who debug; `resize` for containers that need more; `eviction`; and those
 * that lead through the kubelet to what runs.
 *
 * @see https://kubernetes.io/docs/concepts/workloads/pods/
 */
import { parseQuantity, Quantity } from '../quantity.js';
import { pods } from '../resources.js';
import type { Container, ContainerStatus, DeepReadonly, Pod, PodSpec, Toleration } from '../types.js';
import { mirrorAnnotation, validatePodAnnotations } from '../validation/podannotations.js';
import { forEachContainer, validateForPod, validatePodSpec } from '../validation/podspec.js';
import { diffOf } from '../validation/diff.js';
import { same } from '../validation/equal.js';
import { forbidden, invalid, required, root, type Path } from '../validation/errors.js';
import { complain, complainAt, validateMetadata, validateMetadataUpdate } from '../validation/metadata.js';
import { dnsSubdomain, ip, qualifiedName } from '../validation/names.js';
import { validateTolerations } from '../validation/scheduling.js';
import { defineKind, partVerbs, resetMetadata } from './define.js';
import type { ActionSubresource, FieldError, StatusSubresource, Verb } from './kind.js';
import { podColumns } from './podcolumns.js';
import { defaultPod } from './poddefaults.js';
import { podWarnings } from './podwarnings.js';

type P = DeepReadonly<Pod>;

const metadataPath = root('metadata');
const specPath = root('spec');
const largestInt32 = 2147483647;

const viaCore = (kind: string) => ({ group: '', version: 'v1', kind });

/** A way to what runs: its options stand in the query. */
const connect = (options: string, verbs: readonly Verb[]): ActionSubresource => ({
  type: 'action',
  verbs,
  kind: viaCore(options),
  options: `api.core.v1.${options}`,
});

export const pod = defineKind<Pod>({
  ...pods,
  shortNames: ['po'],
  categories: ['all'],
  deleteReturnsObject: true,
  subresources: {
    attach: connect('PodAttachOptions', ['create', 'get']),
    binding: { type: 'action', verbs: ['create'], kind: viaCore('Binding'), definition: 'api.core.v1.Binding' },
    ephemeralcontainers: ephemeralContainersDoor(),
    eviction: {
      type: 'action',
      verbs: ['create'],
      kind: { group: 'policy', version: 'v1', kind: 'Eviction' },
      definition: 'api.policy.v1.Eviction',
    },
    exec: connect('PodExecOptions', ['create', 'get']),
    log: { type: 'action', verbs: ['get'], kind: viaCore('Pod'), options: 'api.core.v1.PodLogOptions' },
    portforward: connect('PodPortForwardOptions', ['create', 'get']),
    proxy: connect('PodProxyOptions', ['create', 'delete', 'get', 'patch', 'update']),
    resize: resizeDoor(),
    status: statusDoor(),
  },
  default: defaultPod,

  prepareForCreate(object) {
    object.metadata.generation = 1;
    object.status = { phase: 'Pending', qosClass: qosClassOf(object.spec) };
    if (object.spec.schedulingGates?.length) {
      object.status.conditions = [
        {
          type: 'PodScheduled',
          status: 'False',
          reason: 'SchedulingGated',
          message: 'Scheduling is blocked due to non-empty scheduling gates',
        },
      ];
    }
  },
  prepareForUpdate(object, old) {
    object.status = old.status as Pod['status'];
    raiseGeneration(object, old);
  },

  check(object, errors) {
    validateAnnotationsOfPod(object, errors);
    validatePodSpec(object.spec, true, specPath, errors);
    validateForPod(object.spec, specPath, errors);
    const { ephemeralContainers, nodeName, schedulingGates } = object.spec;
    if (ephemeralContainers?.length) {
      errors.push(forbidden(specPath.child('ephemeralContainers'), 'cannot be set on create'));
    }
    if (nodeName && schedulingGates?.length) {
      const gated = 'cannot be set until all schedulingGates have been cleared';
      errors.push(forbidden(specPath.child('nodeName'), gated));
    }
  },
  checkUpdate(object, old, errors) {
    validateWhole(object, errors);
    validateAnnotationsUpdate(object, old, errors);
    validateSpecUpdate(object.spec, old.spec, errors);
  },
  warnings: (object, old) => (old ? [] : podWarnings(object)),

  columns: podColumns,
  selectableFields: {
    'spec.nodeName': ({ spec }) => spec.nodeName ?? '',
    'spec.restartPolicy': ({ spec }) => spec.restartPolicy ?? '',
    'spec.schedulerName': ({ spec }) => spec.schedulerName ?? '',
    'spec.serviceAccountName': ({ spec }) => spec.serviceAccountName ?? '',
    'spec.hostNetwork': ({ spec }) => String(spec.hostNetwork ?? false),
    'status.phase': ({ status }) => status?.phase ?? '',
    'status.podIP': ({ status }) => status?.podIPs?.[0]?.ip ?? '',
    'status.nominatedNodeName': ({ status }) => status?.nominatedNodeName ?? '',
  },

  // Nobody has to be waited for when no kubelet has the pod yet, or none runs it any more.
  gracePeriodSeconds({ spec, status }, requested) {
    if (!spec.nodeName || status?.phase === 'Failed' || status?.phase === 'Succeeded') return 0;
    const seconds = requested ?? spec.terminationGracePeriodSeconds ?? 0;
    return seconds < 0 ? 1 : seconds;
  },
});

/** A changed spec is a new generation of the pod. */
function raiseGeneration(object: Pod, old: P): void {
  const generation = old.metadata.generation;
  if (!same(object.spec, old.spec)) object.metadata.generation = (generation ?? 0) + 1;
  else if (generation !== undefined) object.metadata.generation = generation;
}

// --- quality of service

/**
 * Who is killed first when memory runs out: `BestEffort`, who asked for nothing; `Guaranteed` last, whose every container
 * has limits that it also requested; `Burstable` between them.
 */
export function qosClassOf(spec: DeepReadonly<PodSpec>): 'BestEffort' | 'Burstable' | 'Guaranteed' {
  let asked = false;
  let guaranteed = true;
  for (const { resources } of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
    for (const name of ['cpu', 'memory']) {
      const request = quantityOf(resources?.requests?.[name]);
      const limit = quantityOf(resources?.limits?.[name]);
      if (request.sign() > 0 || limit.sign() > 0) asked = true;
      if (limit.sign() <= 0 || request.compare(limit) !== 0) guaranteed = false;
    }
  }
  if (!asked) return 'BestEffort';
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

const quantityOf = (text: string | undefined): Quantity => (text === undefined ? Quantity.zero : parseQuantity(text));

// --- create and update

function validateWhole(object: P, errors: FieldError[]): void {
  validateMetadata(object, true, dnsSubdomain, errors);
  validateAnnotationsOfPod(object, errors);
  validatePodSpec(object.spec, true, specPath, errors);
  validateForPod(object.spec, specPath, errors);
}

const validateAnnotationsOfPod = ({ metadata, spec }: P, errors: FieldError[]): void =>
  validatePodAnnotations(metadata.annotations, spec, metadataPath.child('annotations'), errors);

function validateAnnotationsUpdate(object: P, old: P, errors: FieldError[]): void {
  const path = metadataPath.child('annotations').at(mirrorAnnotation);
  const before = old.metadata.annotations?.[mirrorAnnotation];
  const after = object.metadata.annotations?.[mirrorAnnotation];
  if (before !== undefined && before !== after) {
    errors.push(forbidden(path, 'may not remove or update mirror pod annotation'));
  } else if (before === undefined && after !== undefined) {
    errors.push(forbidden(path, 'may not add mirror pod annotation'));
  }
  validateAnnotationsOfPod(object, errors);
}

const updatable = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',');

type Spec = DeepReadonly<PodSpec>;

/** Little of a pod may change: whoever wants another pod makes another pod. */
function validateSpecUpdate(spec: Spec, old: Spec, errors: FieldError[]): void {
  for (const field of ['containers', 'initContainers'] as const) {
    if ((spec[field]?.length ?? 0) !== (old[field]?.length ?? 0)) {
      errors.push(forbidden(specPath.child(field), 'pod updates may not add or remove containers'));
      return;
    }
    spec[field]?.forEach(({ image = '' }, index) => {
      const at = specPath.child(field).at(index).child('image');
      if (image === '') errors.push(required(at));
      if (image !== image.trim()) errors.push(invalid(at, image, 'must not have leading or trailing whitespace'));
    });
  }
  if (!validateDeadline(spec.activeDeadlineSeconds, old.activeDeadlineSeconds, errors)) return;
  validateAddedTolerations(spec, old, errors);
  spec.schedulingGates?.forEach(({ name }, index) => {
    if (old.schedulingGates?.some((gate) => gate.name === name)) return;
    const added = `only deletion is allowed, but found new scheduling gate '${name}'`;
    errors.push(forbidden(specPath.child('schedulingGates').at(index).child('name'), added));
  });
  if (same(spec, old)) return;

  // Put back whatever may change; what then still differs may not.
  const rest: PodSpec = { ...(spec as PodSpec) };
  const images = (field: 'containers' | 'initContainers') =>
    spec[field]?.map((each, index) => ({ ...each, image: old[field]![index]!.image })) as Container[];
  rest.containers = images('containers');
  rest.initContainers = images('initContainers');
  rest.activeDeadlineSeconds = old.activeDeadlineSeconds;
  rest.schedulingGates = old.schedulingGates as PodSpec['schedulingGates'];
  rest.tolerations = old.tolerations as PodSpec['tolerations'];
  if ((old.terminationGracePeriodSeconds ?? 0) < 0 && rest.terminationGracePeriodSeconds === 1) {
    rest.terminationGracePeriodSeconds = old.terminationGracePeriodSeconds;
  }
  if (old.schedulingGates?.length) permitNarrowing(rest, old, errors);
  if (same(rest, old)) return;
  errors.push(forbidden(specPath, `pod updates may not change fields other than ${updatable}\n${diffOf(old, rest)}`));
}

/** @returns whether it is worth going on */
function validateDeadline(seconds: number | undefined, old: number | undefined, errors: FieldError[]): boolean {
  const path = specPath.child('activeDeadlineSeconds');
  if (seconds == null) {
    if (old != null) errors.push(invalid(path, null, 'must not update from a positive integer to nil value'));
    return true;
  }
  if (seconds < 0 || seconds > largestInt32) {
    errors.push(invalid(path, seconds, `must be between 0 and ${largestInt32}, inclusive`));
    return false;
  }
  if (old != null && old < seconds) {
    errors.push(invalid(path, seconds, 'must be less than or equal to previous value'));
    return false;
  }
  return true;
}

function validateAddedTolerations(spec: Spec, old: Spec, errors: FieldError[]): void {
  const path = specPath.child('tolerations');
  const textOf = ({ key = '', operator = '', value = '', effect = '' }: DeepReadonly<Toleration>): string =>
    JSON.stringify([key, operator, value, effect]);
  const present = new Set(spec.tolerations?.map(textOf));
  if (!(old.tolerations ?? []).every((toleration) => present.has(textOf(toleration)))) {
    errors.push(forbidden(path, 'existing toleration can not be modified except its tolerationSeconds'));
    return;
  }
  validateTolerations(spec.tolerations, path, errors);
}

/** A pod that still waits behind a gate may be told more narrowly where it shall run. */
function permitNarrowing(rest: PodSpec, old: Spec, errors: FieldError[]): void {
  if (!same(rest.nodeSelector, old.nodeSelector)) {
    const kept = Object.entries(old.nodeSelector ?? {}).every(([key, value]) => rest.nodeSelector?.[key] === value);
    if (!kept) {
      const only = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)';
      errors.push(invalid(specPath.child('nodeSelector'), rest.nodeSelector, only));
    }
    rest.nodeSelector = old.nodeSelector as PodSpec['nodeSelector'];
  }
  const before = old.affinity?.nodeAffinity;
  const after = rest.affinity?.nodeAffinity;
  if (same(before, after)) return;
  const field = 'requiredDuringSchedulingIgnoredDuringExecution';
  const path = specPath.child('affinity').child('nodeAffinity').child(field).child('nodeSelectorTerms');
  const terms = before?.[field]?.nodeSelectorTerms ?? [];
  const newTerms = after?.[field]?.nodeSelectorTerms ?? [];
  if (terms.length > 0 && terms.length !== newTerms.length) {
    errors.push(invalid(path, newTerms, 'no additions/deletions to non-empty NodeSelectorTerms list are allowed'));
  } else {
    terms.forEach((term, index) => {
      const term2 = newTerms[index]!;
      const keeps = (which: 'matchExpressions' | 'matchFields') =>
        (term[which] ?? []).every((each, i) => same(each, term2[which]?.[i]));
      const wasEmpty = !term.matchExpressions?.length && !term.matchFields?.length;
      if (keeps('matchExpressions') && keeps('matchFields') && (!wasEmpty || same(term, term2))) return;
      errors.push(invalid(path.at(index), term2, 'only additions are allowed (no mutations or deletions)'));
    });
  }
  rest.affinity = { ...rest.affinity, nodeAffinity: before as NonNullable<PodSpec['affinity']>['nodeAffinity'] };
}

// --- status

function statusDoor(): StatusSubresource<Pod> {
  return {
    type: 'part',
    verbs: partVerbs,
    prepareForUpdate(object, old) {
      object.spec = old.spec as PodSpec;
      object.metadata.generation = old.metadata.generation;
      object.metadata.deletionTimestamp = old.metadata.deletionTimestamp;
      // Old kubelets garbled it, and so broke garbage collection.
      object.metadata.ownerReferences = old.metadata.ownerReferences as Pod['metadata']['ownerReferences'];
      object.status ??= {};
      object.status.qosClass ||= old.status?.qosClass;
    },
    validateUpdate(object, old) {
      const errors: FieldError[] = [];
      validateMetadataUpdate(object, old, errors);
      validateAnnotationsUpdate(object, old, errors);
      validateStatus(object, old, errors);
      return errors;
    },
  };
}

const ownConditions = new Set(['PodScheduled', 'Ready', 'Initialized']);

function validateStatus({ spec, status }: P, old: P, errors: FieldError[]): void {
  const path = root('status');
  status.conditions?.forEach(({ type = '' }, index) => {
    if (!ownConditions.has(type))
      complain(qualifiedName(type), path.child('conditions').at(index), 'Type', type, errors);
  });
  const nominated = status.nominatedNodeName;
  if (nominated && nominated !== old.status?.nominatedNodeName) {
    complain(dnsSubdomain(nominated), path, 'nominatedNodeName', nominated, errors);
  }
  const before = old.status ?? {};
  for (const field of ['containerStatuses', 'initContainerStatuses'] as const) {
    validateTransitions(spec, status[field], before[field], path.child(field), errors);
  }
  const { podIPs = [], hostIPs = [] } = status;
  podIPs.forEach(({ ip: address = '' }, i) => complainAt(ip(address), path.child('podIPs').at(i), address, errors));
  if (podIPs.length > 1) validateFamilies(podIPs, path.child('podIPs'), errors);
  if (hostIPs.length > 0 && hostIPs[0]!.ip !== status.hostIP) {
    errors.push(invalid(path.child('hostIPs').at(0).child('ip'), hostIPs[0]!.ip, 'must be equal to `hostIP`'));
  }
  hostIPs.forEach(({ ip: address = '' }, i) => complainAt(ip(address), path.child('hostIPs').at(i), address, errors));
  if (hostIPs.length > 1) validateFamilies(hostIPs, path.child('hostIPs'), errors);
}

function validateFamilies(ips: DeepReadonly<{ ip?: string }[]>, path: Path, errors: FieldError[]): void {
  const families = new Set(ips.map((each) => each.ip?.includes(':')));
  if (ips.length <= 2 && families.size === ips.length) return;
  const shown = ips.map((each) => ({ IP: each.ip ?? '' }));
  errors.push(invalid(path, shown, 'may specify no more than one IP for each IP family'));
}

/** What has ended for good does not run again. */
function validateTransitions(
  spec: Spec,
  statuses: DeepReadonly<ContainerStatus[]> | undefined,
  old: DeepReadonly<ContainerStatus[]> | undefined,
  path: Path,
  errors: FieldError[],
): void {
  old?.forEach(({ name, state }, index) => {
    const ended = state?.terminated;
    if (!ended) return;
    const now = statuses?.find((each) => each.name === name);
    if (!now || now.state?.terminated) return;
    let policy = spec.restartPolicy;
    forEachContainer(spec, specPath, (container) => {
      if (container.name === name) policy = container.restartPolicy ?? policy;
    });
    if (policy === 'Always' || (policy === 'OnFailure' && ended.exitCode !== 0)) return;
    errors.push(forbidden(path.at(index).child('state'), 'may not be transitioned to non-terminated state'));
  });
}

// --- ephemeral containers

function ephemeralContainersDoor(): StatusSubresource<Pod> {
  return {
    type: 'part',
    verbs: partVerbs,
    prepareForUpdate(object, old) {
      const { ephemeralContainers } = object.spec;
      object.spec = { ...(old.spec as PodSpec) };
      if (ephemeralContainers) object.spec.ephemeralContainers = ephemeralContainers;
      else delete object.spec.ephemeralContainers;
      object.status = old.status as Pod['status'];
      resetMetadata(object, old);
      raiseGeneration(object, old);
    },
    validateUpdate(object, old) {
      const path = specPath.child('ephemeralContainers');
      if (old.metadata.annotations?.[mirrorAnnotation] !== undefined) {
        return [forbidden(root(''), 'static pods do not support ephemeral containers')];
      }
      const errors: FieldError[] = [];
      validateMetadataUpdate(object, old, errors);
      validateWhole(object, errors);
      validateAnnotationsUpdate(object, old, errors);
      for (const before of old.spec.ephemeralContainers ?? []) {
        const after = object.spec.ephemeralContainers?.find(({ name }) => name === before.name);
        const named = `existing ephemeral containers ${JSON.stringify(before.name)}`;
        if (!after) errors.push(forbidden(path, `${named} may not be removed\n`));
        else if (!same(before, after)) {
          errors.push(forbidden(path, `${named} may not be changed\n${diffOf(before, after)}`));
        }
      }
      return errors;
    },
  };
}

// --- resize

function resizeDoor(): StatusSubresource<Pod> {
  return {
    type: 'part',
    verbs: partVerbs,
    prepareForUpdate(object, old) {
      const { containers = [], initContainers = [] } = object.spec;
      // Other containers than before are left in place, for validation to refuse.
      const isSame = (now: Container[], before: DeepReadonly<Container[]> = []) =>
        now.length === before.length && now.every(({ name }, index) => name === before[index]!.name);
      if (!isSame(containers, old.spec.containers) || !isSame(initContainers, old.spec.initContainers)) return;
      const resized = (now: Container[], before: DeepReadonly<Container[]>) =>
        before.map((each, index) => {
          const { resources = {}, resizePolicy } = now[index]!;
          return { ...each, resources, ...(resizePolicy && { resizePolicy }) } as Container;
        });
      object.spec = { ...(old.spec as PodSpec), containers: resized(containers, old.spec.containers) };
      if (old.spec.initContainers) object.spec.initContainers = resized(initContainers, old.spec.initContainers);
      object.status = old.status as Pod['status'];
      resetMetadata(object, old);
      raiseGeneration(object, old);
    },
    validateUpdate(object, old) {
      if (old.metadata.annotations?.[mirrorAnnotation] !== undefined) {
        return [forbidden(root(''), 'static pods cannot be resized')];
      }
      const errors: FieldError[] = [];
      validateMetadataUpdate(object, old, errors);
      validateWhole(object, errors);
      const before = old.status?.qosClass ?? qosClassOf(old.spec);
      if (before !== qosClassOf(object.spec)) {
        errors.push(invalid(specPath, before, 'Pod QOS Class may not change as a result of resizing'));
      }
      validateResized(object.spec, old.spec, errors);
      return errors;
    },
  };
}

const onlyCompute = 'only cpu and memory resources are mutable';

function validateResized(spec: Spec, old: Spec, errors: FieldError[]): void {
  for (const field of ['containers', 'initContainers'] as const) {
    const now = spec[field] ?? [];
    const before = old[field] ?? [];
    const path = specPath.child(field);
    if (now.length !== before.length) {
      errors.push(forbidden(path, `${field} may not be added or removed on resize`));
      return;
    }
    now.forEach((container, index) => {
      const was = before[index]!;
      if (container.name !== was.name) {
        errors.push(forbidden(path.at(index).child('name'), `${field} may not be renamed or reordered on resize`));
        return;
      }
      const sidecar = was.restartPolicy === 'Always';
      if (field === 'initContainers' && !sidecar && !same(container, was)) {
        errors.push(forbidden(specPath, 'resources for non-sidecar init containers are immutable'));
        return;
      }
      for (const kind of ['requests', 'limits'] as const) {
        for (const name of Object.keys(was.resources?.[kind] ?? {})) {
          if (container.resources?.[kind]?.[name] !== undefined) continue;
          const at = path.at(index).child('resources').child(kind);
          errors.push(forbidden(at, `resource ${kind} cannot be removed`));
          break;
        }
      }
      if (!same(withoutCompute(container), withoutCompute(was))) errors.push(forbidden(specPath, onlyCompute));
    });
  }
}

const withoutCompute = (container: DeepReadonly<Container>): object => {
  const without = (amounts: Readonly<Record<string, string>> | undefined) => {
    const { cpu: _cpu, memory: _memory, ...rest } = amounts ?? {};
    return rest;
  };
  const { limits, requests, ...others } = container.resources ?? {};
  return {
    ...container,
    resizePolicy: undefined,
    resources: { ...others, limits: without(limits), requests: without(requests) },
  };
};
