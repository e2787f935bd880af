import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { loadKubeconfig } from './kubeconfig.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const config = {
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'here',
  contexts: [
    { name: 'here', context: { cluster: 'secure', user: 'admin' } },
    { name: 'files', context: { cluster: 'files', user: 'files' } },
    { name: 'open', context: { cluster: 'open' } },
    { name: 'lost', context: { cluster: 'nowhere', user: 'admin' } },
    { name: 'plugin', context: { cluster: 'open', user: 'plugin' } },
  ],
  clusters: [
    { name: 'secure', cluster: { server: 'https://127.0.0.1:6443', 'certificate-authority-data': base64('CA') } },
    { name: 'files', cluster: { server: 'https://127.0.0.1:6443', 'certificate-authority': 'pki/ca.crt' } },
    { name: 'open', cluster: { server: 'http://127.0.0.1:8080', 'insecure-skip-tls-verify': true } },
  ],
  users: [
    { name: 'admin', user: { 'client-certificate-data': base64('CERT'), 'client-key-data': base64('KEY') } },
    { name: 'files', user: { tokenFile: 'token' } },
    { name: 'plugin', user: { exec: { command: 'aws' } } },
  ],
};

function file(content: unknown = config): string {
  const path = join(folder, 'kubeconfig');
  writeFileSync(path, typeof content === 'string' ? content : stringify(content));
  return path;
}

test('the current context says where the cluster is and who we are there', () => {
  expect(loadKubeconfig(file())).toEqual({
    server: 'https://127.0.0.1:6443',
    ca: 'CA',
    cert: 'CERT',
    key: 'KEY',
    insecureSkipTlsVerify: false,
    token: undefined,
    userAgent: 'kubebook',
  });
});

test('another context may be chosen; without a user there are no credentials', () => {
  expect(loadKubeconfig(file(), { context: 'open', userAgent: 'kubelet' })).toMatchObject({
    server: 'http://127.0.0.1:8080',
    insecureSkipTlsVerify: true,
    userAgent: 'kubelet',
  });
});

test('files are found beside the kubeconfig, and a token file is read anew each time', () => {
  const path = file({ ...config, clusters: config.clusters.map((c) => (c.name === 'files' ? { ...c, cluster: { server: 'https://x', 'certificate-authority': 'ca.crt' } } : c)) }); // prettier-ignore
  writeFileSync(join(folder, 'ca.crt'), 'CA FROM FILE');
  writeFileSync(join(folder, 'token'), 'one\n');
  const { ca, token } = loadKubeconfig(path, { context: 'files' });
  expect(ca).toBe('CA FROM FILE');
  expect((token as () => string)()).toBe('one');
  writeFileSync(join(folder, 'token'), 'two\n');
  expect((token as () => string)()).toBe('two');
});

test.each([
  ['a context that is not there', config, 'elsewhere', 'there is no context "elsewhere"'],
  ['a cluster that is not there', config, 'lost', 'there is no cluster "nowhere"'],
  ['a file that is not there', config, 'files', 'pki/ca.crt cannot be read'],
  ['a credential plugin', config, 'plugin', 'credential plugin'],
  ['no current context', { contexts: [] }, undefined, 'no current-context'],
  ['text', 'just text', undefined, 'is not a kubeconfig'],
  ['broken YAML', 'a: [1', undefined, 'is not YAML'],
])('%s is said in a sentence that names the file', (_, content, context, message) => {
  const load = (): unknown => loadKubeconfig(file(content), { context });
  expect(load).toThrow(message);
  expect(load).toThrow(folder);
});
