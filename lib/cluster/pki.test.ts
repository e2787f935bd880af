import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryStorage } from '../apiserver/storage/index.js';
import { realClock as clock } from '../util/index.js';
import { sharedIn } from './authority.js';
import { Pki } from './pki.js';

let folders: string;
beforeEach(() => void (folders = mkdtempSync(join(tmpdir(), 'kubebook-pki-'))));
afterEach(() => rmSync(folders, { recursive: true }));

const subject = { commonName: 'kube-apiserver', dnsNames: ['localhost'], addresses: ['127.0.0.1'] };

test('what was made once is found again', async () => {
  const folder = join(folders, 'pki');
  const first = await Pki.open({ folder, clock });
  const pair = await first.pair('apiserver', subject);
  const second = await Pki.open({ folder, clock });
  expect(second.ca).toBe(first.ca);
  expect(await second.serviceAccountKeys()).toEqual(await first.serviceAccountKeys());
  expect(await second.pair('apiserver', subject)).toEqual(pair);
  expect(readdirSync(folder).filter((name) => name.endsWith('.new'))).toEqual([]);
});

test('a certificate whose key is another one, or which another authority has signed, is made anew', async () => {
  const folder = join(folders, 'pki');
  const pki = await Pki.open({ folder, clock });
  const { cert, key } = await pki.pair('apiserver', subject);
  const other = await (await Pki.open({ folder: join(folders, 'other'), clock })).pair('apiserver', subject);
  const signedBy = (text: string): boolean => new X509Certificate(text).verify(new X509Certificate(pki.ca).publicKey);

  writeFileSync(join(folder, 'apiserver.key'), other.key);
  const mended = await pki.pair('apiserver', subject);
  expect([mended.cert, mended.key]).not.toContain(cert);
  expect(mended.key).not.toBe(key);
  expect(signedBy(mended.cert)).toBe(true);

  writeFileSync(join(folder, 'apiserver.key'), other.key);
  writeFileSync(join(folder, 'apiserver.crt'), other.cert);
  expect(signedBy((await pki.pair('apiserver', subject)).cert)).toBe(true);
});

describe('servers of one store', () => {
  test('have one authority, in one folder or in several, also when they start together', async () => {
    await using storage = new MemoryStorage();
    const open = (name: string): Promise<Pki> => {
      const folder = join(folders, name);
      return Pki.open({ folder, clock, share: sharedIn(storage, folder) });
    };
    const together = await Promise.all(['a', 'a', 'b', 'c'].map(open));
    const later = await Promise.all(['a', 'b', 'c', 'd'].map(open));
    const all = [...together, ...later];
    expect(new Set(all.map(({ ca }) => ca)).size).toBe(1);
    const keys = await Promise.all(all.map((pki) => pki.serviceAccountKeys()));
    expect(new Set(keys.map(({ privateKey }) => privateKey)).size).toBe(1);
  });

  test('take over a folder that had an authority before, and refuse one of another cluster', async () => {
    await using storage = new MemoryStorage();
    const [mine, other] = [join(folders, 'mine'), join(folders, 'other')];
    const before = await Pki.open({ folder: mine, clock });
    expect((await Pki.open({ folder: mine, clock, share: sharedIn(storage, mine) })).ca).toBe(before.ca);
    const { ca } = await Pki.open({ folder: other, clock });
    await expect(Pki.open({ folder: other, clock, share: sharedIn(storage, other) })).rejects.toThrow(
      `the etcd holds a cluster with another authority than the one in ${other}`,
    );
    expect((await Pki.open({ folder: other, clock })).ca).toBe(ca);
    expect((await Pki.open({ folder: mine, clock, share: sharedIn(storage, mine) })).ca).toBe(before.ca);
  });
});
