/**
 * Strategic merge patch: a merge patch that knows the types. A list whose elements have a merge key (`containers` by
 * `name`) is merged element by element; a list of plain values may be merged as a set (`finalizers`). Members that begin
 * with `$` are orders to the merger:
 *
 * | order | meaning |
 * | --- | --- |
 * | `$patch: replace` | this map, or the list in which an element says so, replaces the original's |
 * | `$patch: delete` | the map becomes empty; of a list, the element with this key goes |
 * | `$retainKeys: [a, b]` | every other member of the original goes |
 * | `$setElementOrder/containers: [{name: b}, {name: a}]` | the order in which the elements shall stand |
 * | `$deleteFromPrimitiveList/finalizers: [a]` | these go |
 *
 * @see https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md
 */
import type { Definition, Field, Type } from '../schema/index.js';
import { isMembers, setMember } from '../decode/json.js';
import { badRequest, unclassified, type StatusError } from '../status.js';
import { formatGo } from './format-go.js';

type Members = Record<string, unknown>;

const setElementOrder = '$setElementOrder/';
const deleteFromPrimitiveList = '$deleteFromPrimitiveList/';

/**
 * The patched object. The original is left as it is; the patch is used up, its orders and the lists that they order are
 * taken out of it (upstream's messages then show the rest).
 *
 * @throws StatusError without a reason (500) for a missing merge key or an unknown `$patch`, as upstream; BadRequest for
 * malformed orders
 */
export const applyStrategicMergePatch = (original: Members, patch: Members, definition: Definition): Members =>
  mergeMap(original, patch, { is: 'object', go: definition.shortName, definition });

function mergeMap(original: Members, patch: Members, type: Type | undefined): Members {
  if (Object.hasOwn(patch, '$patch')) {
    const { $patch: order, ...rest } = patch;
    delete patch['$patch'];
    if (order === 'replace') return rest;
    if (order === 'delete') return {};
    throw unknownPatchType(order, { $patch: order, ...rest });
  }
  const result = retainKeys({ ...original }, patch);
  mergeOrderedLists(result, patch, type);
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(deleteFromPrimitiveList)) {
      const name = key.slice(deleteFromPrimitiveList.length);
      const list = result[name];
      if (!Array.isArray(value)) throw badRequest('invalid patch format of primitive list');
      if (Array.isArray(list)) result[name] = list.filter((item) => !value.includes(item));
    } else if (value === null) {
      delete result[key];
    } else {
      const field = fieldOf(type, key);
      const had = Object.hasOwn(result, key) ? result[key] : undefined;
      setMember(result, key, mergeValue(had, value, field));
    }
  }
  return result;
}

function mergeValue(
  original: unknown,
  patch: unknown,
  field: Pick<Field, 'type' | 'patchStrategy' | 'patchMergeKey'> | undefined,
): unknown {
  const replaced = field?.patchStrategy.includes('replace');
  if (isMembers(original) && isMembers(patch)) return replaced ? patch : mergeMap(original, patch, field?.type);
  if (Array.isArray(original) && Array.isArray(patch)) {
    return field?.patchStrategy.includes('merge') ? mergeList(original, patch, field) : patch;
  }
  return withoutOrders(patch);
}

/** `$retainKeys` must name every member that the patch sets. */
function retainKeys(original: Members, patch: Members): Members {
  if (!Object.hasOwn(patch, '$retainKeys')) return original;
  const keys = patch['$retainKeys'];
  delete patch['$retainKeys'];
  const set = Object.keys(patch).filter((key) => !key.startsWith('$'));
  if (!Array.isArray(keys) || set.some((key) => patch[key] !== null && !keys.includes(key))) {
    throw badRequest('invalid patch format of retainKeys');
  }
  return Object.fromEntries(Object.entries(original).filter(([key]) => keys.includes(key)));
}

/** The lists that come with an order: merged, put into it, and taken out of the patch. */
function mergeOrderedLists(result: Members, patch: Members, type: Type | undefined): void {
  for (const key of Object.keys(patch).filter((name) => name.startsWith(setElementOrder))) {
    const order = patch[key];
    delete patch[key];
    if (!Array.isArray(order)) throw badRequest('invalid patch format of setElementOrder list');
    const name = key.slice(setElementOrder.length);
    const field = fieldOf(type, name);
    const had = Array.isArray(result[name]) ? (result[name] as unknown[]) : undefined;
    const wanted = Array.isArray(patch[name]) ? (patch[name] as unknown[]) : undefined;
    if (Object.hasOwn(patch, name) && !wanted) continue; // removed, or of a wrong type: for others to say
    delete patch[name];
    if (!had && !wanted) continue;
    const merged = had && wanted ? mergeValue(had, wanted, field) : (had ?? withoutOrders(wanted));
    result[name] = inOrder(merged as unknown[], order, had ?? [], field?.patchMergeKey);
  }
}

function mergeList(original: unknown[], patch: unknown[], field: Pick<Field, 'type' | 'patchMergeKey'>): unknown[] {
  const key = field.patchMergeKey;
  if (!key) return inOrder([...new Set([...original, ...patch])], patch, original, undefined);

  const deleted = new Set<string>();
  const wanted: Members[] = [];
  let replace = false;
  for (const item of patch) {
    if (!isMembers(item))
      throw unclassified(`expected a map, but received a ${Array.isArray(item) ? 'slice' : typeof item}`);
    const order = item['$patch'];
    if (order === undefined) wanted.push(item);
    else if (order === 'replace') replace = true;
    else if (order === 'delete') deleted.add(identity(keyOf(item, key)));
    else if (order === 'merge') throw unclassified('merging lists cannot yet be specified in the patch');
    else throw unknownPatchType(order, item);
  }
  if (replace) return wanted.map(withoutOrders);

  const merged = original.filter((element) => !isMembers(element) || !deleted.has(identity(element[key])));
  const places = new Map<string, number>();
  const place = (element: unknown, index: number): void => {
    if (isMembers(element) && !places.has(identity(element[key]))) places.set(identity(element[key]), index);
  };
  merged.forEach(place);
  const type = field.type.is === 'list' ? field.type.element : undefined;
  for (const item of wanted) {
    const index = places.get(identity(keyOf(item, key)));
    if (index !== undefined) merged[index] = mergeMap(merged[index] as Members, item, type);
    else place(item, merged.push(withoutOrders(item)) - 1);
  }
  return inOrder(merged, wanted, original, key);
}

/**
 * Elements that `order` names stand as it says. The others keep the original's order and are put among them where the
 * original had them: before the first that stood behind them there.
 */
function inOrder(list: unknown[], order: unknown[], original: unknown[], key: string | undefined): unknown[] {
  const textOf = (item: unknown): string =>
    key && isMembers(item) ? `by ${key} ${identity(item[key])}` : identity(item);
  const placesIn = (items: unknown[]): ReadonlyMap<string, number> => {
    const places = new Map<string, number>();
    items.forEach((item, index) => places.has(textOf(item)) || places.set(textOf(item), index));
    return places;
  };
  const [ordered, before] = [placesIn(order), placesIn(original)];
  const placed = list.map((item) => {
    const text = textOf(item);
    return { item, wanted: ordered.get(text) ?? -1, had: before.get(text) ?? -1 };
  });
  const named = placed.filter(({ wanted }) => wanted >= 0).sort((a, b) => a.wanted - b.wanted);
  const others = placed.filter(({ wanted }) => wanted < 0).sort((a, b) => a.had - b.had);
  const result: unknown[] = [];
  for (let [n, o] = [0, 0]; n < named.length || o < others.length;) {
    const [other, next] = [others[o], named[n]];
    const takeOther = other && (!next || (other.had >= 0 && next.had >= 0 && other.had < next.had));
    result.push(takeOther ? others[o++]!.item : named[n++]!.item);
  }
  return result;
}

/** A text that two values share if they are the same JSON: by it they are found among thousands. */
function identity(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(identity).join()}]`;
  if (!isMembers(value)) return JSON.stringify(value) ?? 'nothing';
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${identity(value[name])}`).join()}}`;
}

/** What is taken as it is has no more use for orders and nulls. */
function withoutOrders(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.filter((item) => !isMembers(item) || !Object.hasOwn(item, '$patch')).map(withoutOrders);
  }
  if (!isMembers(value)) return value;
  const result: Members = {};
  for (const [key, member] of Object.entries(value)) {
    if (member === null || isOrder(key)) continue;
    setMember(result, key, withoutOrders(member));
  }
  return result;
}

const isOrder = (key: string): boolean =>
  key === '$patch' ||
  key === '$retainKeys' ||
  key.startsWith(setElementOrder) ||
  key.startsWith(deleteFromPrimitiveList);

function fieldOf(
  type: Type | undefined,
  name: string,
): Pick<Field, 'type' | 'patchStrategy' | 'patchMergeKey'> | undefined {
  if (type?.is === 'map') return { type: type.element, patchStrategy: [], patchMergeKey: undefined };
  return type?.is === 'object' ? type.definition.fields.get(name) : undefined;
}

function keyOf(item: Members, key: string): unknown {
  if (Object.hasOwn(item, key)) return item[key];
  throw unclassified(`map: ${formatGo(item)} does not contain declared merge key: ${key}`);
}

const unknownPatchType = (order: unknown, map: Members): StatusError =>
  unclassified(`unknown patch type: ${formatGo(order)} in map: ${formatGo(map)}`);
