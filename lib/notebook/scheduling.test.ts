import { Snapshot } from '../scheduler/index.js';
import { aNode, aPod } from '../scheduler/testing/builders.js';
import { explainer, nodesTable, placementChart, placementInWords, scoreMap, scoresInWords } from './scheduling.js';

const snapshot = new Snapshot([
  aNode('a'),
  aNode('b', { cpu: '2' }),
  aNode('c', { cpu: '100m' }),
  aPod('p', { cpu: '1', memory: '2Gi' }),
  aPod('huge', { cpu: '9' }),
]);
const png = Buffer.from('\x89PNG', 'latin1');
const isPicture = (bytes: Buffer): boolean => bytes.subarray(0, 4).equals(png);

test('an explanation in words says what the chart shows', async () => {
  const [p, huge] = (await snapshot.place()).outcomes;
  expect(scoresInWords(p!)).toBe(
    'default/p goes to a, 4 points ahead of b. ' +
      'a: 7 LeastRequestedPriority + 10 BalancedResourceAllocation + 10 SelectorSpreadPriority + 0 NodeAffinityPriority = 27; ' +
      'b: 6 LeastRequestedPriority + 7 BalancedResourceAllocation + 10 SelectorSpreadPriority + 0 NodeAffinityPriority = 23. ' +
      'It does not fit on c.',
  );
  expect(scoresInWords(huge!)).toMatch(/^default\/huge finds no node: pod \(huge\) failed to fit in any node\n/);
  expect(nodesTable(p!).map((row) => [row['node'], row['fits'], row['total'], row['why not']])).toEqual([
    ['a ←', 'yes', 27, ''],
    ['b', 'yes', 23, ''],
    ['c', 'no', '', "Node didn't have enough resource: CPU, requested: 1000, used: 0, capacity: 100"],
  ]);
});

test('explain shows a table, a picture where there are scores, and words', async () => {
  const shown: string[] = [];
  const display = {
    html: (html: string) => void shown.push(html.slice(0, 6)),
    png: (picture: Buffer) => void shown.push(isPicture(picture) ? 'picture' : 'broken'),
  };
  const explain = explainer(display, snapshot);
  await explain('default/p');
  await explain('default/huge');
  expect(shown).toEqual(['<table', 'picture', '<p>def', '<table', '<p>def']);
  await expect(explainer(display, { explain: () => undefined })('default/x')).rejects.toThrow(
    'does not know default/x',
  );
});

test('two placements are compared in a picture and in words', async () => {
  const placements = { now: await snapshot.place(), then: await snapshot.without('Node', 'a').place() };
  expect(placementInWords(placements)).toBe(
    'now: 1 on a, 0 on b, 0 on c, 1 without a node. then: 0 on a, 1 on b, 0 on c, 1 without a node.',
  );
  expect(isPicture(await placementChart(placements))).toBe(true);
  expect(isPicture(await scoreMap(placements.now.outcomes))).toBe(true);
});
