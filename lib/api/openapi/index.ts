/**
 * The API describes itself: OpenAPI 3 by group version, OpenAPI 2 for all, made from the table of kinds and the table of
 * types. kubectl validates and explains by them, computes patches by their merge keys, and looks there whether the server
 * validates fields itself.
 *
 * ```
 * kinds ── operations.ts ──┐
 *                          ├─ documents.ts ── openapi.ts ── /openapi/v3, /openapi/v2
 * schema ── schemas.ts ────┘                └ gnostic.ts ── /openapi/v2 in protobuf
 * ```
 *
 * @example
 * const openapi = new OpenAPI({ kinds, version: 'v1.36.2' });
 * openapi.index().paths['api/v1']; // { serverRelativeURL: '/openapi/v3/api/v1?hash=…' }
 * openapi.v3('api/v1');            // its bytes
 *
 * @module
 */
export { OpenAPI, type OpenAPIOptions } from './openapi.js';
export { documentV2, documentV3, type DocumentOptions } from './documents.js';
export { descriptions, noDescriptions, type Descriptions } from './descriptions.js';
export { encodeDocument } from './gnostic.js';
