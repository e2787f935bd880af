/** May the user do this? Between authentication and everything else, before it is even known whether the thing exists. */
import type { User } from '../authentication/authentication.js';

export interface Attributes {
  readonly user: User;
  /** `get`, `list`, `create` …; in lower case the HTTP method for paths that are no resources. */
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly path: string;
}

export interface Authorizer {
  /** @returns why not; undefined: go ahead */
  authorize(attributes: Attributes): string | undefined | Promise<string | undefined>;
}

/** As in 1.2, where `--authorization-mode=AlwaysAllow` was the default. */
export const alwaysAllow: Authorizer = { authorize: () => undefined };
