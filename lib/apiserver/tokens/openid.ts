/**
 * By what others verify our tokens without asking us: an OpenID discovery document, and the public keys it leads to.
 *
 * @see https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#service-account-issuer-discovery
 */
import { createHash, type KeyObject } from 'node:crypto';

export const configurationPath = '/.well-known/openid-configuration';
export const keysPath = '/openid/v1/jwks';

/** How a key signs. */
export const algorithmOf = ({ asymmetricKeyType }: KeyObject): 'RS256' | 'ES256' =>
  asymmetricKeyType === 'rsa' ? 'RS256' : 'ES256';

/** Which of our keys signed: a hash of the public key. */
export const keyIdOf = (publicKey: KeyObject): string =>
  createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url');

export interface OpenID {
  readonly issuer: string;
  readonly publicKeys: readonly KeyObject[];
}

/** @param server the URL of the API server, as its clients know it */
export const configurationOf = ({ issuer, publicKeys }: OpenID, server: string): object => ({
  issuer,
  jwks_uri: server + keysPath,
  response_types_supported: ['id_token'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: [...new Set(publicKeys.map(algorithmOf))].sort(),
});

export const keySetOf = ({ publicKeys }: OpenID): object => ({
  keys: publicKeys.map((key) => {
    const { kty, ...numbers } = key.export({ format: 'jwk' });
    return { use: 'sig', kty, kid: keyIdOf(key), alg: algorithmOf(key), ...numbers };
  }),
});
