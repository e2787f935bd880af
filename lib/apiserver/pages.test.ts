import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import { parse } from 'yaml';
import { TestApi } from '../../test/support/api.js';

let api: TestApi;
beforeAll(async () => void (api = await TestApi.start()));
afterAll(() => api[Symbol.asyncDispose]());

const get = (path: string, accept?: string) =>
  fetch(api.server.url + path, { headers: accept === undefined ? {} : { accept } });

describe('discovery', () => {
  const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

  test.each<[path: string, accept: string, kind: string]>([
    ['/api', aggregated, 'APIGroupDiscoveryList'],
    ['/apis', `${aggregated.replace('v2', 'v9')},application/json`, 'APIGroupList'],
    ['/apis', 'text/html, */*;q=0.1', 'APIGroupList'],
    ['/api/v1', `${aggregated},application/json`, 'APIResourceList'],
  ])('%s for who accepts %s is an %s', async (path, accept, kind) => {
    expect(await (await get(path, accept)).json()).toMatchObject({ kind });
  });

  test('may be had as YAML', async () => {
    const response = await get('/apis', 'application/yaml');
    expect(response.headers.get('content-type')).toBe('application/yaml');
    expect(parse(await response.text())).toEqual(await (await get('/apis')).json());
  });

  test.each(['/apis', '/api/v1'])('%s is refused to who accepts no form there is', async (path) => {
    for (const accept of ['text/html', aggregated.replace('v2', 'v9')]) {
      const response = await get(path, accept);
      expect(response.status).toBe(406);
      expect(await response.json()).toMatchObject({ kind: 'Status', reason: 'NotAcceptable' });
    }
  });

  test('says of a subresource of another group where it belongs, of the own nothing', async () => {
    const { items } = (await (await get('/api', aggregated)).json()) as any;
    const pods = items[0].versions[0].resources.find(({ resource }: any) => resource === 'pods');
    const kinds = Object.fromEntries(pods.subresources.map((each: any) => [each.subresource, each.responseKind]));
    expect(kinds.eviction).toEqual({ group: 'policy', version: 'v1', kind: 'Eviction' });
    expect(kinds.log).toEqual({ group: '', version: '', kind: 'Pod' });
  });
});

test('tokens of service accounts can be verified with what the server publishes', async () => {
  const accounts = '/api/v1/namespaces/default/serviceaccounts';
  await api.post(accounts, { metadata: { name: 'robot' } });
  const { body } = await api.post(`${accounts}/robot/token`, { spec: {} });
  const configuration = (await (await get('/.well-known/openid-configuration')).json()) as any;
  expect(configuration).toEqual({
    issuer: 'https://kubernetes.default.svc',
    jwks_uri: `${api.server.url}/openid/v1/jwks`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  });
  const published = await fetch(configuration.jwks_uri);
  expect(published.headers.get('content-type')).toBe('application/jwk-set+json');
  const keys = createLocalJWKSet((await published.json()) as JSONWebKeySet);
  const { payload } = await jwtVerify(body.status.token, keys, {
    issuer: configuration.issuer,
    currentDate: new Date(api.clock.now()),
  });
  expect(payload.sub).toBe('system:serviceaccount:default:robot');
});
