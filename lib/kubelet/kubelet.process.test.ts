/** The kubelet with real processes: what a user of the cluster sees. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { configMaps, pods, secrets } from '../api/resources.js';
import type { Pod } from '../api/types.js';
import { realClock } from '../util/index.js';
import { aContainer } from '../../test/support/kubelet-builders.js';
import { Harness } from '../../test/support/kubelet-harness.js';
import { ProcessRuntime } from './runtime/process/process.js';

let h: Harness;
let runtime: ProcessRuntime;
const open = (): Promise<ProcessRuntime> =>
  ProcessRuntime.open({ clock: realClock, folder: join(h.folder, 'process') });

beforeEach(async () => {
  h = await Harness.open(realClock);
  runtime = await open();
  await h.start(runtime);
});

afterEach(async () => {
  await h.kubelet.drain({ graceSeconds: 1 });
  await h.kubelet[Symbol.asyncDispose]();
  await runtime.removeAll();
  await runtime[Symbol.asyncDispose]();
  await h[Symbol.asyncDispose]();
});

const logOf = async (pod: string, container = 'main', previous = false): Promise<string> => {
  const { containerID } = h.kubelet.findContainer('default', pod, container, { previous });
  let text = '';
  const { signal } = new AbortController();
  for await (const line of runtime.logs(containerID, { follow: false }, signal)) text += line.text;
  return text;
};
const shell = (script: string, more: object = {}) =>
  aContainer('main', { image: 'kubebook/shell:1', command: ['sh', '-c', script], ...more });
const condition = (pod: Pod, type: string) => pod.status.conditions!.find((each) => each.type === type)?.status;
const restarts = (pod: Pod) => pod.status.containerStatuses?.[0]?.restartCount ?? 0;

test('a web server becomes ready by its probe, unready when it says so, and is restarted when it is ill', async () => {
  const httpGet = (path: string) => ({ httpGet: { path, port: 8080 }, periodSeconds: 1 });
  await h.create('web', {
    containers: [
      aContainer('main', {
        readinessProbe: { ...httpGet('/readyz'), failureThreshold: 1 },
        livenessProbe: { ...httpGet('/healthz'), failureThreshold: 2 },
      }),
    ],
  });
  const { status } = await h.ready('web');
  const page = (path: string) => fetch(`http://${status.podIP}:8080${path}`).then((response) => response.text());
  expect(await page('/name')).toBe('web');
  await page('/toggle-ready');
  await h.pod('web', (_status, pod) => condition(pod, 'Ready') === 'False');
  await h.event('web', 'Warning Unhealthy Readiness probe failed: HTTP probe failed with statuscode: 503');
  await page('/toggle-health');
  await h.pod('web', (_status, pod) => restarts(pod) === 1 && condition(pod, 'Ready') === 'True');
  await h.event('web', 'Normal Killing Container main failed liveness probe, will be restarted');
}, 30_000);

test('ConfigMaps, Secrets and the pod itself are files, and follow what they show', async () => {
  await h.client.create(configMaps, { metadata: { namespace: 'default', name: 'conf' }, data: { greeting: 'hello' } });
  await h.client.create(secrets, {
    metadata: { namespace: 'default', name: 'sec' },
    stringData: { pass: 'word' },
  } as never);
  await h.create(
    'web',
    {
      volumes: [
        { name: 'conf', configMap: { name: 'conf' } },
        { name: 'sec', secret: { secretName: 'sec', defaultMode: 0o400 } },
        { name: 'self', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
        { name: 'scratch', emptyDir: {} },
      ],
      containers: [
        shell(
          'r="${KUBEBOOK_ROOT}"; cat $r/etc/conf/greeting $r/etc/sec/pass $r/etc/self/labels; echo; echo x > $r/scratch/x; exec sleep 1000',
          {
            volumeMounts: [
              { name: 'conf', mountPath: '/etc/conf' },
              { name: 'sec', mountPath: '/etc/sec' },
              { name: 'self', mountPath: '/etc/self' },
              { name: 'scratch', mountPath: '/scratch' },
            ],
          },
        ),
      ],
    },
    { labels: { app: 'web' } },
  );
  const { metadata } = await h.ready('web');
  await h.until(async () => (await logOf('web')) === 'helloword' + 'app="web"\n', 'the log');
  await h.client.patch(configMaps, { namespace: 'default', name: 'conf' }, { data: { greeting: 'good bye' } });
  const file = join(h.folder, 'kubelet/pods', metadata.uid!, 'volumes/kubernetes.io~configmap/conf/greeting');
  await h.until(async () => (await readFile(file, 'utf8')) === 'good bye', 'the file to follow');
}, 30_000);

test('a path that leads through a link of the host leads into the container, and leaves nothing on the host', async () => {
  // On most hosts /var/run is a link to /run, and the token of a service account is mounted below it.
  const mountPath = `/var/run/kubebook-test-${process.pid}/conf`;
  await h.client.create(configMaps, { metadata: { namespace: 'default', name: 'conf' }, data: { greeting: 'hello' } });
  await h.create('web', {
    volumes: [{ name: 'conf', configMap: { name: 'conf' } }],
    containers: [
      shell(`cat $KUBEBOOK_ROOT${mountPath}/greeting; exec sleep 1000`, {
        volumeMounts: [{ name: 'conf', mountPath }],
      }),
    ],
  });
  await h.ready('web');
  await h.until(async () => (await logOf('web')) === 'hello', 'the log');
  expect(existsSync(dirname(mountPath))).toBe(false);
}, 30_000);

test('a volume of an object that is not there holds the pod back, and tells why', async () => {
  await h.create('web', {
    volumes: [{ name: 'conf', configMap: { name: 'none' } }],
    containers: [aContainer('main', { volumeMounts: [{ name: 'conf', mountPath: '/conf' }] })],
  });
  await h.event('web', 'Warning FailedMount MountVolume.SetUp failed for volume "conf" : configmap "none" not found');
  await h.client.create(configMaps, { metadata: { namespace: 'default', name: 'none' }, data: {} });
  await h.ready('web');
}, 30_000);

test('exit code, last words and the former log of what crashed are kept', async () => {
  const env = [
    { name: 'EXIT_CODE', value: '3' },
    { name: 'AFTER_MS', value: '100' },
    { name: 'LAST_WORDS', value: 'farewell' },
  ];
  await h.create('crash', { containers: [aContainer('main', { image: 'kubebook/crash:1', env })] });
  const { status } = await h.pod(
    'crash',
    ({ containerStatuses: [main] = [] }) => main?.state?.waiting?.reason === 'CrashLoopBackOff',
  );
  expect(status.containerStatuses![0]!.lastState!.terminated).toMatchObject({
    exitCode: 3,
    reason: 'Error',
    message: 'farewell',
  });
  expect(await logOf('crash', 'main', true)).toContain('exits with 3');
}, 30_000);

test('a command that does not exist is told, counted and waited for', async () => {
  await h.create('web', { containers: [aContainer('main', { command: ['no-such-command'] })] });
  const { status } = await h.pod(
    'web',
    ({ containerStatuses: [main] = [] }) => main?.state?.waiting?.reason === 'RunContainerError',
  );
  expect(status.containerStatuses![0]!.state!.waiting!.message).toBe(
    'exec: "no-such-command": executable file not found in $PATH',
  );
  await h.event('web', /^Warning Failed Error: exec: "no-such-command"/);
  await h.pod(
    'web',
    ({ containerStatuses: [main] = [] }) =>
      main?.state?.waiting?.reason === 'CrashLoopBackOff' && main.lastState?.terminated?.exitCode === 127,
  );
}, 30_000);

test('an image that is not here is told from one that is', async () => {
  await h.create('web', { containers: [aContainer('main', { image: 'nginx:1' })] });
  await h.event('web', /^Warning Failed Failed to pull image "nginx:1": image "nginx:1" is not here, .*kubebook\/web/);
}, 30_000);

test('a container that is killed behind its back is restarted', async () => {
  await h.create('web');
  await h.ready('web');
  const { containerID } = h.kubelet.findContainer('default', 'web', 'main');
  const sandbox = (await runtime.list())[0]!;
  const folder = join(h.folder, 'process', sandbox.id, 'main_0');
  process.kill(Number(await readFile(join(folder, 'pid'), 'utf8')), 'SIGKILL');
  const { status } = await h.pod('web', (_status, pod) => restarts(pod) === 1 && condition(pod, 'Ready') === 'True');
  expect(status.containerStatuses![0]!.lastState!.terminated).toMatchObject({ exitCode: 137, containerID });
}, 30_000);

test('hooks run after the start and before the end', async () => {
  const hook = (word: string) => ({ exec: { command: ['sh', '-c', `echo ${word} >> "$KUBEBOOK_ROOT/shared/log"`] } });
  await h.create('web', {
    volumes: [{ name: 'shared', hostPath: { path: join(h.folder, 'shared'), type: 'DirectoryOrCreate' } }],
    containers: [
      shell('trap "echo term >> $KUBEBOOK_ROOT/shared/log; exit 0" TERM; while :; do sleep 0.05; done', {
        volumeMounts: [{ name: 'shared', mountPath: '/shared' }],
        lifecycle: { postStart: hook('begun'), preStop: hook('leaving') },
      }),
    ],
  });
  await h.ready('web');
  await h.delete('web');
  await h.gone('web');
  expect(await readFile(join(h.folder, 'shared', 'log'), 'utf8')).toBe('begun\nleaving\nterm\n');
  expect(await runtime.list()).toEqual([]);
}, 30_000);

test('a kubelet that was killed finds its processes again, and those that ended meanwhile', async () => {
  await h.create('web');
  await h.create('once', { restartPolicy: 'Never', containers: [shell('sleep 0.5; exit 4')] });
  const before = await h.ready('web');
  await h.ready('once');
  await h.kubelet[Symbol.asyncDispose]();
  await runtime[Symbol.asyncDispose]();
  runtime = await open();
  await h.start(runtime);
  const { status } = await h.pod('once', ({ phase }) => phase === 'Failed');
  expect(status.containerStatuses![0]!.state!.terminated!.exitCode).toBe(4);
  expect((await h.get('web')).status.containerStatuses).toEqual(before.status.containerStatuses);
  expect(await fetch(`http://${before.status.podIP}:8080/name`).then((response) => response.text())).toBe('web');
}, 30_000);

test('a sidecar runs beside the others and ends after them', async () => {
  await h.create('job', {
    restartPolicy: 'Never',
    initContainers: [aContainer('side', { restartPolicy: 'Always' })],
    containers: [shell('exit 0')],
  });
  await h.pod('job', ({ phase }) => phase === 'Succeeded');
  const [side] = (await h.client.get(pods, { namespace: 'default', name: 'job' })).status.initContainerStatuses!;
  expect(side!.state!.terminated).toBeDefined();
}, 30_000);
