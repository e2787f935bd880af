/**
 * The book's whole story with an unmodified kubectl: three web pods behind a Service, scaled, broken, healed and removed.
 * The same on real processes, on real containers, and with both in one cluster.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCluster, type Cluster, type RuntimeName } from '../lib/index.js';
import { findEngine } from '../lib/kubelet/runtime/docker/index.js';
import { eventually, Kubectl } from './support/kubectl.js';

const engine = await findEngine();
const dockerWanted = process.env.CI === 'true' || process.env.KUBEBOOK_REQUIRE_DOCKER === '1';
const settings: [RuntimeName[]][] = [
  [['process', 'process', 'process']],
  [['docker', 'docker', 'docker']],
  [['docker', 'process', 'process']],
];

describe.each(settings)('the guestbook on %j', (runtimes) => {
  const usesDocker = runtimes.includes('docker');
  if (usesDocker && !engine && !dockerWanted) {
    test.skip('needs a Docker engine', () => {});
    return;
  }
  let folder: string;
  let cluster: Cluster;
  let kubectl: Kubectl;
  /** Every pod that ever was. */
  const names = new Set<string>();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubebook-guestbook-'));
    cluster = await startCluster({ dataFolder: folder, runtimes, port: 0 });
    kubectl = new Kubectl(cluster.kubeconfig);
  }, 120_000);

  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  const readyAddresses = () => kubectl.get('endpoints web', '{.subsets[*].addresses[*].ip}');
  const clusterIP = async () => (await kubectl.get('service web', '{.spec.clusterIP}'))[0]!;
  /** The names of the pods that answer so many requests, one connection each. */
  const answering = async (requests: number): Promise<Set<string>> => {
    const address = await clusterIP();
    const names = new Set<string>();
    for (let i = 0; i < requests; i++)
      names.add(/web-\w{5}/.exec(await fetchOnce(`http://${address}:8080/`))?.[0] ?? 'nobody');
    return names;
  };

  test('three pods come up on the three nodes, and the Service has their addresses', async () => {
    expect(await kubectl.run('create -f examples/guestbook/')).toMatch(
      /replicationcontroller\/web created\nservice\/web created/,
    );
    await eventually(
      'three ready',
      async () => (await kubectl.get('rc web', '{.status.readyReplicas}'))[0] === '3',
      120_000,
    );
    await eventually('three addresses', async () => (await readyAddresses()).length === 3);
    expect(new Set(await kubectl.get('pods', '{.items[*].spec.nodeName}')).size).toBe(3);
    for (const name of await kubectl.get('pods', '{.items[*].metadata.name}')) names.add(name);
    if (!usesDocker) expect([...names].flatMap((name) => processesOf(name)).length).toBeGreaterThan(2);
  }, 150_000);

  test('the cluster IP is answered by each pod in turn, with its name', async () => {
    const pods = new Set(await kubectl.get('pods', '{.items[*].metadata.name}'));
    expect(await answering(6)).toEqual(pods);
  }, 30_000);

  test('a pod reaches the Service by its cluster IP', async () => {
    const [pod] = await kubectl.get('pods', '{.items[*].metadata.name}');
    const script = `fetch('http://${await clusterIP()}:8080/').then(r=>r.text()).then(t=>console.log(t))`;
    expect(await kubectl.run(`exec ${pod} -- node -e '${script.replaceAll("'", '"')}'`)).toMatch(/web-\w{5}/);
  }, 30_000);

  test('logs, exec and port-forward reach the container', async () => {
    const [pod] = await kubectl.get('pods', '{.items[*].metadata.name}');
    await answering(6);
    expect(await kubectl.run(`logs ${pod}`)).not.toBe('');
    expect(await kubectl.run(`exec ${pod} -- sh -c 'echo $POD_NAME'`)).toBe(`${pod}\n`);
    expect(await kubectl.run(`exec -i ${pod} -- sh -c 'cat; exit 0'`, { stdin: 'through the pipe' })).toBe(
      'through the pipe',
    );
    await expect(kubectl.run(`exec ${pod} -- sh -c 'exit 3'`)).rejects.toThrow('exit code 3');
    const forward = kubectl.start(`port-forward pod/${pod} :8080`);
    try {
      const port = await new Promise<string>((resolve, reject) => {
        forward.stdout!.on('data', (text) => {
          const found = /127\.0\.0\.1:(\d+)/.exec(String(text));
          if (found) resolve(found[1]!);
        });
        forward.stderr!.on('data', (text) => reject(new Error(String(text))));
      });
      expect(await fetchOnce(`http://127.0.0.1:${port}/`)).toContain(pod);
    } finally {
      forward.kill('SIGINT');
    }
  }, 60_000);

  test('the controller keeps as many as are asked for', async () => {
    await kubectl.run('scale rc web --replicas=5');
    await eventually('five ready', async () => (await readyAddresses()).length === 5);
    await kubectl.run('scale rc web --replicas=3');
    await eventually('three left', async () => (await kubectl.get('pods', '{.items[*].metadata.name}')).length === 3);
    const [deleted] = await kubectl.get('pods', '{.items[*].metadata.name}');
    await kubectl.run(`delete pod ${deleted}`);
    await eventually('a replacement', async () => {
      const names = await kubectl.get('pods', '{.items[*].metadata.name}');
      return names.length === 3 && !names.includes(deleted!) && (await readyAddresses()).length === 3;
    });
  }, 120_000);

  test('a relabelled pod leaves the Service, and another takes its place', async () => {
    const [pod] = await kubectl.get('pods', '{.items[*].metadata.name}');
    await kubectl.run(`label pod ${pod} tier=debug --overwrite`);
    await eventually('four pods, three behind the Service', async () => {
      const names = await kubectl.get('pods', '{.items[*].metadata.name}');
      const targets = await kubectl.get('endpoints web', '{.subsets[*].addresses[*].targetRef.name}');
      return names.length === 4 && targets.length === 3 && !targets.includes(pod!);
    });
    await kubectl.run(`delete pod ${pod} --grace-period=1`);
  }, 60_000);

  test('a container that is killed behind the cluster’s back is started again', async () => {
    const [pod] = await kubectl.get('pods -l tier=web', '{.items[*].metadata.name}');
    const [containerID] = await kubectl.get(`pod ${pod}`, '{.status.containerStatuses[0].containerID}');
    if (containerID!.startsWith('docker://')) docker('kill', containerID!.slice('docker://'.length));
    else {
      const pids = processesOf(pod!, 'web.mjs');
      expect(pids.length).toBeGreaterThan(0);
      for (const pid of pids) kill(pid);
    }
    await eventually(
      'restarted',
      async () => (await kubectl.get(`pod ${pod}`, '{.status.containerStatuses[0].restartCount}'))[0] === '1',
    );
    await eventually('ready again', async () => (await readyAddresses()).length === 3);
    expect(await kubectl.run(`get events --field-selector involvedObject.name=${pod},reason=Started`)).toContain(
      'Started',
    );
  }, 60_000);

  test('when it is deleted, every process, container and port is gone', async () => {
    const address = await clusterIP();
    for (const name of await kubectl.get('pods', '{.items[*].metadata.name}')) names.add(name);
    await kubectl.run('delete -f examples/guestbook/');
    await eventually('no pods', async () => (await kubectl.run('get pods -o name')) === '');
    await eventually('no processes', async () => [...names].flatMap((name) => processesOf(name)).length === 0);
    if (usesDocker)
      await eventually('no containers', async () =>
        [...names].every((name) => !docker('ps', '-aq', '--filter', `label=io.kubernetes.pod.name=${name}`)),
      );
    await expect(fetchOnce(`http://${address}:8080/`)).rejects.toThrow(/ECONNREFUSED/);
  }, 60_000);
});

/** One request on a connection of its own. */
const fetchOnce = (url: string): Promise<string> =>
  new Promise((resolve, reject) => {
    request(url, { agent: false, timeout: 5000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => (text += part));
      response.on('end', () => resolve(text));
    })
      .on('error', reject)
      .end();
  });

const docker = (...args: string[]): string => execFileSync('docker', args, { encoding: 'utf8' }).trim();

/** The processes that were told to be this pod, and whose command line has `word` in it. */
function processesOf(podName: string, word = ''): number[] {
  const script = `grep -lsa -- POD_NAME=${podName} /proc/[0-9]*/environ || true`;
  const found = execFileSync('sh', ['-c', script], { encoding: 'utf8' });
  return [...found.matchAll(/\/proc\/(\d+)\//g)]
    .map(([, pid]) => Number(pid))
    .filter((pid) => alive(pid) && commandLine(pid).includes(word));
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended with its parent.
  }
}
