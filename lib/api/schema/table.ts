/**
 * How the types are written down in `types/`: facts of the API, one type a paragraph, one field a line.
 *
 * ```
 * PullPolicy = string Always|IfNotPresent|Never      a named type; its known values after it
 * ResourceList = map[ResourceName]resource.Quantity
 *
 * Container                                          a type; `atomic` after it: applied as a whole
 *   name* 1 string                                   `*`: must be given. 1: its number in protobuf
 *   ports? 6 []ContainerPort patch=merge/containerPort list=map/containerPort,protocol
 *   resources? 8 ResourceRequirements                held by value: there even when nothing was said
 *   restartPolicy? 24 *ContainerRestartPolicy        `*`: a zero differs from nothing
 *   ...ProbeHandler 1                                its fields stand among ours in JSON; in protobuf they are field 1
 * ```
 *
 * `patch` is what a strategic merge patch goes by, `list` and `map` what server-side apply does. A type of another package
 * has that package's short name in front: `meta.ObjectMeta`, `core.PodTemplateSpec`.
 */

export interface Row {
  readonly name: string;
  readonly number: number;
  readonly type: string;
  readonly required: boolean;
  /** The fields of `type` stand among the owner's. */
  readonly embedded: boolean;
  /** `{ patch: 'merge/name', list: 'map/name' }` */
  readonly notes: Readonly<Record<string, string>>;
}

export interface Table {
  /** `PullPolicy` → what it is another name of, and its known values. */
  readonly names: ReadonlyMap<string, { readonly type: string; readonly values: readonly string[] | undefined }>;
  readonly types: ReadonlyMap<string, { readonly atomic: boolean; readonly rows: readonly Row[] }>;
}

export function parseTable(text: string): Table {
  const names = new Map<string, { type: string; values: string[] | undefined }>();
  const types = new Map<string, { atomic: boolean; rows: Row[] }>();
  let rows: Row[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    if (line.startsWith('  ')) {
      rows.push(parseRow(line.trim()));
    } else if (line.includes(' = ')) {
      const [, name, type, values] = /^(\S+) = (\S+) ?(.*)$/.exec(line)!;
      names.set(name!, { type: type!, values: values ? values.split('|') : undefined });
    } else {
      const [name, atomic] = line.split(' ');
      types.set(name!, { atomic: atomic !== undefined, rows: (rows = []) });
    }
  }
  return { names, types };
}

function parseRow(line: string): Row {
  const words = line.split(' ');
  if (line.startsWith('...')) {
    return {
      name: '',
      number: Number(words[1] ?? 0),
      type: words[0]!.slice(3),
      required: false,
      embedded: true,
      notes: {},
    };
  }
  const [name, number, type, ...notes] = words;
  return {
    name: name!.slice(0, -1),
    number: Number(number),
    type: type!,
    required: name!.endsWith('*'),
    embedded: false,
    notes: Object.fromEntries(notes.map((note) => note.split('='))),
  };
}
