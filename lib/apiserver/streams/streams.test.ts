import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttpServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { connect as connectTcp, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { WebSocket } from 'ws';
import { StatusError } from '../../api/status.js';
import { Pki } from '../../cluster/pki.js';
import { KubeletServer } from '../../kubelet/server/index.js';
import { ExecError, type ContainerRuntime, type LogLine, type Sandbox } from '../../kubelet/runtime/runtime.js';
import { realClock } from '../../util/clock.js';
import { silent } from '../../util/log.js';
import { refuse, SpdySession } from '../../util/streams/index.js';
import type { KubeletCredentials, StreamRequest } from '../actions.js';
import { streamHandlers } from './index.js';

// The whole way: a client, the API server's handlers behind a bare HTTP server, a kubelet's port over TLS, and a runtime
// whose containers are a few lines of this file.

const aPod = (name: string, over: object = {}): any => ({
  metadata: { name, namespace: 'default', uid: `uid-${name}` },
  spec: { nodeName: 'node-1', containers: [{ name: 'main' }] },
  status: {
    podIP: '127.0.0.1',
    containerStatuses: [{ name: 'main', containerID: 'fake://main', state: { running: {} } }],
  },
  ...over,
});
const pods: Record<string, any> = {
  web: aPod('web'),
  unbound: aPod('unbound', { spec: { containers: [{ name: 'main' }] } }),
  lost: aPod('lost', { spec: { nodeName: 'node-9', containers: [{ name: 'main' }] } }),
  pair: aPod('pair', {
    spec: { nodeName: 'node-1', containers: [{ name: 'a' }, { name: 'b' }], initContainers: [{ name: 'i' }] },
  }),
  waiting: aPod('waiting', {
    status: { containerStatuses: [{ name: 'main', state: { waiting: { reason: 'ContainerCreating' } } }] },
  }),
};

const line = (text: string, second: number): LogLine => {
  const time = `2016-06-01T12:00:0${second}.000000000Z`;
  return { timeMs: Date.parse(time), time, stream: second % 2 ? 'stderr' : 'stdout', text: Buffer.from(text) };
};

/** Sizes of the terminal that the last exec saw, and whether its signal was aborted. */
let seen: { sizes: unknown[]; aborted: boolean };
const sandbox: Sandbox = {
  id: 'sandbox',
  podUID: 'uid-web',
  namespace: 'default',
  name: 'web',
  ip: '127.0.0.1',
  state: 'ready',
  createdAtMs: 0,
  containers: [
    { id: 'fake://main', name: 'main', attempt: 0, image: '', imageID: '', state: 'running', createdAtMs: 0 },
  ],
};
const runtime = {
  list: () => Promise.resolve([sandbox]),
  async *logs(_id: string, { tailLines, follow }: { tailLines?: number; follow: boolean }, signal: AbortSignal) {
    yield* [line('one\n', 0), line('two\n', 1), line('three\n', 2)].slice(tailLines === undefined ? 0 : 3 - tailLines);
    if (follow) await once(signal, 'abort');
  },
  async exec(_id: string, [program, ...args]: string[], io: any, signal: AbortSignal) {
    seen = { sizes: [], aborted: false };
    switch (program) {
      case 'echo':
        io.stdout.write(args.join(' ') + '\n');
        return 0;
      case 'cat': // to stdout what comes, to stderr how much
        {
          let bytes = 0;
          for await (const chunk of io.stdin) {
            bytes += chunk.length;
            io.stdout.write(chunk);
          }
          io.stderr?.write(`${bytes} bytes`);
        }
        return 0;
      case 'exit':
        return Number(args[0]);
      case 'size':
        for await (const size of io.resize) if (seen.sizes.push(size) === 2) break;
        return 0;
      case 'sleep':
        await once(signal, 'abort');
        seen.aborted = true;
        return 137;
      default:
        throw new ExecError(`exec: "${program}": executable file not found in $PATH`);
    }
  },
  connect: async (_id: string, port: number) => {
    const socket = connectTcp({ port, host: '127.0.0.1', allowHalfOpen: true });
    await once(socket, 'connect');
    return socket;
  },
  stats: () =>
    Promise.resolve([{ podUID: 'uid-web', container: 'main', timeMs: 0, cpuUsageNanos: 2e9, memoryBytes: 1000 }]),
} as unknown as ContainerRuntime;

let folder: string;
let kubelet: KubeletServer;
let credentials: KubeletCredentials;
let apiserver: Server;
let base: string;
let upper: Server & { readonly sockets: Set<Socket> };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kubebook-streams-'));
  const pki = await Pki.open({ folder, clock: realClock });
  kubelet = await KubeletServer.start({
    host: { nodeName: 'node-1', runtime, pods: () => Object.values(pods), pod: (_, name) => pods[name] },
    bind: '127.0.0.1',
    port: 0,
    tls: { ...(await pki.pair('kubelet', { commonName: 'node-1', addresses: ['127.0.0.1'] })), clientCA: pki.ca },
    authenticateToken: (token) =>
      Promise.resolve(token === 'secret' ? { name: 'x', groups: ['system:masters'] } : undefined),
    clock: realClock,
    log: silent,
  });
  credentials = {
    ...(await pki.pair('client', { commonName: 'kube-apiserver-kubelet-client', organization: 'system:masters' })),
    ca: pki.ca,
  };
  apiserver = createHttpServer();
  const handlers = streamHandlers({
    reader: {
      get: () =>
        ({ subsets: [{ addresses: [{ ip: '127.0.0.1' }], ports: [{ name: 'http', port: portOf(upper) }] }] }) as never,
      list: () => [],
    },
  });
  const streamOf = (request: IncomingMessage): [string, StreamRequest] => {
    const url = new URL(request.url!, 'http://api');
    const [, , , , , resource = '', name = '', subresource = '', ...rest] = url.pathname.split('/');
    const pod = resource === 'pods' ? pods[name.split(':')[0]!] : undefined;
    const node = {
      status: {
        addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
        daemonEndpoints: { kubeletEndpoint: { Port: kubelet.port } },
      },
    };
    return [
      `${resource}/${subresource}`,
      {
        request,
        url,
        subresource,
        rest: rest.length > 0 ? `/${rest.join('/')}` : '',
        kind: { resource } as never,
        object: pod ?? {
          metadata: { name: name.split(':')[0], namespace: 'default' },
          spec: { ports: [{ name: 'http', port: 80 }] },
        },
        pod,
        node: pod?.spec.nodeName === 'node-9' ? undefined : (node as never),
        user: { name: 'admin', groups: [] } as never,
        kubelet: credentials,
        signal: new AbortController().signal,
      },
    ];
  };
  apiserver.on('request', (request, response) => {
    const [key, stream] = streamOf(request);
    handlers[key]!.respond(stream, response).catch((error: StatusError) =>
      response.writeHead(error.code ?? 500).end(JSON.stringify(error.status ?? String(error))),
    );
  });
  apiserver.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const [key, stream] = streamOf(request);
    handlers[key]!.upgrade(stream, socket, head).catch((error: StatusError) =>
      refuse(socket, error.code, JSON.stringify(error.status)),
    );
  });
  base = `http://127.0.0.1:${await listen(apiserver)}/api/v1/namespaces/default`;
  upper = Object.assign(
    createTcpServer({ allowHalfOpen: true }, (socket) => {
      let got = '';
      socket.on('data', (chunk: Buffer) => (got += chunk.toString())).on('end', () => socket.end(got.toUpperCase()));
    }) as unknown as Server,
    { sockets: new Set<Socket>() },
  );
  await listen(upper);
});

afterAll(async () => {
  await kubelet[Symbol.asyncDispose]();
  apiserver.close();
  apiserver.closeAllConnections();
  upper.close();
  await rm(folder, { recursive: true });
});

const listen = async (server: Server): Promise<number> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return portOf(server);
};
const portOf = (server: Server): number => (server.address() as AddressInfo).port;

const get = async (path: string): Promise<[number, string]> => {
  const response = await fetch(base + path, { redirect: 'manual' });
  return [response.status, response.headers.get('location') ?? (await response.text())];
};
const refusal = async (path: string): Promise<string> => {
  const [code, body] = await get(path);
  const { reason, message } = JSON.parse(body) as { reason?: string; message: string };
  return `${code} ${reason} ${message}`;
};

describe('logs', () => {
  test.each([
    ['', 'one\ntwo\nthree\n'],
    ['?tailLines=1', 'three\n'],
    ['?limitBytes=5', 'one\nt'],
    ['?tailLines=2&timestamps=true', '2016-06-01T12:00:01.000000000Z two\n2016-06-01T12:00:02.000000000Z three\n'],
    ['?stream=Stderr', 'two\n'],
  ])('log%s', async (query, body) => {
    expect(await get(`/pods/web/log${query}`)).toEqual([200, body]);
  });

  test.each([
    [
      '/pods/pair/log',
      '400 BadRequest a container name must be specified for pod pair, choose one of: [a b] or one of the init containers: [i]',
    ],
    ['/pods/web/log?container=zz', '400 BadRequest container zz is not valid for pod web'],
    [
      '/pods/web/log?tailLines=-3',
      '422 Invalid PodLogOptions "web" is invalid: tailLines: Invalid value: -3: must be greater than or equal to 0',
    ],
    ['/pods/web/log?tailLines=ten', '400 BadRequest strconv.ParseInt: parsing "ten": invalid syntax'],
    ['/pods/web/log?previous=true', '400 BadRequest previous terminated container "main" in pod "web" not found'],
    ['/pods/waiting/log', '400 BadRequest container "main" in pod "waiting" is waiting to start: ContainerCreating'],
    ['/pods/lost/log', '404 NotFound nodes "node-9" not found'],
  ])('%s is refused', async (path, expected) => {
    expect(await refusal(path)).toBe(expected);
  });

  test('a pod that is not bound yet has none', async () => {
    expect(await get('/pods/unbound/log')).toEqual([204, '']);
  });

  test('one that is followed goes on until the client leaves', async () => {
    const leave = new AbortController();
    const response = await fetch(`${base}/pods/web/log?follow=true`, { signal: leave.signal });
    const reader = response.body!.getReader();
    let got = '';
    while (!got.includes('three')) got += Buffer.from((await reader.read()).value!).toString();
    leave.abort();
    await expect(reader.read()).rejects.toThrow();
  });
});

test.each([
  ['/pods/web/exec?command=ls', '400 BadRequest Upgrade request required'],
  ['/pods/web/portforward', '400 BadRequest Upgrade request required'],
  ['/pods/unbound/exec?command=ls', '400 BadRequest pod unbound does not have a host assigned'],
  ['/pods/unbound/portforward', '400 BadRequest pod unbound does not have a host assigned'],
  [
    '/pods/pair/attach',
    '400 BadRequest a container name must be specified for pod pair, choose one of: [a b] or one of the init containers: [i]',
  ],
])('%s without an upgrade: %s', async (path, expected) => {
  expect(await refusal(path)).toBe(expected);
});

/** What a client of exec gets to see, whichever way it came. */
interface Result {
  stdout: string;
  stderr: string;
  status: any;
}

/** @param sizes sent on the resize channel @param leave closes the connection at once */
async function overWebSocket(
  protocol: string,
  path: string,
  stdin?: string,
  sizes: object[] = [],
  leave = false,
): Promise<Result> {
  const socket = new WebSocket(base.replace('http', 'ws') + path, protocol);
  const base64 = protocol.includes('base64');
  const out: Record<number, string> = { 1: '', 2: '', 3: '' };
  socket.on('message', (data: Buffer) => {
    const channel = base64 ? data[0]! - 48 : data[0]!;
    out[channel] += base64 ? Buffer.from(data.toString().slice(1), 'base64').toString() : data.toString('utf8', 1);
  });
  await once(socket, 'open');
  const send = (channel: number, body: string): void =>
    socket.send(
      base64
        ? channel + Buffer.from(body).toString('base64')
        : Buffer.concat([Buffer.from([channel]), Buffer.from(body)]),
    );
  for (const size of sizes) send(4, JSON.stringify(size) + '\n');
  if (stdin !== undefined) send(0, stdin);
  if (stdin !== undefined && protocol.startsWith('v5')) socket.send(Buffer.from([255, 0]));
  if (leave) socket.terminate();
  await once(socket, 'close');
  return { stdout: out[1]!, stderr: out[2]!, status: out[3]!.startsWith('{') ? JSON.parse(out[3]!) : out[3] };
}

async function spdy(path: string, protocols: string): Promise<SpdySession> {
  const request = httpRequest(base + path, {
    method: 'POST',
    headers: { Connection: 'Upgrade', Upgrade: 'SPDY/3.1', 'X-Stream-Protocol-Version': protocols },
  });
  request.end();
  const [response, socket] = (await Promise.race([
    once(request, 'upgrade'),
    once(request, 'response').then(async ([response]) => {
      throw new Error(`${response.statusCode} ${await text(response)}`);
    }),
  ])) as [IncomingMessage, Duplex];
  expect(protocols).toContain(response.headers['x-stream-protocol-version']);
  return new SpdySession(socket, { role: 'client' });
}

async function overSpdy(path: string, stdin?: string): Promise<Result> {
  const session = await spdy(path, 'v5.channel.k8s.io, v4.channel.k8s.io');
  const status = text(await session.open({ streamtype: 'error' }));
  if (path.includes('stdin=')) (await session.open({ streamtype: 'stdin' })).end(stdin);
  const outputs = ['stdout', 'stderr'].map(async (name) =>
    path.includes(name) ? text(await session.open({ streamtype: name })) : '',
  );
  const [stdout, stderr] = await Promise.all(outputs);
  const result = { stdout: stdout!, stderr: stderr!, status: JSON.parse(await status) };
  session.close();
  await session.closed;
  return result;
}

describe.each([
  ['WebSocket v5', (path: string, stdin?: string) => overWebSocket('v5.channel.k8s.io', path, stdin)],
  ['SPDY', overSpdy],
])('exec over %s', (_, exec) => {
  test('brings the output', async () => {
    const { stdout, status } = await exec('/pods/web/exec?command=echo&command=a%20b&command=c&stdout=true');
    expect(stdout).toBe('a b c\n');
    expect(status).toEqual({ metadata: {}, status: 'Success' });
  });

  test('takes a megabyte of input, to its end', async () => {
    const input = 'x'.repeat(1 << 20);
    const { stdout, stderr } = await exec('/pods/web/exec?command=cat&stdin=true&stdout=true&stderr=true', input);
    expect(stdout.length).toBe(input.length);
    expect(stderr).toBe(`${input.length} bytes`);
  });

  test('tells the exit code', async () => {
    const { status } = await exec('/pods/web/exec?command=exit&command=3&stdout=true');
    expect(status).toMatchObject({
      status: 'Failure',
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: '3' }] },
      message: expect.stringContaining('exit code 3'),
    });
  });

  test('tells why a command could not be started', async () => {
    const { status } = await exec('/pods/web/exec?command=nope&stdout=true');
    expect(status).toMatchObject({
      reason: 'InternalError',
      message:
        'Internal error occurred: error executing command in container: exec: "nope": executable file not found in $PATH',
    });
  });
});

test.each(['v4.channel.k8s.io', 'v4.base64.channel.k8s.io'])('%s passes through to the kubelet', async (protocol) => {
  const { stdout, status } = await overWebSocket(protocol, '/pods/web/exec?command=echo&command=hi&stdout=true');
  expect([stdout, status.status]).toEqual(['hi\n', 'Success']);
});

test('before version 4 a failure is a text, and success says nothing', async () => {
  expect((await overWebSocket('channel.k8s.io', '/pods/web/exec?command=exit&command=0&stdout=true')).status).toBe('');
  expect((await overWebSocket('channel.k8s.io', '/pods/web/exec?command=exit&command=2&stdout=true')).status).toContain(
    'exit code 2',
  );
});

test('a terminal tells its size', async () => {
  await overWebSocket('v5.channel.k8s.io', '/pods/web/exec?command=size&stdout=true&tty=true', undefined, [
    { Width: 80, Height: 24 },
    { Width: 132, Height: 50 },
  ]);
  expect(seen.sizes).toEqual([
    { width: 80, height: 24 },
    { width: 132, height: 50 },
  ]);
});

test('a client that vanishes ends its command', async () => {
  await overWebSocket('v5.channel.k8s.io', '/pods/web/exec?command=echo&stdout=true');
  seen.aborted = false;
  const gone = overWebSocket('v4.channel.k8s.io', '/pods/web/exec?command=sleep&stdout=true', undefined, [], true);
  await gone;
  for (let turn = 0; !seen.aborted && turn < 1000; turn++) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(seen.aborted).toBe(true);
});

test('a kubelet that finds no such container says so, in the words of either way', async () => {
  pods.web.spec.containers.push({ name: 'asleep' });
  const path = '/pods/web/exec?command=echo&stdout=true&container=asleep';
  await expect(overSpdy(path)).rejects.toThrow('500 container not found ("asleep")');
  const { status } = await overWebSocket('v5.channel.k8s.io', path);
  expect(status.message).toBe('Internal error occurred: unable to upgrade connection: container not found ("asleep")');
  pods.web.spec.containers.pop();
});

test('a client that speaks another protocol is told which ones there are', async () => {
  await expect(spdy('/pods/web/exec?command=echo&stdout=true', 'v9.channel.k8s.io')).rejects.toThrow(
    'unable to upgrade: unable to negotiate protocol: client supports [v9.channel.k8s.io], server accepts [v4.channel.k8s.io',
  );
});

describe('port-forward', () => {
  const converse = async (session: SpdySession, port: number, requestid: string): Promise<[string, string]> => {
    const errors = text(await session.open({ streamtype: 'error', port: String(port), requestid }));
    const data = await session.open({ streamtype: 'data', port: String(port), requestid });
    data.end(`hello ${requestid}`);
    return [await text(data), await errors];
  };

  test('many connections over one', async () => {
    const session = await spdy('/pods/web/portforward', 'portforward.k8s.io');
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => converse(session, portOf(upper), String(n))),
    );
    expect(answers).toEqual(Array.from({ length: 10 }, (_, n) => [`HELLO ${n}`, '']));
    session.close();
  });

  test('a port where nothing listens is an error of its own connection only', async () => {
    const session = await spdy('/pods/web/portforward', 'portforward.k8s.io');
    const [, error] = await converse(session, 1, 'a');
    expect(error).toBe(
      'error forwarding port 1 to pod web, uid uid-web: dial tcp 127.0.0.1:1: connect: connection refused',
    );
    expect(await converse(session, portOf(upper), 'b')).toEqual(['HELLO B', '']);
    session.close();
  });

  test('over a WebSocket with two channels a port', async () => {
    const port = portOf(upper);
    const socket = new WebSocket(
      `${base.replace('http', 'ws')}/pods/web/portforward?ports=${port}`,
      'v4.channel.k8s.io',
    );
    const got: Buffer[] = [];
    socket.on('message', (data: Buffer) => got.push(data));
    await once(socket, 'open');
    while (got.length < 2) await once(socket, 'message');
    expect(got.map((each) => [each[0], each.readUInt16LE(1)])).toEqual([
      [0, port],
      [1, port],
    ]);
    socket.send(Buffer.from('\0hello'));
    socket.close();
  });

  test('SPDY inside a WebSocket, as kubectl does it', async () => {
    const request = httpRequest(`${base}/pods/web/portforward`, {
      headers: {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': Buffer.alloc(16).toString('base64'),
        'Sec-WebSocket-Protocol': 'SPDY/3.1+portforward.k8s.io',
      },
    });
    request.end();
    const [response, socket] = (await once(request, 'upgrade')) as [IncomingMessage, Socket];
    expect(response.headers['sec-websocket-protocol']).toBe('SPDY/3.1+portforward.k8s.io');
    // PING 1 in a masked binary message (mask 0): it is the kubelet that answers.
    const ping = Buffer.from('8003000600000004' + '00000001', 'hex');
    socket.write(Buffer.concat([Buffer.from([0x82, 0x80 | ping.length, 0, 0, 0, 0]), ping]));
    let got = Buffer.alloc(0);
    while (!got.includes(ping)) got = Buffer.concat([got, ...(await once(socket, 'data'))]);
    socket.destroy();
  });
});

describe('proxy', () => {
  let backend: Server;
  beforeAll(async () => {
    backend = createHttpServer((request, response) => {
      if (request.url === '/away') return void response.writeHead(302, { Location: '/there' }).end();
      void text(request).then((body) =>
        response.end(JSON.stringify({ url: request.url, method: request.method, body, headers: request.headers })),
      );
    });
    await listen(backend);
  });
  afterAll(() => backend.close());

  test('hands on method, path, query and body, and not the credentials', async () => {
    const response = await fetch(`${base}/pods/web:${portOf(backend)}/proxy/a/b?c=d`, {
      method: 'PUT',
      body: 'hello',
      headers: { Authorization: 'Bearer x', 'X-Mine': 'y' },
    });
    const seen = (await response.json()) as any;
    expect(seen).toMatchObject({ url: '/a/b?c=d', method: 'PUT', body: 'hello', headers: { 'x-mine': 'y' } });
    expect(seen.headers.authorization).toBeUndefined();
  });

  test('the bare name leads to its slash, and redirects lead back through the proxy', async () => {
    expect(await get(`/pods/web:${portOf(backend)}/proxy`)).toEqual([
      301,
      `/api/v1/namespaces/default/pods/web:${portOf(backend)}/proxy/`,
    ]);
    expect(await get(`/pods/web:${portOf(backend)}/proxy/away`)).toEqual([
      302,
      `/api/v1/namespaces/default/pods/web:${portOf(backend)}/proxy/there`,
    ]);
  });

  test('what does not answer is unavailable', async () => {
    expect(await refusal('/pods/web:1/proxy/')).toBe(
      '503 ServiceUnavailable error trying to reach service: dial tcp 127.0.0.1:1: connect: connection refused',
    );
    expect(await refusal('/services/web:81/proxy/')).toBe(
      '503 ServiceUnavailable no service port 81 found for service "web"',
    );
    expect(await refusal('/services/web:other/proxy/')).toBe(
      '503 ServiceUnavailable no endpoints available for service "web"',
    );
  });

  test('a kubelet is reached with the API server’s certificate', async () => {
    expect(await get('/nodes/node-1/proxy/healthz')).toEqual([200, 'ok']);
    const [code, body] = await get('/nodes/node-1/proxy/stats/summary');
    expect([code, JSON.parse(body).pods[0].containers[0].memory.workingSetBytes]).toEqual([200, 1000]);
  });
});
