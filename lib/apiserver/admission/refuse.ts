/** How admission says no. */
import { forbidden, type StatusError } from '../../api/status.js';
import type { AdmissionRequest } from './admission.js';

/** A `Forbidden` about the request's object, which may have no name yet: then the beginning of its name stands for it. */
export function refuse({ kind, name, object }: AdmissionRequest, why: string): StatusError {
  return forbidden(kind, name || object?.metadata?.generateName || 'Unknown', why);
}
