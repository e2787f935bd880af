/**
 * Everything that is no resource, carried by express: discovery, health, metrics, OpenAPI, the version, and the list of
 * all that at `/`.
 */
import express, { type Express, type Request, type Response } from 'express';
import { encodeYAML } from '../api/encode/yaml.js';
import { OpenAPI } from '../api/openapi/index.js';
import { internalError, type StatusError } from '../api/status.js';
import { answerStatus, type Reply } from './answer.js';
import { aggregatedType, Discovery, documentForm, type DocumentForm } from './discovery.js';
import { type Check, healthPage, notFoundPage, plain } from '../util/index.js';
import type { Metrics } from './metrics.js';
import { mediaTypes } from './negotiate.js';
import { noSuchResource } from './resources.js';
import type { ServedKinds } from './served.js';
import { configurationOf, configurationPath, keySetOf, keysPath, type OpenID } from './tokens/openid.js';

export interface PagesOptions {
  readonly served: ServedKinds;
  readonly metrics: Metrics;
  /** What must work for the server to be well, by name: `etcd` is the store, whichever it is. */
  readonly checks: ReadonlyMap<string, Check>;
  /** Whether the server is about to end: it is then no longer ready. */
  readonly ending: () => boolean;
  /** By what others verify our tokens. */
  readonly openID: OpenID;
}

/** Which Kubernetes' API this is; kubectl picks its behaviour by it. */
const version = {
  major: '1',
  minor: '36',
  gitVersion: 'v1.36.2',
  gitCommit: '0000000000000000000000000000000000000000',
  gitTreeState: 'clean',
  buildDate: '2016-06-01T12:00:00Z',
  goVersion: 'go1.26.0',
  compiler: 'gc',
  platform: `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`,
};

export class Pages {
  readonly #app: Express;
  readonly #options: PagesOptions;
  readonly #discovery: Discovery;
  readonly #openapi: OpenAPI;

  constructor(options: PagesOptions) {
    this.#options = options;
    this.#discovery = new Discovery(options.served.all);
    this.#openapi = new OpenAPI({ kinds: options.served.all, version: version.gitVersion });
    this.#app = this.#build();
  }

  handle({ request, response, auditId }: Reply): void {
    response.setHeader('Audit-Id', auditId);
    this.#app(request, response);
  }

  #build(): Express {
    const { served, metrics, checks, ending, openID } = this.#options;
    const app = express();
    app.disable('x-powered-by').disable('etag').set('case sensitive routing', true);

    app.get('/api', (request, response) => this.#roots(request, response, true));
    app.get('/apis', (request, response) => this.#roots(request, response, false));
    app.get('/api/:version', (request, response) => {
      found(request, response, this.#discovery.resourceList('', request.params.version));
    });
    app.get('/apis/:group', (request, response, next) => {
      if (!served.hasGroup(request.params.group)) return next();
      found(request, response, this.#discovery.group(request.params.group));
    });
    app.get('/apis/:group/:version', (request, response, next) => {
      const { group, version } = request.params;
      if (!served.hasGroup(group)) return next();
      found(request, response, this.#discovery.resourceList(group, version));
    });

    const ready = new Map<string, Check>([
      ...checks,
      [
        'shutdown',
        () => {
          if (ending()) throw new Error('the server is ending');
        },
      ],
    ]);
    for (const [path, list] of [
      ['healthz', checks],
      ['livez', checks],
      ['readyz', ready],
    ] as const) {
      app.all([`/${path}`, `/${path}/:check`], healthPage(path, list));
    }
    app.get('/openapi/v2', (request, response) => {
      const protobuf = String(request.headers.accept).includes('com.github.proto-openapi.spec.v2');
      if (protobuf)
        bytes(response, this.#openapi.v2Protobuf(), 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf');
      else bytes(response, this.#openapi.v2(), 'application/json');
    });
    // As upstream's: the one document that is not announced as JSON.
    app.get('/openapi/v3', (_request, response) => {
      bytes(response, Buffer.from(JSON.stringify(this.#openapi.index())), 'text/plain; charset=utf-8');
    });
    app.get('/openapi/v3/*path', (request, response) => {
      const path = ([] as string[]).concat(request.params.path).join('/');
      const document = this.#openapi.v3(path);
      if (!document) return void response.writeHead(404).end();
      const tag = `"${this.#openapi.hash(path)}"`;
      response.setHeader('ETag', tag);
      if (request.headers['if-none-match'] === tag) return void response.writeHead(304).end();
      bytes(response, document, 'application/json');
    });
    app.get(configurationPath, (request, response) => {
      const server = `${'encrypted' in request.socket ? 'https' : 'http'}://${request.headers.host}`;
      announce(response, configurationOf(openID, server), 'application/json');
    });
    app.get(keysPath, (_request, response) => announce(response, keySetOf(openID), 'application/jwk-set+json'));
    app.get('/version', (_request, response) => json(response, version));
    app.get('/metrics', (_request, response) => {
      response.type('text/plain; version=0.0.4; charset=utf-8').send(metrics.text());
    });
    app.delete('/metrics', (_request, response) => {
      metrics.reset();
      plain(response, 200, 'metrics reset\n');
    });
    app.get('/resetMetrics', (_request, response) => {
      metrics.reset();
      plain(response, 200, 'metrics reset\n');
    });
    app.get('/', (_request, response) => json(response, { paths: this.#paths() }));
    app.use((request, response) => {
      // Inside a group that is known here what is missing is told as a Status.
      const [, root, group = ''] = request.path.split('/');
      const known = root === 'api' || (root === 'apis' && served.hasGroup(group));
      if (known) return void refuse(request, response, noSuchResource());
      notFoundPage(response);
    });
    // With four parameters it is express's handler of errors, which would else show where they happened; bytes that are no text have a status.
    app.use((error: Error & { status?: number }, request: Request, response: Response, _next: unknown) => {
      if (error.status === 400) plain(response, 400, '400 Bad Request');
      else refuse(request, response, internalError(error));
    });
    return app;
  }

  #roots(request: Request, response: Response, core: boolean): void {
    const form = formFor(request, response);
    if (!form) return;
    response.vary('Accept');
    if (form === 'v2' || form === 'v2beta1') {
      json(response, this.#discovery.aggregated(core, form), aggregatedType(form));
    } else {
      const plain = core ? this.#discovery.versions(String(request.headers.host)) : this.#discovery.groupList();
      show(response, plain, form);
    }
  }

  #paths(): string[] {
    const { checks } = this.#options;
    const paths = [
      configurationPath,
      ...['/api', '/apis', '/apis/', '/metrics', '/openapi/v2', '/openapi/v3', '/openapi/v3/', keysPath, '/version'],
    ];
    for (const [group, versions] of this.#discovery.groups()) {
      if (group !== '') paths.push(`/apis/${group}`);
      for (const version of versions) paths.push(group === '' ? `/api/${version}` : `/apis/${group}/${version}`);
    }
    for (const page of ['healthz', 'livez', 'readyz']) {
      paths.push(`/${page}`, ...[...checks.keys()].map((check) => `/${page}/${check}`));
    }
    return [...paths, '/readyz/shutdown'].sort();
  }
}

function found(request: Request, response: Response, document: object | undefined): void {
  if (document) {
    const form = formFor(request, response);
    if (form) show(response, document, form);
  } else refuse(request, response, noSuchResource());
}

/** The form in which a client wants a document; if there is none it is told so, and undefined returned. */
function formFor(request: Request, response: Response): DocumentForm | undefined {
  try {
    return documentForm(request.headers.accept);
  } catch (error) {
    void refuse(request, response, error as StatusError);
    return undefined;
  }
}

function show(response: Response, document: object, form: DocumentForm): void {
  if (form === 'yaml') bytes(response, Buffer.from(encodeYAML(document)), mediaTypes.yaml);
  else json(response, document);
}

const refuse = (request: Request, response: Response, error: StatusError): Promise<void> =>
  answerStatus({ request, response, auditId: String(response.getHeader('Audit-Id')), warnings: [] }, error);

const json = (response: Response, value: object, type = 'application/json'): void =>
  bytes(response, Buffer.from(JSON.stringify(value) + '\n'), type);

/** Written by hand, since express would add a charset that upstream's answers do not have. */
function bytes(response: Response, body: Buffer, type: string): void {
  response.writeHead(200, {
    'Content-Type': type,
    'Content-Length': body.length,
    'Cache-Control': 'no-cache, private',
  });
  response.end(body);
}

/** For everybody, and for an hour. */
function announce(response: Response, document: object, type: string): void {
  const body = Buffer.from(JSON.stringify(document));
  response.writeHead(200, {
    'Content-Type': type,
    'Content-Length': body.length,
    'Cache-Control': 'public, max-age=3600',
  });
  response.end(body);
}
