import { schedulerNameOf, wantsToRun } from './eligible.js';
import { aPod } from './testing/builders.js';

const annotation = (name: string) => ({ annotations: { 'scheduler.alpha.kubernetes.io/name': name } });

test.each([
  ['nothing is said', aPod('p'), 'default-scheduler'],
  ['the spec names one', aPod('p', {}, { schedulerName: 'mine' }), 'mine'],
  ['1.2’s annotation names one', aPod('p', {}, {}, annotation('mine')), 'mine'],
  [
    'the spec has the default filled in',
    aPod('p', {}, { schedulerName: 'default-scheduler' }, annotation('mine')),
    'mine',
  ],
  ['the annotation is empty', aPod('p', {}, {}, annotation('')), 'default-scheduler'],
  ['both name one', aPod('p', {}, { schedulerName: 'now' }, annotation('then')), 'now'],
])('where %s, the scheduler is %3$s', (_what, pod, expected) => expect(schedulerNameOf(pod)).toBe(expected));

test.each([
  ['waits', aPod('p'), true],
  ['has ended', { ...aPod('p'), status: { phase: 'Succeeded' } }, false],
  ['is being deleted', aPod('p', {}, {}, { deletionTimestamp: '2016-06-01T12:00:00Z' }), false],
  ['is gated', aPod('p', {}, { schedulingGates: [{ name: 'x' }] }), false],
])('a Pod that %s: %3$s', (_what, pod, expected) => expect(wantsToRun(pod)).toBe(expected));
