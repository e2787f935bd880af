/** Answers questions about who is who. @see lib/api/kinds/authenticationreviews.ts */
import { decodeJwt } from 'jose';
import type { SelfSubjectReview, TokenReview, UserInfo } from '../../api/kinds/authenticationreviews.js';
import { badRequest, StatusError } from '../../api/status.js';
import { type Clock, timestamp } from '../../util/index.js';
import type { ServiceAccountTokens } from '../tokens/tokens.js';
import type { Authenticator, User } from './authentication.js';

/** Who am I? */
export const reviewSelf = (review: SelfSubjectReview, user: User, clock: Clock): SelfSubjectReview => ({
  ...review,
  metadata: { creationTimestamp: timestamp(clock.now()) } as SelfSubjectReview['metadata'],
  status: { userInfo: userInfo(user) },
});

export interface TokenReviewing {
  readonly tokens: ServiceAccountTokens;
  readonly authenticators: readonly Authenticator[];
}

/** Whose token is this? @throws BadRequest no token is shown */
export async function reviewToken(
  { tokens, authenticators }: TokenReviewing,
  review: TokenReview,
): Promise<TokenReview> {
  const { token = '', audiences = tokens.audiences } = review.spec ?? {};
  if (token === '') throw badRequest('token is required for TokenReview in authentication');
  const known = (user: User, meant: readonly string[]): TokenReview => ({
    ...review,
    metadata: {} as TokenReview['metadata'],
    status: { authenticated: true, user: userInfo(user), audiences: audiences.filter((each) => meant.includes(each)) },
  });
  const account = await tokens.verify(token, audiences);
  if (account) return known(account, [decodeJwt(token).aud ?? []].flat());
  // Other tokens do not say for whom they are meant: they are for this server.
  const isForUs = audiences.some((each) => tokens.audiences.includes(each));
  const user = isForUs ? await recognize(authenticators, token) : undefined;
  if (user) return known(user, tokens.audiences);
  const status = { user: {}, error: 'invalid bearer token' };
  return { ...review, metadata: {} as TokenReview['metadata'], status };
}

/** As if somebody had come with it by the secure port. */
async function recognize(authenticators: readonly Authenticator[], token: string): Promise<User | undefined> {
  const credentials = { headers: { authorization: `Bearer ${token}` }, insecurePort: false };
  try {
    for (const authenticator of authenticators) {
      const user = await authenticator.authenticate(credentials);
      if (user) return user;
    }
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
  }
  return undefined;
}

const userInfo = ({ name, uid, groups, extra }: User): UserInfo => ({
  username: name,
  ...(uid && { uid }),
  groups,
  ...(extra && Object.keys(extra).length > 0 && { extra }),
});
