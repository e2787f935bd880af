/**
 * Binding: the scheduler's decision, sent to be carried out. It is not kept; creating one sets its pod's `nodeName`.
 * (The same body is what `pods/binding` takes.)
 */
import type { Binding } from '../types.js';
import { notSupported, required, root } from '../validation/errors.js';
import { defineKind } from './define.js';

export const binding = defineKind<Binding>({
  group: '',
  version: 'v1',
  resource: 'bindings',
  kind: 'Binding',
  verbs: ['create'],
  check({ target = {} }, errors) {
    const path = root('target');
    if (target.kind && target.kind !== 'Node') {
      errors.push(notSupported(path.child('kind'), target.kind, ['Node', '<empty>']));
    }
    if (!target.name) errors.push(required(path.child('name')));
  },
});
