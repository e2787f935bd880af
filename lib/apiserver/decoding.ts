/** From a request's body to an object of the expected kind, completed with defaults. */
import type { Kind } from '../api/kinds/kind.js';
import { badRequest } from '../api/status.js';
import { groupVersion } from '../api/resources.js';
import type { DeleteOptions } from './registry/delete-options.js';
import type { KubernetesObject } from '../api/types.js';

export interface DecodeOptions {
  readonly contentType: string | undefined;
  readonly fieldValidation: string;
  warn(message: string): void;
}

export function decodeObject(kind: Kind, body: Buffer, _options: DecodeOptions): KubernetesObject {
  const object = decodeJson(body) as KubernetesObject;
  object.kind ??= kind.kind;
  object.apiVersion ??= groupVersion(kind);
  object.metadata ??= {} as KubernetesObject['metadata'];
  kind.default?.(object);
  return object;
}

export function decodeJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch (error) {
    throw badRequest(`the object provided is unrecognized (must be of type …): ${(error as Error).message}`);
  }
}

/** DeleteOptions. */
export const decodeOptions = (body: Buffer, _contentType: string | undefined): DeleteOptions =>
  decodeJson(body) as DeleteOptions;

/** The body of an action, if there is one. */
export const decodeOptional = (body: Buffer, _contentType: string | undefined): unknown =>
  body.length === 0 ? undefined : decodeJson(body);
