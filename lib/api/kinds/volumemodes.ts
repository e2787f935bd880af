/** What volumes and the claims on them have in common: how they may be accessed, and how that reads in a table. */
import { forbidden, notSupported, required, type Path } from '../validation/errors.js';
import type { FieldError } from './kind.js';

/** In the order in which tables list them. */
const abbreviations = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
] as const;

const known = abbreviations.map(([mode]) => mode as string).sort();

/** `RWO,ROX` */
export const shownModes = (modes: readonly string[] | undefined): string =>
  abbreviations
    .filter(([mode]) => modes?.includes(mode))
    .map(([, short]) => short)
    .join(',');

/** @param why what is said if there is none */
export function validateAccessModes(
  modes: readonly string[] | undefined,
  path: Path,
  why: string,
  errors: FieldError[],
): void {
  if (!modes?.length) errors.push(required(path, why));
  for (const mode of modes ?? []) if (!known.includes(mode)) errors.push(notSupported(path, mode, known));
  if (modes?.includes('ReadWriteOncePod') && modes.some((mode) => mode !== 'ReadWriteOncePod')) {
    errors.push(forbidden(path, 'may not use ReadWriteOncePod with other access modes'));
  }
}

export function validateVolumeMode(mode: string | undefined, path: Path, errors: FieldError[]): void {
  const modes = ['Block', 'Filesystem'];
  if (mode !== undefined && !modes.includes(mode)) errors.push(notSupported(path, mode, modes));
}

/** Before classes had a field, an annotation named them. */
const classAnnotation = 'volume.beta.kubernetes.io/storage-class';

/** The class of a volume or a claim; undefined: none was named. */
export const storageClassOf = ({
  metadata,
  spec,
}: {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: { readonly storageClassName?: string };
}): string | undefined => metadata.annotations?.[classAnnotation] ?? spec.storageClassName;
