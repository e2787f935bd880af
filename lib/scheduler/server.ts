/**
 * The scheduler's own port: its health, its figures, and its reasons.
 *
 * ```
 * GET /explain/NAMESPACE/NAME             why is this Pod where it is? JSON; text with "Accept: text/plain"
 * GET /explain/NAMESPACE/NAME?node=NODE   why is it not on that node? (text)
 * GET /explain/NAMESPACE/NAME?wide        every predicate's verdict on every node (text)
 * GET /explain                            the last attempts in brief, the newest first; ?pod=NAMESPACE/NAME: those at one Pod
 * GET /snapshot                           the cluster as the scheduler knows it: a v1 List, for "kubebook place"
 * GET /metrics  /healthz  /livez  /readyz
 * ```
 * It is plain HTTP and knows no users: it listens on loopback unless told otherwise, and then answers only requests whose Host
 * and Origin are local. Whoever has it listen elsewhere lets everybody read. (Upstream's is HTTPS, with the API server asked who
 * may come.)
 *
 * @see https://kubernetes.io/docs/reference/command-line-tools-reference/kube-scheduler/
 */
import express, { type Express, type Request, type Response } from 'express';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { notFound, serviceUnavailable } from '../api/status.js';
import { pods } from '../api/resources.js';
import { healthPage, isLocal, notFoundPage, plain, type Check, type Log } from '../util/index.js';
import { explanationText, whyNotText } from './explanation-text.js';
import { explanationJSON } from './explanation.js';
import type { Scheduler } from './scheduler.js';

/** Upstream's, where it is HTTPS. */
export const defaultSchedulerPort = 10259;

/** Whose port it is, and where. */
export interface SchedulerServerOptions {
  readonly scheduler: Pick<Scheduler, 'explain' | 'attempts' | 'metrics' | 'snapshot' | 'synced'>;
  readonly log: Log;
  /** 0 is any free one. */
  readonly port: number;
  /** 127.0.0.1 if left out. */
  readonly bindAddress?: string;
}

/** The scheduler's own port, until it is disposed. */
export class SchedulerServer implements AsyncDisposable {
  /** `http://127.0.0.1:10259` */
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server) {
    const { address, family, port } = server.address() as AddressInfo;
    this.url = `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
    this.#server = server;
  }

  /** Resolves when it listens. @throws Error (`EADDRINUSE`) */
  static async start(options: SchedulerServerOptions): Promise<SchedulerServer> {
    const { port, bindAddress = '127.0.0.1' } = options;
    const server = createServer(pages(options, bindAddress));
    server.listen(port, bindAddress);
    await once(server, 'listening');
    return new SchedulerServer(server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

const noHosts: ReadonlySet<string> = new Set();

function pages({ scheduler, log }: SchedulerServerOptions, bindAddress: string): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag').set('case sensitive routing', true);
  const onlyLocal = isLocal({ host: bindAddress.includes(':') ? `[${bindAddress}]` : bindAddress }, noHosts);
  app.use((request, response, next) => {
    if (!onlyLocal || isLocal(request.headers, noHosts)) return next();
    plain(response, 403, 'this port answers only this machine\n');
  });

  const alive = new Map<string, Check>([['ping', () => {}]]);
  const ready = new Map<string, Check>([
    ...alive,
    [
      'sched-handler-sync',
      () => {
        if (!scheduler.synced) throw new Error('waiting for handlers to sync');
      },
    ],
  ]);
  for (const [path, checks] of [
    ['healthz', alive],
    ['livez', alive],
    ['readyz', ready],
  ] as const) {
    app.get([`/${path}`, `/${path}/:check`], healthPage(path, checks));
  }
  app.get('/metrics', (_request, response) => {
    response.type('text/plain; version=0.0.4; charset=utf-8').send(scheduler.metrics());
  });
  app.get('/explain', (request, response) => {
    const { pod } = request.query;
    response.json(scheduler.attempts(typeof pod === 'string' ? pod : undefined));
  });
  app.get('/explain/:namespace/:name', (request, response) => explainPod(scheduler, request, response));
  app.get('/snapshot', (_request, response) => response.json(scheduler.snapshot()));
  app.get('/', (_request, response) =>
    response.json({ paths: ['/explain', '/healthz', '/livez', '/metrics', '/readyz', '/snapshot'] }),
  );
  app.use((_request, response) => notFoundPage(response));
  app.use((error: unknown, _request: Request, response: Response, _next: unknown) => {
    log.warn('a request could not be answered', { error });
    plain(response, 500, `${error instanceof Error ? error.message : String(error)}\n`);
  });
  return app;
}

const idle = 'this scheduler knows of no pods yet: it has only just been started, or another one leads';

function explainPod(scheduler: SchedulerServerOptions['scheduler'], request: Request, response: Response): void {
  const { namespace, name } = request.params as { namespace: string; name: string };
  const explanation = scheduler.explain(`${namespace}/${name}`);
  const text = request.accepts(['application/json', 'text/plain']) === 'text/plain';
  response.vary('Accept');
  if (!explanation) {
    const { status } = scheduler.synced ? notFound(pods, name) : serviceUnavailable(idle);
    return void (text
      ? plain(response, status.code!, `${status.message}\n`)
      : response.status(status.code!).json(status));
  }
  if (!text) return void response.json(explanationJSON(explanation));
  const { node, wide } = request.query;
  if (typeof node !== 'string') return plain(response, 200, explanationText(explanation, { wide: wide !== undefined }));
  if (explanation.table?.some((verdict) => verdict.node === node) === false)
    return plain(response, 404, `there was no node ${JSON.stringify(node)}\n`);
  plain(response, 200, whyNotText(explanation, node));
}
