/**
 * The tokens of service accounts: signed sentences (JWTs) that say who the bearer is, for whom the token is meant, until
 * when it holds, and to what it is bound. Nothing is stored: a token is believed for its signature, and only as long as the
 * account, and the pod, secret or node it is bound to, still exists with the same uid.
 *
 * ```
 * { aud: ['https://kubernetes.default.svc'], iss: …, sub: 'system:serviceaccount:default:robot', iat, nbf, exp, jti,
 *   'kubernetes.io': { namespace: 'default', serviceaccount: { name: 'robot', uid }, pod: { name: 'web-0', uid } } }
 * ```
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-tokens
 */
import { createPrivateKey, createPublicKey, type KeyObject, randomUUID } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { nodes, pods, secrets, serviceAccounts } from '../../api/resources.js';
import type { DeepReadonly, KubernetesObject, ServiceAccount } from '../../api/types.js';
import type { Clock } from '../../util/index.js';
import type { User } from '../authentication/authentication.js';
import type { Reader } from '../reader.js';
import { algorithmOf, keyIdOf, type OpenID } from './openid.js';

/** Who has issued the tokens, and whom they address, unless somebody says otherwise. */
export const defaultIssuer = 'https://kubernetes.default.svc';

/** How long a pod's deletion may be past before its token is dead: its last words may still be on their way. In ms. */
const deletionLeewayMs = 60_000;

/** So many verified tokens are remembered, as verifying costs more than most requests. */
const rememberedTokens = 1_000;

export interface ServiceAccountTokensOptions {
  /** Signs, as PEM: RSA (RS256) or an EC key of the curve P-256 (ES256). */
  readonly privateKey: string;
  /** Whose signatures are believed, as PEM; that of `privateKey` if left out. More than one while keys change. */
  readonly publicKeys?: readonly string[];
  readonly issuer?: string;
  /** The audiences as which this API server knows itself; the issuer alone if left out. */
  readonly audiences?: readonly string[];
  readonly clock: Clock;
  readonly reader: Reader;
  /** Where other servers write too: resolves when `reader` shows what they have answered before. */
  readonly current?: () => Promise<void> | undefined;
}

/** What a token is bound to: it dies with it. */
export interface Binding {
  readonly type: 'pod' | 'secret' | 'node';
  readonly object: DeepReadonly<KubernetesObject>;
  /** A pod's node is named too, for information. */
  readonly node?: DeepReadonly<KubernetesObject>;
}

interface Reference {
  readonly name: string;
  readonly uid: string;
}

interface PrivateClaims {
  readonly namespace: string;
  readonly serviceaccount: Reference;
  readonly pod?: Reference;
  readonly secret?: Reference;
  readonly node?: Reference;
  /** From here on the token should have been renewed, in seconds. */
  readonly warnafter?: number;
}

interface Claims {
  readonly exp: number;
  readonly jti?: string;
  readonly sub?: string;
  readonly 'kubernetes.io': PrivateClaims;
}

export class ServiceAccountTokens {
  readonly audiences: readonly string[];
  /** Who issues them, and by which keys they are verified. */
  readonly openID: OpenID;
  readonly #privateKey: KeyObject;
  readonly #header: { readonly alg: string; readonly kid: string };
  readonly #publicKeys: readonly KeyObject[];
  readonly #clock: Clock;
  readonly #reader: Reader;
  readonly #current: (() => Promise<void> | undefined) | undefined;
  /** By token and audiences, oldest first. That a claim was signed never changes; whether it still holds is asked each time. */
  readonly #verified = new Map<string, Claims>();

  constructor(options: ServiceAccountTokensOptions) {
    const { privateKey, publicKeys, issuer = defaultIssuer, audiences = [issuer], clock, reader } = options;
    this.#privateKey = createPrivateKey(privateKey);
    this.#publicKeys = publicKeys?.map((key) => createPublicKey(key)) ?? [createPublicKey(this.#privateKey)];
    this.openID = { issuer, publicKeys: this.#publicKeys };
    const ownKey = createPublicKey(this.#privateKey);
    this.#header = { alg: algorithmOf(ownKey), kid: keyIdOf(ownKey) };
    this.audiences = audiences;
    this.#clock = clock;
    this.#reader = reader;
    this.#current = options.current;
  }

  /**
   * Signs a token.
   *
   * @param wanted.validSeconds until it expires
   * @param wanted.warnAfterSeconds when its holder should have renewed it, if that is earlier
   */
  issue(
    account: DeepReadonly<ServiceAccount>,
    wanted: {
      readonly audiences: readonly string[];
      readonly validSeconds: number;
      readonly warnAfterSeconds?: number;
      readonly binding?: Binding | undefined;
    },
  ): Promise<string> {
    const { audiences, validSeconds, warnAfterSeconds, binding } = wanted;
    const { namespace = '', name } = account.metadata;
    const nowSeconds = Math.floor(this.#clock.now() / 1000);
    const own: PrivateClaims = {
      namespace,
      ...(binding?.node && { node: referenceTo(binding.node) }),
      ...(binding && { [binding.type]: referenceTo(binding.object) }),
      serviceaccount: referenceTo(account),
      ...(warnAfterSeconds !== undefined && { warnafter: nowSeconds + warnAfterSeconds }),
    };
    return new SignJWT({ 'kubernetes.io': own })
      .setProtectedHeader(this.#header)
      .setAudience([...audiences])
      .setIssuer(this.openID.issuer)
      .setSubject(`system:serviceaccount:${namespace}:${name}`)
      .setIssuedAt(nowSeconds)
      .setNotBefore(nowSeconds)
      .setExpirationTime(nowSeconds + validSeconds)
      .setJti(randomUUID())
      .sign(this.#privateKey);
  }

  /** Who bears `token`; undefined if it is not one of ours, not for `audiences`, or no longer holds. */
  async verify(token: string, audiences: readonly string[] = this.audiences): Promise<User | undefined> {
    const claims = await this.#claimsOf(token, audiences);
    if (!claims || claims.exp * 1000 <= this.#clock.now()) return undefined;
    const { namespace, serviceaccount } = claims['kubernetes.io'];
    if (claims.sub !== `system:serviceaccount:${namespace}:${serviceaccount.name}`) return undefined;
    if (!this.#holds(claims)) {
      // Another server may have made the account a moment ago.
      const current = this.#current?.();
      if (!current) return undefined;
      await current;
      if (!this.#holds(claims)) return undefined;
    }
    return { ...userOf(namespace, serviceaccount.name), uid: serviceaccount.uid, extra: extraOf(claims) };
  }

  /** Whether all that a token is bound to lives. */
  #holds({ 'kubernetes.io': { namespace, serviceaccount, pod, secret, node } }: Claims): boolean {
    if (!this.#lives(this.#reader.get(serviceAccounts, namespace, serviceaccount.name), serviceaccount)) return false;
    if (pod && !this.#lives(this.#reader.get(pods, namespace, pod.name), pod)) return false;
    if (secret && !this.#lives(this.#reader.get(secrets, namespace, secret.name), secret)) return false;
    // The node that a pod runs on is said for information only.
    return !node || pod !== undefined || this.#lives(this.#reader.get(nodes, '', node.name), node);
  }

  async #claimsOf(token: string, audiences: readonly string[]): Promise<Claims | undefined> {
    const key = `${token} ${audiences.join(' ')}`;
    const known = this.#verified.get(key);
    if (known) return known;
    const options = { issuer: this.openID.issuer, audience: [...audiences], currentDate: new Date(this.#clock.now()) };
    for (const publicKey of this.#publicKeys) {
      const algorithms = [algorithmOf(publicKey)];
      const result = await jwtVerify(token, publicKey, { ...options, algorithms }).catch(() => undefined);
      const claims = result?.payload as unknown as Claims | undefined;
      if (!claims?.['kubernetes.io']?.serviceaccount) continue;
      this.#verified.set(key, claims);
      if (this.#verified.size > rememberedTokens) this.#verified.delete(this.#verified.keys().next().value!);
      return claims;
    }
    return undefined;
  }

  #lives(object: DeepReadonly<KubernetesObject> | undefined, { uid }: Reference): boolean {
    if (object?.metadata.uid !== uid) return false;
    const { deletionTimestamp } = object.metadata;
    return deletionTimestamp === undefined || Date.parse(deletionTimestamp) + deletionLeewayMs > this.#clock.now();
  }
}

const referenceTo = ({ metadata }: DeepReadonly<KubernetesObject>): Reference => ({
  name: metadata.name,
  uid: metadata.uid ?? '',
});

/** A service account as a user. */
export const userOf = (namespace: string, name: string): User => ({
  name: `system:serviceaccount:${namespace}:${name}`,
  groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
});

function extraOf({ jti, 'kubernetes.io': { pod, node } }: Claims): Record<string, readonly string[]> {
  const extra: Record<string, readonly string[]> = {};
  const say = (key: string, value: string | undefined): void => {
    if (value) extra[`authentication.kubernetes.io/${key}`] = [value];
  };
  say('credential-id', jti && `JTI=${jti}`);
  say('node-name', node?.name);
  say('node-uid', node?.uid);
  say('pod-name', pod?.name);
  say('pod-uid', pod?.uid);
  return extra;
}
