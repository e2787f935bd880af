/**
 * The scheduler: its algorithm alone (every node looked at for every pod, the outcome written down as the scheduler does), and
 * through the API with bindings that are on the disk.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createFromProvider, PodInfo, SchedulerCache } from '../dist/scheduler/index.js';
import { Explanations } from '../dist/scheduler/explain.js';
import { benchSchedule } from './cluster.mjs';

/** What the measurement before has left behind is not to be swept up at the cost of the next one. */
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

const apps = 20;
/** So many pods a node are left running: older ones go, as they do in a cluster that is used. */
const podsPerNode = 30;
const warmUpMs = 500;
const measureMs = 2_000;

/** Nodes in three zones, and the Services and controllers of twenty applications. */
function cluster(count) {
  const cache = new SchedulerCache();
  for (let i = 0; i < count; i++) {
    const labels = { 'kubernetes.io/hostname': `node-${i}`, 'topology.kubernetes.io/zone': `zone-${i % 3}` };
    cache.setNode({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: `node-${i}`, labels },
      spec: {},
      status: {
        allocatable: { cpu: '32', memory: '128Gi', pods: '110' },
        conditions: [{ type: 'Ready', status: 'True' }],
      },
    });
  }
  for (let app = 0; app < apps; app++) {
    const metadata = { namespace: 'default', name: `app-${app}` };
    cache.setService({ metadata, spec: { selector: { app: `app-${app}` } } });
    cache.setController({ metadata, spec: { selector: { app: `app-${app}` } } });
  }
  return cache;
}

let pods = 0;

/** The next replica of some application. @param spec what its spec has besides, by its labels */
function nextPod(spec) {
  const labels = { app: `app-${(pods * 7) % apps}` };
  const name = `pod-${pods++}`;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'default', name, uid: name, labels },
    spec: {
      containers: [{ name: 'web', image: 'web:1', resources: { requests: { cpu: '100m', memory: '200Mi' } } }],
      ...spec?.(labels),
    },
    status: { phase: 'Pending' },
  };
}

/** Schedules pods for a while. @returns pods a second, with the time that each took */
function schedule(provider, count, { spec, brief = true, full = false } = {}) {
  collectGarbage();
  const cache = cluster(count);
  const create = (args) => createFromProvider(provider, args);
  const algorithm = create(cache);
  const explanations = new Explanations({ cache });
  const running = new Array(count * podsPerNode);
  let turn = 0;
  const one = () => {
    const info = new PodInfo(nextPod(spec));
    const { nodes, mark } = cache;
    const decision = algorithm.schedule(info, nodes);
    if (!decision.node) throw new Error('a pod found no node');
    if (brief) explanations.add(decision, { algorithmProvider: provider, create, attempt: 1, mark, atMs: 0 });
    if (full) algorithm.report(info, nodes);
    cache.assume(info, decision.node.name);
    if (running[turn]) cache.removePod(running[turn]);
    running[turn] = info.key;
    turn = (turn + 1) % running.length;
  };
  const during = (ms) => {
    const startMs = performance.now();
    let done = 0;
    while (performance.now() - startMs < ms) for (let i = 0; i < 10; i++, done++) one();
    return done / ((performance.now() - startMs) / 1000);
  };
  during(warmUpMs);
  const perSecond = during(measureMs);
  return { perSecond: Math.round(perSecond), microsecondsEach: Math.round(1e6 / perSecond) };
}

const together = (labels) => ({
  affinity: {
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        {
          weight: 100,
          podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: labels } },
        },
      ],
    },
  },
});
const spread = (labels) => ({
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey: 'topology.kubernetes.io/zone',
      whenUnsatisfiable: 'DoNotSchedule',
      labelSelector: { matchLabels: labels },
    },
  ],
});

const affinities = [
  ['preferred anti-affinity', { spec: together }],
  ['topology spread', { spec: spread }],
  ['both', { spec: (labels) => ({ ...together(labels), ...spread(labels) }) }],
];

/** Other guests of the machine come and go: each is measured three times, in turns, and the middle one counts. */
function inTurns(measured) {
  const runs = measured.map(() => []);
  for (let turn = 0; turn < 3; turn++) measured.forEach((measure, i) => runs[i].push(measure()));
  return runs.map((each) => each.sort((a, b) => a.perSecond - b.perSecond)[1]);
}

export async function benchAlgorithm({ report, sizes = [100, 1000, 5000, 10_000] }) {
  for (const provider of ['DefaultProvider', 'Textbook', 'today'])
    inTurns(sizes.map((count) => () => schedule(provider, count))).forEach((figures, i) =>
      report(`algorithm alone, ${provider}, ${sizes[i]} nodes`, figures),
    );

  const count = 1000;
  for (const provider of ['DefaultProvider', 'today']) {
    const variants = [
      ['not explained at all', { brief: false }],
      ['explained in full', { full: true }],
      ...(provider === 'today' ? affinities : []),
    ];
    const measured = [['', {}], ...variants].map(
      ([, options]) =>
        () =>
          schedule(provider, count, options),
    );
    const [base, ...others] = inTurns(measured);
    others.forEach(({ perSecond }, i) =>
      report(`${provider}, ${count} nodes: ${variants[i][0]}`, {
        perSecond,
        slowerBy: Math.round((base.perSecond / perSecond) * 100) / 100,
      }),
    );
  }
}

/** Through the API. */
export async function benchScheduler({ report }) {
  await benchAlgorithm({ report });
  for (const nodes of [1000, 5000]) await benchSchedule({ report, nodes });
}
