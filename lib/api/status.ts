/**
 * What goes wrong is a `Status`, the same object in process and on the wire. One constructor and one check per reason;
 * the HTTP code follows from the reason. Messages are upstream's, to the letter: kubectl prints them.
 *
 * What a caller does: `NotFound` treat as gone · `AlreadyExists` read it · `Conflict` read again, retry · `Expired` list
 * again · `TooManyRequests`, `Timeout`, `ServerTimeout`, `ServiceUnavailable` back off, `retryAfterSeconds` if given ·
 * `Invalid`, `Forbidden`, `BadRequest` report, no retry.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apimachinery/pkg/api/errors/errors.go
 */
import { groupResource, type Resource } from './resources.js';

export interface Status {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: { resourceVersion?: string; continue?: string; remainingItemCount?: number };
  status: 'Success' | 'Failure';
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code: number;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

export interface StatusCause {
  /** `FieldValueInvalid`, `FieldValueRequired`, `UnexpectedServerResponse`, `ResourceVersionTooLarge` … */
  reason?: string;
  message?: string;
  /** `spec.containers[0].name` */
  field?: string;
}

/** The HTTP code of each reason. */
export const codes = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Expired: 410,
  Gone: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
  ServerTimeout: 500,
  Timeout: 504,
} as const;

export type Reason = keyof typeof codes;

/** A failure that a caller may meet. */
export class StatusError extends Error {
  readonly status: Status;

  constructor(status: Status, options?: ErrorOptions) {
    super(status.message ?? status.reason ?? 'unknown', options);
    this.name = 'StatusError';
    this.status = status;
  }

  get reason(): string | undefined {
    return this.status.reason;
  }

  get code(): number {
    return this.status.code;
  }
}

const failure = (
  reason: Reason | undefined,
  message: string,
  details?: StatusDetails,
  code: number = codes[reason!],
): StatusError =>
  new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    ...(reason && { reason }),
    ...(details && { details }),
    code,
  });

const about = (resource: Pick<Resource, 'group' | 'resource'>, name: string): StatusDetails => ({
  ...(name && { name }),
  ...(resource.group && { group: resource.group }),
  kind: resource.resource,
});

type Named = Pick<Resource, 'group' | 'resource'>;

export const notFound = (r: Named, name: string): StatusError =>
  failure('NotFound', `${groupResource(r)} ${quote(name)} not found`, about(r, name));
export const alreadyExists = (r: Named, name: string): StatusError =>
  failure('AlreadyExists', `${groupResource(r)} ${quote(name)} already exists`, about(r, name));
export const conflict = (r: Named, name: string, why: string): StatusError =>
  failure('Conflict', `Operation cannot be fulfilled on ${groupResource(r)} ${quote(name)}: ${why}`, about(r, name));
export const forbidden = (r: Named, name: string, why: string): StatusError =>
  failure(
    'Forbidden',
    name === ''
      ? `${groupResource(r)} is forbidden: ${why}`
      : `${groupResource(r)} ${quote(name)} is forbidden: ${why}`,
    about(r, name),
  );
/** `details.kind` is the kind here, not the resource. @param causes each with its field path, in upstream's order */
export const invalid = (r: Pick<Resource, 'group' | 'kind'>, name: string, causes: StatusCause[]): StatusError => {
  const texts = causes.map((cause) => `${cause.field}: ${cause.message}`);
  const list = texts.length === 1 ? texts[0] : `[${[...new Set(texts)].join(', ')}]`;
  return failure('Invalid', `${r.group ? `${r.kind}.${r.group}` : r.kind} ${quote(name)} is invalid: ${list}`, {
    ...(name && { name }),
    ...(r.group && { group: r.group }),
    kind: r.kind,
    causes,
  });
};
export const badRequest = (message: string): StatusError => failure('BadRequest', message);
export const unauthorized = (): StatusError => failure('Unauthorized', 'Unauthorized');
export const expired = (message: string): StatusError => failure('Expired', message);
export const methodNotAllowed = (r: Named, action: string): StatusError =>
  failure('MethodNotAllowed', `${action} is not supported on resources of kind "${groupResource(r)}"`, {
    ...(r.group && { group: r.group }),
    kind: r.resource,
  });
export const notAcceptable = (message: string): StatusError => failure('NotAcceptable', message);
export const unsupportedMediaType = (message: string): StatusError => failure('UnsupportedMediaType', message);
export const requestTooLarge = (message: string): StatusError => failure('RequestEntityTooLarge', message);
export const tooManyRequests = (message: string, retryAfterSeconds: number, details: StatusDetails = {}): StatusError =>
  failure('TooManyRequests', message, { ...details, retryAfterSeconds });
export const serviceUnavailable = (message: string): StatusError => failure('ServiceUnavailable', message);
export const timeout = (message: string, retryAfterSeconds: number): StatusError =>
  failure('Timeout', message, retryAfterSeconds > 0 ? { retryAfterSeconds } : {});
export const internalError = (error: unknown): StatusError =>
  failure('InternalError', `Internal error occurred: ${error instanceof Error ? error.message : String(error)}`, {
    causes: [{ message: error instanceof Error ? error.message : String(error) }],
  });
/** A failure upstream gives no reason for: code 500 and a message alone. */
export const unclassified = (message: string, code = 500): StatusError => failure(undefined, message, undefined, code);

const is =
  (...reasons: Reason[]) =>
  (error: unknown): error is StatusError =>
    error instanceof StatusError && reasons.includes(error.reason as Reason);

export const isNotFound = is('NotFound');
export const isAlreadyExists = is('AlreadyExists');
export const isConflict = is('Conflict');
/** A `resourceVersion` that is no longer kept: list again. */
export const isExpired = is('Expired', 'Gone');
export const isForbidden = is('Forbidden');
export const isInvalid = is('Invalid');
export const isBadRequest = is('BadRequest');
/** Worth another try after a pause. */
export const isTransient = is('TooManyRequests', 'Timeout', 'ServerTimeout', 'ServiceUnavailable');

/** A Go-quoted string (`%q`). */
const quote = (text: string): string => JSON.stringify(text);
