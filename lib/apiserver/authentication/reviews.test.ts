import { TestApi } from '../../../test/support/api.js';
import { tokenFile } from './bearer.js';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.start({ authenticators: [tokenFile('secret,ann,7,"dev,ops"')] });
  await api.post(accounts, { metadata: { name: 'robot' } });
});
afterAll(() => api[Symbol.asyncDispose]());

const accounts = '/api/v1/namespaces/default/serviceaccounts';
const reviews = '/apis/authentication.k8s.io/v1';
const issuer = 'https://kubernetes.default.svc';
const tokenFor = async (audiences: string[]) =>
  (await api.post(`${accounts}/robot/token`, { spec: { audiences } })).body.status.token as string;

test('whoever asks is told who he is', async () => {
  const answer = await api.request('POST', `${reviews}/selfsubjectreviews`, {}, {
    'impersonate-user': 'jane',
    'impersonate-group': 'dev',
    'impersonate-extra-scope': 'one',
  }); // prettier-ignore
  expect([answer.code, answer.body.kind]).toEqual([201, 'SelfSubjectReview']);
  expect(answer.body.status.userInfo).toEqual({
    username: 'jane',
    groups: ['dev', 'system:authenticated'],
    extra: { scope: ['one'] },
  });
  expect(answer.body.metadata).toEqual({ creationTimestamp: expect.any(String) });
});

describe('a token', () => {
  const review = async (spec: object) => (await api.post(`${reviews}/tokenreviews`, { spec })).body;

  test('of a service account is recognised, for whom it is meant', async () => {
    const token = await tokenFor([issuer, 'vault']);
    expect((await review({ token })).status).toMatchObject({
      authenticated: true,
      user: { username: 'system:serviceaccount:default:robot' },
      audiences: [issuer],
    });
    expect((await review({ token, audiences: ['vault', 'other'] })).status.audiences).toEqual(['vault']);
    expect((await review({ token, audiences: ['other'] })).status).toEqual({
      user: {},
      error: 'invalid bearer token',
    });
  });

  test('of a file is recognised, for this server only', async () => {
    expect((await review({ token: 'secret' })).status).toEqual({
      authenticated: true,
      user: { username: 'ann', uid: '7', groups: ['dev', 'ops', 'system:authenticated'] },
      audiences: [issuer],
    });
    expect((await review({ token: 'secret', audiences: ['vault'] })).status.authenticated).toBeUndefined();
  });

  test('that nobody knows is nobody', async () => {
    expect((await review({ token: 'nonsense' })).status).toEqual({ user: {}, error: 'invalid bearer token' });
    expect(await review({})).toMatchObject({
      code: 400,
      message: 'token is required for TokenReview in authentication',
    });
  });
});
