/**
 * The environment of a container: the Services that exist, then `envFrom`, then `env`, each later one winning; and the
 * `$(VAR)` in values, commands and arguments.
 *
 * @see https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
 */
import type { ConfigMap, Container, DeepReadonly, EnvVar, Pod, Secret, Service } from '../api/types.js';
import { ConfigError, fieldValue, resourceValue, type NodeResources } from './fields.js';

export interface EnvironmentSources {
  /** @returns undefined when there is none of that name */
  configMap(namespace: string, name: string): Promise<DeepReadonly<ConfigMap> | undefined>;
  secret(namespace: string, name: string): Promise<DeepReadonly<Secret> | undefined>;
  /** Those of `namespace`. */
  services(namespace: string): readonly DeepReadonly<Service>[];
  /** For `resourceFieldRef` where a container sets no limit. */
  readonly node: NodeResources;
}

/**
 * All variables of `container`, in the order in which they are set.
 * @param pod with its addresses in `status`, for `fieldRef`
 * @throws {ConfigError} for a ConfigMap, Secret, key or field that is not there and not optional
 */
export async function makeEnvironment(
  pod: DeepReadonly<Pod>,
  container: DeepReadonly<Container>,
  sources: EnvironmentSources,
): Promise<Record<string, string>> {
  const namespace = pod.metadata.namespace!;
  const env = serviceEnvironment(namespace, sources, pod.spec.enableServiceLinks !== false);
  const given: Record<string, string> = {};
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    const ref = configMapRef ?? secretRef;
    const [kind, object] = configMapRef
      ? (['configmap', await sources.configMap(namespace, configMapRef.name!)] as const)
      : (['secret', await sources.secret(namespace, secretRef!.name!)] as const);
    if (!object && ref?.optional !== true) throw new ConfigError(`${kind} "${ref!.name}" not found`);
    const data = kind === 'secret' ? decoded(object as Secret) : (object as ConfigMap | undefined)?.data;
    for (const [key, value] of Object.entries(data ?? {})) given[prefix + key] = value;
  }
  // A variable may refer to those before it, and to the Services' own where it is not hidden by them.
  for (const variable of container.env ?? []) {
    const value = variable.valueFrom
      ? await valueFrom(variable, pod, container, sources)
      : expand(variable.value ?? '', { ...env, ...given });
    if (value !== undefined) given[variable.name] = value;
  }
  return { ...env, ...given };
}

/**
 * Replaces `$(VAR)` by its value; one that is not set stays as it is, and `$$(VAR)` is `$(VAR)`, unreplaced.
 * `expand('$(A)/$$(A)/$(B)', { A: 'x' })` is `x/$(A)/$(B)`.
 */
export const expand = (text: string, env: Readonly<Record<string, string>>): string =>
  text.replace(/\$(?:\$|\(([^)]*)\))/g, (found, name: string | undefined) =>
    name === undefined ? '$' : Object.hasOwn(env, name) ? env[name]! : found,
  );

async function valueFrom(
  { valueFrom: from }: DeepReadonly<EnvVar>,
  pod: DeepReadonly<Pod>,
  container: DeepReadonly<Container>,
  sources: EnvironmentSources,
): Promise<string | undefined> {
  const namespace = pod.metadata.namespace!;
  if (from!.fieldRef) return fieldValue(pod, from!.fieldRef.fieldPath);
  if (from!.resourceFieldRef) return resourceValue(pod, container, from!.resourceFieldRef, sources.node);
  if (from!.configMapKeyRef) {
    const { name, key, optional = false } = from!.configMapKeyRef;
    const map = await sources.configMap(namespace, name!);
    const value = map?.data?.[key];
    if (value !== undefined || optional) return value;
    throw new ConfigError(
      map ? `couldn't find key ${key} in ConfigMap ${namespace}/${name}` : `configmap "${name}" not found`,
    );
  }
  const { name, key, optional = false } = from!.secretKeyRef!;
  const secret = await sources.secret(namespace, name!);
  const value = decoded(secret)[key];
  if (value !== undefined || optional) return value;
  throw new ConfigError(
    secret ? `couldn't find key ${key} in Secret ${namespace}/${name}` : `secret "${name}" not found`,
  );
}

/**
 * `WEB_SERVICE_HOST`, `WEB_SERVICE_PORT` and the form Docker's links once had (`WEB_PORT_80_TCP_ADDR` …) for each Service
 * of the namespace that had an address when the container started; those of the Service `kubernetes` always.
 */
function serviceEnvironment(
  namespace: string,
  sources: Pick<EnvironmentSources, 'services'>,
  links: boolean,
): Record<string, string> {
  const env: Record<string, string> = {};
  const own = links ? sources.services(namespace) : [];
  const master = sources.services('default').filter(({ metadata }) => metadata.name === 'kubernetes');
  for (const { metadata, spec } of [...master, ...own]) {
    const ip = spec.clusterIP;
    const ports = spec.ports ?? [];
    if (!ip || ip === 'None' || ports.length === 0) continue;
    const name = variableName(metadata.name);
    const [first] = ports;
    env[`${name}_SERVICE_HOST`] = ip;
    env[`${name}_SERVICE_PORT`] = String(first!.port);
    for (const port of ports) if (port.name) env[`${name}_SERVICE_PORT_${variableName(port.name)}`] = String(port.port);
    const url = ({ port, protocol = 'TCP' }: { port: number; protocol?: string }): string =>
      `${protocol.toLowerCase()}://${ip}:${port}`;
    env[`${name}_PORT`] = url(first!);
    for (const port of ports) {
      const prefix = `${name}_PORT_${port.port}_${port.protocol ?? 'TCP'}`;
      env[prefix] = url(port);
      env[`${prefix}_PROTO`] = (port.protocol ?? 'TCP').toLowerCase();
      env[`${prefix}_PORT`] = String(port.port);
      env[`${prefix}_ADDR`] = ip;
    }
  }
  return env;
}

const variableName = (name: string): string => name.toUpperCase().replaceAll('-', '_');

const decoded = (secret: DeepReadonly<Secret> | undefined): Record<string, string> =>
  Object.fromEntries(
    Object.entries(secret?.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
  );
