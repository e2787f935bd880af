import type { LimitRange } from '../types.js';
import { defineKind } from './define.js';

export const limitRange = defineKind<LimitRange>({
  group: '',
  version: 'v1',
  resource: 'limitranges',
  kind: 'LimitRange',
  shortNames: ['limits'],
});
