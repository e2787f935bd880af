/**
 * What every container runtime promises, as tests: run over docker, process and hollow. Those that run nothing (hollow)
 * answer for the states only.
 */
import { get } from 'node:http';
import { PassThrough } from 'node:stream';
import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import {
  ContainerStartError,
  ExecError,
  ImageError,
  type ContainerConfig,
  type ContainerRuntime,
  type RuntimeContainer,
  type Sandbox,
  type SandboxConfig,
} from '../../lib/kubelet/runtime/runtime.js';

export interface RuntimeFixture extends AsyncDisposable {
  readonly runtime: ContainerRuntime;
  /** A new runtime over what the old one, already disposed of, has left running. Left out where nothing outlives it. */
  readonly reopen?: () => Promise<ContainerRuntime>;
}

export interface RuntimeContractOptions {
  /** Whether containers really run: logs, exec, exit codes, files. */
  readonly runs: boolean;
  /** How long a test may take. */
  readonly timeoutMs?: number;
}

/** `runtimeContract('process', { runs: true }, openFixture)`: the runtime must know the sample images. */
export function runtimeContract(
  name: string,
  { runs, timeoutMs = 30_000 }: RuntimeContractOptions,
  open: () => Promise<RuntimeFixture>,
): void {
  describe(`the ${name} runtime`, () => {
    let fixture: RuntimeFixture;
    let runtime: ContainerRuntime;
    let folder: string;
    const { signal } = new AbortController();

    beforeAll(async () => {
      fixture = await open();
      runtime = fixture.runtime;
      folder = await mkdtemp(join(tmpdir(), 'kubebook-contract-'));
    }, timeoutMs * 4);

    afterEach(async () => {
      for (const sandbox of await runtime.list()) await runtime.removeSandbox(sandbox.id);
    }, timeoutMs);

    afterAll(async () => {
      await fixture?.[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    }, timeoutMs);

    const find = async (id: string): Promise<RuntimeContainer | undefined> =>
      (await runtime.list()).flatMap(({ containers }) => containers).find((container) => container.id === id);

    /** Resolves with the container once `is` holds, looked at whenever the runtime says that something has changed. */
    const until = async (id: string, is: (container: RuntimeContainer) => boolean): Promise<RuntimeContainer> => {
      for (;;) {
        let wake!: () => void;
        const changed = new Promise<void>((resolve) => (wake = resolve));
        using _listener = runtime.onChange(wake);
        const container = await find(id);
        if (container && is(container)) return container;
        await changed;
      }
    };
    const exited = (id: string): Promise<RuntimeContainer> => until(id, ({ state }) => state === 'exited');

    const logOf = async (id: string): Promise<string> => {
      const chunks: Buffer[] = [];
      for await (const { text } of runtime.logs(id, { follow: false }, signal)) chunks.push(text);
      return Buffer.concat(chunks).toString();
    };

    const shell = (script: string, more: Partial<ContainerConfig> = {}): ContainerConfig =>
      aContainer({ image: 'kubebook/shell:1', command: ['sh', '-c', script], ...more });

    const runShell = async (script: string, more: Partial<ContainerConfig> = {}): Promise<[Sandbox, string]> => {
      const sandbox = await runtime.runSandbox(aSandbox());
      await runtime.pullImage('kubebook/shell:1', 'IfNotPresent');
      return [sandbox, await runtime.startContainer(sandbox.id, shell(script, more))];
    };

    const execText = async (id: string, ...command: string[]): Promise<{ code: number; out: string; err: string }> => {
      const [stdout, stderr] = [new PassThrough(), new PassThrough()];
      const texts = [textOf(stdout), textOf(stderr)];
      const code = await runtime.exec(id, command, { stdout, stderr, tty: false }, signal);
      stdout.end();
      stderr.end();
      const [out, err] = await Promise.all(texts);
      return { code, out: out!, err: err! };
    };

    const it = (title: string, body: () => Promise<void>): void => void test(title, body, timeoutMs);
    const itRuns = runs ? it : (title: string): void => void test.skip(`${title} (nothing runs)`, () => {});

    it('tells its version as name://version', async () => {
      expect(await runtime.version()).toMatch(/^[a-z]+:\/\/\S+$/);
    });

    it('gives every pod an address of its own, and the same sandbox when asked twice', async () => {
      const config = aSandbox();
      const [first, other] = [await runtime.runSandbox(config), await runtime.runSandbox(aSandbox())];
      expect(first).toMatchObject({ podUID: config.podUID, namespace: 'default', name: config.name, state: 'ready' });
      expect(first.ip).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
      expect(other.ip).not.toBe(first.ip);
      expect((await runtime.runSandbox(config)).id).toBe(first.id);
    });

    it('runs a container until it is stopped', async () => {
      const sandbox = await runtime.runSandbox(aSandbox());
      const { imageID } = await runtime.pullImage('kubebook/web:1', 'IfNotPresent');
      const id = await runtime.startContainer(sandbox.id, aContainer({ attempt: 2 }));
      expect(id).toMatch(new RegExp(`^${runtime.name}://`));
      const running = (await find(id))!;
      expect(running).toMatchObject({ name: 'main', attempt: 2, image: 'kubebook/web:1', imageID, state: 'running' });
      expect(running.startedAtMs).toBeGreaterThanOrEqual(running.createdAtMs);
      await runtime.stopContainer(id, 10);
      expect(await find(id)).toMatchObject({ state: 'exited', exitCode: expect.any(Number) });
      await runtime.stopContainer(id, 10); // harmless
    });

    it('says when a container may have changed', async () => {
      const sandbox = await runtime.runSandbox(aSandbox());
      const heard: string[] = [];
      using _listener = runtime.onChange((podUID) => heard.push(podUID));
      await runtime.pullImage('kubebook/web:1', 'IfNotPresent');
      const id = await runtime.startContainer(sandbox.id, aContainer());
      await runtime.stopContainer(id, 0);
      await exited(id);
      expect(heard).toContain(sandbox.podUID);
    });

    it('forgets an ended container, and a sandbox with all that is in it', async () => {
      const sandbox = await runtime.runSandbox(aSandbox());
      await runtime.pullImage('kubebook/web:1', 'IfNotPresent');
      const first = await runtime.startContainer(sandbox.id, aContainer());
      await runtime.stopContainer(first, 0);
      const second = await runtime.startContainer(sandbox.id, aContainer({ attempt: 1 }));
      await runtime.removeContainer(first);
      expect(await find(first)).toBeUndefined();
      expect(await find(second)).toBeDefined();
      await runtime.removeSandbox(sandbox.id);
      await runtime.removeSandbox(sandbox.id); // harmless
      expect((await runtime.list()).map(({ id }) => id)).not.toContain(sandbox.id);
    });

    it('reports the use of every running container', async () => {
      const sandbox = await runtime.runSandbox(aSandbox());
      await runtime.pullImage('kubebook/web:1', 'IfNotPresent');
      await runtime.startContainer(sandbox.id, aContainer());
      const stats = (await runtime.stats()).find(({ podUID }) => podUID === sandbox.podUID)!;
      expect(stats).toMatchObject({ container: 'main' });
      expect(stats.cpuUsageNanos).toBeGreaterThanOrEqual(0);
      if (runs) expect(stats.memoryBytes).toBeGreaterThan(1_000_000);
    });

    itRuns('refuses an image that nobody has, and a name that is none', async () => {
      await expect(runtime.pullImage('registry.invalid/nobody/has:this', 'IfNotPresent')).rejects.toThrow(ImageError);
      const name = runtime.pullImage('NOT A NAME', 'IfNotPresent');
      await expect(name).rejects.toMatchObject({ reason: 'InvalidImageName' });
      const never = runtime.pullImage('registry.invalid/nobody/has:this', 'Never');
      await expect(never).rejects.toMatchObject({ reason: 'ErrImageNeverPull' });
    });

    itRuns('refuses a command that does not exist, and says so', async () => {
      const started = runShell('', { command: ['/no/such/program'] });
      await expect(started).rejects.toThrow(ContainerStartError);
      await expect(started).rejects.toThrow(/no such file or directory/);
    });

    itRuns('keeps the exit code and both outputs of a program that has ended', async () => {
      const [, id] = await runShell('echo out; echo err >&2; printf "no newline"; exit 7');
      expect(await exited(id)).toMatchObject({ exitCode: 7, reason: 'Error' });
      const log = await logOf(id);
      expect(log).toContain('out\n');
      expect(log).toContain('err\n');
      expect(log).toContain('no newline');
    });

    itRuns('tells the streams apart, and when a line was written', async () => {
      const [, id] = await runShell('echo one; sleep 0.6; echo two >&2; sleep 0.6; echo three');
      await exited(id);
      const lines = [];
      for await (const line of runtime.logs(id, { follow: false }, signal)) lines.push(line);
      expect(lines.map(({ stream, text }) => `${stream} ${text.toString().trim()}`)).toEqual([
        'stdout one',
        'stderr two',
        'stdout three',
      ]);
      const times = lines.map(({ timeMs }) => timeMs);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(times[2]! - times[0]!).toBeGreaterThan(200);
      expect(lines[0]!.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
    });

    itRuns('shows the last lines, those since a moment, and follows until the end', async () => {
      const [, id] = await runShell('for i in 1 2 3 4 5; do echo $i; done; sleep 0.3; echo last');
      const followed: string[] = [];
      for await (const { text } of runtime.logs(id, { follow: true }, signal)) followed.push(text.toString());
      expect(followed.join('')).toBe('1\n2\n3\n4\n5\nlast\n');
      const tail: string[] = [];
      for await (const { text } of runtime.logs(id, { follow: false, tailLines: 2 }, signal))
        tail.push(text.toString());
      expect(tail.join('')).toBe('5\nlast\n');
      const later = ((await find(id))!.finishedAtMs ?? 0) + 60_000;
      const since = runtime.logs(id, { follow: false, sinceMs: later }, signal);
      for await (const line of since) throw new Error(`a line of the future: ${line.text}`);
    });

    itRuns('stops following when asked to', async () => {
      const [, id] = await runShell('echo begun; exec sleep 1000');
      const abort = new AbortController();
      const seen: string[] = [];
      for await (const { text } of runtime.logs(id, { follow: true }, abort.signal)) {
        seen.push(text.toString());
        abort.abort();
      }
      expect(seen).toEqual(['begun\n']);
    });

    itRuns('sets environment, working directory and arguments', async () => {
      const [, id] = await runShell('', {
        command: ['sh', '-c', 'echo "$GREETING $0 $1"; pwd'],
        args: ['a b', "it's"],
        env: { GREETING: 'hello $world' },
        workingDir: '/tmp',
      });
      await exited(id);
      expect(await logOf(id)).toBe("hello $world a b it's\n/tmp\n");
    });

    itRuns('shows volumes where the pod wants them, and takes the last words', async () => {
      const volume = join(folder, randomUUID());
      await mkdir(join(volume, 'config'), { recursive: true });
      await writeFile(join(volume, 'config', 'greeting'), 'hello');
      await writeFile(join(volume, 'words'), '', { mode: 0o666 });
      const root = '"${KUBEBOOK_ROOT}"';
      const script = `cat ${root}/etc/kubebook-test/greeting; echo written > ${root}/data/new; (echo no > ${root}/etc/kubebook-test/new) 2>/dev/null; printf "last words" > "\${TERMINATION_MESSAGE_PATH:-/dev/termination-log}"`;
      await mkdir(join(volume, 'data'), { mode: 0o777 });
      const [, id] = await runShell(script, {
        mounts: [
          { hostPath: join(volume, 'config'), containerPath: '/etc/kubebook-test', readOnly: true },
          { hostPath: join(volume, 'data'), containerPath: '/data', readOnly: false },
        ],
        terminationMessageHostPath: join(volume, 'words'),
        terminationMessagePath: '/dev/termination-log',
      });
      await exited(id);
      expect(await logOf(id)).toBe('hello');
      expect(await readFile(join(volume, 'data', 'new'), 'utf8')).toBe('written\n');
      expect(await readFile(join(volume, 'words'), 'utf8')).toBe('last words');
    });

    itRuns('kills what does not heed SIGTERM, with all it has started', async () => {
      const [, id] = await runShell('trap "" TERM; sleep 1000 & sleep 1001 & echo begun; while :; do wait; done');
      for await (const _ of runtime.logs(id, { follow: true }, signal)) break;
      const before = Date.now();
      await runtime.stopContainer(id, 1);
      expect(Date.now() - before).toBeGreaterThanOrEqual(900);
      expect(await find(id)).toMatchObject({ state: 'exited', exitCode: 137 });
    });

    itRuns('notices a container that is killed behind its back', async () => {
      const [, id] = await runShell('sleep 1000 & echo $!; wait $!; exit 3');
      const end = exited(id);
      let pid = '';
      for await (const { text } of runtime.logs(id, { follow: true }, signal)) {
        pid = text.toString().trim();
        break;
      }
      expect((await execText(id, 'sh', '-c', `kill -KILL ${pid}`)).code).toBe(0);
      expect((await end).exitCode).toBe(3);
    });

    itRuns('runs a command in a container, with its input, both outputs and exit code', async () => {
      const [, id] = await runShell('exec sleep 1000', { env: { GREETING: 'hello' } });
      expect(await execText(id, 'sh', '-c', 'echo "$GREETING"; echo err >&2; exit 3')).toEqual({
        code: 3,
        out: 'hello\n',
        err: 'err\n',
      });
      const [stdin, stdout] = [new PassThrough(), new PassThrough()];
      const text = textOf(stdout);
      const done = runtime.exec(id, ['cat'], { stdin, stdout, tty: false }, signal);
      stdin.end('x'.repeat(300_000));
      expect(await done).toBe(0);
      stdout.end();
      expect(await text).toHaveLength(300_000);
    });

    itRuns('says that a command cannot be started', async () => {
      const [, id] = await runShell('exec sleep 1000');
      const stdout = new PassThrough();
      await expect(runtime.exec(id, ['no-such-command'], { stdout, tty: false }, signal)).rejects.toThrow(ExecError);
    });

    itRuns('runs a command on a terminal, and ends it when the caller leaves', async () => {
      const [, id] = await runShell('exec sleep 1000');
      const [stdin, stdout] = [new PassThrough(), new PassThrough()];
      const text = textOf(stdout);
      const done = runtime.exec(id, ['sh'], { stdin, stdout, tty: true }, signal);
      stdin.write('test -t 0 && test -t 1 && echo terminal=$((40+2))\nexit 5\n');
      expect(await done).toBe(5);
      stdout.end();
      expect(await text).toContain('terminal=42');

      const abort = new AbortController();
      const left = runtime.exec(
        id,
        ['sleep', '4321'],
        { stdin: new PassThrough(), stdout: new PassThrough(), tty: true },
        abort.signal,
      );
      setTimeout(() => abort.abort(), 200);
      await left.catch(() => {});
    });

    itRuns('joins the streams of a running container', async () => {
      const [, id] = await runShell('while read -r line; do echo "got $line"; done; echo end of input', {
        stdin: true,
        stdinOnce: true,
      });
      const [stdin, stdout] = [new PassThrough(), new PassThrough()];
      const text = textOf(stdout);
      const done = runtime.attach(id, { stdin, stdout, tty: false }, signal);
      setTimeout(() => stdin.end('one\ntwo\n'), 300);
      await done;
      stdout.end();
      expect(await text).toBe('got one\ngot two\nend of input\n');
      expect(await exited(id)).toMatchObject({ exitCode: 0, reason: 'Completed' });
    });

    itRuns('connects to a port of the pod, and lets the host reach it by its address', async () => {
      const sandbox = await runtime.runSandbox(aSandbox());
      await runtime.pullImage('kubebook/web:1', 'IfNotPresent');
      const env = { POD_NAME: 'web-0', POD_IP: sandbox.ip };
      const id = await runtime.startContainer(sandbox.id, aContainer({ env }));
      for await (const { text } of runtime.logs(id, { follow: true }, signal)) if (/listens/.test(`${text}`)) break;
      const body = await new Promise<string>((resolve, reject) =>
        get(`http://${sandbox.ip}:8080/name`, (response) => resolve(textOf(response))).on('error', reject),
      );
      expect(body).toBe('web-0');
      const connection = await runtime.connect(sandbox.id, 8080);
      connection.write('GET /name HTTP/1.0\r\n\r\n');
      expect(await textOf(connection)).toMatch(/web-0$/);
      await expect(runtime.connect(sandbox.id, 9)).rejects.toThrow();
    });

    itRuns('finds everything again after it was closed', async () => {
      if (!fixture.reopen) return;
      const [sandbox, running] = await runShell('echo begun; sleep 0.5; exit 9');
      const ended = await runtime.startContainer(sandbox.id, shell('exit 4', { name: 'other' }));
      await exited(ended);
      await runtime[Symbol.asyncDispose]();
      runtime = await fixture.reopen();
      const again = (await runtime.list()).find(({ id }) => id === sandbox.id)!;
      expect(again).toMatchObject({ ip: sandbox.ip, podUID: sandbox.podUID, state: 'ready' });
      expect(again.containers.find(({ id }) => id === ended)).toMatchObject({ state: 'exited', exitCode: 4 });
      expect(await exited(running)).toMatchObject({ exitCode: 9, attempt: 0, name: 'main' });
      expect(await logOf(running)).toBe('begun\n');
    });
  });
}

/** A pod's sandbox. */
export const aSandbox = (more: Partial<SandboxConfig> = {}): SandboxConfig => {
  const podUID = more.podUID ?? randomUUID();
  return {
    podUID,
    namespace: 'default',
    name: `pod-${podUID.slice(0, 8)}`,
    hostname: `pod-${podUID.slice(0, 8)}`,
    hostNetwork: false,
    labels: {},
    ports: [],
    ...more,
  };
};

/** A web server that runs until it is stopped. */
export const aContainer = (more: Partial<ContainerConfig> = {}): ContainerConfig => ({
  name: 'main',
  attempt: 0,
  image: 'kubebook/web:1',
  env: {},
  mounts: [],
  stdin: false,
  stdinOnce: false,
  tty: false,
  cpuRequestMillis: 0,
  cpuLimitMillis: 0,
  memoryLimitBytes: 0,
  privileged: false,
  readOnlyRootFilesystem: false,
  ...more,
});

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
