/**
 * Bytes become objects: JSON, YAML and protobuf bodies are read as the kind that they are, checked field by field, and
 * brought into the form in which the API server keeps them.
 *
 * ```
 * bytes ── media.ts ──┬ json.ts ─────┐
 *                     ├ yaml.ts ─────┼─ members ── convert.ts (by the type's definition) ── object
 *                     └ protobuf.ts ─┘
 * ```
 *
 * @example
 * const { object, warnings } = decodeObject<Pod>(body, { expected: kind, contentType, fieldValidation: 'Strict' });
 *
 * @module
 */
export {
  complain,
  decodeDeleteOptions,
  decodeObject,
  type Decoded,
  type DecodeOptions,
  type ExpectedKind,
  type FieldValidation,
} from './decode.js';
export { convert, ConversionError, emptyObject, type Conversion } from './convert.js';
export {
  exceededMaxDepth,
  JSONSyntaxError,
  JSONNumber,
  parseJSON,
  readJSON,
  setMember,
  type JSONReading,
} from './json.js';
export { parseYAML, YAMLError } from './yaml.js';
export { mediaTypeOf, mediaTypes, type MediaType } from './media.js';
export { canonicalTime, TimeError } from './time.js';
