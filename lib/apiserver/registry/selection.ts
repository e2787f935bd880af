/** Which objects of a collection are meant: by namespace, labels and fields. */
import type { Kind } from '../../api/kinds/kind.js';
import {
  everything,
  fieldTests,
  parseFieldSelector,
  parseLabelSelector,
  type FieldTerm,
  type FieldTest,
  type Selector,
} from '../../api/selectors.js';
import { prefixOf } from '../served.js';
import type { CachedEntry } from '../watch-cache/entry.js';
import { glance } from './present.js';

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
  readonly #fields: readonly FieldTest<any>[];

  /** @throws BadRequest what cannot be parsed, a field that the kind does not offer */
  constructor(
    kind: Kind,
    { namespace, labelSelector, fieldSelector }: { namespace: string; labelSelector: string; fieldSelector: string },
  ) {
    this.kind = kind;
    this.id = JSON.stringify([namespace, labelSelector, fieldSelector]);
    const terms = fieldSelector === '' ? [] : parseFieldSelector(fieldSelector);
    this.#fields = fieldTests(terms, kind);
    this.prefix = prefixOf(kind) + (kind.namespaced && namespace !== '' ? `${namespace}/` : '');
    const name = exactly(terms, 'metadata.name');
    const place = kind.namespaced ? namespace || exactly(terms, 'metadata.namespace') : '';
    this.onlyKey =
      name === undefined || place === undefined || name === ''
        ? undefined
        : prefixOf(kind) + (kind.namespaced ? `${place}/` : '') + name;
    this.#labels = labelSelector === '' ? everything : parseLabelSelector(labelSelector);
    this.all = this.#labels.empty && this.#fields.length === 0;
  }

  /** Whether an entry of this kind is meant. */
  matches(entry: CachedEntry): boolean {
    if (!entry.key.startsWith(this.prefix)) return false;
    if (this.onlyKey !== undefined && entry.key !== this.onlyKey) return false;
    if (!this.#labels.empty && !this.#labels.matches(entry.labels)) return false;
    return this.#fields.every(({ field, read, holds }) =>
      holds(entry.field(field, () => read(glance(this.kind, entry)))),
    );
  }
}

const exactly = (terms: readonly FieldTerm[], field: string): string | undefined =>
  terms.find((term) => term.field === field && term.operator === '=')?.value;
