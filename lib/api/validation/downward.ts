/**
 * The downward API: a container learns about its own pod from environment variables and files.
 *
 * @see https://kubernetes.io/docs/concepts/workloads/pods/downward-api/
 */
import type { ObjectFieldSelector, ResourceFieldSelector } from 'kubernetes-types/core/v1.js';
import type { FieldError } from '../kinds/kind.js';
import { parseQuantity } from '../quantity.js';
import type { DeepReadonly } from '../types.js';
import { invalid, notSupported, required, type Path } from './errors.js';
import { complainAt } from './metadata.js';
import { qualifiedName } from './names.js';

export const envFieldPaths = [
  ...['metadata.name', 'metadata.namespace', 'metadata.uid', 'spec.nodeName', 'spec.serviceAccountName'],
  ...['status.hostIP', 'status.hostIPs', 'status.podIP', 'status.podIPs'],
];

export const volumeFieldPaths = [
  ...['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid'],
];

/** All that a field path may name; `spec.host` is `spec.nodeName`'s first name. */
const known = new Set([
  ...envFieldPaths,
  ...volumeFieldPaths,
  ...['spec.restartPolicy', 'spec.schedulerName', 'status.phase', 'spec.host'],
]);

const subscripted = /^(.*)\['([^']*)'\]$/;

export function validateFieldRef(
  { apiVersion, fieldPath }: DeepReadonly<ObjectFieldSelector>,
  allowed: readonly string[],
  path: Path,
  errors: FieldError[],
): void {
  if (!apiVersion) {
    errors.push(required(path.child('apiVersion')));
    return;
  }
  if (!fieldPath) {
    errors.push(required(path.child('fieldPath')));
    return;
  }
  const refuse = (why: string) =>
    errors.push(invalid(path.child('fieldPath'), fieldPath, `error converting fieldPath: ${why}`));
  const [, map, key] = subscripted.exec(fieldPath) ?? [];
  if (apiVersion !== 'v1') refuse(`unsupported pod version: ${apiVersion}`);
  else if (map !== undefined) {
    if (map === 'metadata.annotations') complainAt(qualifiedName(key!.toLowerCase()), path, key, errors);
    else if (map === 'metadata.labels') complainAt(qualifiedName(key!), path, key, errors);
    else refuse(`field label does not support subscript: ${fieldPath}`);
  } else if (!known.has(fieldPath)) refuse(`field label not supported: ${fieldPath}`);
  else if (!allowed.includes(fieldPath === 'spec.host' ? 'spec.nodeName' : fieldPath)) {
    errors.push(notSupported(path.child('fieldPath'), fieldPath, allowed));
  }
}

const resourceFields = [
  ...['limits.cpu', 'limits.ephemeral-storage', 'limits.memory'],
  ...['requests.cpu', 'requests.ephemeral-storage', 'requests.memory'],
];

const hugePages = /^(limits|requests)\.hugepages-/;

const byteDivisors = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];

/** @param volume a file must say of which container it speaks, a variable speaks of its own */
export function validateResourceFieldRef(
  { containerName, resource = '', divisor }: DeepReadonly<ResourceFieldSelector>,
  volume: boolean,
  path: Path,
  errors: FieldError[],
): void {
  if (volume && !containerName) errors.push(required(path.child('containerName')));
  else if (resource === '') errors.push(required(path.child('resource')));
  else if (!resourceFields.includes(resource) && !hugePages.test(resource)) {
    errors.push(notSupported(path.child('resource'), resource, resourceFields));
  }
  if (divisor === undefined || parseQuantity(divisor).isZero()) return;
  const text = parseQuantity(divisor).toString();
  const of = resource.slice(resource.indexOf('.') + 1);
  const refuse = (values: string, what: string) =>
    errors.push(
      invalid(
        path.child('divisor'),
        resource,
        `only divisor's values ${values} are supported with the ${what} resource`,
      ),
    );
  if (of === 'cpu') {
    if (text !== '1' && text !== '1m') refuse('1m and 1', 'cpu');
  } else if (!byteDivisors.includes(text)) {
    if (of === 'memory') refuse(byteDivisors.join(', '), 'memory');
    else if (of === 'ephemeral-storage') refuse(byteDivisors.join(', '), 'local ephemeral storage');
    else if (hugePages.test(resource)) refuse(byteDivisors.join(', '), 'hugepages');
  }
}
