/**
 * Questions about who is who. They are not kept: creating one is asking, and the answer is its status.
 *
 * - SelfSubjectReview: who am I? (`kubectl auth whoami`)
 * - TokenReview: whose token is this? Asked by those who are shown tokens and cannot tell, like kubelets.
 *
 * @see https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/
 */
import type { KubernetesObject } from '../types.js';
import { defineKind } from './define.js';

/** Who somebody is, as reviews tell it. */
export interface UserInfo {
  readonly username?: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export interface SelfSubjectReview extends KubernetesObject {
  status?: { readonly userInfo: UserInfo };
}

export interface TokenReview extends KubernetesObject {
  spec?: { readonly token?: string; readonly audiences?: readonly string[] };
  status?: {
    readonly authenticated?: boolean;
    readonly user: UserInfo;
    /** For whom the token is meant, of those that were asked for. */
    readonly audiences?: readonly string[];
    readonly error?: string;
  };
}

const question = {
  group: 'authentication.k8s.io',
  version: 'v1',
  namespaced: false,
  verbs: ['create'],
  computed: true,
} as const;

export const selfSubjectReview = defineKind<SelfSubjectReview>({
  ...question,
  resource: 'selfsubjectreviews',
  kind: 'SelfSubjectReview',
});

export const tokenReview = defineKind<TokenReview>({ ...question, resource: 'tokenreviews', kind: 'TokenReview' });
