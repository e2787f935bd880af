/**
 * What a container may ask for, and how much.
 *
 * @see https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
 */
import type { ResourceRequirements } from 'kubernetes-types/core/v1.js';
import type { FieldError } from '../kinds/kind.js';
import { parseQuantity, type Quantity } from '../quantity.js';
import type { DeepReadonly } from '../types.js';
import { duplicate, forbidden, invalid, notFound, required, type Path } from './errors.js';
import { complainAt } from './metadata.js';
import { qualifiedName } from './names.js';

const containerResources = new Set(['cpu', 'memory', 'ephemeral-storage']);

/** Resources without a domain in front that exist somewhere: in a container, a node or a quota. */
const standardResources = new Set([
  ...['cpu', 'memory', 'ephemeral-storage', 'storage'],
  ...['requests.cpu', 'requests.memory', 'requests.ephemeral-storage', 'requests.storage'],
  ...['limits.cpu', 'limits.memory', 'limits.ephemeral-storage'],
  ...['pods', 'resourcequotas', 'services', 'replicationcontrollers', 'secrets', 'configmaps'],
  ...['persistentvolumeclaims', 'services.nodeports', 'services.loadbalancers'],
]);

/** What can only be counted. */
const countedResources = new Set([
  ...['pods', 'resourcequotas', 'services', 'replicationcontrollers', 'secrets', 'configmaps'],
  ...['persistentvolumeclaims', 'services.nodeports', 'services.loadbalancers'],
]);

export const isHugePages = (name: string): boolean => name.startsWith('hugepages-');

const isNative = (name: string): boolean => !name.includes('/') || name.includes('kubernetes.io/');

/** `example.com/gpu`: somebody else's resource, always counted in whole pieces. */
export const isExtended = (name: string): boolean =>
  !isNative(name) && !name.startsWith('requests.') && qualifiedName(`requests.${name}`).length === 0;

/** May more be allowed than is there? Not of huge pages and extended resources. */
export const mayOvercommit = (name: string): boolean => isNative(name) && !isHugePages(name);

export const isStandardResource = (name: string): boolean =>
  standardResources.has(name) || isHugePages(name) || name.startsWith('requests.hugepages-');

const isInteger = (name: string): boolean => countedResources.has(name) || isExtended(name);

export function validateResourceName(name: string, path: Path, errors: FieldError[]): void {
  const complaints = qualifiedName(name);
  complainAt(complaints, path, name, errors);
  if (complaints.length === 0 && !name.includes('/') && !isStandardResource(name)) {
    errors.push(invalid(path, name, 'must be a standard resource type or fully qualified'));
  }
}

export function validateContainerResourceName(name: string, path: Path, errors: FieldError[]): void {
  validateResourceName(name, path, errors);
  if (!name.includes('/')) {
    if (!containerResources.has(name) && !isHugePages(name)) {
      errors.push(invalid(path, name, 'must be a standard resource for containers'));
    }
  } else if (!isNative(name) && !isExtended(name)) {
    errors.push(invalid(path, name, "doesn't follow extended resource name standard"));
  }
}

/** Not negative, and whole if it is a resource that is counted. */
export function validateAmount(name: string, amount: Quantity, path: Path, errors: FieldError[]): void {
  if (amount.sign() < 0) errors.push(invalid(path, amount.toString(), 'must be greater than or equal to 0'));
  if (isInteger(name) && !amount.isWhole()) {
    errors.push(invalid(path, amount.toString(), 'must be an integer'));
  }
}

/** @param claims the names of the pod's `resourceClaims` */
export function validateResources(
  resources: DeepReadonly<ResourceRequirements> | undefined,
  claims: ReadonlySet<string>,
  path: Path,
  errors: FieldError[],
): void {
  if (!resources) return;
  const { limits = {}, requests = {} } = resources;
  let hugePages = false;
  let compute = false;
  for (const name in limits) {
    const at = path.child('limits').at(name);
    const amount = parseQuantity(limits[name]!);
    validateContainerResourceName(name, at, errors);
    validateAmount(name, amount, at, errors);
    if (isHugePages(name)) {
      hugePages = true;
      validatePages(name, amount, at, errors);
    }
    compute ||= name === 'cpu' || name === 'memory';
  }
  for (const name in requests) {
    const at = path.child('requests').at(name);
    const amount = parseQuantity(requests[name]!);
    validateContainerResourceName(name, at, errors);
    validateAmount(name, amount, at, errors);
    if (name in limits) {
      const limit = parseQuantity(limits[name]!);
      const difference = amount.compare(limit);
      if (difference !== 0 && !mayOvercommit(name)) {
        errors.push(invalid(path.child('requests'), amount.toString(), `must be equal to ${name} limit of ${limit}`));
      } else if (difference > 0) {
        const least = `must be less than or equal to ${name} limit of ${limit}`;
        errors.push(invalid(path.child('requests'), amount.toString(), least));
      }
    } else if (!mayOvercommit(name)) {
      errors.push(required(path.child('limits'), 'Limit must be set for non overcommitable resources'));
    }
    if (isHugePages(name)) {
      hugePages = true;
      validatePages(name, amount, at, errors);
    }
    compute ||= name === 'cpu' || name === 'memory';
  }
  if (hugePages && !compute) errors.push(forbidden(path, 'HugePages require cpu or memory'));
  const seen = new Set<string>();
  resources.claims?.forEach(({ name = '' }, index) => {
    const at = path.child('claims').at(index);
    if (name === '') errors.push(required(at.child('name')));
    else if (seen.has(name)) errors.push(duplicate(at.child('name'), name));
    else if (!claims.has(name)) errors.push(notFound(at.child('name'), name));
    seen.add(name);
  });
}

function validatePages(name: string, amount: Quantity, path: Path, errors: FieldError[]): void {
  const size = sizeOfPage(name);
  if (size === undefined || amount.scaledValue(0) % size !== 0n) {
    errors.push(invalid(path, amount.toString(), `${amount} is not positive integer multiple of ${name}`));
  }
}

function sizeOfPage(name: string): bigint | undefined {
  try {
    const size = parseQuantity(name.slice('hugepages-'.length)).scaledValue(0);
    return size > 0n ? size : undefined;
  } catch {
    return undefined;
  }
}
