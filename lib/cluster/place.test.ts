import { placed } from './place.js';

const flags = { from: 'file', colour: false, algorithmProvider: 'DefaultProvider', schedulerName: 'default-scheduler' };

const node = (name: string, cpu: string, labels = {}) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels },
  status: { allocatable: { cpu, memory: '10Gi', pods: '10' } },
});
const pod = (name: string, spec = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [{ name: 'a', resources: { requests: { cpu: '1', memory: '1Gi' } } }], ...spec },
});
const file = JSON.stringify({
  kind: 'List',
  apiVersion: 'v1',
  items: [
    node('a', '2'),
    node('b', '10'),
    node('c', '10', { disk: 'ssd' }),
    pod('p'),
    pod('q', { nodeSelector: { disk: 'hdd' } }),
  ],
});

test('prints the choice, the scores and every verdict', async () => {
  expect(await placed(file, flags)).toMatchInlineSnapshot(`
   "default/p: c with 29 points, as many as b. 3 of 3 nodes fit. (DefaultProvider)

   NODE  FITS  LeastRequestedPriority  BalancedResourceAllocation  SelectorSpreadPriority  NodeAffinityPriority  TOTAL
   a     yes   7                       6                           10                      0                     23
   b     yes   9                       10                          10                      0                     29
   c     yes   9                       10                          10                      0                     29

   a: 23 points
     CheckNodeCondition          fits
     PodFitsHostPorts            fits
     PodFitsResources            fits
     NoDiskConflict              fits
     NoVolumeZoneConflict        fits
     MatchNodeSelector           fits
     HostName                    fits
     MaxEBSVolumeCount           fits
     MaxGCEPDVolumeCount         fits
     LeastRequestedPriority      7 × 1 = 7
     BalancedResourceAllocation  6 × 1 = 6
     SelectorSpreadPriority      10 × 1 = 10
     NodeAffinityPriority        0 × 1 = 0

   b: 29 points
     CheckNodeCondition          fits
     PodFitsHostPorts            fits
     PodFitsResources            fits
     NoDiskConflict              fits
     NoVolumeZoneConflict        fits
     MatchNodeSelector           fits
     HostName                    fits
     MaxEBSVolumeCount           fits
     MaxGCEPDVolumeCount         fits
     LeastRequestedPriority      9 × 1 = 9
     BalancedResourceAllocation  10 × 1 = 10
     SelectorSpreadPriority      10 × 1 = 10
     NodeAffinityPriority        0 × 1 = 0

   c: 29 points
     CheckNodeCondition          fits
     PodFitsHostPorts            fits
     PodFitsResources            fits
     NoDiskConflict              fits
     NoVolumeZoneConflict        fits
     MatchNodeSelector           fits
     HostName                    fits
     MaxEBSVolumeCount           fits
     MaxGCEPDVolumeCount         fits
     LeastRequestedPriority      9 × 1 = 9
     BalancedResourceAllocation  10 × 1 = 10
     SelectorSpreadPriority      10 × 1 = 10
     NodeAffinityPriority        0 × 1 = 0

   default/q: no node. (DefaultProvider)
   pod (q) failed to fit in any node
   fit failure on node (c): MatchNodeSelector
   fit failure on node (b): MatchNodeSelector
   fit failure on node (a): MatchNodeSelector

   NODE  FITS  WHY NOT
   a     no    MatchNodeSelector
   b     no    MatchNodeSelector
   c     no    MatchNodeSelector

   a: does not fit
     CheckNodeCondition    fits
     PodFitsHostPorts      fits
     PodFitsResources      fits
     NoDiskConflict        fits
     NoVolumeZoneConflict  fits
     MatchNodeSelector     does not fit
     HostName              fits
     MaxEBSVolumeCount     fits
     MaxGCEPDVolumeCount   fits

   b: does not fit
     CheckNodeCondition    fits
     PodFitsHostPorts      fits
     PodFitsResources      fits
     NoDiskConflict        fits
     NoVolumeZoneConflict  fits
     MatchNodeSelector     does not fit
     HostName              fits
     MaxEBSVolumeCount     fits
     MaxGCEPDVolumeCount   fits

   c: does not fit
     CheckNodeCondition    fits
     PodFitsHostPorts      fits
     PodFitsResources      fits
     NoDiskConflict        fits
     NoVolumeZoneConflict  fits
     MatchNodeSelector     does not fit
     HostName              fits
     MaxEBSVolumeCount     fits
     MaxGCEPDVolumeCount   fits
   "
  `);
});

test('-o json gives all of it to a program', async () => {
  const { kind, algorithmProvider, placements } = JSON.parse(await placed(file, { ...flags, output: 'json' }));
  expect({ kind, algorithmProvider }).toEqual({ kind: 'Placements', algorithmProvider: 'DefaultProvider' });
  const [p, q] = placements;
  expect(p).toMatchObject({ pod: 'default/p', node: 'c', score: 29, nodes: 3, feasible: 3 });
  expect(p.runnerUp).toEqual({ node: 'b', score: 29, behind: 0 });
  expect(p.table[0]).toEqual({
    node: 'a',
    fits: true,
    predicates: expect.arrayContaining([{ name: 'PodFitsResources', fits: true }]),
    priorities: [
      { name: 'LeastRequestedPriority', weight: 1, score: 7 }, // ⌊(⌊(2000 − 1000) · 10 / 2000⌋ + ⌊(10 − 1) · 10 / 10⌋) / 2⌋
      { name: 'BalancedResourceAllocation', weight: 1, score: 6 }, // ⌊10 − |0.5 − 0.1| · 10⌋
      { name: 'SelectorSpreadPriority', weight: 1, score: 10 },
      { name: 'NodeAffinityPriority', weight: 1, score: 0 },
    ],
    total: 23,
  });
  expect(q).toMatchObject({ pod: 'default/q', node: null, score: 0, runnerUp: null, feasible: 0 });
  expect(q.message).toMatch("0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.");
  expect(q.message12).toBe(
    'pod (q) failed to fit in any node\n' +
      ['c', 'b', 'a'].map((name) => `fit failure on node (${name}): MatchNodeSelector`).join('\n'),
  );
});

test('what cannot be read or is not registered is an error', async () => {
  await expect(placed('kind: List', flags)).rejects.toThrow('file: a List has a list "items"');
  const unknown = { ...flags, algorithmProvider: 'Nobody' };
  await expect(placed(file, unknown)).rejects.toThrow('plugin "Nobody" has not been registered');
});

test('leaves pods to the schedulers that they name', async () => {
  const other = JSON.stringify([node('a', '2'), pod('p', { schedulerName: 'other' })]);
  expect(await placed(other, flags)).toBe('file has no pod that waits for a node.\n');
  expect(await placed(other, { ...flags, schedulerName: 'other' })).toMatch('default/p: a with 23 points');
});
