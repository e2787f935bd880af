import { configMaps, nodes, pods } from '../api/resources.js';
import type { ContainerStatus, PodStatus } from '../api/types.js';
import { aContainer } from '../../test/support/kubelet-builders.js';
import { Harness } from '../../test/support/kubelet-harness.js';

const first = ({ containerStatuses: [container] = [] }: PodStatus): ContainerStatus | undefined => container;
const waiting = (status: PodStatus) => first(status)?.state?.waiting;
const runs = (status: PodStatus) => first(status)?.state?.running;

describe('the node', () => {
  test('registers itself with labels, addresses, capacity, conditions and its port', async () => {
    await using h = await Harness.hollow(undefined, {
      port: 10250,
      address: '127.0.0.1',
      labels: { disk: 'ssd' },
      capacity: { cpu: '4', memory: '8388608Ki' },
    });
    const { metadata, status } = await h.node();
    expect(metadata.labels).toMatchObject({
      'kubernetes.io/hostname': 'node-1',
      'kubernetes.io/os': 'linux',
      disk: 'ssd',
    });
    expect(status).toMatchObject({
      capacity: { cpu: '4', pods: '110' },
      allocatable: { cpu: '4' },
      addresses: [
        { type: 'InternalIP', address: '127.0.0.1' },
        { type: 'Hostname', address: 'node-1' },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      nodeInfo: { containerRuntimeVersion: 'hollow://1.0.0', kubeletVersion: 'v1.36.2' },
    });
    expect(status.conditions!.map(({ type, status, reason }) => `${type} ${status} ${reason}`)).toEqual([
      'MemoryPressure False KubeletHasSufficientMemory',
      'DiskPressure False KubeletHasNoDiskPressure',
      'PIDPressure False KubeletHasSufficientPID',
      'Ready True KubeletReady',
    ]);
  });

  test('takes over a node that is there, and keeps what others have put on it', async () => {
    await using h = await Harness.open();
    await h.client.create(nodes, {
      metadata: { name: 'node-1', labels: { mine: 'yes' } },
      spec: { unschedulable: true },
    });
    const { HollowRuntime } = await import('./runtime/hollow/hollow.js');
    await h.start(new HollowRuntime({ clock: h.clock }));
    const { metadata, spec, status } = await h.node();
    expect(metadata.labels).toMatchObject({ mine: 'yes', 'kubernetes.io/hostname': 'node-1' });
    expect(spec.unschedulable).toBe(true);
    expect(status.conditions!.find(({ type }) => type === 'Ready')!.status).toBe('True');
  });

  test('shows that it is alive every ten seconds', async () => {
    await using h = await Harness.hollow();
    const beat = async () =>
      h.client.raw('GET', '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/node-1').then(
        (text) => JSON.parse(text).spec.renewTime as string,
        () => undefined,
      );
    const before = await h.until(beat, 'the first heartbeat');
    await h.clock.advance(10_000);
    const after = await h.until(async () => {
      const now = await beat();
      return now !== before && now;
    }, 'the next heartbeat');
    expect(Date.parse(after!) - Date.parse(before!)).toBe(10_000);
  });

  test('contradicts whoever took it to be gone, at the next heartbeat', async () => {
    await using h = await Harness.hollow();
    const ready = async () => (await h.node()).status.conditions!.find(({ type }) => type === 'Ready')!;
    await h.until(async () => (await ready()).status === 'True', 'Ready');
    const missed = { type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown' };
    await h.client.patch(nodes, { name: 'node-1' }, { status: { conditions: [missed] } }, { subresource: 'status' });
    expect((await ready()).status).toBe('Unknown');
    await h.until(async () => {
      await h.clock.advance(10_000);
      return (await ready()).reason === 'KubeletReady';
    }, 'Ready again');
    expect(h.clock.now()).toBeLessThan(Date.parse('2016-06-01T12:05:00Z')); // long before it is due
  });

  test('registers again when somebody has deleted it', async () => {
    await using h = await Harness.hollow();
    await h.client.delete(nodes, { name: 'node-1' });
    await h.until(async () => {
      await h.clock.advance(301_000);
      return h.node().then(
        () => true,
        () => false,
      );
    }, 'the node');
  });

  test('is not ready while its runtime does not answer', async () => {
    await using h = await Harness.hollow();
    h.runtime.version = () => Promise.reject(new Error('connection refused'));
    await h.until(async () => {
      await h.clock.advance(10_000);
      const ready = (await h.node()).status.conditions!.find(({ type }) => type === 'Ready')!;
      return ready.status === 'False' && ready.message === 'container runtime is down: connection refused';
    }, 'NotReady');
  });
});

describe('a pod', () => {
  test('is run, and its status says so', async () => {
    await using h = await Harness.hollow();
    await h.create('web');
    const { status } = await h.ready('web');
    expect(status).toMatchObject({
      phase: 'Running',
      podIP: '100.64.0.1',
      hostIP: '127.0.0.1',
      qosClass: 'BestEffort',
      containerStatuses: [{ name: 'main', ready: true, started: true, restartCount: 0, image: 'kubebook/web:1' }],
    });
    expect(status.conditions!.map(({ type, status }) => `${type}=${status}`).sort()).toEqual([
      'ContainersReady=True',
      'Initialized=True',
      'PodReadyToStartContainers=True',
      'PodScheduled=True',
      'Ready=True',
    ]);
    await h.event('web', 'Normal Started Container started');
    expect((await h.events('web')).map((event) => event.split(' ')[1]).sort()).toEqual([
      'Created',
      'Pulled',
      'Pulling',
      'Started',
    ]);
  });

  test('is none of ours when it is bound to another node', async () => {
    await using h = await Harness.hollow();
    await h.create('other', { nodeName: 'node-2' });
    await h.create('web');
    await h.ready('web');
    expect((await h.get('other')).status.phase).toBe('Pending');
    expect(await h.runtime.list()).toHaveLength(1);
  });

  test('runs its init containers one after the other, then the others', async () => {
    await using h = await Harness.hollow(({ image }) => (image === 'init' ? { runMs: 1000 } : {}));
    const init = (name: string) => aContainer(name, { image: 'init' });
    await h.create('web', { initContainers: [init('i1'), init('i2')] });
    const { status } = await h.pod('web', ({ initContainerStatuses: [i1] = [] }) => i1?.state?.running);
    expect(status.phase).toBe('Pending');
    expect(waiting(status)?.reason).toBe('PodInitializing');
    await h.clock.advance(1000);
    await h.pod('web', ({ initContainerStatuses: [, i2] = [] }) => i2?.state?.running);
    await h.clock.advance(1000);
    const done = await h.ready('web');
    expect(done.status.initContainerStatuses).toMatchObject([
      { ready: true, state: { terminated: { reason: 'Completed' } } },
      { ready: true, state: { terminated: { reason: 'Completed' } } },
    ]);
  });

  test('that ends is over, when it is not to be restarted', async () => {
    await using h = await Harness.hollow(({ image }) => ({ runMs: 1000, exitCode: image === 'bad' ? 3 : 0 }));
    await h.create('good', { restartPolicy: 'Never' });
    await h.create('bad', { restartPolicy: 'Never', containers: [aContainer('main', { image: 'bad' })] });
    await h.pod('good', runs);
    await h.pod('bad', runs);
    await h.clock.advance(1000);
    await h.pod('good', ({ phase }) => phase === 'Succeeded');
    const { status } = await h.pod('bad', ({ phase }) => phase === 'Failed');
    expect(first(status)!.state!.terminated).toMatchObject({ exitCode: 3, reason: 'Error' });
    expect(status.conditions!.find(({ type }) => type === 'Ready')).toMatchObject({
      status: 'False',
      reason: 'PodFailed',
    });
  });

  test('that keeps crashing waits longer and longer', async () => {
    await using h = await Harness.hollow(() => ({ runMs: 100, exitCode: 1 }));
    const { metadata } = await h.create('crash');
    await h.pod('crash', runs);
    await h.clock.advance(100);
    await h.pod('crash', (status) => first(status)?.restartCount === 1 && runs(status)); // the first time, at once
    await h.clock.advance(100);
    const { status } = await h.pod('crash', (status) => waiting(status)?.reason === 'CrashLoopBackOff');
    expect(waiting(status)!.message).toBe(
      `back-off 10s restarting failed container=main pod=crash_default(${metadata.uid})`,
    );
    expect(first(status)).toMatchObject({ restartCount: 1, lastState: { terminated: { exitCode: 1 } } });
    expect(status.phase).toBe('Running');
    await h.clock.advance(9_900);
    expect(first((await h.get('crash')).status)!.restartCount).toBe(1);
    await h.clock.advance(100);
    await h.pod('crash', (status) => first(status)?.restartCount === 2);
    await h.clock.advance(100);
    await h.pod('crash', (status) => waiting(status)?.message?.startsWith('back-off 20s'));
    await h.event('crash', /^Warning BackOff Back-off restarting failed container main in pod crash_default\(/);
  });

  test('whose image is not to be had waits, and is told why', async () => {
    let there = false;
    await using h = await Harness.hollow(() => (there ? {} : { pullError: 'not found' }));
    await h.create('web');
    await h.pod('web', (status) => waiting(status)?.reason === 'ErrImagePull');
    await h.clock.advance(1000);
    const { status } = await h.pod('web', (status) => waiting(status)?.reason === 'ImagePullBackOff');
    expect(waiting(status)!.message).toBe('Back-off pulling image "kubebook/web:1": ErrImagePull: not found');
    await h.event('web', 'Warning Failed Failed to pull image "kubebook/web:1": not found');
    await h.event('web', 'Warning Failed Error: ErrImagePull');
    await h.event('web', 'Normal BackOff Back-off pulling image "kubebook/web:1"');
    there = true;
    await h.clock.advance(10_000);
    await h.ready('web');
  });

  test('waits for a ConfigMap that is not there, and starts when it is', async () => {
    await using h = await Harness.hollow();
    const env = [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'conf', key: 'k' } } }];
    await h.create('web', { containers: [aContainer('main', { env })] });
    const { status } = await h.pod('web', (status) => waiting(status)?.reason === 'CreateContainerConfigError');
    expect(waiting(status)!.message).toBe('configmap "conf" not found');
    await h.event('web', 'Warning Failed Error: configmap "conf" not found');
    await h.client.create(configMaps, { metadata: { namespace: 'default', name: 'conf' }, data: { k: 'v' } });
    await h.ready('web');
  });

  test('is ended when it has run for too long', async () => {
    await using h = await Harness.hollow();
    await h.create('web', { activeDeadlineSeconds: 5 });
    await h.ready('web');
    await h.clock.advance(5000);
    const { status } = await h.pod('web', ({ phase }) => phase === 'Failed');
    expect(status).toMatchObject({
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
    });
  });

  test('that the node has no room for fails', async () => {
    await using h = await Harness.hollow(undefined, { capacity: { cpu: '1' } });
    const spec = { containers: [aContainer('main', { resources: { requests: { cpu: '600m' } } })] };
    await h.create('one', spec);
    await h.ready('one');
    await h.create('two', spec);
    const { status } = await h.pod('two', ({ phase }) => phase === 'Failed');
    expect(status).toMatchObject({
      reason: 'OutOfcpu',
      message: "Pod was rejected: Node didn't have enough resource: cpu, requested: 600, used: 600, capacity: 1000",
    });
    await h.event('two', /^Warning OutOfcpu Node didn't have enough resource/);
    await h.delete('two');
    await h.gone('two');
  });

  test('is replaced when its image is changed', async () => {
    await using h = await Harness.hollow();
    await h.create('web');
    await h.ready('web');
    const patch = { spec: { containers: [{ name: 'main', image: 'kubebook/web:2' }] } };
    await h.client.patch(pods, { namespace: 'default', name: 'web' }, patch);
    await h.pod('web', (status) => first(status)?.image === 'kubebook/web:2' && first(status)?.restartCount === 1);
    await h.event('web', 'Normal Killing Container main definition changed, will be restarted');
  });

  test('has its status written again when somebody else has changed it', async () => {
    await using h = await Harness.hollow();
    await h.create('web');
    await h.ready('web');
    const patch = { status: { phase: 'Failed', conditions: [{ type: 'Ready', status: 'False' }] } };
    await h.client.patch(pods, { namespace: 'default', name: 'web' }, patch, { subresource: 'status' });
    await h.ready('web');
    expect((await h.get('web')).status.phase).toBe('Running');
  });
});

describe('deleting a pod', () => {
  test('asks its containers to end, then lets the object go', async () => {
    await using h = await Harness.hollow(() => ({ stopMs: 3000 }));
    await h.create('web');
    await h.ready('web');
    await h.delete('web');
    const leaving = await h.event('web', 'Normal Killing Stopping container main').then(() => h.get('web'));
    expect(leaving.metadata.deletionTimestamp).toBeDefined();
    expect(runs(leaving.status)).toBeDefined();
    await h.clock.advance(3000);
    await h.gone('web');
    expect(await h.runtime.list()).toEqual([]);
  });

  test('kills what does not end within its grace', async () => {
    await using h = await Harness.hollow(() => ({ stopMs: 1_000_000 }));
    await h.create('web', { terminationGracePeriodSeconds: 7 });
    await h.ready('web');
    await h.delete('web');
    await h.event('web', 'Normal Killing Stopping container main');
    await h.clock.advance(6_900);
    expect((await h.get('web')).metadata.deletionGracePeriodSeconds).toBe(7);
    await h.clock.advance(100);
    await h.gone('web');
  });

  test('can be hurried', async () => {
    await using h = await Harness.hollow(() => ({ stopMs: 1_000_000 }));
    await h.create('web');
    await h.ready('web');
    await h.delete('web');
    await h.event('web', 'Normal Killing Stopping container main');
    await h.delete('web', 1);
    await h.until(async () => {
      await h.clock.advance(100);
      return h.get('web').then(
        () => false,
        () => true,
      );
    }, 'the pod to go');
    expect(h.clock.now() - Date.parse('2016-06-01T12:00:00Z')).toBeLessThan(25_000);
  });

  test('by force leaves nothing behind either', async () => {
    await using h = await Harness.hollow();
    await h.create('web');
    await h.ready('web');
    await h.delete('web', 0);
    await h.gone('web');
    await h.until(async () => (await h.runtime.list()).length === 0, 'the sandbox to go');
  });

  test('waits for finalizers of others', async () => {
    await using h = await Harness.hollow();
    await h.create('web', {}, { finalizers: ['example.com/hold'] });
    await h.ready('web');
    await h.delete('web');
    const { status } = await h.pod(
      'web',
      ({ phase }, { metadata }) => phase === 'Succeeded' && metadata.deletionGracePeriodSeconds === 0,
    );
    expect(first(status)!.state!.terminated!.exitCode).toBe(0);
    await h.client.patch(
      pods,
      { namespace: 'default', name: 'web' },
      { metadata: { finalizers: null } },
      { type: 'merge' },
    );
    await h.gone('web');
  });

  test('a pod of the same name may follow at once', async () => {
    await using h = await Harness.hollow();
    const { metadata } = await h.create('web');
    await h.ready('web');
    await h.delete('web', 0);
    await h.gone('web');
    const next = await h.create('web');
    expect(next.metadata.uid).not.toBe(metadata.uid);
    await h.ready('web');
  });
});

describe('a kubelet that is started again', () => {
  test('finds its pods as they are', async () => {
    await using h = await Harness.hollow();
    await h.create('web');
    const before = await h.ready('web');
    await h.kubelet[Symbol.asyncDispose]();
    await h.start(h.runtime);
    await h.create('other');
    await h.ready('other');
    const after = await h.get('web');
    expect(after.status.containerStatuses).toEqual(before.status.containerStatuses);
    expect(after.status.podIP).toBe(before.status.podIP);
  });

  test('restarts what ended meanwhile, and removes what was deleted', async () => {
    await using h = await Harness.hollow();
    await h.create('web');
    await h.create('gone');
    await h.ready('web');
    await h.ready('gone');
    await h.kubelet[Symbol.asyncDispose]();
    const sandboxes = await h.runtime.list();
    h.runtime.kill(sandboxes.find(({ name }) => name === 'web')!.containers[0]!.id);
    await h.delete('gone', 0);
    await h.start(h.runtime);
    await h.pod('web', (status) => first(status)?.restartCount === 1 && runs(status));
    await h.until(async () => (await h.runtime.list()).length === 1, 'the orphan to go');
  });

  test('drains: nothing is left on the host, the pods stay in the API', async () => {
    await using h = await Harness.hollow();
    await h.create('web');
    await h.ready('web');
    await h.kubelet.drain({ graceSeconds: 1 });
    expect(await h.runtime.list()).toEqual([]);
    expect((await h.get('web')).status.phase).toBe('Running');
  });
});

test('answers where a container is, and why it is not there yet', async () => {
  await using h = await Harness.hollow(({ image }) => (image === 'none' ? { pullError: 'no' } : {}));
  await h.create('web');
  await h.create('none', { containers: [aContainer('main', { image: 'none' })] });
  await h.ready('web');
  await h.pod('none', (status) => waiting(status)?.reason === 'ErrImagePull');
  const { kubelet } = h;
  expect(kubelet.findContainer('default', 'web', 'main')).toMatchObject({
    containerID: expect.stringMatching(/^hollow:/),
    sandboxID: expect.any(String),
  });
  expect(() => kubelet.findContainer('default', 'nobody', 'main')).toThrow('pods "nobody" not found');
  expect(() => kubelet.findContainer('default', 'web', 'x')).toThrow('container x is not valid for pod web');
  expect(() => kubelet.findContainer('default', 'web', 'main', { previous: true })).toThrow(
    'previous terminated container "main" in pod "web" not found',
  );
  expect(() => kubelet.findContainer('default', 'none', 'main')).toThrow(
    'container "main" in pod "none" is waiting to start: image can\'t be pulled',
  );
});
