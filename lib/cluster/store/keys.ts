/** From what a user writes to a key of the store, and back. */
import { kinds } from '../../api/kinds/index.js';
import type { Kind } from '../../api/kinds/kind.js';
import { keyInStore, prefixOf } from '../../apiserver/served.js';

/**
 * `pod/web-0` in `default`, `deployments.apps/web`, or a key itself: `/registry/pods/default/web-0`.
 *
 * @throws Error: there is no such kind
 */
export function keyOf(what: string, namespace: string): string {
  if (what.startsWith('/')) return what;
  const [resource, name, ...more] = what.split('/');
  if (!resource || !name || more.length > 0)
    throw new Error(
      `which object? KIND/NAME, as pod/web-0, or a key, as /registry/pods/default/web-0; not ${JSON.stringify(what)}`,
    );
  return keyInStore(kindNamed(resource), namespace, name);
}

/** By its resource, singular, kind or short name, with its group behind a dot where that is needed. */
function kindNamed(text: string): Kind {
  const [name, ...group] = text.toLowerCase().split('.');
  const found = kinds.find(
    (kind) =>
      [kind.resource, kind.singular, kind.kind.toLowerCase(), ...(kind.shortNames ?? [])].includes(name!) &&
      (group.length === 0 || kind.group === group.join('.')),
  );
  if (!found) throw new Error(`there is no kind ${JSON.stringify(text)}`);
  return found;
}

const byPrefix = new Map(kinds.map((kind) => [prefixOf(kind), kind.resource]));

/** Of which kind the object of a key is: `pods`, or the key's beginning if that is not known. */
export function resourceOfKey(key: string): string {
  const parts = key.split('/');
  for (const length of [4, 3]) {
    const resource = byPrefix.get(parts.slice(0, length).join('/') + '/');
    if (resource) return resource;
  }
  return parts.slice(0, 3).join('/');
}
