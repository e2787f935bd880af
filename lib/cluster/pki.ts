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
import { createPublicKey, randomBytes, webcrypto } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../util/clock.js';

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

export class Pki {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #ca: KeyPair;

  private constructor(folder: string, clock: Clock, ca: KeyPair) {
    this.#folder = folder;
    this.#clock = clock;
    this.#ca = ca;
  }

  /** Opens the authority in `folder`, made now if there is none. */
  static async open({ folder, clock }: { readonly folder: string; readonly clock: Clock }): Promise<Pki> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const ca = await kept(folder, 'ca', () => makeAuthority('kubebook', clock));
    return new Pki(folder, clock, ca);
  }

  /** The authority's certificate: whom a client should trust. */
  get ca(): string {
    return this.#ca.cert;
  }

  /** The pair kept as `name`, signed now if there is none, if it has expired, or if it does not speak for all of `subject`. */
  async pair(name: string, subject: Subject): Promise<KeyPair> {
    return kept(
      this.#folder,
      name,
      () => sign(this.#ca, subject, this.#clock),
      (pair) => this.#stillGood(pair, subject),
    );
  }

  /** The key pair that signs service account tokens. */
  async serviceAccountKeys(): Promise<{ readonly privateKey: string; readonly publicKey: string }> {
    const file = join(this.#folder, 'sa.key');
    if (!existsSync(file)) {
      const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
      await writeSecret(file, await privatePem(keys.privateKey));
    }
    const privateKey = await readFile(file, 'utf8');
    return { privateKey, publicKey: createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString() };
  }

  #stillGood(pair: KeyPair, subject: Subject): boolean {
    const certificate = new x509.X509Certificate(pair.cert);
    const names = certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.toJSON() ?? [];
    const speaksFor = new Set(names.map(({ value }) => value));
    return (
      certificate.notAfter.getTime() > this.#clock.now() + yearMs / 12 &&
      certificate.issuer === new x509.X509Certificate(this.#ca.cert).subject &&
      [...(subject.dnsNames ?? []), ...(subject.addresses ?? [])].every((name) => speaksFor.has(name))
    );
  }
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
  good: (pair: KeyPair) => boolean = () => true,
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
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  await rename(`${file}.new`, file);
}
