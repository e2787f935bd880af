/**
 * ResourceQuota: how much a namespace may have altogether. (Counting is admission's and its controller's.)
 *
 * @see https://kubernetes.io/docs/concepts/policy/resource-quotas/
 */
import { parseQuantity } from '../quantity.js';
import type { DeepReadonly, ResourceQuota } from '../types.js';
import { invalid, required, root, type Path } from '../validation/errors.js';
import { immutable } from '../validation/metadata.js';
import { isHugePages, isStandardResource, validateAmount, validateResourceName } from '../validation/resources.js';
import { ageColumn, column, nameColumn } from './columns.js';
import { defineKind, statusDoor } from './define.js';
import type { FieldError } from './kind.js';
import { roundUp } from './poddefaults.js';

type Quota = DeepReadonly<ResourceQuota>;
type Amounts = Readonly<Record<string, string>> | undefined;

const podScopes = ['Terminating', 'NotTerminating', 'NotBestEffort', 'PriorityClass', 'CrossNamespacePodAffinity'];
/** Each refusal shows all scopes there are: of thousands, the first few will do. */
const mostRefusals = 100;
const scopes = [...podScopes, 'BestEffort', 'VolumeAttributesClass'];
const conflicts = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const;

const compute = ['cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'];

export const resourceQuota = defineKind<ResourceQuota>({
  group: '',
  version: 'v1',
  resource: 'resourcequotas',
  kind: 'ResourceQuota',
  shortNames: ['quota'],
  deleteReturnsObject: true,
  subresources: { status: statusDoor<ResourceQuota>(({ status }, _old, errors) => validateStatus(status, errors)) },
  default(object) {
    object.spec ??= {};
    object.status ??= {};
    for (const amounts of [object.spec.hard, object.status.hard, object.status.used]) if (amounts) roundUp(amounts);
  },
  prepareForCreate(object) {
    object.status = {};
  },
  prepareForUpdate(object, old) {
    object.status = old.status as ResourceQuota['status'];
  },
  check(object, errors) {
    validateSpec(object, errors);
    validateStatus(object.status, errors);
  },
  checkUpdate(object, old, errors) {
    validateSpec(object, errors);
    const text = (quota: Quota) => [...new Set(quota.spec.scopes)].sort().join();
    if (text(object) !== text(old)) {
      errors.push(invalid(root('spec').child('scopes'), object.spec.scopes, immutable));
    }
  },
  columns: [
    nameColumn,
    column(
      'Request',
      'Request represents a minimum amount of cpu/memory that a container may consume.',
      ({ status }: Quota) => usage(status, (name) => !name.startsWith('limits.')),
    ),
    column(
      'Limit',
      'Limits control the maximum amount of cpu/memory that a container may use independent of contention on the node.',
      ({ status }: Quota) => usage(status, (name) => name.startsWith('limits.')),
    ),
    ageColumn,
  ],
});

/** `cpu: 200m/1, pods: 2/5` */
const usage = (status: Quota['status'] | undefined, shows: (name: string) => boolean): string =>
  Object.keys(status?.hard ?? {})
    .filter(shows)
    .sort()
    .map((name) => `${name}: ${status?.used?.[name] ?? '0'}/${status!.hard![name]}`)
    .join(', ');

function validateSpec({ spec }: Quota, errors: FieldError[]): void {
  const path = root('spec');
  validateAmounts(spec.hard, path.child('hard'), errors);
  const given = spec.scopes ?? [];
  let refusals = 0;
  const refuse = (why: string): void => {
    if (++refusals <= mostRefusals) errors.push(invalid(path.child('scopes'), given, why));
  };
  const names = limited(spec.hard);
  for (const scope of given) {
    if (refusals > mostRefusals) break;
    if (!scopes.includes(scope)) refuse('unsupported scope');
    for (const name of names) if (!isFor(scope, name)) refuse('unsupported scope applied to resource');
  }
  for (const pair of conflicts) if (pair.every((each) => given.includes(each))) refuse('conflicting scopes');
  if (spec.scopeSelector) validateSelector(spec, path.child('scopeSelector').child('matchExpressions'), errors);
}

const limited = (hard: Amounts): string[] =>
  Object.keys(hard ?? {})
    .filter(isQuotaResource)
    .sort();

/** Does counting only such pods make sense for the resource? */
function isFor(scope: string, name: string): boolean {
  if (scope === 'BestEffort') return name === 'pods';
  if (scope === 'VolumeAttributesClass') return name === 'persistentvolumeclaims' || name === 'requests.storage';
  return !podScopes.includes(scope) || name === 'pods' || compute.includes(name);
}

function validateSelector(
  { hard, scopes: given, scopeSelector }: Quota['spec'],
  path: Path,
  errors: FieldError[],
): void {
  const expressions = scopeSelector?.matchExpressions ?? [];
  for (const { scopeName = '', operator = '', values = [] } of expressions) {
    if (!scopes.includes(scopeName)) errors.push(invalid(path.child('scopeName'), scopeName, 'unsupported scope'));
    for (const name of limited(hard)) {
      if (!isFor(scopeName, name)) errors.push(invalid(path, scopeSelector, 'unsupported scope applied to resource'));
    }
    const justExists = !['PriorityClass', 'VolumeAttributesClass'].includes(scopeName) && scopes.includes(scopeName);
    if (justExists && operator !== 'Exists') {
      const must =
        "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
      errors.push(invalid(path.child('operator'), operator, must));
    }
    if (operator === 'In' || operator === 'NotIn') {
      const one = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
      if (values.length === 0) errors.push(required(path.child('values'), one));
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      const no = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
      if (values.length > 0) errors.push(invalid(path.child('values'), values, no));
    } else errors.push(invalid(path.child('operator'), operator, 'not a valid selector operator'));
  }
  for (const pair of conflicts) {
    if (!pair.every((each) => expressions.some(({ scopeName }) => scopeName === each))) continue;
    errors.push(invalid(path, given, 'conflicting scopes'));
  }
}

function validateStatus(status: Quota['status'] | undefined, errors: FieldError[]): void {
  validateAmounts(status?.hard, root('status').child('hard'), errors);
  validateAmounts(status?.used, root('status').child('used'), errors);
}

const isQuotaResource = (name: string): boolean => isStandardResource(name) && name !== 'storage';

function validateAmounts(amounts: Amounts, path: Path, errors: FieldError[]): void {
  for (const name in amounts) {
    const at = path.at(name);
    validateResourceName(name, at, errors);
    if (!name.includes('/') && !isQuotaResource(name) && !isHugePages(name)) {
      errors.push(invalid(at, name, 'must be a standard resource for quota'));
    }
    validateAmount(name, parseQuantity(amounts[name]!), at, errors);
  }
}
