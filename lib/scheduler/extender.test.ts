import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Node, Pod } from '../api/types.js';
import { realClock, SteppedClock } from '../util/index.js';
import { Algorithm } from './algorithm.js';
import { SchedulerCache } from './cache.js';
import { httpExtender, type ExtenderPolicy } from './extender.js';
import { PodInfo } from './pod-info.js';
import { aNode, aPod } from './testing/builders.js';

interface Asked {
  readonly path: string;
  readonly body: { readonly pod: Pod; readonly nodes: { readonly items: readonly Node[] } };
}
/** What is answered to `filter` and to `prioritize`; undefined: nothing, ever. */
type Answers = Partial<Record<'filter' | 'prioritize', (nodes: readonly string[]) => unknown>>;

/** Runs `test` beside an extender that answers so. */
async function withExtender(
  answers: Answers,
  test: (it: { urlPrefix: string; asked: Asked[]; server: Server }) => Promise<void>,
): Promise<void> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Asked['body'];
      asked.push({ path: request.url!, body });
      const answer = answers[request.url!.endsWith('filter') ? 'filter' : 'prioritize'];
      if (!answer) return;
      const said = answer(body.nodes.items.map(({ metadata }) => metadata.name));
      if (typeof said === 'number') response.statusCode = said;
      response.end(typeof said === 'string' ? said : JSON.stringify(said));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await test({ urlPrefix: `http://127.0.0.1:${(server.address() as AddressInfo).port}/ext`, asked, server });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const some = (...names: string[]) => ({ nodes: { items: names.map((name) => ({ metadata: { name } })) } });

const decide = (policies: readonly ExtenderPolicy[], clock = realClock) => {
  const cache = new SchedulerCache();
  for (const name of ['a', 'b', 'c']) cache.setNode(aNode(name, name === 'c' ? { cpu: '1' } : {}));
  const extenders = policies.map((policy) => httpExtender(policy, { apiVersion: 'v1', clock }));
  const likesA = { map: (_pod: PodInfo, node: { name: string }) => (node.name === 'a' ? 10 : 0) };
  const large = { name: 'Large', predicate: (_pod: PodInfo, node: { name: string }) => node.name !== 'c' };
  const algorithm = new Algorithm([large], [{ name: 'LikesA', priority: likesA, weight: 1 }], { extenders });
  return algorithm.scheduleWithExtenders(new PodInfo(aPod('p')), cache.nodes, new AbortController().signal);
};

test('is asked only about the nodes that fit, as whole objects, under the policy’s version', () =>
  withExtender({ filter: (nodes) => some(...nodes) }, async ({ urlPrefix, asked }) => {
    await decide([{ urlPrefix, filterVerb: 'filter', weight: 1 }]);
    expect(asked).toMatchObject([{ path: '/ext/v1/filter', body: { pod: { metadata: { name: 'p' } } } }]);
    expect(asked[0]!.body.nodes).toMatchObject({
      kind: 'NodeList',
      items: [{ metadata: { name: 'b' } }, { metadata: { name: 'a' } }],
    });
    expect(asked[0]!.body.nodes.items[0]!.status.allocatable).toMatchObject({ cpu: '4' });
  }));

test('what it strikes out is refused, with its reason', () =>
  withExtender({ filter: () => ({ ...some('b'), failedNodes: { a: 'no license' } }) }, async ({ urlPrefix }) => {
    const { node, feasible, refusals } = await decide([{ urlPrefix, filterVerb: 'filter', weight: 1 }]);
    expect([node?.name, feasible]).toEqual(['b', 1]);
    expect(refusals.map((refusal) => refusal?.reasons)).toEqual([['Large'], undefined, ['no license']]);
  }));

test('its scores count by its weight, beside the priorities’', () =>
  withExtender(
    {
      prioritize: () => [
        { host: 'b', score: 4 },
        { host: 'a', score: 1 },
        { host: 'nowhere', score: 9 },
      ],
    },
    async ({ urlPrefix }) => {
      const { node, score, runnerUp } = await decide([{ urlPrefix, prioritizeVerb: 'prioritize', weight: 5 }]);
      expect([node?.name, score, runnerUp?.score]).toEqual(['b', 20, 15]);
    },
  ));

test('the next extender is asked about what the one before it has left, and nobody about nothing', () =>
  withExtender({ filter: (nodes) => some(...nodes.slice(1)) }, async ({ urlPrefix, asked }) => {
    const policy = { urlPrefix, filterVerb: 'filter', weight: 1 };
    const { node, feasible } = await decide([policy, policy, policy]);
    expect([node, feasible]).toEqual([undefined, 0]);
    expect(asked.map(({ body }) => body.nodes.items.length)).toEqual([2, 1]);
  }));

test('without priorities an extender’s scores alone decide', () =>
  withExtender(
    {
      prioritize: () => [
        { host: 'a', score: 0 },
        { host: 'b', score: 3 },
      ],
    },
    async ({ urlPrefix }) => {
      const cache = new SchedulerCache();
      for (const name of ['a', 'b']) cache.setNode(aNode(name));
      const extender = httpExtender(
        { urlPrefix, prioritizeVerb: 'p', weight: 2 },
        { apiVersion: 'v1', clock: realClock },
      );
      const algorithm = new Algorithm([], [], { extenders: [extender] });
      const decision = await algorithm.scheduleWithExtenders(
        new PodInfo(aPod('p')),
        cache.nodes,
        new AbortController().signal,
      );
      expect(decision).toMatchObject({ node: { name: 'b' }, score: 6, runnerUp: { score: 0 } });
    },
  ));

test.each<[string, unknown, string]>([
  ['says what is wrong', { error: 'out of licenses' }, 'out of licenses'],
  ['answers no JSON', 'nonsense', 'Unexpected token'],
  ['answers a list', [], 'answers []'],
  ['answers nodes without names', { nodes: { items: [{}] } }, 'answers {"nodes":{"items":[{}]}}'],
  ['answers nodes that it was not asked about', some('z'), 'answers node z, which it was not asked about'],
  ['answers with another status', 500, 'answers with status 500'],
])('one that %s to filter fails the attempt', (_what, answer, message) =>
  withExtender({ filter: () => answer }, async ({ urlPrefix }) => {
    await expect(decide([{ urlPrefix, filterVerb: 'filter', weight: 1 }])).rejects.toThrow(message);
  }),
);

test.each<[string, unknown]>([
  ['no JSON', 'nonsense'],
  ['an object', {}],
  ['broken scores', [{ host: 'b', score: 99.5 }]],
  ['scores that are texts', [{ host: 'b', score: '99' }]],
  ['another status', 503],
])('one that answers %s to prioritize is as if it had not been asked', (_what, answer) =>
  withExtender({ prioritize: () => answer }, async ({ urlPrefix }) => {
    expect(await decide([{ urlPrefix, prioritizeVerb: 'p', weight: 1 }])).toMatchObject({
      node: { name: 'a' },
      score: 10,
    });
  }),
);

test('one that does not answer in time fails the attempt', () =>
  withExtender({}, async ({ urlPrefix, asked }) => {
    const clock = new SteppedClock();
    const deciding = decide([{ urlPrefix, filterVerb: 'filter', weight: 1, httpTimeout: 2e9 }], clock);
    const refused = expect(deciding).rejects.toThrow(`extender ${urlPrefix}/v1/filter does not answer within 2000 ms`);
    while (asked.length === 0) await clock.advance(0);
    await clock.advance(2_000);
    await refused;
    expect(clock.waiting).toBe(0);
  }));

test('one that is not there fails the attempt', async () => {
  await expect(decide([{ urlPrefix: 'http://127.0.0.1:9', filterVerb: 'filter', weight: 1 }])).rejects.toThrow(
    'ECONNREFUSED',
  );
});
