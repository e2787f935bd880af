import { generateKeyPairSync } from 'node:crypto';
import { decodeJwt } from 'jose';
import { StatusError } from '../../api/status.js';
import type { KubernetesObject } from '../../api/types.js';
import { SteppedClock } from '../../util/index.js';
import type { Credentials } from '../authentication/authentication.js';
import { parseTokenFile, serviceAccountTokens, tokenFile, unknownTokens } from '../authentication/bearer.js';
import { impersonated } from '../authentication/impersonation.js';
import type { Reader } from '../reader.js';
import { requestToken, type TokenRequest } from './token-request.js';
import { ServiceAccountTokens } from './tokens.js';

const pem = { type: 'pkcs8', format: 'pem' } as const;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export(pem).toString();
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export(pem).toString();

function cluster(privateKey = ec) {
  const objects = new Map<string, any>();
  const add = (path: string, more: object = {}): void => {
    const [resource, namespace, name] = path.split('/');
    objects.set(path, {
      metadata: { name, ...(namespace && { namespace }), uid: `uid of ${name}` },
      ...more,
      resource,
    });
  };
  const reader: Reader = {
    get: (kind, namespace, name) => objects.get(`${kind.resource}/${namespace}/${name}`),
    list: () => [],
  };
  add('serviceaccounts/default/robot');
  add('nodes//node-1');
  add('pods/default/web', { spec: { serviceAccountName: 'robot', nodeName: 'node-1' } });
  add('pods/default/other', { spec: { serviceAccountName: 'default' } });
  const clock = new SteppedClock();
  const tokens = new ServiceAccountTokens({ privateKey, clock, reader });
  const ask = (spec?: TokenRequest['spec'], metadata?: TokenRequest['metadata'], name = 'robot') =>
    requestToken(
      { tokens, reader, clock },
      { namespace: 'default', name },
      { apiVersion: '', kind: '', spec, metadata },
    ) as Promise<KubernetesObject & { spec: any; status: { token: string; expirationTimestamp: string } }>;
  return { objects, clock, tokens, ask };
}

const boundTo = (name: string, more: object = {}) => ({
  boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name, ...more },
});

describe('a token of a service account', () => {
  test.each([
    ['RSA', rsa],
    ['elliptic', ec],
  ])('signed with an %s key tells who bears it', async (_, key) => {
    const { ask, tokens } = cluster(key);
    const { status, spec, metadata } = await ask();
    expect(metadata).toEqual({ name: 'robot', namespace: 'default', creationTimestamp: '2016-06-01T12:00:00Z' });
    expect(spec).toEqual({
      audiences: ['https://kubernetes.default.svc'],
      expirationSeconds: 3600,
      boundObjectRef: null,
    });
    expect(status.expirationTimestamp).toBe('2016-06-01T13:00:00Z');
    expect(Object.keys(decodeJwt(status.token)).sort()).toEqual([
      'aud',
      'exp',
      'iat',
      'iss',
      'jti',
      'kubernetes.io',
      'nbf',
      'sub',
    ]);
    expect(await tokens.verify(status.token)).toEqual({
      name: 'system:serviceaccount:default:robot',
      uid: 'uid of robot',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
      extra: { 'authentication.kubernetes.io/credential-id': [expect.stringMatching(/^JTI=/)] },
    });
  });

  test('holds until it expires', async () => {
    const { ask, tokens, clock } = cluster();
    const { status } = await ask({ expirationSeconds: 700 });
    await clock.advance(699_000);
    expect(await tokens.verify(status.token)).toBeDefined();
    await clock.advance(1_000);
    expect(await tokens.verify(status.token)).toBeUndefined();
  });

  test('is for its audiences alone', async () => {
    const { ask, tokens } = cluster();
    const { status } = await ask({ audiences: ['elsewhere'] });
    expect(await tokens.verify(status.token)).toBeUndefined();
    expect(await tokens.verify(status.token, ['elsewhere'])).toMatchObject({
      name: 'system:serviceaccount:default:robot',
    });
  });

  test('bound to a pod names pod and node, and dies with the pod', async () => {
    const { ask, tokens, objects, clock } = cluster();
    const { status } = await ask(boundTo('web'));
    expect((await tokens.verify(status.token))!.extra).toMatchObject({
      'authentication.kubernetes.io/pod-name': ['web'],
      'authentication.kubernetes.io/pod-uid': ['uid of web'],
      'authentication.kubernetes.io/node-name': ['node-1'],
    });
    objects.delete('nodes//node-1'); // only said for information
    const pod = objects.get('pods/default/web');
    pod.metadata.deletionTimestamp = '2016-06-01T12:00:30Z';
    expect(await tokens.verify(status.token)).toBeDefined();
    await clock.advance(90_000);
    expect(await tokens.verify(status.token)).toBeUndefined();
    objects.set('pods/default/web', {
      ...pod,
      metadata: { ...pod.metadata, deletionTimestamp: undefined, uid: 'its successor' },
    });
    expect(await tokens.verify(status.token)).toBeUndefined();
  });

  test('dies with its account, and does not live again with another of the same name', async () => {
    const { ask, tokens, objects } = cluster();
    const { status } = await ask();
    const account = objects.get('serviceaccounts/default/robot');
    objects.delete('serviceaccounts/default/robot');
    expect(await tokens.verify(status.token)).toBeUndefined();
    objects.set('serviceaccounts/default/robot', { ...account, metadata: { ...account.metadata, uid: 'another' } });
    expect(await tokens.verify(status.token)).toBeUndefined();
  });

  test('as pods get it holds for a year, and says when it should have been renewed', async () => {
    const { ask } = cluster();
    const { status } = await ask({ expirationSeconds: 3607, ...boundTo('web') });
    const { exp, iat, 'kubernetes.io': own } = decodeJwt(status.token) as any;
    expect([exp - iat, own.warnafter - iat]).toEqual([365 * 24 * 3600, 3607]);
    expect(status.expirationTimestamp).toBe('2016-06-01T13:00:07Z');
  });

  test('of another key, changed, or nonsense is not believed', async () => {
    const [ours, theirs] = [cluster(), cluster(rsa)];
    const { status } = await ours.ask();
    expect(await theirs.tokens.verify(status.token)).toBeUndefined();
    const [head, body, signature] = status.token.split('.');
    const forged = Buffer.from(
      JSON.stringify({ ...decodeJwt(status.token), sub: 'system:serviceaccount:default:admin' }),
    );
    for (const token of [
      `${head}.${forged.toString('base64url')}.${signature}`,
      `${head}.${body}.`,
      'a.b.c',
      'nonsense',
      '',
    ])
      expect(await ours.tokens.verify(token)).toBeUndefined();
    const unsigned = Buffer.from('{"alg":"none"}').toString('base64url');
    expect(await ours.tokens.verify(`${unsigned}.${body}.`)).toBeUndefined();
  });

  test.each<[string, TokenRequest['spec'], TokenRequest['metadata'], string]>([
    [
      'for too short',
      { expirationSeconds: 5 },
      undefined,
      '422 TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes',
    ],
    [
      'for too long',
      { expirationSeconds: 2 ** 33 },
      undefined,
      '422 TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 8589934592: may not specify a duration larger than 2^32 seconds',
    ],
    [
      'of another name',
      {},
      { name: 'other' },
      '422 TokenRequest.authentication.k8s.io "robot" is invalid: metadata.name: Invalid value: "other": must match the service account name if specified',
    ],
    ['bound to a pod that is not there', boundTo('none'), undefined, '404 pods "none" not found'],
    [
      'bound to the pod of another',
      boundTo('other'),
      undefined,
      '400 cannot bind token for serviceaccount "robot" to pod running with different serviceaccount name.',
    ],
    [
      'bound to a predecessor',
      boundTo('web', { uid: 'old' }),
      undefined,
      '409 Operation cannot be fulfilled on Pod "web": the UID in the bound object reference (old) does not match the UID in record. The object might have been deleted and then recreated',
    ],
    [
      'bound to a job',
      boundTo('none', { kind: 'Job', apiVersion: 'batch/v1' }),
      undefined,
      '400 cannot bind token to object of type batch/v1, Kind=Job',
    ],
  ])('%s is refused', async (_, spec, metadata, message) => {
    const error = await cluster()
      .ask(spec, metadata)
      .catch((error: unknown) => error);
    expect(error).toBeInstanceOf(StatusError);
    expect(`${(error as StatusError).code} ${(error as StatusError).message}`).toBe(message);
  });

  test('of an account that is not there is refused', async () => {
    await expect(cluster().ask({}, undefined, 'none')).rejects.toThrow('serviceaccounts "none" not found');
  });
});

describe('bearers', () => {
  const credentials = (authorization?: string, insecurePort = false): Credentials => ({
    headers: { authorization },
    insecurePort,
  });

  test('of a service account’s token are recognised, except on the open port, which does not look', async () => {
    const { ask, tokens } = cluster();
    const { status } = await ask();
    const authenticator = serviceAccountTokens(tokens);
    expect(await authenticator.authenticate(credentials(`Bearer ${status.token}`))).toMatchObject({
      name: 'system:serviceaccount:default:robot',
    });
    expect(await authenticator.authenticate(credentials(`Bearer ${status.token}`, true))).toBeUndefined();
    for (const header of [undefined, '', 'Bearer', 'Basic YWRtaW46YWRtaW4=', 'Bearer nonsense'])
      expect(await authenticator.authenticate(credentials(header))).toBeUndefined();
  });

  test('of a token in the file are whom it says', () => {
    const authenticator = tokenFile('# people\nabc,jane,7,"dev, ops"\n\nxyz,joe,\r\n');
    expect(authenticator.authenticate(credentials('Bearer abc'))).toEqual({
      name: 'jane',
      uid: '7',
      groups: ['dev', 'ops', 'system:authenticated'],
    });
    expect(authenticator.authenticate(credentials('bearer xyz'))).toEqual({
      name: 'joe',
      groups: ['system:authenticated'],
    });
    expect(authenticator.authenticate(credentials('Bearer ab'))).toBeUndefined();
    expect(() => parseTokenFile('abc,jane,7\nabc')).toThrow(
      'line 2 of the token file needs at least token, user name and uid',
    );
  });

  test('of a token that nobody knows are turned away; who shows none is not', () => {
    expect(() => unknownTokens.authenticate(credentials('Bearer nonsense'))).toThrow('Unauthorized');
    for (const header of [undefined, 'Bearer', 'Basic x'])
      expect(unknownTokens.authenticate(credentials(header))).toBeUndefined();
  });
});

describe('impersonation', () => {
  test.each<[Record<string, string[]>, unknown]>([
    [{}, undefined],
    [{ 'impersonate-user': ['jane'] }, { name: 'jane', groups: ['system:authenticated'] }],
    [
      { 'impersonate-user': ['jane'], 'impersonate-group': ['dev', 'ops'] },
      { name: 'jane', groups: ['dev', 'ops', 'system:authenticated'] },
    ],
    [
      {
        'impersonate-user': ['jane'],
        'impersonate-uid': ['7'],
        'impersonate-extra-scope': ['one'],
        'impersonate-extra-a%2fb': ['x'],
      },
      { name: 'jane', uid: '7', groups: ['system:authenticated'], extra: { scope: ['one'], 'a/b': ['x'] } },
    ],
    [
      { 'impersonate-user': ['system:serviceaccount:default:robot'] },
      {
        name: 'system:serviceaccount:default:robot',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
      },
    ],
    [{ 'impersonate-user': ['system:anonymous'] }, { name: 'system:anonymous', groups: ['system:unauthenticated'] }],
  ])('%j', (headers, user) => {
    expect(impersonated(headers)).toEqual(user);
  });

  test('of nobody is refused in upstream’s words', () => {
    expect(() => impersonated({ 'impersonate-group': ['dev'] })).toThrow(
      'requested &user.DefaultInfo{Name:"", UID:"", Groups:[]string{"dev"}, Extra:map[string][]string(nil)} without impersonating a user name',
    );
  });
});
