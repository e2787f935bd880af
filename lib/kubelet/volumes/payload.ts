/**
 * What is to stand in a volume that is made from objects: configMap, secret, downwardAPI, and the projection of several of
 * them into one folder.
 */
import { configMaps, secrets } from '../../api/resources.js';
import type { ConfigMap, DeepReadonly, Pod, Secret, Volume } from '../../api/types.js';
import { ConfigError, fieldValue, resourceValue, type NodeResources } from '../fields.js';
import type { ObjectCache } from '../object-cache.js';
import type { FileContent, Payload } from './atomic-writer.js';

/** A token for a service account, for one audience and one pod. */
export type TokenSource = (
  pod: DeepReadonly<Pod>,
  request: { readonly audience?: string; readonly expirationSeconds: number },
) => Promise<string>;

export interface PayloadSources {
  readonly objects: ObjectCache;
  readonly token: TokenSource;
  readonly node: () => NodeResources;
}

type Items = readonly { readonly key: string; readonly path: string; readonly mode?: number }[];
type DownwardItems = NonNullable<DeepReadonly<NonNullable<Volume['downwardAPI']>>['items']>;

/** @returns undefined for a volume of another type. @throws {ConfigError} for an object or key that must be there and is not */
export async function payloadOf(
  pod: DeepReadonly<Pod>,
  volume: DeepReadonly<Volume>,
  sources: PayloadSources,
): Promise<Payload | undefined> {
  const { configMap, secret, downwardAPI, projected } = volume;
  const files = new Map<string, FileContent>();
  const add = (more: Payload): void => more.forEach((content, path) => files.set(path, content));
  if (configMap) add(await ofConfigMap(pod, configMap.name!, configMap, configMap.defaultMode, sources));
  else if (secret) add(await ofSecret(pod, secret.secretName!, secret, secret.defaultMode, sources));
  else if (downwardAPI) add(ofDownward(pod, downwardAPI.items ?? [], downwardAPI.defaultMode, sources.node()));
  else if (projected)
    for (const source of projected.sources ?? []) {
      const mode = projected.defaultMode;
      if (source.configMap) add(await ofConfigMap(pod, source.configMap.name!, source.configMap, mode, sources));
      else if (source.secret) add(await ofSecret(pod, source.secret.name!, source.secret, mode, sources));
      else if (source.downwardAPI) add(ofDownward(pod, source.downwardAPI.items ?? [], mode, sources.node()));
      else if (source.serviceAccountToken) {
        const { audience, expirationSeconds = 3600, path } = source.serviceAccountToken;
        const token = await sources.token(pod, { audience, expirationSeconds });
        files.set(path, { data: Buffer.from(token), mode: mode ?? 0o644 });
      } else throw new ConfigError(`projected volume source ${Object.keys(source).join()} is not supported`);
    }
  else return undefined;
  return files;
}

async function ofConfigMap(
  pod: DeepReadonly<Pod>,
  name: string,
  { items, optional }: { readonly items?: Items; readonly optional?: boolean },
  mode: number | undefined,
  { objects }: PayloadSources,
): Promise<Payload> {
  const namespace = pod.metadata.namespace!;
  const map = await objects.get<ConfigMap>(pod.metadata.uid!, configMaps, namespace, name);
  if (!map && !optional) throw new ConfigError(`configmap "${name}" not found`);
  const data = new Map<string, Buffer>();
  for (const [key, text] of Object.entries(map?.data ?? {})) data.set(key, Buffer.from(text));
  for (const [key, base64] of Object.entries(map?.binaryData ?? {})) data.set(key, Buffer.from(base64, 'base64'));
  return select(data, items, mode, optional, `configmap references non-existent config key: `);
}

async function ofSecret(
  pod: DeepReadonly<Pod>,
  name: string,
  { items, optional }: { readonly items?: Items; readonly optional?: boolean },
  mode: number | undefined,
  { objects }: PayloadSources,
): Promise<Payload> {
  const secret = await objects.get<Secret>(pod.metadata.uid!, secrets, pod.metadata.namespace!, name);
  if (!secret && !optional) throw new ConfigError(`secret "${name}" not found`);
  const data = new Map(Object.entries(secret?.data ?? {}).map(([key, base64]) => [key, Buffer.from(base64, 'base64')]));
  return select(data, items, mode, optional, `references non-existent secret key: `);
}

function ofDownward(pod: DeepReadonly<Pod>, items: DownwardItems, defaultMode = 0o644, node: NodeResources): Payload {
  return new Map(
    items.map(({ path, fieldRef, resourceFieldRef, mode = defaultMode }) => {
      const text = fieldRef
        ? fieldValue(pod, fieldRef.fieldPath)
        : resourceValue(pod, undefined, resourceFieldRef!, node);
      return [path, { data: Buffer.from(text), mode }];
    }),
  );
}

/** All keys, or those of `items` under the paths given there. */
function select(
  data: ReadonlyMap<string, Buffer>,
  items: Items | undefined,
  defaultMode = 0o644,
  optional: boolean | undefined,
  missing: string,
): Payload {
  if (!items?.length) return new Map([...data].map(([key, bytes]) => [key, { data: bytes, mode: defaultMode }]));
  const files = new Map<string, FileContent>();
  for (const { key, path, mode = defaultMode } of items) {
    const bytes = data.get(key);
    if (bytes) files.set(path, { data: bytes, mode });
    else if (!optional) throw new ConfigError(missing + key);
  }
  return files;
}
