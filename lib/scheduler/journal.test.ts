import fc from 'fast-check';
import { Journal, RecordedMap } from './journal.js';

const change = fc.record({
  map: fc.nat(1),
  key: fc.constantFrom('a', 'b', 'c'),
  value: fc.option(fc.nat(), { nil: undefined }),
});

test('each map can be seen as it was at any mark, whatever happened to both since', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
      const journal = new Journal();
      const maps = [new RecordedMap<string, number>(journal), new RecordedMap<string, number>(journal)];
      const seen = [{ mark: journal.mark, was: maps.map((map) => new Map(map)) }];
      for (const { map, key, value } of changes) {
        if (value === undefined) maps[map]!.delete(key);
        else maps[map]!.set(key, value);
        seen.push({ mark: journal.mark, was: maps.map((map) => new Map(map)) });
      }
      for (const { mark, was } of seen) maps.forEach((map, i) => expect(map.at(mark)).toEqual(was[i]));
    }),
  );
});

test('forgets in large pieces, and says how far it reaches', () => {
  const journal = new Journal();
  const map = new RecordedMap<string, number>(journal);
  for (let i = 0; i < 3000; i++) map.set('a', i);
  journal.forgetBefore(1000);
  expect(journal.reaches(0)).toBe(true); // not worth the while
  journal.forgetBefore(2000);
  expect([journal.reaches(1999), journal.reaches(2000), journal.mark]).toEqual([false, true, 3000]);
  expect(map.at(2000).get('a')).toBe(1999);
});

test('is of bounded length', () => {
  const journal = new Journal(10);
  const map = new RecordedMap<string, number>(journal);
  for (let i = 0; i < 1000; i++) map.set('a', i);
  expect([journal.reaches(980), journal.reaches(990)]).toEqual([false, true]);
  expect(map.at(990).get('a')).toBe(989);
});

test('a replacement that nobody will go back for leaves no note', () => {
  const journal = new Journal();
  const map = new RecordedMap<string, number>(journal);
  map.set('a', 1);
  const { mark } = journal;
  map.replace('a', 2);
  expect([journal.mark, map.get('a')]).toEqual([mark, 2]);
});

test('what was changed back was nothing', () => {
  const journal = new Journal();
  const map = new RecordedMap<string, number>(journal);
  map.set('a', 1);
  const { mark } = journal;
  map.delete('a');
  map.set('a', 1);
  journal.cancel(mark);
  expect([journal.mark, map.at(mark).get('a'), map.at(mark - 1).get('a')]).toEqual([mark, 1, undefined]);
});
