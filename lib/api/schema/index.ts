/**
 * What the types of the API look like: one table for all groups, walked by decoding, patches, apply and OpenAPI.
 *
 * Read in this order: `table.ts` (how a type is written down), `types/` (the types), `definitions.ts` (what the others walk).
 *
 * @module
 */
export {
  definition,
  hasDefinition,
  isScalar,
  type Definition,
  type Field,
  type ListType,
  type MapType,
  type ObjectType,
  type Scalar,
  type ScalarType,
  type Type,
} from './definitions.js';
