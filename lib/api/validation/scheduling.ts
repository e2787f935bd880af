/**
 * Where a pod wants to be, and which repulsions it bears: affinity, spread, tolerations; and the nodes' taints.
 *
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/
 */
import type {
  Affinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinityTerm,
  TopologySpreadConstraint,
} from 'kubernetes-types/core/v1.js';
import type { FieldError } from '../kinds/kind.js';
import type { DeepReadonly, LabelSelector, Taint, Toleration } from '../types.js';
import { duplicate, forbidden, invalid, notSupported, required, type Path } from './errors.js';
import { complain, complainAt, validateLabelSelector } from './metadata.js';
import { dnsLabel, dnsSubdomain, labelValueCheck, qualifiedName } from './names.js';

const requiredField = 'requiredDuringSchedulingIgnoredDuringExecution';
const preferredField = 'preferredDuringSchedulingIgnoredDuringExecution';

export function validateAffinity(affinity: DeepReadonly<Affinity> | undefined, path: Path, errors: FieldError[]): void {
  if (!affinity) return;
  const { nodeAffinity: node } = affinity;
  if (node) {
    const at = path.child('nodeAffinity');
    const must = node[requiredField];
    if (must) validateNodeSelector(must, at.child(requiredField), errors);
    node[preferredField]?.forEach(({ weight, preference }, index) => {
      const where = at.child(preferredField).at(index);
      validateWeight(weight, where, errors);
      validateNodeTerm(preference ?? {}, false, where.child('preference'), errors);
    });
  }
  for (const field of ['podAffinity', 'podAntiAffinity'] as const) {
    affinity[field]?.[requiredField]?.forEach((term, index) => {
      validatePodTerm(term, path.child(field).child(requiredField).at(index), errors);
    });
    affinity[field]?.[preferredField]?.forEach(({ weight, podAffinityTerm: term }, index) => {
      const where = path.child(field).child(preferredField).at(index);
      validateWeight(weight, where, errors);
      validatePodTerm(term ?? {}, where.child('podAffinityTerm'), errors);
    });
  }
}

/** Terms are alternatives; without one, no node would do. */
export function validateNodeSelector(
  { nodeSelectorTerms: given }: DeepReadonly<Partial<NodeSelector>>,
  path: Path,
  errors: FieldError[],
): void {
  const terms = path.child('nodeSelectorTerms');
  if (!given?.length) errors.push(required(terms, 'must have at least one node selector term'));
  given?.forEach((term, index) => validateNodeTerm(term, true, terms.at(index), errors));
}

function validateWeight(weight: number | undefined, path: Path, errors: FieldError[]): void {
  if (weight === undefined || weight < 1 || weight > 100) {
    errors.push(invalid(path.child('weight'), weight ?? 0, 'must be in the range 1-100'));
  }
}

/** @param strict values of required terms must be labels' values; preferences were never checked for it */
function validateNodeTerm(
  { matchExpressions, matchFields }: DeepReadonly<Partial<NodeSelectorTerm>>,
  strict: boolean,
  path: Path,
  errors: FieldError[],
): void {
  matchExpressions?.forEach((expression, index) => {
    validateRequirement(expression, strict, path.child('matchExpressions').at(index), errors);
  });
  matchFields?.forEach(({ key = '', operator = '', values = [] }, index) => {
    const at = path.child('matchFields').at(index);
    if (operator !== 'In' && operator !== 'NotIn') {
      errors.push(invalid(at.child('operator'), operator, 'not a valid selector operator'));
    } else if (values.length !== 1) {
      const one = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
      errors.push(required(at.child('values'), one));
    }
    if (key !== 'metadata.name') errors.push(invalid(at.child('key'), key, 'not a valid field selector key'));
    else values.forEach((value, i) => complainAt(dnsSubdomain(value), at.child('values').at(i), value, errors));
  });
}

function validateRequirement(
  { key = '', operator = '', values = [] }: DeepReadonly<NodeSelectorRequirement>,
  strict: boolean,
  path: Path,
  errors: FieldError[],
): void {
  const at = path.child('values');
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) errors.push(required(at, "must be specified when `operator` is 'In' or 'NotIn'"));
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) {
        errors.push(forbidden(at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
      }
      break;
    case 'Gt':
    case 'Lt':
      if (values.length !== 1) {
        errors.push(required(at, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
      }
      break;
    default:
      errors.push(invalid(path.child('operator'), operator, 'not a valid selector operator'));
  }
  complain(qualifiedName(key), path, 'key', key, errors);
  if (strict) values.forEach((value, i) => complainAt(labelValueCheck(value), at.at(i), value, errors));
}

function validatePodTerm(term: DeepReadonly<Partial<PodAffinityTerm>>, path: Path, errors: FieldError[]): void {
  const { labelSelector, namespaceSelector, namespaces = [], topologyKey = '' } = term;
  validateLabelSelector(labelSelector, path.child('labelSelector'), errors);
  validateLabelSelector(namespaceSelector, path.child('namespaceSelector'), errors);
  for (const name of namespaces) complain(dnsLabel(name), path, 'namespace', name, errors);
  validateLabelKeys(term, path, errors);
  if (topologyKey === '') errors.push(required(path.child('topologyKey'), 'can not be empty'));
  complain(qualifiedName(topologyKey), path, 'topologyKey', topologyKey, errors);
}

interface LabelKeys {
  readonly labelSelector?: LabelSelector;
  readonly matchLabelKeys?: readonly string[];
  readonly mismatchLabelKeys?: readonly string[];
}

/** Keys whose values are taken from the pod itself: they need a selector to join, and may not stand in it twice. */
function validateLabelKeys(term: DeepReadonly<LabelKeys>, path: Path, errors: FieldError[]): void {
  const { labelSelector: selector, matchLabelKeys = [], mismatchLabelKeys = [] } = term;
  for (const field of ['matchLabelKeys', 'mismatchLabelKeys'] as const) {
    const keys = term[field] ?? [];
    if (keys.length > 0 && !selector) {
      errors.push(forbidden(path.child(field), 'must not be specified when labelSelector is not set'));
    } else keys.forEach((key, i) => complainAt(qualifiedName(key), path.child(field).at(i), key, errors));
  }
  const seen = new Set(Object.keys(selector?.matchLabels ?? {}));
  for (const { key } of selector?.matchExpressions ?? []) {
    const index = matchLabelKeys.lastIndexOf(key);
    if (index >= 0 && seen.has(key)) {
      errors.push(invalid(path.at(index), key, 'exists in both matchLabelKeys and labelSelector'));
    }
    seen.add(key);
  }
  matchLabelKeys.forEach((key, index) => {
    if (!mismatchLabelKeys.includes(key)) return;
    errors.push(
      invalid(path.child('matchLabelKeys').at(index), key, 'exists in both matchLabelKeys and mismatchLabelKeys'),
    );
  });
}

const spreadActions = ['DoNotSchedule', 'ScheduleAnyway'];
const nodePolicies = ['Honor', 'Ignore'];

export function validateSpread(
  constraints: DeepReadonly<TopologySpreadConstraint[]> | undefined,
  path: Path,
  errors: FieldError[],
): void {
  const textOf = ({ topologyKey = '', whenUnsatisfiable = '' }: DeepReadonly<TopologySpreadConstraint>): string =>
    JSON.stringify([topologyKey, whenUnsatisfiable]);
  const last = new Map(constraints?.map((constraint, index) => [textOf(constraint), index]));
  constraints?.forEach((constraint, index) => {
    const at = path.at(index);
    const { maxSkew = 0, topologyKey = '', whenUnsatisfiable: action = '', minDomains } = constraint;
    if (maxSkew <= 0) errors.push(invalid(at.child('maxSkew'), maxSkew, 'must be greater than zero'));
    if (topologyKey === '') errors.push(required(at.child('topologyKey'), 'can not be empty'));
    if (!spreadActions.includes(action)) {
      errors.push(notSupported(at.child('whenUnsatisfiable'), action, spreadActions));
    }
    if (last.get(textOf(constraint))! > index)
      errors.push(duplicate(at.child('{topologyKey, whenUnsatisfiable}'), `{${topologyKey}, ${action}}`));
    if (minDomains != null) {
      const where = at.child('minDomains');
      if (minDomains <= 0) errors.push(invalid(where, minDomains, 'must be greater than zero'));
      if (action !== 'DoNotSchedule') {
        const only = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${action}`;
        errors.push(invalid(where, minDomains, only));
      }
    }
    for (const field of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
      const policy = constraint[field];
      if (policy != null && !nodePolicies.includes(policy)) {
        errors.push(notSupported(at.child(field), policy, nodePolicies));
      }
    }
    validateLabelKeys(constraint, at, errors);
    validateLabelSelector(constraint.labelSelector, at.child('labelSelector'), errors);
  });
}

/** In upstream's order. */
const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export function validateTolerations(
  tolerations: DeepReadonly<Toleration[]> | undefined,
  path: Path,
  errors: FieldError[],
): void {
  tolerations?.forEach(({ key = '', operator = '', value = '', effect = '', tolerationSeconds }, index) => {
    const at = path.at(index);
    if (key !== '') complain(qualifiedName(key), at, 'key', key, errors);
    else if (operator !== 'Exists') {
      const all = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
      errors.push(invalid(at.child('operator'), operator, all));
    }
    if (tolerationSeconds != null && effect !== 'NoExecute') {
      errors.push(invalid(at.child('effect'), effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"));
    }
    if (operator === '' || operator === 'Equal') {
      const complaints = labelValueCheck(value);
      if (complaints.length > 0) errors.push(invalid(at.child('operator'), value, complaints.join(';')));
    } else if (operator === 'Exists') {
      if (value !== '') {
        errors.push(invalid(at.child('operator'), value, "value must be empty when `operator` is 'Exists'"));
      }
    } else {
      // Lt and Gt are behind a feature gate that is off, and then named among what is supported.
      const compares = operator === 'Lt' || operator === 'Gt';
      errors.push(notSupported(at.child('operator'), operator, ['Equal', 'Exists', ...(compares ? ['Lt', 'Gt'] : [])]));
    }
    if (effect !== '' && !effects.includes(effect)) errors.push(notSupported(at.child('effect'), effect, effects));
  });
}

export function validateTaints(taints: DeepReadonly<Taint[]> | undefined, path: Path, errors: FieldError[]): void {
  const seen = new Set<string>();
  taints?.forEach((taint, index) => {
    const at = path.at(index);
    const { key = '', value = '', effect = '' } = taint;
    complain(qualifiedName(key), at, 'key', key, errors);
    const complaints = labelValueCheck(value);
    if (complaints.length > 0) errors.push(invalid(at.child('value'), value, complaints.join(';')));
    if ((effect as string) === '') errors.push(required(at.child('effect')));
    else if (!effects.includes(effect)) errors.push(notSupported(at.child('effect'), effect, effects));
    if (seen.has(`${effect}:${key}`)) {
      const shown = { Key: key, Value: value, Effect: effect, TimeAdded: taint.timeAdded ?? null };
      const error = duplicate(at, shown);
      errors.push({ ...error, message: `${error.message}: taints must be unique by key and effect pair` });
    }
    seen.add(`${effect}:${key}`);
  });
}
