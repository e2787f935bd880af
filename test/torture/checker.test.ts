import { check, type Fault } from './checker.js';
import { type Plant, simulate } from './model.js';

const seeds = Array.from({ length: 40 }, (_, seed) => seed + 1);

test('a history that is right has no fault', () => {
  for (const seed of seeds) {
    const { faults, checked } = check(simulate(seed).history);
    expect({ seed, faults }).toEqual({ seed, faults: [] });
    expect(checked).toMatchObject({ skipped: 0 });
    for (const proved of ['writes', 'reads', 'refusals', 'lists', 'events', 'resumed'] as const)
      expect(checked[proved]).toBeGreaterThan(5);
  }
});

test.each<[Plant, Fault['kind'][]]>([
  ['acknowledges a write and forgets it', ['torn revision', 'lost write', 'event missing', 'list is no snapshot']],
  ['takes its last revision back', ['torn revision', 'revision goes back', 'stale read', 'list is no snapshot']],
  ['refuses a write and keeps it', ['refused write present']],
  ['writes twice', ['write that happened twice']],
  ['writes what nobody sent', ['write that nobody made']],
  ['updates on top of another version than demanded', ['wrong transition']],
  ['patches an old version', ['wrong transition']],
  ['creates what is there', ['wrong transition']],
  ['reads an old version', ['stale read']],
  ['does not find what is there', ['wrong refusal']],
  ['refuses to create what is not there', ['wrong refusal']],
  ['lists an old state as the present one', ['stale read']],
  ['lists the second page later than the first', ['list is no snapshot']],
  ['lists without the last object', ['list is no snapshot']],
  ['delivers an event twice', ['event twice']],
  ['leaves out an event', ['event missing']],
  ['swaps two events', ['event out of order']],
  ['delivers another content', ['torn revision']],
  ['resumes a watch too late', ['event missing']],
  ['calls a change an addition', ['wrong event']],
  ['does not tell what leaves a selection', ['event missing']],
])('a store that %s is caught', (plant, kinds) => {
  const histories = seeds.map((seed) => ({ seed, ...simulate(seed, plant) })).filter(({ planted }) => planted);
  expect(histories.length).toBeGreaterThan(5);
  for (const { seed, history } of histories) {
    const found = check(history).faults.map(({ kind }) => kind);
    expect({ seed, found: found.filter((kind) => kinds.includes(kind)) }).not.toEqual({ seed, found: [] });
  }
});
