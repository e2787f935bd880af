/**
 * Secret: as a ConfigMap, for what not everybody may read. Well-known types promise well-known keys.
 *
 * @see https://kubernetes.io/docs/concepts/configuration/secret/
 */
import { secrets } from '../resources.js';
import type { DeepReadonly, Secret } from '../types.js';
import { forbidden, invalid, required, root, tooLong } from '../validation/errors.js';
import { same } from '../validation/equal.js';
import { complainAt, immutable } from '../validation/metadata.js';
import { configMapKey } from '../validation/names.js';
import { base64Length } from '../validation/sizes.js';
import { ageColumn, column, nameColumn } from './columns.js';
import { defineKind } from './define.js';
import type { FieldError } from './kind.js';

/** All values together, in bytes. */
const sizeLimit = 1024 * 1024;

export const secret = defineKind<Secret>({
  ...secrets,
  default(object) {
    // What was written in clear text is kept with the rest; `stringData` is never answered.
    if (object.stringData) {
      const data = { ...object.data };
      for (const [key, value] of Object.entries(object.stringData)) data[key] = Buffer.from(value).toString('base64');
      (object as { data?: Record<string, string> }).data = data;
      delete (object as { stringData?: unknown }).stringData;
    }
    if (!object.type) (object as { type?: string }).type = 'Opaque';
  },
  check,
  checkUpdate(object, old, errors) {
    if (object.type !== old.type) errors.push(invalid(root('type'), object.type ?? '', immutable));
    if (old.immutable) {
      const stays = 'field is immutable when `immutable` is set';
      if (!object.immutable) errors.push(forbidden(root('immutable'), stays));
      if (!same(object.data, old.data)) errors.push(forbidden(root('data'), stays));
    }
    check(object, errors);
  },
  warnings({ type, data = {} }) {
    if (type !== 'kubernetes.io/tls') return [];
    const isPem = (key: string) => Buffer.from(data[key] ?? '', 'base64').includes('-----BEGIN ');
    const missing = isPem('tls.crt') ? (isPem('tls.key') ? undefined : 'key') : 'certificate';
    return missing ? [`tls: failed to find any PEM data in ${missing} input`] : [];
  },
  columns: [
    nameColumn,
    column(
      'Type',
      'Used to facilitate programmatic handling of secret data. More info: https://kubernetes.io/docs/concepts/configuration/secret/#secret-types',
      ({ type }: Secret) => type ?? '',
    ),
    column(
      'Data',
      "Data contains the secret data. Each key must consist of alphanumeric characters, '-', '_' or '.'. The serialized form of the secret data is a base64 encoded string, representing the arbitrary (possibly non-string) data value here. Described in https://tools.ietf.org/html/rfc4648#section-4",
      ({ data = {} }: Secret) => Object.keys(data).length,
    ),
    ageColumn,
  ],
  selectableFields: { type: ({ type }) => type ?? '' },
});

function check({ metadata, type, data = {} }: DeepReadonly<Secret>, errors: FieldError[]): void {
  const dataPath = root('data');
  let bytes = 0;
  for (const key in data) {
    complainAt(configMapKey(key), dataPath.at(key), key, errors);
    bytes += base64Length(data[key]!);
  }
  if (bytes > sizeLimit) errors.push(tooLong(dataPath, sizeLimit));
  switch (type) {
    case 'kubernetes.io/service-account-token':
      if (!metadata.annotations?.['kubernetes.io/service-account.name']) {
        errors.push(required(root('metadata').child('annotations').at('kubernetes.io/service-account.name')));
      }
      break;
    case 'kubernetes.io/dockercfg':
      checkJson('.dockercfg');
      break;
    case 'kubernetes.io/dockerconfigjson':
      checkJson('.dockerconfigjson');
      break;
    case 'kubernetes.io/basic-auth':
      // One of the two is enough.
      if (!('username' in data) && !('password' in data)) {
        errors.push(required(dataPath.at('username')), required(dataPath.at('password')));
      }
      break;
    case 'kubernetes.io/ssh-auth':
      if (!data['ssh-privatekey']) errors.push(required(dataPath.at('ssh-privatekey')));
      break;
    case 'kubernetes.io/tls':
      for (const key of ['tls.crt', 'tls.key']) if (!(key in data)) errors.push(required(dataPath.at(key)));
  }

  function checkJson(key: string): void {
    const value = data[key];
    if (value === undefined) {
      errors.push(required(dataPath.at(key)));
      return;
    }
    const complaint = jsonComplaint(Buffer.from(value, 'base64').toString());
    if (complaint) errors.push(invalid(dataPath.at(key), '<secret contents redacted>', complaint));
  }
}

/** What Go's JSON decoder says of the commonest mistakes: nothing there, not JSON, not an object. */
function jsonComplaint(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (value === null || (typeof value === 'object' && !Array.isArray(value))) return undefined;
    const type = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
    return `json: cannot unmarshal ${type} into Go value of type map[string]interface {}`;
  } catch {
    if (text.trim() === '') return 'unexpected end of JSON input';
    return badLiteral(text.trim()) ?? `invalid character '${text.trim()[0]}' looking for beginning of value`;
  }
}

/** `nope` begins like `null`. */
function badLiteral(text: string): string | undefined {
  const literal = ['null', 'true', 'false'].find((each) => each[0] === text[0]);
  if (!literal) return undefined;
  for (let i = 1; i < literal.length; i++) {
    if (text[i] === literal[i]) continue;
    if (text[i] === undefined) return 'unexpected end of JSON input';
    return `invalid character '${text[i]}' in literal ${literal} (expecting '${literal[i]}')`;
  }
  return undefined;
}
