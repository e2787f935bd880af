/**
 * TokenRequest, the action `serviceaccounts/token`: whoever may ask is given a token of the account. Kubelets ask for their
 * pods, `kubectl create token` for people.
 *
 * @see https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/
 */
import { nodes, pods, secrets, serviceAccounts, type Resource } from '../../api/resources.js';
import { badRequest, conflict, invalid, notFound } from '../../api/status.js';
import type { DeepReadonly, KubernetesObject, ServiceAccount } from '../../api/types.js';
import { invalid as fieldInvalid, root } from '../../api/validation/errors.js';
import { type Clock, timestamp } from '../../util/index.js';
import type { Reader } from '../reader.js';
import type { Binding, ServiceAccountTokens } from './tokens.js';

const kind = { group: 'authentication.k8s.io', kind: 'TokenRequest' };

/** How long a token holds unless somebody says otherwise, and within what bounds. In seconds. */
const usualSeconds = 3600;
const leastSeconds = 600;
const mostSeconds = 2 ** 32;

/**
 * What the ServiceAccount admission plugin writes into pods. Such a token holds for a year, so that programs which never
 * read it again go on; it says after which time it should have been renewed.
 */
const extensibleSeconds = 3607;
const extendedSeconds = 365 * 24 * 3600;

export interface TokenRequest extends Omit<KubernetesObject, 'metadata'> {
  metadata?: Partial<KubernetesObject['metadata']>;
  spec?: {
    audiences?: string[];
    expirationSeconds?: number;
    boundObjectRef?: { kind?: string; apiVersion?: string; name?: string; uid?: string } | null;
  };
}

export interface TokenRequestOptions {
  readonly tokens: ServiceAccountTokens;
  readonly reader: Reader;
  readonly clock: Clock;
}

/**
 * Answers a request for a token of the account `namespace/name`.
 *
 * @throws NotFound, Invalid, BadRequest (bound to what cannot be bound to), Conflict (bound to a predecessor)
 */
export async function requestToken(
  { tokens, reader, clock }: TokenRequestOptions,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  body: TokenRequest | undefined,
): Promise<KubernetesObject> {
  const account = reader.get(serviceAccounts, namespace, name);
  if (!account) throw notFound(serviceAccounts, name);
  checkMetadata(body?.metadata ?? {}, account);

  const { boundObjectRef, expirationSeconds = usualSeconds, audiences: wanted } = body?.spec ?? {};
  const audiences = wanted?.length ? wanted : [...tokens.audiences];
  const refuse = (why: string) =>
    invalid(kind, '', [fieldInvalid(root('spec').child('expirationSeconds'), expirationSeconds, why)]);
  if (expirationSeconds < leastSeconds) throw refuse('may not specify a duration less than 10 minutes');
  if (expirationSeconds > mostSeconds) throw refuse('may not specify a duration larger than 2^32 seconds');
  const binding = boundObjectRef ? bind(reader, account, boundObjectRef) : undefined;

  const isExtended =
    expirationSeconds === extensibleSeconds &&
    binding?.type === 'pod' &&
    audiences.every((audience) => tokens.audiences.includes(audience));
  const issuedMs = clock.now();
  const token = await tokens.issue(account, {
    audiences,
    binding,
    validSeconds: isExtended ? extendedSeconds : expirationSeconds,
    ...(isExtended && { warnAfterSeconds: expirationSeconds }),
  });
  const answer = {
    kind: kind.kind,
    apiVersion: `${kind.group}/v1`,
    metadata: { name, namespace, creationTimestamp: timestamp(issuedMs) },
    spec: { audiences, expirationSeconds, boundObjectRef: boundObjectRef ?? null },
    status: { token, expirationTimestamp: timestamp(issuedMs + expirationSeconds * 1000) },
  };
  return answer;
}

/** Upstream takes the request for that of another account if it names one. */
function checkMetadata(given: Partial<KubernetesObject['metadata']>, { metadata }: DeepReadonly<ServiceAccount>): void {
  for (const field of ['name', 'namespace'] as const) {
    if (!given[field] || given[field] === metadata[field]) continue;
    const why = `must match the service account ${field} if specified`;
    throw invalid(kind, metadata.name, [fieldInvalid(root('metadata').child(field), given[field], why)]);
  }
}

function bind(
  reader: Reader,
  account: DeepReadonly<ServiceAccount>,
  { kind = '', apiVersion = '', name = '', uid }: NonNullable<NonNullable<TokenRequest['spec']>['boundObjectRef']>,
): Binding {
  const { namespace = '', name: accountName } = account.metadata;
  const find = <T extends KubernetesObject>(resource: Resource<T>): DeepReadonly<T> => {
    const object = reader.get(resource, resource.namespaced ? namespace : '', name);
    if (!object) throw notFound(resource, name);
    if (!uid || uid === object.metadata.uid) return object;
    throw conflict(
      { group: '', resource: kind },
      name,
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  };
  if (apiVersion === 'v1' && kind === 'Pod') {
    const pod = find(pods);
    if (pod.spec.serviceAccountName !== accountName) {
      throw badRequest(
        `cannot bind token for serviceaccount ${JSON.stringify(accountName)} to pod running with different serviceaccount name.`,
      );
    }
    const node = pod.spec.nodeName ? reader.get(nodes, '', pod.spec.nodeName) : undefined;
    return { type: 'pod', object: pod, ...(node && { node }) };
  }
  if (apiVersion === 'v1' && kind === 'Secret') return { type: 'secret', object: find(secrets) };
  if (apiVersion === 'v1' && kind === 'Node') return { type: 'node', object: find(nodes) };
  throw badRequest(`cannot bind token to object of type ${apiVersion}, Kind=${kind}`);
}
