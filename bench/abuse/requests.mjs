/**
 * What a client could send: cases by number, each from chance of its own, over every path, method, header, parameter and
 * body that the server's OpenAPI document lets us think of, and some that HTTP does not allow.
 */
import { anObject } from './objects.mjs';
import { aPatch, encode, mutate } from './bodies.mjs';
import { Random } from './random.mjs';

const methods = [
  'GET',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'LINK',
  'QUERY',
  'CONNECT',
];
/** `bystander` is not among them: that namespace is somebody else's. */
const namespaces = ['fuzz-a', 'fuzz-a', 'fuzz-a', 'fuzz-b', 'default', 'kube-system'];
const names = ['a', 'b', 'c', 'd', 'a.b', 'node-1', 'default', 'kubernetes', 'fuzz-a', 'a:80', 'https:a:http'];
const oddSegments = [
  '',
  '.',
  '..',
  '%2e%2e',
  '%2f',
  '%00',
  '%zz',
  '%',
  '%ff',
  '%C3%A4',
  'ä',
  ':',
  'a:b:c:d',
  '*',
  'A',
  '-',
  '__proto__',
  'constructor',
  'toString',
  'watch',
  'namespaces',
  'x'.repeat(300),
  '%0d%0aX:y',
  '~',
  'a+b',
  'a%20b',
  '"',
  '<x>',
  ';a=b',
  '@',
];
const values = {
  limit: ['0', '1', '2', '500', '-1', '99999999999999999999', '1.5', 'x', '', '+1', '0x1', '9223372036854775807'],
  continue: [
    '',
    'x',
    'eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJhIn0',
    Buffer.from('{"v":"meta.k8s.io/v1","rv":-1,"start":"../../x"}').toString('base64url'),
    Buffer.from('{"v":"meta.k8s.io/v1","rv":99999999999999999999,"start":"a\\u0000"}').toString('base64url'),
    Buffer.from('{"v":"meta.k8s.io/v1","rv":"x","start":5}').toString('base64url'),
    Buffer.from('[]').toString('base64url'),
    Buffer.from('null').toString('base64url'),
    '%ff%fe',
    '='.repeat(50),
  ],
  resourceVersion: [
    '',
    '0',
    '1',
    '5',
    '100',
    '999999999',
    '99999999999999999999',
    '18446744073709551615',
    '-1',
    'abc',
    '1.5',
    '0x1',
    ' 1',
  ],
  resourceVersionMatch: ['', 'Exact', 'NotOlderThan', 'exact', 'x'],
  fieldSelector: [
    '',
    'metadata.name=a',
    'metadata.name!=a',
    'metadata.namespace=fuzz-a',
    'status.phase=Running',
    'spec.nodeName=',
    'x=y',
    '=',
    '==',
    'a',
    'a=b=c',
    '\\',
    'a=\\',
    'a=\\,',
    ',',
    ',,',
    'constructor=x',
    'metadata.name=a,metadata.name=b',
    'a=b,'.repeat(2000),
    '\\\\'.repeat(5000),
  ],
  labelSelector: [
    '',
    'app=fuzz',
    'app!=fuzz',
    'app in (fuzz,x)',
    'app notin ()',
    '!app',
    'app',
    'app>1',
    'app<x',
    '(',
    'in in (in)',
    ',',
    '=',
    'a,,b',
    'x=' + 'y'.repeat(64),
    '__proto__=x',
    'app in (' + 'a,'.repeat(5000) + ')',
    'a,'.repeat(3000) + 'a',
    '!'.repeat(1000),
  ],
  timeoutSeconds: ['0', '1', '-1', '99999999999999999999', 'x', '', '2147483648'],
  timeout: ['1s', '0', '-1s', '1', 'x', '1h1h1h', '99999999999999h', '1ns', '1e9s', '.', '1.s', 'µs'],
  dryRun: ['All', '', 'None', 'all', 'All,All', 'x'.repeat(3000)],
  fieldValidation: ['Strict', 'Warn', 'Ignore', '', 'strict', 'x'],
  fieldManager: ['', 'me', 'x'.repeat(129), '\u0001', 'ä'.repeat(100)],
  pretty: ['true', 'false', '1', '', 'x'],
  watch: ['true', '1', 'false', '0', '', 'x'],
  allowWatchBookmarks: ['true', 'x'],
  sendInitialEvents: ['true', 'false', 'x'],
  propagationPolicy: ['Orphan', 'Background', 'Foreground', 'x', ''],
  gracePeriodSeconds: ['0', '1', '-1', '-5', 'x', '99999999999999999999', '1.5'],
  orphanDependents: ['true', 'false', 'x'],
  includeObject: ['None', 'Metadata', 'Object', 'x'],
  force: ['true', 'false', 'x'],
  container: ['main', 'x', ''],
  command: ['true', ''],
  stdin: ['true'],
  stdout: ['true'],
  ports: ['80', '0', 'x', '99999999'],
  path: ['/', '../x'],
  tailLines: ['1', '-1', 'x', '99999999999999999999'],
  limitBytes: ['1', '0', 'x'],
  sinceSeconds: ['1', '0', '-1'],
  sinceTime: ['2026-01-01T00:00:00Z', 'x'],
  previous: ['true'],
  timestamps: ['true'],
  exclude: ['ping', 'etcd', 'x'],
  verbose: ['', '1'],
  '': ['', 'x'],
  __proto__x: ['x'],
  'a[b][c]': ['x'],
};
const accepts = [
  'application/json',
  '*/*',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
  'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
  'application/json;as=Table;v=v9;g=meta.k8s.io',
  'application/json;stream=watch',
  'application/vnd.kubernetes.protobuf, application/json;q=0.5',
  'text/html',
  'application/json;q=0',
  ';',
  ',',
  'application/json;as=constructor;v=__proto__',
  'a/b;q=nan, */*;q=1e9',
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  'application/json;pretty=1',
  'x'.repeat(9000),
  'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
];
const foreign = [
  'evil.example',
  'evil.example:8080',
  '127.0.0.1.evil.example',
  'localhost.evil.example',
  '10.0.0.1',
  '[::2]',
  '169.254.169.254',
  '0',
  '127.1',
  ' ',
  'localhost@evil.example',
  'evil.example#localhost',
  '',
];
const foreignOrigins = [
  'http://evil.example',
  'null',
  'https://127.0.0.1.evil.example',
  'file://',
  'http://localhost.evil.example',
  'x',
  'http://',
  'javascript:alert(1)',
];

const pages = [
  '/',
  '/api',
  '/apis',
  '/api/v1',
  '/apis/',
  '/version',
  '/metrics',
  '/healthz',
  '/livez',
  '/readyz',
  '/readyz/etcd',
  '/healthz/x',
  '/openapi/v2',
  '/openapi/v3',
  '/openapi/v3/api/v1',
  '/openapi/v3/%zz',
  '/openapi/v3/x',
  '/swaggerapi',
  '/logs',
  '/ui',
  '/resetMetrics',
  '/favicon.ico',
  '/api/v2',
  '/apis/x',
  '/apis/x/v1/y',
  '/apis/apps',
  '/apis/%zz',
  '/healthz/%zz',
  '/..',
  '//',
  '//x',
  '/%2e%2e/x',
  '/api/v1/watch/pods',
  '/api/v1/watch/namespaces/fuzz-a/pods/a',
  '/api/v1/proxy/nodes/x',
  '/\\',
  '/api//v1/pods',
  '/api/v1//pods',
  '/api/v1/pods/',
  '/index.html',
  '/' + 'a/'.repeat(2000),
];

/** The cases of one run. */
export class Requests {
  #operations;
  #definitions;
  #seed;

  /** @param document the server's OpenAPI 2 document */
  constructor(document, seed) {
    this.#seed = seed;
    this.#definitions = document.definitions;
    this.#operations = Object.entries(document.paths).flatMap(([path, { parameters: _, ...of }]) =>
      Object.entries(of).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
    );
  }

  /**
   * Case `number`: `parts` to write into a socket, or, with `fetch`, a request for fetch. Beside them stands what may be
   * expected: how many `answers`; whether it is HTTP at all (`malformed`); whether its place is here (`foreign`); whether the
   * client goes before the answer ends (`vanish`, in milliseconds).
   */
  case(number) {
    const random = Random.of(this.#seed, number);
    return random.weighted([
      [55, () => this.#plain(random, random.chance(0.3))],
      [14, () => this.#upgrading(random)],
      [8, () => this.#pipelined(random)],
      [8, () => this.#watching(random)],
      [15, () => this.#broken(random)],
    ])();
  }

  #plain(random, byFetch) {
    const request = this.#request(random);
    const fetchable =
      request.headers.Host === undefined &&
      !['CONNECT', 'TRACE'].includes(request.method) &&
      !(request.method === 'GET' && request.body);
    return byFetch && fetchable ? { fetch: request, ...expectations(request) } : onTheWire([request]);
  }

  #watching(random) {
    const request = this.#request(random, 'GET', false);
    request.path =
      request.path.split('?')[0] +
      '?' +
      query(
        random,
        [
          'watch',
          'watch',
          'resourceVersion',
          'allowWatchBookmarks',
          'sendInitialEvents',
          'resourceVersionMatch',
          'labelSelector',
          'fieldSelector',
          'timeoutSeconds',
          'timeout',
        ],
        'watch=true',
      );
    return { ...onTheWire([request]), vanish: random.pick([5, 50, 200]) };
  }

  #pipelined(random) {
    const requests = Array.from({ length: 2 + random.below(20) }, () =>
      this.#request(random, random.pick(['GET', 'GET', 'POST', 'DELETE'])),
    );
    const clean = requests.filter(
      ({ path, headers, foreign }) =>
        !staysOpen(path) &&
        !foreign &&
        !Object.keys(headers).some((name) => /^(connection|upgrade|expect)$/i.test(name)),
    );
    return clean.length > 1 ? onTheWire(clean) : onTheWire(requests.slice(0, 1));
  }

  #upgrading(random) {
    const request = this.#request(random, random.pick(['GET', 'POST']), false);
    const streams = [
      '/api/v1/namespaces/fuzz-a/pods/a/exec?command=true&stdout=true',
      '/api/v1/namespaces/fuzz-a/pods/b/attach?stdin=true',
      '/api/v1/namespaces/fuzz-a/pods/a/portforward?ports=80',
      '/api/v1/namespaces/fuzz-a/services/a/proxy/',
      '/api/v1/nodes/node-1/proxy/pods',
    ];
    if (random.chance(0.6)) request.path = random.pick(streams);
    request.headers = {
      ...request.headers,
      Connection: random.pick(['Upgrade', 'upgrade, keep-alive', 'keep-alive, Upgrade', 'close']),
      Upgrade: random.pick(['SPDY/3.1', 'websocket', 'WebSocket', 'h2c', 'TLS/1.0', 'x', 'websocket, SPDY/3.1', '']),
      ...(random.chance(0.7) && {
        'Sec-WebSocket-Key': random.pick(['dGhlIHNhbXBsZSBub25jZQ==', 'x', '']),
        'Sec-WebSocket-Version': random.pick(['13', '8', 'x']),
      }),
      ...(random.chance(0.6) && {
        'Sec-WebSocket-Protocol': random.pick([
          'v5.channel.k8s.io',
          'v4.channel.k8s.io',
          'base64.channel.k8s.io',
          'SPDY/3.1+portforward.k8s.io',
          'x',
          ',,',
          '"',
        ]),
      }),
      ...(random.chance(0.6) && {
        'X-Stream-Protocol-Version': random.pick(['v4.channel.k8s.io', 'portforward.k8s.io', 'x', '']),
      }),
    };
    const rest = random.pick([
      Buffer.alloc(0),
      random.bytes(30),
      Buffer.from('8003000100000000', 'hex'),
      Buffer.from('810568656c6c6f', 'hex'),
    ]);
    const { parts, ...expected } = onTheWire([request]);
    return { ...expected, parts: [...parts, rest], vanish: random.pick([20, 200]), upgrade: true };
  }

  /** What no HTTP client sends. */
  #broken(random) {
    const request = this.#request(random, random.pick(['GET', 'POST', 'PUT', 'DELETE', 'PATCH']), random.chance(0.3));
    const { method, path, headers, body } = request;
    const write = ({
      line = `${method} ${path} HTTP/1.1`,
      host = 'Host: localhost\r\n',
      more = '',
      rest = body ?? '',
    }) =>
      Buffer.concat([Buffer.from(`${line}\r\n${host}${headerLines(headers)}${more}\r\n`, 'latin1'), Buffer.from(rest)]);
    const length = body?.length ?? 0;
    const [bytes, options] = random.weighted([
      [
        3,
        () => [
          write({ more: `Content-Length: ${length + 1 + random.below(100)}\r\n` }),
          { halfClose: random.chance(0.5), vanish: 300 },
        ],
      ],
      [2, () => [write({ more: `Content-Length: ${random.below(length + 1)}\r\n` })]],
      [
        1,
        () => [
          write({
            more: `Content-Length: ${random.pick(['-1', 'x', '99999999999999999999999', '1, 1', '0x10', '1e3', ''])}\r\n`,
          }),
        ],
      ],
      [1, () => [write({ more: `Content-Length: ${length}\r\nContent-Length: ${length + 5}\r\n` })]],
      [2, () => [write({ more: `Content-Length: ${length}\r\nTransfer-Encoding: chunked\r\n` })]],
      [
        2,
        () => [
          write({
            more: `Transfer-Encoding: ${random.pick(['chunked, chunked', 'gzip', ' chunked', 'identity', 'xchunked', 'chunked\r\nTransfer-Encoding: identity', '"chunked"'])}\r\n`,
            rest: chunked(body, random),
          }),
        ],
      ],
      [3, () => [write({ more: 'Transfer-Encoding: chunked\r\n', rest: chunked(body, random) }), { vanish: 500 }]],
      [
        2,
        () => [
          write({
            more: 'Transfer-Encoding: chunked\r\n',
            rest: random.pick([
              'zz\r\n',
              '-1\r\n',
              'ffffffffffffffffffff\r\n',
              '5\r\nab',
              '0;x=y\r\nA: b\r\n\r\n',
              '5 \r\nabcde\r\n0\r\n\r\n',
              '3\nabc\n0\n\n',
            ]),
          }),
          { vanish: 300 },
        ],
      ],
      [1, () => [write({ host: '' })]],
      [1, () => [write({ host: 'Host: localhost\r\nHost: evil.example\r\n' })]],
      [1, () => [write({ line: `${method} ${path} HTTP/1.0` })]],
      [1, () => [write({ line: `${method} ${path} HTTP/${random.pick(['0.9', '2.0', '1.1.1', '9.9', 'x'])}` })]],
      [1, () => [write({ line: `${method} ${path}` })]],
      [
        1,
        () => [
          write({
            line: random.pick([
              'PRI * HTTP/2.0',
              'GET * HTTP/1.1',
              'OPTIONS * HTTP/1.1',
              'CONNECT localhost:80 HTTP/1.1',
              'get / HTTP/1.1',
              ' GET / HTTP/1.1',
              '\r\n\r\nGET / HTTP/1.1',
              'GET  / HTTP/1.1',
              'GET /a b HTTP/1.1',
              'GET http://localhost/api HTTP/1.1',
              'GET http://evil.example/api HTTP/1.1',
              'GET //[/x HTTP/1.1',
              'GET ?x HTTP/1.1',
              'GET /\u00ff HTTP/1.1',
              'GET /\0 HTTP/1.1',
              'FROB / HTTP/1.1',
              '',
            ]),
          }),
          { vanish: 300 },
        ],
      ],
      [1, () => [write({ more: `X: ${'x'.repeat(random.pick([20_000, 70_000, 1_100_000]))}\r\n` })]],
      [
        1,
        () => [
          write({
            more: Array.from({ length: random.pick([100, 1999, 2500]) }, (_, index) => `X-${index}: y\r\n`).join(''),
          }),
        ],
      ],
      [
        1,
        () => [
          write({
            more: random.pick([
              'X: a\0b\r\n',
              'X : y\r\n',
              'X\r\n',
              ': y\r\n',
              ' folded\r\n',
              'X: \u00ff\r\n',
              'X: y\n',
              'X: y\rZ: w\r\n',
              'Ä: x\r\n',
            ]),
          }),
        ],
      ],
      [1, () => [write({ line: `GET /${'a'.repeat(random.pick([8000, 60_000, 1_200_000]))} HTTP/1.1` })]],
      [
        1,
        () => [
          write({ more: `Expect: ${random.pick(['100-continue', '200-ok', ''])}\r\nContent-Length: ${length}\r\n` }),
        ],
      ],
      [2, () => [random.bytes(random.below(300)), { vanish: 100 }]],
      [1, () => [Buffer.from('1603010200010001fc0303', 'hex'), { vanish: 100 }]],
      [
        2,
        () => [
          write({ more: length ? `Content-Length: ${length}\r\n` : '' }).subarray(0, -1 - random.below(20)),
          { vanish: random.pick([0, 20, 100]) },
        ],
      ],
    ])();
    return { parts: [bytes], answers: 1, malformed: true, methods: [method], paths: [path], vanish: 600, ...options };
  }

  /** @returns `{ method, path, headers, body, foreign }` */
  #request(random, method, withBody = true) {
    const page = random.chance(0.08);
    const { path: template, method: ownMethod, operation } = random.pick(this.#operations);
    method ??= random.chance(0.85) ? ownMethod : random.pick(methods);
    let path = page
      ? random.pick(pages)
      : template.replaceAll(/\{(\w+)\}/g, (_, name) =>
          name === 'namespace'
            ? random.pick(namespaces)
            : name === 'name'
              ? random.pick(names)
              : random.pick(['x', 'a/b', '']),
        );
    if (random.chance(0.06)) path = oddPath(path, random);
    const wanted = (operation.parameters ?? []).map(({ name, $ref }) => name ?? $ref.split('/').at(-1));
    const chosen = random.chance(0.5) ? [] : wanted.length > 0 && random.chance(0.7) ? wanted : Object.keys(values);
    if (chosen.length > 0)
      path += `?${query(
        random,
        chosen.filter((name) => name !== 'body'),
      )}`;
    const headers = {};
    if (random.chance(0.6)) headers.Accept = random.pick(accepts);
    if (random.chance(0.3))
      headers['Accept-Encoding'] = random.pick(['gzip', 'gzip, deflate, br', 'identity', '*', 'gzip;q=0']);
    if (random.chance(0.3))
      headers['User-Agent'] = random.pick(['kubectl/v1.32.4 (linux/amd64)', '', '/', 'x'.repeat(500), '\u00e4']);
    if (random.chance(0.03))
      headers.Authorization = random.pick([
        'Bearer x',
        'Bearer a.b.c',
        'Bearer ',
        'Basic eDp5',
        'x',
        `Bearer ${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`,
      ]);
    if (random.chance(0.02))
      headers[
        random.pick([
          'Impersonate-User',
          'Impersonate-Group',
          'Impersonate-Uid',
          'Impersonate-Extra-%zz',
          'Impersonate-Extra-x',
        ])
      ] = random.pick(['me', '', 'system:masters']);
    if (random.chance(0.03)) headers['If-None-Match'] = '"x"';
    const outsider = random.chance(0.04);
    if (outsider) {
      if (random.chance(0.5)) headers.Host = random.pick(foreign);
      else headers.Origin = random.pick(foreignOrigins);
    } else if (random.chance(0.05))
      headers.Origin = random.pick(['http://localhost:3000', 'http://127.0.0.1', 'http://[::1]:8080']);
    const request = { method, path, headers, foreign: outsider };
    if (withBody && (method !== 'GET' || random.chance(0.03)) && method !== 'HEAD')
      Object.assign(request, this.#body(template, method, operation, random));
    return request;
  }

  #body(template, method, operation, random) {
    if (method === 'DELETE' && random.chance(0.6)) return {};
    const { group = '', version = 'v1', kind = 'ConfigMap' } = operation['x-kubernetes-group-version-kind'] ?? {};
    const apiVersion = group === '' ? version : `${group}/${version}`;
    const schema = Object.values(this.#definitions).find((each) =>
      each['x-kubernetes-group-version-kind']?.some(
        (of) => of.kind === kind && of.group === group && of.version === version,
      ),
    );
    const namespace = template.includes('{namespace}') && random.chance(0.3) ? random.pick(namespaces) : undefined;
    const of = method === 'DELETE' ? { apiVersion: 'v1', kind: 'DeleteOptions' } : { apiVersion, kind };
    const object = anObject(
      { ...of, name: random.pick(names), namespace, schema, definitions: this.#definitions },
      random,
    );
    const { body, contentType, contentEncoding } =
      method === 'PATCH' ? aPatch(object, random) : encode(mutate(object, random), random);
    const headers = {
      ...(contentType !== undefined && { 'Content-Type': contentType }),
      ...(contentEncoding && { 'Content-Encoding': contentEncoding }),
    };
    return { body, bodyHeaders: headers };
  }
}

function query(random, chosen, first = '') {
  const pairs = first === '' ? [] : [first];
  for (let times = 1 + random.below(4); times > 0; times--) {
    const name = random.pick(chosen);
    const value = random.pick(values[name] ?? ['true', 'x', '']);
    pairs.push(
      random.weighted([
        [20, () => `${name}=${encodeURIComponent(value.toWellFormed?.() ?? value)}`],
        [1, () => name],
        [1, () => `${name}=%zz`],
        [1, () => `${name}=a;b=c`],
        [1, () => `${name}=1&${name}=2`],
        [0.2, () => `${'a=b&'.repeat(3000)}`],
      ])(),
    );
  }
  return pairs.join('&');
}

function oddPath(path, random) {
  const segments = path.split('/');
  const at = 1 + random.below(segments.length - 1);
  random.pick([
    () => (segments[at] = random.pick(oddSegments)),
    () => segments.splice(at, 0, random.pick(oddSegments)),
    () => segments.splice(at, 1),
    () => segments.push(random.pick(oddSegments)),
  ])();
  return encodeURI(segments.join('/')).replaceAll('%25', '%');
}

/** Does the answer to this never end by itself? */
const staysOpen = (path) => /[?&](watch|follow)(=(?!0\b|false\b)|&|$)|\/watch\//.test(path);

const expectations = ({ method, path, foreign }) => ({
  answers: 1,
  methods: [method],
  paths: [path],
  ...(foreign && { foreign }),
  ...(staysOpen(path) && { vanish: 200 }),
});

/** Requests as HTTP writes them, one after the other. */
function onTheWire(requests) {
  const parts = requests.map(({ method, path, headers, body, bodyHeaders }) => {
    const all = { Host: 'localhost', ...headers, ...bodyHeaders, ...(body && { 'Content-Length': body.length }) };
    return Buffer.concat([
      Buffer.from(`${method} ${path} HTTP/1.1\r\n${headerLines(all)}\r\n`, 'latin1'),
      body ?? Buffer.alloc(0),
    ]);
  });
  const [only] = requests;
  if (requests.length === 1) return { parts, ...expectations(only) };
  return {
    parts,
    answers: requests.length,
    methods: requests.map(({ method }) => method),
    paths: requests.map(({ path }) => path),
  };
}

const headerLines = (headers) =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');

function chunked(body, random) {
  const parts = [];
  for (let at = 0; body && at < body.length;) {
    const size = Math.min(body.length - at, 1 + random.below(2000));
    parts.push(Buffer.from(`${size.toString(16)}\r\n`), body.subarray(at, at + size), Buffer.from('\r\n'));
    at += size;
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')]);
}
