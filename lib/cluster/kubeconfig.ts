/**
 * The kubeconfig that `npm start` leaves in its data folder: the secure port with the administrator's certificate where
 * that port is open, the open port otherwise.
 */
import { stringify } from 'yaml';
import type { KeyPair } from './pki.js';

export interface KubeconfigOptions {
  /** `https://127.0.0.1:6443` or `http://127.0.0.1:8080`. */
  readonly server: string;
  /** PEM; for https. */
  readonly ca?: string;
  readonly client?: KeyPair;
}

/** The text of a kubeconfig with one context, `kubebook`. */
export function kubeconfig({ server, ca, client }: KubeconfigOptions): string {
  const data = (pem: string): string => Buffer.from(pem).toString('base64');
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'kubebook',
    clusters: [{ name: 'kubebook', cluster: { server, ...(ca && { 'certificate-authority-data': data(ca) }) } }],
    users: [
      {
        name: 'kubebook-admin',
        user: client ? { 'client-certificate-data': data(client.cert), 'client-key-data': data(client.key) } : {},
      },
    ],
    contexts: [{ name: 'kubebook', context: { cluster: 'kubebook', user: 'kubebook-admin' } }],
  });
}
