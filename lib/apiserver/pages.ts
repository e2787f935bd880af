/** Everything that is no resource: discovery, health, the version. */
import type { Reply } from './answer.js';
import type { User } from './authentication/authentication.js';
import { aggregatedForm, aggregatedType, Discovery } from './discovery.js';
import { noSuchResource } from './resources.js';
import type { ServedKinds } from './served.js';

export interface PageRequest extends Reply {
  readonly pathname: string;
  readonly query: URLSearchParams;
  readonly user: User;
}

export class Pages {
  readonly #served: ServedKinds;
  readonly #discovery: Discovery;

  constructor(served: ServedKinds) {
    this.#served = served;
    this.#discovery = new Discovery(served.all);
  }

  async handle({ request, response, pathname }: PageRequest): Promise<void> {
    const json = (value: object, type = 'application/json'): void => {
      const body = JSON.stringify(value) + '\n';
      response.writeHead(200, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
      response.end(body);
    };
    const text = (code: number, body: string): void => {
      response.writeHead(code, { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' });
      response.end(body);
    };
    const path = pathname.replace(/\/$/, '');
    const segments = path.split('/');
    const form = aggregatedForm(request.headers.accept);
    if (path === '/api' || path === '/apis') {
      const core = path === '/api';
      if (form) return json(this.#discovery.aggregated(core, form), aggregatedType(form));
      return json(core ? this.#discovery.versions(String(request.headers.host)) : this.#discovery.groupList());
    }
    if (segments[1] === 'api') {
      const found = segments.length === 3 && this.#discovery.resourceList('', segments[2]!);
      if (!found) throw noSuchResource();
      return json(found);
    }
    if (segments[1] === 'apis' && this.#served.hasGroup(segments[2]!)) {
      const [, , group = '', version] = segments;
      const found = version === undefined ? this.#discovery.group(group) : this.#discovery.resourceList(group, version);
      if (!found || segments.length > 4) throw noSuchResource();
      return json(found);
    }
    if (path === '/version') return json(version);
    if (path === '/healthz' || path === '/livez' || path === '/readyz') return text(200, 'ok');
    text(404, '404 page not found\n');
  }
}

const version = {
  major: '1',
  minor: '36',
  gitVersion: 'v1.36.2',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: 'go1.26',
  compiler: 'gc',
  platform: 'linux/amd64',
};
