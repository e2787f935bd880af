/**
 * Tokens of service accounts for projected volumes: asked for at the API server, bound to the pod, and renewed when four
 * fifths of their life are over or a day has passed.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/token/token_manager.go
 */
import { serviceAccounts } from '../../api/resources.js';
import type { DeepReadonly, Pod } from '../../api/types.js';
import type { Client } from '../../client/client.js';
import type { Clock } from '../../util/index.js';
import type { TokenSource } from './payload.js';

const dayMs = 24 * 3600 * 1000;

interface Token {
  readonly token: string;
  readonly renewAtMs: number;
  readonly endsAtMs: number;
}

export class TokenManager {
  readonly #client: Client;
  readonly #clock: Clock;
  /** By pod, then by audience and duration. */
  readonly #tokens = new Map<string, Map<string, Token>>();

  constructor({ client, clock }: { readonly client: Client; readonly clock: Clock }) {
    this.#client = client;
    this.#clock = clock;
  }

  /** @throws what the API server answers; a token that is still valid is used on when it does not answer */
  readonly get: TokenSource = async (pod, request) => {
    const uid = pod.metadata.uid!;
    const tokens = this.#tokens.get(uid) ?? new Map<string, Token>();
    this.#tokens.set(uid, tokens);
    const key = `${request.audience ?? ''}/${request.expirationSeconds}`;
    const known = tokens.get(key);
    if (known && known.renewAtMs > this.#clock.now()) return known.token;
    try {
      const fresh = await this.#request(pod, request);
      tokens.set(key, fresh);
      return fresh.token;
    } catch (error) {
      if (known && known.endsAtMs > this.#clock.now()) return known.token;
      throw new Error(`failed to fetch token: ${(error as Error).message}`, { cause: error });
    }
  };

  /** When the first token of the pod is to be renewed; undefined when it has none. */
  renewAtMs(podUID: string): number | undefined {
    const times = [...(this.#tokens.get(podUID)?.values() ?? [])].map(({ renewAtMs }) => renewAtMs);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  release(podUID: string): void {
    this.#tokens.delete(podUID);
  }

  async #request(pod: DeepReadonly<Pod>, request: Parameters<TokenSource>[1]): Promise<Token> {
    const { namespace, name, uid } = pod.metadata;
    const body = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        audiences: request.audience ? [request.audience] : [],
        expirationSeconds: request.expirationSeconds,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
      },
    };
    const account = { namespace, name: pod.spec.serviceAccountName || 'default' };
    const { status } = await this.#client.createSubresource<{
      status: { token: string; expirationTimestamp: string };
    }>(serviceAccounts, account, 'token', body);
    const nowMs = this.#clock.now();
    const endsAtMs = Date.parse(status.expirationTimestamp);
    return { token: status.token, renewAtMs: nowMs + Math.min((endsAtMs - nowMs) * 0.8, dayMs), endsAtMs };
  }
}
