/**
 * The cluster's certificates: one authority of its own, made at the first start, and what it signs. All of it lies in
 * `pki/` of the data folder and is trusted by nobody but this cluster.
 *
 * ```
 * ca ─┬─ apiserver                  who serves the secure port
 *     ├─ admin                      who may do everything: the certificate in the kubeconfig (O=system:masters)
 *     ├─ apiserver-kubelet-client   as whom the API server calls kubelets
 *     └─ kubelet-NODE               who serves a kubelet's port
 * sa                                the key pair that signs service account tokens
 * ```
 *
 * @see https://kubernetes.io/docs/setup/best-practices/certificates/
 */
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { createPrivateKey, createPublicKey, randomBytes, randomUUID, webcrypto, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../util/clock.js';
import { makeFolder } from '../util/folder.js';

x509.cryptoProvider.set(webcrypto as never);

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const yearMs = 365 * 24 * 3600 * 1000;

/** PEM texts of one certificate and its private key. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate says of its holder. */
export interface Subject {
  /** CN: the user name, or the server's. */
  readonly commonName: string;
  /** O: the groups. */
  readonly organization?: string;
  /** For servers: DNS names and IP addresses by which they are reached. */
  readonly dnsNames?: readonly string[];
  readonly addresses?: readonly string[];
}

/** What a cluster cannot be without: whoever has it can be anybody there. PEM texts. */
export interface PkiSecrets {
  readonly ca: KeyPair;
  readonly serviceAccountKey: string;
}

/** Settles which secrets are the cluster's. @param own the folder's, if it has any @param make makes new ones */
export type ShareSecrets = (own: PkiSecrets | undefined, make: () => Promise<PkiSecrets>) => Promise<PkiSecrets>;

export interface PkiOptions {
  readonly folder: string;
  readonly clock: Clock;
  /** For several API servers of one cluster; the folder's own, or new ones, if left out. */
  readonly share?: ShareSecrets;
}

export class Pki {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #secrets: PkiSecrets;

  private constructor(folder: string, clock: Clock, secrets: PkiSecrets) {
    this.#folder = folder;
    this.#clock = clock;
    this.#secrets = secrets;
  }

  /** Opens the authority in `folder`, made now if there is none. @throws what `share` throws */
  static async open({ folder, clock, share = async (own, make) => own ?? make() }: PkiOptions): Promise<Pki> {
    makeFolder(folder, 0o700);
    const own = await readSecrets(folder);
    const secrets = await share(own, () => makeSecrets(clock));
    if (!own) await writeSecrets(folder, secrets);
    return new Pki(folder, clock, secrets);
  }

  /** The authority's certificate: whom a client should trust. */
  get ca(): string {
    return this.#secrets.ca.cert;
  }

  /** The pair kept as `name`, signed now if there is none, if it has expired, or if it does not speak for all of `subject`. */
  async pair(name: string, subject: Subject): Promise<KeyPair> {
    return kept(
      this.#folder,
      name,
      () => sign(this.#secrets.ca, subject, this.#clock),
      (pair) => this.#stillGood(pair, subject),
    );
  }

  /** The key pair that signs service account tokens. */
  async serviceAccountKeys(): Promise<{ readonly privateKey: string; readonly publicKey: string }> {
    const privateKey = this.#secrets.serviceAccountKey;
    return { privateKey, publicKey: createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString() };
  }

  #stillGood(pair: KeyPair, subject: Subject): boolean {
    const certificate = new x509.X509Certificate(pair.cert);
    const names = certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.toJSON() ?? [];
    const speaksFor = new Set(names.map(({ value }) => value));
    return (
      certificate.notAfter.getTime() > this.#clock.now() + yearMs / 12 &&
      belongTogether(pair, this.#secrets.ca) &&
      [...(subject.dnsNames ?? []), ...(subject.addresses ?? [])].every((name) => speaksFor.has(name))
    );
  }
}

/** Whether the key is the certificate's, and the authority has signed it: another process may have written in between. */
function belongTogether({ cert, key }: KeyPair, ca: KeyPair): boolean {
  const certificate = new X509Certificate(cert);
  const { publicKey } = new X509Certificate(ca.cert);
  return certificate.checkPrivateKey(createPrivateKey(key)) && certificate.verify(publicKey);
}

const files = { cert: 'ca.crt', key: 'ca.key', serviceAccount: 'sa.key' };

/** Those of the folder; undefined if it has none. */
async function readSecrets(folder: string): Promise<PkiSecrets | undefined> {
  const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
  if (!existsSync(join(folder, files.cert)) || !existsSync(join(folder, files.key))) return undefined;
  if (!existsSync(join(folder, files.serviceAccount)))
    await writeSecret(join(folder, files.serviceAccount), await makeServiceAccountKey());
  return {
    ca: { cert: await read(files.cert), key: await read(files.key) },
    serviceAccountKey: await read(files.serviceAccount),
  };
}

/** The certificate comes last: it says that all are there. */
async function writeSecrets(folder: string, { ca, serviceAccountKey }: PkiSecrets): Promise<void> {
  await writeSecret(join(folder, files.serviceAccount), serviceAccountKey);
  await writeSecret(join(folder, files.key), ca.key);
  await writeSecret(join(folder, files.cert), ca.cert);
}

const makeSecrets = async (clock: Clock): Promise<PkiSecrets> => ({
  ca: await makeAuthority('kubebook', clock),
  serviceAccountKey: await makeServiceAccountKey(),
});

async function makeServiceAccountKey(): Promise<string> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  return privatePem(keys.privateKey);
}

async function makeAuthority(commonName: string, clock: Clock): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: `CN=${commonName}`,
    notBefore: new Date(clock.now() - 3600_000),
    notAfter: new Date(clock.now() + 10 * yearMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: cert.toString('pem') + '\n', key: await privatePem(keys.privateKey) };
}

async function sign(
  ca: KeyPair,
  { commonName, organization, dnsNames = [], addresses = [] }: Subject,
  clock: Clock,
): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const issuer = new x509.X509Certificate(ca.cert);
  const usages = [
    x509.ExtendedKeyUsage.clientAuth,
    ...(dnsNames.length + addresses.length > 0 ? [x509.ExtendedKeyUsage.serverAuth] : []),
  ];
  const cert = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [...(organization ? [{ O: [organization] }] : []), { CN: [commonName] }],
    issuer: issuer.subject,
    notBefore: new Date(clock.now() - 3600_000),
    notAfter: new Date(clock.now() + yearMs),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: await importPrivateKey(ca.key),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(usages),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      ...(dnsNames.length + addresses.length > 0
        ? [
            new x509.SubjectAlternativeNameExtension([
              ...dnsNames.map((value) => ({ type: 'dns' as const, value })),
              ...addresses.map((value) => ({ type: 'ip' as const, value })),
            ]),
          ]
        : []),
    ],
  });
  return { cert: cert.toString('pem') + '\n', key: await privatePem(keys.privateKey) };
}

/** A positive number of 16 bytes, as a certificate wants it. */
const serialNumber = (): string => '01' + randomBytes(15).toString('hex');

const privatePem = async (key: webcrypto.CryptoKey): Promise<string> =>
  x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY') + '\n';

const importPrivateKey = (pem: string): Promise<webcrypto.CryptoKey> =>
  webcrypto.subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(pem), algorithm, true, ['sign']);

/** The pair in `folder/name.{crt,key}`, or the one that `make` makes, written there. */
async function kept(
  folder: string,
  name: string,
  make: () => Promise<KeyPair>,
  good: (pair: KeyPair) => boolean,
): Promise<KeyPair> {
  const [certFile, keyFile] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  if (existsSync(certFile) && existsSync(keyFile)) {
    const pair = { cert: await readFile(certFile, 'utf8'), key: await readFile(keyFile, 'utf8') };
    if (good(pair)) return pair;
  }
  const pair = await make();
  await writeSecret(keyFile, pair.key);
  await writeSecret(certFile, pair.cert);
  return pair;
}

/** Whole or not at all, and for the owner alone. */
async function writeSecret(file: string, text: string): Promise<void> {
  const draft = `${file}.${randomUUID()}.new`;
  await writeFile(draft, text, { mode: 0o600 });
  await rename(draft, file);
}
