/**
 * What can be set, and how: each option is a flag and an environment variable of the same name
 * (`--service-range`, `KUBEBOOK_SERVICE_RANGE`); the flag wins. Here are the parsers, which say in one sentence what is
 * wrong with a value.
 */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { EtcdPlace } from '../apiserver/storage/index.js';
import { type Log, textLog } from '../util/index.js';

export type RuntimeName = 'docker' | 'process' | 'hollow';

const runtimeNames: readonly string[] = ['docker', 'process', 'hollow'];

/**
 * The runtimes of all nodes, one each: `docker` with 3 nodes is `['docker', 'docker', 'docker']`, `docker=1,process=2` is
 * `['docker', 'process', 'process']`.
 *
 * @param nodes how many nodes are wanted; left out: three, or as many as a mixture names
 */
export function runtimesOfNodes(runtime: string, nodes?: number): RuntimeName[] {
  if (runtimeNames.includes(runtime)) return Array.from({ length: nodes ?? 3 }, () => runtime as RuntimeName);
  const list = runtime.split(',').flatMap((part) => {
    const [, name, count] = /^([a-z]+)=(\d+)$/.exec(part.trim()) ?? [];
    if (!name || !runtimeNames.includes(name))
      throw new InvalidArgumentError(
        `"${part}" is not a runtime: write docker, process or hollow, or a mixture such as docker=1,process=2.`,
      );
    return Array.from({ length: Number(count) }, () => name as RuntimeName);
  });
  if (nodes !== undefined && nodes !== list.length)
    throw new InvalidArgumentError(`"${runtime}" makes ${list.length} nodes, but ${nodes} are asked for.`);
  return list;
}

/** A whole number of at least `min`. */
export const wholeNumber =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max)
      throw new InvalidArgumentError(`It takes a whole number from ${min} to ${max}.`);
    return value;
  };

/** `--leader-elect`, as Go also takes it: `--leader-elect=true`. */
export function yesOrNo(text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new InvalidArgumentError('It takes true or false.');
  return text === 'true';
}

const unitsMs: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** A duration as Go writes it, in milliseconds: `15s`, `1m30s`, `500ms`. */
export function duration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text)
    throw new InvalidArgumentError('It takes a duration such as 15s, 1m30s or 500ms.');
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * unitsMs[unit!]!, 0);
}

/** An IPv4 range in CIDR form with room for some addresses: `10.0.0.0/24`. */
export function range(text: string): string {
  const [, address, bits] = /^(\d{1,3}(?:\.\d{1,3}){3})\/(\d{1,2})$/.exec(text) ?? [];
  const octets = (address ?? '').split('.').map(Number);
  const size = Number(bits);
  if (!address || octets.some((octet) => octet > 255) || size < 8 || size > 30)
    throw new InvalidArgumentError('It takes an IPv4 range such as 10.0.0.0/24, of /8 to /30.');
  const number = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  if (number % 2 ** (32 - size) !== 0)
    throw new InvalidArgumentError(`${address} is not the first address of a range of /${size}.`);
  return text;
}

/** A flag that is also an environment variable: `--data` and `KUBEBOOK_DATA`. */
export function option(flags: string, description: string): Option {
  const made = new Option(flags, description);
  return made.env(`KUBEBOOK_${made.name().toUpperCase().replaceAll('-', '_')}`);
}

/** A file of the package: `package.json`, `images`. */
export const packageFile = (...names: readonly string[]): string =>
  fileURLToPath(new URL(['..', '..', ...names].join('/'), import.meta.url));

/** The text of a file that the user named. @throws Error, in one sentence */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(code === 'ENOENT' ? `there is no file ${file}` : `${file} cannot be read (${code})`, {
      cause: error,
    });
  }
}

/** Where everything is kept that outlives the process. */
export const dataOption = (): Option =>
  option('--data <folder>', 'where everything is kept that outlives the process').default(
    packageFile('.kubebook'),
    '.kubebook in the clone',
  );

export interface EtcdFlags {
  readonly etcd?: readonly string[];
  readonly etcdPrefix?: string;
  readonly etcdCafile?: string;
  readonly etcdCertfile?: string;
  readonly etcdKeyfile?: string;
  readonly etcdUser?: EtcdPlace['user'];
}

/** Lets a command keep its objects in an etcd; what belongs to it has upstream's names. */
export const withEtcd = (command: Command): Command =>
  command
    .addOption(
      option(
        '--etcd <urls>',
        'keep the objects in this etcd, in place of the data folder: http://127.0.0.1:2379, or several, with commas',
      ).argParser((text) => text.split(',').map((url) => url.trim())),
    )
    .addOption(option('--etcd-prefix <path>', 'below which the keys lie in etcd (default: "/registry")'))
    .addOption(option('--etcd-cafile <file>', 'who signed the certificate of the etcd').argParser(fileText))
    .addOption(option('--etcd-certfile <file>', 'our certificate, where the etcd asks for one').argParser(fileText))
    .addOption(option('--etcd-keyfile <file>', 'the key of our certificate').argParser(fileText))
    .addOption(
      option(
        '--etcd-user <name:password>',
        'as whom we ask, where the etcd has authentication on; others of this machine see a command line, but not its environment',
      ).argParser(nameAndPassword),
    );

/** @throws Error one sentence: what does not go together */
export function etcdPlace(flags: EtcdFlags): EtcdPlace | undefined {
  const { etcd: endpoints, etcdPrefix: prefix, etcdCafile: ca, etcdCertfile: cert, etcdKeyfile: key } = flags;
  const { etcdUser: user } = flags;
  if (!endpoints) {
    if (prefix || ca || cert || key || user)
      throw new Error('which etcd? Give --etcd URL with the other --etcd flags.');
    return undefined;
  }
  if (!cert !== !key)
    throw new Error('a certificate for etcd needs its key: give both --etcd-certfile and --etcd-keyfile.');
  return {
    endpoints,
    ...(prefix && { prefix }),
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(user && { user }),
  };
}

/** `kubebook:secret`; as etcd has it, no name has a colon. */
function nameAndPassword(text: string): EtcdPlace['user'] {
  const colon = text.indexOf(':');
  if (colon < 1) throw new InvalidArgumentError('It takes a name and a password, as in kubebook:secret.');
  return { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** What stands in a file. */
function fileText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new InvalidArgumentError(code === 'ENOENT' ? 'There is no such file.' : `It cannot be read (${code}).`);
  }
}

/** In the data folder, while a cluster runs: where its scheduler tells its reasons. */
export const schedulerUrlFile = 'scheduler';

export const verboseOption = (): Option =>
  option('-v, --verbose', 'log what the components do, not only what goes wrong').default(false);

/** Warnings always, the rest on demand; on standard error, so that standard output holds only what was asked for. */
export function logFor({ verbose }: { readonly verbose: boolean }): Log {
  const log = textLog((line) => process.stderr.write(line));
  const onlyWarnings = (all: Log): Log => ({
    info() {},
    warn: all.warn,
    with: (fields) => onlyWarnings(all.with(fields)),
  });
  return verbose ? log : onlyWarnings(log);
}
