/**
 * The API as data and pure functions: what the kinds are, how they are named, read, checked, chosen and changed. Nothing
 * here keeps state or talks to anybody, and every other room builds on it.
 *
 * ```
 * bytes ── decode ──▶ object ── kinds: default, validate ──▶ what the API server stores
 *             ▲                        ▲
 *          schema (the types)       selectors, quantities, Status
 *             ▼
 * stored object + patch ── patch ──▶ object        schema + kinds ── openapi ──▶ documents
 * ```
 *
 * @example
 * import { parseLabelSelector, parseQuantity } from 'kubebook/api';
 *
 * parseQuantity('1.5').milliValue(); // 1500
 * parseLabelSelector('app in (web,db),!canary').matches({ app: 'web' }); // true
 *
 * Read in this order: `types.ts`, `resources.ts`, `meta.ts` (objects and their names), `status.ts` (what goes wrong),
 * `quantity.ts`, `selectors.ts`, `kinds/` and `validation/` (the table of kinds), `schema/` (the table of types),
 * `decode/`, `patch/`, `openapi/`.
 *
 * @module
 */
export * from './types.js';
export * from './resources.js';
export * from './meta.js';
export * from './status.js';
/** Amounts: parse, compare, add. @throws QuantityError */
export { parseQuantity, Quantity, QuantityError, sumQuantities, type QuantityFormat } from './quantity.js';
/** Choose objects by labels and fields. @throws BadRequest */
export {
  everything,
  fieldMatcher,
  formatFieldSelector,
  formatLabels,
  formatLabelSelector,
  nothing,
  parseFieldSelector,
  parseLabelSelector,
  selectorOf,
  selectorOfLabels,
  type FieldTerm,
  type Labels,
  type Operator,
  type Requirement,
  type Selector,
} from './selectors.js';
/** The types as data. */
export { definition, hasDefinition, type Definition, type Field, type Type } from './schema/index.js';
/** Bytes become objects. @throws BadRequest, UnsupportedMediaType */
export { decodeObject, type Decoded, type DecodeOptions, type FieldValidation } from './decode/index.js';
/** Objects change. @throws BadRequest, Invalid */
export { patchObject, type Patched, type PatchOptions, type PatchType } from './patch/index.js';
/** The API describes itself. */
export { OpenAPI, type OpenAPIOptions } from './openapi/index.js';
