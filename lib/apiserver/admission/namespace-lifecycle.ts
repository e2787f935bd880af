/**
 * NamespaceLifecycle: nothing is created in a namespace that does not exist or is about to go, and the namespaces that
 * everything relies on do not go.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#namespacelifecycle
 */
import { namespaces } from '../../api/resources.js';
import { notFound, StatusError } from '../../api/status.js';
import type { Reader } from '../reader.js';
import type { AdmissionPlugin } from './admission.js';
import { refuse } from './refuse.js';

const immortal = new Set(['default', 'kube-system', 'kube-public']);

export const namespaceLifecycle = (reader: Reader): AdmissionPlugin => ({
  name: 'NamespaceLifecycle',
  operations: ['CREATE', 'UPDATE', 'DELETE'],
  admit(request) {
    const { operation, kind, namespace, name } = request;
    const isNamespace = kind.group === '' && kind.resource === 'namespaces';
    if (operation === 'DELETE') {
      if (isNamespace && immortal.has(name)) throw refuse(request, 'this namespace may not be deleted');
      return;
    }
    if (!kind.namespaced || isNamespace) return;
    const found = reader.get(namespaces, '', namespace);
    if (!found) throw notFound(namespaces, namespace);
    if (operation !== 'CREATE' || found.metadata.deletionTimestamp === undefined) return;
    const { status } = refuse(
      request,
      `unable to create new content in namespace ${namespace} because it is being terminated`,
    );
    const cause = {
      reason: 'NamespaceTerminating',
      message: `namespace ${namespace} is being terminated`,
      field: 'metadata.namespace',
    };
    throw new StatusError({ ...status, details: { ...status.details, causes: [cause] } });
  },
});
