/**
 * PriorityClass: a name for a number. Pods of a greater number go first, and may drive out Pods of a smaller one.
 *
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/
 */
import { priorityClasses } from '../resources.js';
import type { DeepReadonly, PriorityClass } from '../types.js';
import { forbidden, invalid, notSupported, root } from '../validation/errors.js';
import { immutable } from '../validation/metadata.js';
import { ageColumn, column, nameColumn } from './columns.js';
import { defineKind } from './define.js';
import type { FieldError } from './kind.js';

type Class = DeepReadonly<PriorityClass>;

/** Above this there is room for the system's own. */
const highestUserDefinablePriority = 1_000_000_000;
const systemPrefix = 'system-';

/** The classes of the system, which are there from the start and stay. */
export const systemPriorityClasses = [
  {
    metadata: { name: 'system-node-critical' },
    value: 2_000_001_000,
    description: 'Used for system critical pods that must not be moved from their current node.',
  },
  {
    metadata: { name: 'system-cluster-critical' },
    value: 2_000_000_000,
    description:
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  },
] as const;

export const priorityClass = defineKind<PriorityClass>({
  ...priorityClasses,
  shortNames: ['pc'],
  default(object) {
    object.preemptionPolicy ??= 'PreemptLowerPriority';
  },
  check,
  checkUpdate(object, old, errors) {
    if (object.value !== old.value) errors.push(forbidden(root('value'), 'may not be changed in an update.'));
    if (object.preemptionPolicy !== old.preemptionPolicy) {
      errors.push(invalid(root('preemptionPolicy'), object.preemptionPolicy, immutable));
    }
  },
  columns: [
    nameColumn,
    column(
      'Value',
      'value represents the integer value of this priority class. This is the actual priority that pods receive when they have the name of this class in their pod spec.',
      ({ value }: Class) => value ?? 0,
      'integer',
    ),
    column(
      'Global-Default',
      'globalDefault specifies whether this PriorityClass should be considered as the default priority for pods that do not have any priority class. Only one PriorityClass can be marked as `globalDefault`. However, if more than one PriorityClasses exists with their `globalDefault` field set to true, the smallest value of such global default PriorityClasses will be used as the default priority.',
      ({ globalDefault }: Class) => globalDefault ?? false,
      'boolean',
    ),
    ageColumn,
    column(
      'PreemptionPolicy',
      'preemptionPolicy is the Policy for preempting pods with lower priority. One of Never, PreemptLowerPriority. Defaults to PreemptLowerPriority if unset.',
      ({ preemptionPolicy }: Class) => preemptionPolicy ?? '',
    ),
  ],
});

function check({ metadata: { name }, value = 0, globalDefault, preemptionPolicy }: Class, errors: FieldError[]): void {
  if (name?.startsWith(systemPrefix)) {
    const problem = unlikeSystemClass(name, value, globalDefault ?? false);
    if (problem) {
      const reserved = "priority class names with 'system-' prefix are reserved for system use only";
      errors.push(forbidden(root('metadata').child('name'), `${reserved}. error: ${problem}`));
    }
  } else if (value > highestUserDefinablePriority) {
    const limit = `maximum allowed value of a user defined priority is ${highestUserDefinablePriority}`;
    errors.push(forbidden(root('value'), limit));
  }
  const policies = ['PreemptLowerPriority', 'Never'];
  if (preemptionPolicy && !policies.includes(preemptionPolicy)) {
    errors.push(notSupported(root('preemptionPolicy'), preemptionPolicy, policies));
  }
}

function unlikeSystemClass(name: string, value: number, globalDefault: boolean): string | undefined {
  const known = systemPriorityClasses.find(({ metadata }) => metadata.name === name);
  if (!known) return `${name} is not a known system priority class`;
  if (value !== known.value) return `value of ${name} PriorityClass must be ${known.value}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}
