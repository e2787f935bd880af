/** Two API servers over one store: whatever one has answered, the other knows. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithEtcd, Etcd } from '../../test/support/etcd.js';
import { Pki } from '../cluster/pki.js';
import { realClock, Scope, silent as log, SteppedClock } from '../util/index.js';
import { ApiServer } from './server.js';
import { openStorage } from './storage/index.js';

import.meta.jest.setTimeout(30_000);

interface Answer {
  readonly code: number;
  readonly body: any;
}

async function ask(server: ApiServer, method: string, path: string, body?: object): Promise<Answer> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  const response = await fetch(server.url + path, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'Content-Type': type } }),
  });
  return { code: response.status, body: await response.json() };
}

const configmaps = '/api/v1/namespaces/default/configmaps';
const configmap = (name: string, data: Record<string, string> = {}) => ({ metadata: { name }, data });

describeWithEtcd('two servers over one etcd', () => {
  let scope: Scope;
  let etcd: Etcd;
  let one: ApiServer;
  let two: ApiServer;

  async function start(serviceRange = '10.0.0.0/27'): Promise<ApiServer> {
    const storage = scope.use(await openStorage({ etcd: { endpoints: [etcd.endpoint] } }, { clock: realClock, log }));
    return scope.use(await ApiServer.start({ storage, clock: realClock, log, port: 0, serviceRange }));
  }

  beforeEach(async () => {
    scope = new Scope();
    etcd = scope.use(await Etcd.start());
    [one, two] = [await start(), await start()];
  });
  afterEach(() => scope[Symbol.asyncDispose]());

  test('show at once what the other has answered', async () => {
    for (let i = 0; i < 50; i++) {
      const [writer, reader] = i % 2 ? [one, two] : [two, one];
      const created = await ask(writer, 'POST', configmaps, configmap(`c${i}`));
      expect(created.code).toBe(201);
      expect(await ask(reader, 'GET', `${configmaps}/c${i}`)).toMatchObject({ code: 200, body: created.body });
      const { body: list } = await ask(writer, 'GET', configmaps);
      expect(list.items).toHaveLength(i + 1);
    }
  });

  test('refuse nothing for what the other has just made', async () => {
    for (let i = 0; i < 20; i++) {
      const [writer, other] = i % 2 ? [one, two] : [two, one];
      expect((await ask(writer, 'POST', '/api/v1/namespaces', { metadata: { name: `n${i}` } })).code).toBe(201);
      const path = `/api/v1/namespaces/n${i}/configmaps`;
      const { code, body } = await ask(other, 'POST', path, configmap('c'));
      expect(code).toBe(201);
      const put = await ask(writer, 'PUT', `${path}/c`, { ...body, data: { a: String(i) } });
      expect(put.code).toBe(200);
      expect((await ask(other, 'PUT', `${path}/c`, { ...put.body, data: { a: 'b' } })).code).toBe(200);
      expect((await ask(writer, 'DELETE', `${path}/c`)).code).toBe(200);
      expect((await ask(other, 'GET', `${path}/c`)).code).toBe(404);
    }
  });

  test('lose no update, whichever of them is asked', async () => {
    await ask(one, 'POST', configmaps, configmap('counter'));
    await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        ask(i % 2 ? one : two, 'PATCH', `${configmaps}/counter`, { data: { [`k${i}`]: '' } }),
      ),
    );
    const { body } = await ask(one, 'GET', `${configmaps}/counter`);
    expect(Object.keys(body.data)).toHaveLength(40);
  });

  test('show a watch of either the same, in the same order', async () => {
    const { body: list } = await ask(one, 'GET', configmaps);
    const from = `${configmaps}?watch=true&resourceVersion=${list.metadata.resourceVersion}&timeoutSeconds=3`;
    const watches = [one, two].map(async (server) => (await fetch(server.url + from)).text());
    for (let i = 0; i < 20; i++) await ask(i % 3 ? one : two, 'POST', configmaps, configmap(`c${i}`));
    const [seen, other] = await Promise.all(watches);
    expect(seen!.trim().split('\n')).toHaveLength(20);
    expect(other).toBe(seen);
  });

  test('wait, where a version is asked for that they have not seen', async () => {
    const { body } = await ask(one, 'POST', configmaps, configmap('c'));
    const { resourceVersion } = body.metadata;
    const list = await ask(
      two,
      'GET',
      `${configmaps}?resourceVersion=${resourceVersion}&resourceVersionMatch=NotOlderThan`,
    );
    expect(list.body.items.map(({ metadata }: any) => metadata.name)).toContain('c');
    // Others may write into the same etcd: its revision grows, and nothing waits in vain.
    etcd.ctl(['put', '/others/key', 'value']);
    expect((await ask(two, 'GET', configmaps)).code).toBe(200);
    const far = await ask(two, 'GET', `${configmaps}?resourceVersion=${Number(resourceVersion) + 1000}`);
    expect(far).toMatchObject({ code: 504, body: { reason: 'Timeout' } });
  });

  describe('give no address and no port away twice', () => {
    const services = '/api/v1/namespaces/default/services';
    const service = (name: string, spec: object = {}) => ({
      metadata: { name },
      spec: { type: 'NodePort', ports: [{ port: 80 }], ...spec },
    });

    test('whichever server is asked', async () => {
      const create = (i: number) => ask(i % 2 ? one : two, 'POST', services, service(`s${i}`));
      const made = await Promise.all(Array.from({ length: 24 }, (_, i) => create(i)));
      // As many as the range has; what two would have at once is lost to both for a moment, so the last come alone.
      for (let i = 24; i < 30; i++) made.push(await create(i));
      expect(made.map(({ code }) => code)).toEqual(made.map(() => 201));
      const specs = made.map(({ body }) => body.spec);
      expect(new Set(specs.map(({ clusterIP }) => clusterIP)).size).toBe(30);
      expect(new Set(specs.map(({ ports }) => ports[0].nodePort)).size).toBe(30);
      const full = await ask(one, 'POST', services, service('full'));
      expect(full.body.message).toBe('Internal error occurred: failed to allocate a serviceIP: range is full');
      // What is given back can be had again, at the other server too; of the claims nothing is left.
      expect((await ask(one, 'DELETE', `${services}/s7`)).code).toBe(200);
      const again = await ask(two, 'POST', services, service('again', { clusterIP: specs[7].clusterIP }));
      expect(again.code).toBe(201);
      expect(etcd.ctl(['get', '--prefix', '--keys-only', '/registry/ranges/'])).toBe('');
    });

    test('not even one that is asked for at both', async () => {
      for (let i = 0; i < 5; i++) {
        const wanted = { clusterIP: `10.0.0.${i + 1}`, ports: [{ port: 80, nodePort: 30_000 + i }] };
        const results = await Promise.all(
          [one, two, one, two].map((server, n) => ask(server, 'POST', services, service(`s${i}-${n}`, wanted))),
        );
        expect(results.map(({ code }) => code).sort()).toEqual([201, 422, 422, 422]);
        expect(results.find(({ code }) => code === 422)!.body.message).toContain('already allocated');
      }
    });
  });

  test('lead the Service kubernetes to both, and no longer to one that is gone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kubebook-pki-'));
    scope.defer(() => rmSync(folder, { recursive: true }));
    const pki = await Pki.open({ folder, clock: realClock });
    const serving = await pki.pair('apiserver', { commonName: 'kube-apiserver', addresses: ['127.0.0.1'] });
    const clock = new SteppedClock(realClock.now());
    const startSecure = async (): Promise<ApiServer> => {
      const storage = scope.use(await openStorage({ etcd: { endpoints: [etcd.endpoint] } }, { clock: realClock, log }));
      return ApiServer.start({ storage, clock, log, port: 0, secure: { port: 0, ...serving } });
    };
    const published = async (): Promise<number[][]> => {
      const { body: endpoints } = await ask(one, 'GET', '/api/v1/namespaces/default/endpoints/kubernetes');
      const { body: slices } = await ask(
        one,
        'GET',
        '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io/service-name=kubernetes',
      );
      const subsets: any[] = endpoints.subsets;
      return [subsets, slices.items].map((each) => each.map(({ ports }: any) => ports[0].port).sort());
    };
    const portOf = (server: ApiServer): number => Number(new URL(server.secureUrl!).port);

    const first = scope.use(await startSecure());
    expect(await published()).toEqual([[portOf(first)], [portOf(first)]]);
    const second = await startSecure();
    const both = [portOf(first), portOf(second)].sort();
    expect(await published()).toEqual([both, both]);
    await clock.advance(20_000);
    expect(await published()).toEqual([both, both]);

    // One that ends says so; one that dies is missed.
    await second[Symbol.asyncDispose]();
    expect(await published()).toEqual([[portOf(first)], [portOf(first)]]);
    etcd.ctl(['put', '/registry/masterleases/127.0.0.1:1', '{"host":"127.0.0.1","port":1}']);
    const until = async (wanted: number[]): Promise<void> => {
      for (let i = 0; i < 100 && JSON.stringify(await published()) !== JSON.stringify([wanted, wanted]); i++);
      expect(await published()).toEqual([wanted, wanted]);
    };
    await clock.advance(10_000);
    await until([1, portOf(first)]);
    await clock.advance(10_000);
    await until([1, portOf(first)]);
    await clock.advance(10_000);
    await until([portOf(first)]);
  });
});
