import { TestApi } from '../../test/support/api.js';
import { openEnvelope, readMessage } from '../api/decode/protobuf.js';
import { encodeEnvelope, encodeMessage } from '../api/encode/protobuf.js';
import { definition } from '../api/schema/index.js';

let api: TestApi;
beforeAll(async () => void (api = await TestApi.start()));
afterAll(() => api[Symbol.asyncDispose]());

const protobuf = 'application/vnd.kubernetes.protobuf';
const maps = '/api/v1/namespaces/default/configmaps';
const meta = 'apimachinery.pkg.apis.meta.v1';

async function ask(path: string, accept: string, init: RequestInit = {}) {
  const response = await fetch(api.server.url + path, { ...init, headers: { accept, ...init.headers } });
  const bytes = Buffer.from(await response.arrayBuffer());
  return { code: response.status, type: response.headers.get('content-type'), bytes };
}

/** The object in an envelope, with its kind. */
function read(bytes: Buffer, type: string): any {
  const { raw, ...typeMeta } = openEnvelope(bytes);
  return { ...typeMeta, ...readMessage(raw, definition(type)) };
}

test('an object is the same in protobuf as in JSON', async () => {
  const { body } = await api.post(maps, { metadata: { name: 'm', labels: { a: 'b' } }, data: { k: 'v' } });
  const { code, type, bytes } = await ask(`${maps}/m`, `${protobuf},application/json`);
  expect([code, type]).toEqual([200, protobuf]);
  expect(read(bytes, 'api.core.v1.ConfigMap')).toEqual(body);
});

test('a list holds its version and its items', async () => {
  const { body } = await api.get(`${maps}?limit=1`);
  const { bytes } = await ask(`${maps}?limit=1`, protobuf);
  const list = read(bytes, 'api.core.v1.ConfigMapList');
  expect(list).toEqual(body);
  expect(list.items).toHaveLength(1);
});

test('what is created is answered in protobuf, and what goes wrong too', async () => {
  const raw = encodeMessage({ metadata: { name: 'made' } }, definition('api.core.v1.ConfigMap'));
  const body = encodeEnvelope({ apiVersion: 'v1', kind: 'ConfigMap', raw }) as unknown as string;
  const init = { method: 'POST', body, headers: { 'content-type': protobuf } };
  const first = await ask(maps, protobuf, init);
  expect([first.code, read(first.bytes, 'api.core.v1.ConfigMap').metadata.name]).toEqual([201, 'made']);
  const second = await ask(maps, protobuf, init);
  expect([second.code, second.type]).toEqual([409, protobuf]);
  expect(read(second.bytes, `${meta}.Status`)).toMatchObject({ kind: 'Status', reason: 'AlreadyExists', code: 409 });
});

test('metadata alone comes in protobuf, a Table only in JSON', async () => {
  const metadata = await ask(maps, `${protobuf};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1`);
  const list = read(metadata.bytes, `${meta}.PartialObjectMetadataList`);
  expect([list.kind, list.apiVersion]).toEqual(['PartialObjectMetadataList', 'meta.k8s.io/v1']);
  expect(list.items[0]).toEqual({ metadata: expect.objectContaining({ namespace: 'default' }) });
  const table = 'as=Table;g=meta.k8s.io;v=v1';
  expect((await ask(maps, `${protobuf};${table},application/json;${table}`)).type).toBe('application/json');
  expect((await ask(maps, `${protobuf};${table}`)).code).toBe(406);
});

test('a watch sends its events one after the other, each behind its length', async () => {
  const { body } = await api.get(maps);
  const { resourceVersion } = body.metadata;
  await api.post(maps, { metadata: { name: 'seen' } });
  const path = `${maps}?watch=true&timeoutSeconds=5&resourceVersion=${resourceVersion}`;
  const response = await fetch(api.server.url + path, { headers: { accept: `${protobuf};stream=watch` } });
  expect(response.headers.get('content-type')).toBe(`${protobuf};stream=watch`);
  const reader = response.body!.getReader();
  let bytes: Buffer = Buffer.alloc(0);
  while (bytes.length < 4 || bytes.length < 4 + bytes.readUInt32BE()) {
    bytes = Buffer.concat([bytes, (await reader.read()).value!]);
  }
  await reader.cancel();
  expect(bytes.length).toBe(4 + bytes.readUInt32BE());
  expect(bytes.includes('ADDED')).toBe(true);
  const object = bytes.subarray(bytes.indexOf('k8s\0'));
  expect(read(object, 'api.core.v1.ConfigMap').metadata.name).toBe('seen');
});
