/** Which objects of a collection are meant: by namespace, labels and fields. */
import type { Kind } from '../../api/kinds/kind.js';
import {
  everything,
  fieldMatcher,
  parseFieldSelector,
  parseLabelSelector,
  type FieldTerm,
  type Selector,
} from '../../api/selectors.js';
import type { DeepReadonly } from '../../api/types.js';
import { prefixOf } from '../served.js';
import type { CachedEntry } from '../watch-cache/entry.js';
import { present } from './present.js';

export class Selection {
  readonly kind: Kind;
  /** Two selections of one kind with the same id select the same. */
  readonly id: string;
  /** Where they lie: keys start with this. */
  readonly prefix: string;
  /** Neither labels nor fields are asked for. */
  readonly all: boolean;
  /** The one key that can match, where the name is given and the place is known. */
  readonly onlyKey: string | undefined;
  readonly #labels: Selector;
  readonly #fields: ((object: DeepReadonly<any>) => boolean) | undefined;

  /** @throws BadRequest what cannot be parsed, a field that the kind does not offer */
  constructor(
    kind: Kind,
    { namespace, labelSelector, fieldSelector }: { namespace: string; labelSelector: string; fieldSelector: string },
  ) {
    this.kind = kind;
    this.id = JSON.stringify([namespace, labelSelector, fieldSelector]);
    const terms = fieldSelector === '' ? [] : parseFieldSelector(fieldSelector);
    const fields = terms.length === 0 ? undefined : fieldMatcher(terms, kind);
    this.prefix = prefixOf(kind) + (kind.namespaced && namespace !== '' ? `${namespace}/` : '');
    const name = exactly(terms, 'metadata.name');
    const place = kind.namespaced ? namespace || exactly(terms, 'metadata.namespace') : '';
    this.onlyKey =
      name === undefined || place === undefined || name === ''
        ? undefined
        : prefixOf(kind) + (kind.namespaced ? `${place}/` : '') + name;
    this.#labels = labelSelector === '' ? everything : parseLabelSelector(labelSelector);
    this.#fields = fields;
    this.all = this.#labels.empty && !fields;
  }

  /** Whether an entry of this kind is meant. */
  matches(entry: CachedEntry): boolean {
    if (!entry.key.startsWith(this.prefix)) return false;
    if (this.onlyKey !== undefined && entry.key !== this.onlyKey) return false;
    if (!this.#labels.empty && !this.#labels.matches(entry.labels)) return false;
    return this.#fields === undefined || this.#fields(present(this.kind, entry));
  }
}

const exactly = (terms: readonly FieldTerm[], field: string): string | undefined =>
  terms.find((term) => term.field === field && term.operator === '=')?.value;
