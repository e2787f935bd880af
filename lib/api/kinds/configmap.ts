/**
 * ConfigMap: text and bytes that pods take their configuration from.
 *
 * @see https://kubernetes.io/docs/concepts/configuration/configmap/
 */
import { configMaps } from '../resources.js';
import type { ConfigMap, DeepReadonly } from '../types.js';
import { forbidden, invalid, root, tooLong } from '../validation/errors.js';
import { same } from '../validation/equal.js';
import { complainAt } from '../validation/metadata.js';
import { configMapKey } from '../validation/names.js';
import { base64Length } from '../validation/sizes.js';
import { ageColumn, column, nameColumn } from './columns.js';
import { defineKind } from './define.js';
import type { FieldError } from './kind.js';

/** All values together, in bytes; what etcd takes in one write is the reason. */
const sizeLimit = 1024 * 1024;

export const configMap = defineKind<ConfigMap>({
  ...configMaps,
  shortNames: ['cm'],
  default(object) {
    for (const field of ['data', 'binaryData'] as const) {
      if (object[field] && Object.keys(object[field]).length === 0) delete object[field];
    }
  },
  check,
  checkUpdate(object, old, errors) {
    if (old.immutable) {
      const stays = 'field is immutable when `immutable` is set';
      if (!object.immutable) errors.push(forbidden(root('immutable'), stays));
      if (!same(object.data, old.data)) errors.push(forbidden(root('data'), stays));
      if (!same(object.binaryData, old.binaryData)) errors.push(forbidden(root('binaryData'), stays));
    }
    check(object, errors);
  },
  columns: [
    nameColumn,
    column(
      'Data',
      "Data contains the configuration data. Each key must consist of alphanumeric characters, '-', '_' or '.'. Values with non-UTF-8 byte sequences must use the BinaryData field. The keys stored in Data must not overlap with the keys in the BinaryData field, this is enforced during validation process.",
      ({ data = {}, binaryData = {} }: ConfigMap) => Object.keys(data).length + Object.keys(binaryData).length,
    ),
    ageColumn,
  ],
});

function check({ data = {}, binaryData = {} }: DeepReadonly<ConfigMap>, errors: FieldError[]): void {
  let bytes = 0;
  for (const key in data) {
    const path = root('data').at(key);
    complainAt(configMapKey(key), path, key, errors);
    if (key in binaryData) errors.push(invalid(path, key, 'duplicate of key present in binaryData'));
    bytes += Buffer.byteLength(data[key]!);
  }
  for (const key in binaryData) {
    complainAt(configMapKey(key), root('binaryData').at(key), key, errors);
    bytes += base64Length(binaryData[key]!);
  }
  if (bytes > sizeLimit) errors.push(tooLong(root(''), sizeLimit));
}
