/**
 * The store's failures in the API's words:
 *
 * | the store                                | Status                                                 |
 * | --- | --- |
 * | is not there, or has no leader           | 503 ServiceUnavailable                                 |
 * | does not answer in time                  | 504 Timeout: a write may have happened                 |
 * | answers that it cannot (its disk is full)| 500, with its own words, as upstream                   |
 * | does not take so large an object         | 500, with etcd's words, as upstream                    |
 */
import { internalError, serviceUnavailable, StatusError, timeout, unclassified } from '../api/status.js';
import { TooLargeError, UnavailableError } from './storage/storage.js';

/** What a client is answered when `error` was thrown on the way. */
export function toStatusError(error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  if (error instanceof TooLargeError) return unclassified('etcdserver: request is too large');
  if (!(error instanceof UnavailableError)) return internalError(error);
  switch (error.reason) {
    case 'unreachable':
      return serviceUnavailable(error.message);
    case 'timeout':
      return timeout(`Timeout: request did not complete within requested timeout - ${error.message}`, 0);
    case 'refused':
      return unclassified(error.message);
  }
}

/** Whether it is said in the API's words what went wrong; anything else is a mistake of ours. */
export const isExpected = (error: unknown): boolean =>
  error instanceof StatusError || error instanceof TooLargeError || error instanceof UnavailableError;
