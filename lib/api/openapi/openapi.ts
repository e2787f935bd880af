/**
 * All documents of a server, made when first asked for and kept as bytes: they are large, kubectl asks for one before
 * each `create`, and they never change while the server runs.
 */
import { createHash } from 'node:crypto';
import { groupVersion } from '../resources.js';
import type { Kind } from '../kinds/kind.js';
import { descriptions as builtDescriptions, type Descriptions } from './descriptions.js';
import { documentV2, documentV3 } from './documents.js';
import { encodeDocument } from './gnostic.js';
import { rootPath, type Path } from './operations.js';

export interface OpenAPIOptions {
  readonly kinds: readonly Kind[];
  /** The version that the server announces: `v1.36.2`. */
  readonly version: string;
  /** What the fields mean; what the build found if left out. */
  readonly descriptions?: Descriptions;
}

export class OpenAPI {
  readonly #options: OpenAPIOptions;
  /** What each document is about, by its path. */
  readonly #documents = new Map<string, { readonly kinds: Kind[]; readonly roots: Path[] }>();
  readonly #made = new Map<string, Buffer>();

  constructor(options: OpenAPIOptions) {
    this.#options = options;
    for (const path of ['api', 'apis'])
      this.#documents.set(path, { kinds: [], roots: [rootPath(path, path === 'api' ? '' : undefined, undefined)] });
    this.#documents.set('version', { kinds: [], roots: [] });
    for (const kind of options.kinds) {
      const { group, version } = kind;
      const path = `${group === '' ? 'api' : 'apis'}/${groupVersion(kind)}`;
      const known = this.#documents.get(path);
      if (known) known.kinds.push(kind);
      else this.#documents.set(path, { kinds: [kind], roots: [rootPath(path, group, version)] });
      const root = `apis/${group}`;
      if (group !== '') this.#documents.set(root, { kinds: [], roots: [rootPath(root, group, undefined)] });
    }
  }

  /** `/openapi/v3`: where the documents are. The hash changes when what is served does, so that clients may keep them. */
  index(): { paths: Record<string, { serverRelativeURL: string }> } {
    const paths = [...this.#documents.keys()].sort();
    return {
      paths: Object.fromEntries(
        paths.map((path) => [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${this.hash(path)}` }]),
      ),
    };
  }

  /** Names the contents of `/openapi/v3/<path>`, for the `hash` of the query and the `ETag`. */
  hash(path: string): string {
    const kinds = (this.#documents.get(path)?.kinds ?? []).map(({ kind, verbs, subresources }) => [
      kind,
      verbs,
      Object.keys(subresources ?? {}),
    ]);
    const text = JSON.stringify([this.#options.version, path, kinds]);
    return createHash('sha256').update(text).digest('hex').toUpperCase();
  }

  /** `/openapi/v3/<path>`, as JSON: `api/v1`, `apis/apps/v1`, `version`; undefined if there is no such path. */
  v3(path: string): Buffer | undefined {
    const document = this.#documents.get(path);
    return document && this.#make(path, () => json(documentV3({ ...this.#complete(), ...document })));
  }

  /** `/openapi/v2`, as JSON. */
  v2(): Buffer {
    return this.#make('v2', () => json(documentV2(this.#whole())));
  }

  /** `/openapi/v2`, for `application/com.github.proto-openapi.spec.v2@v1.0+protobuf`. */
  v2Protobuf(): Buffer {
    return this.#make('v2 protobuf', () => encodeDocument(documentV2(this.#whole())));
  }

  #whole() {
    return { ...this.#complete(), roots: [...this.#documents.values()].flatMap(({ roots }) => roots) };
  }

  #complete() {
    return { ...this.#options, descriptions: this.#options.descriptions ?? builtDescriptions() };
  }

  #make(name: string, make: () => Buffer): Buffer {
    let bytes = this.#made.get(name);
    if (!bytes) this.#made.set(name, (bytes = make()));
    return bytes;
  }
}

const json = (document: object): Buffer => Buffer.from(JSON.stringify(document));
