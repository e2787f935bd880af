/**
 * `kubebook store check|show|stats|export|import|compact|backup`: what a reader and an operator do with a store, without an
 * API server. What only reads works on the files of a cluster that runs, too.
 */
import { Command } from 'commander';
import { createWriteStream, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import {
  assertStore,
  backupFolder,
  type Entry,
  inspectFolder,
  LowdbStorage,
  oldestRevision,
  openStorage,
  readFolder,
  type Revision,
  revisionsIn,
  revisionsOf,
  type Storage,
} from '../../apiserver/storage/index.js';
import { type Log, realClock as clock, silent } from '../../util/index.js';
import { dataOption, type EtcdFlags, etcdPlace, option, withEtcd } from '../options.js';
import { keyOf } from './keys.js';
import { checkReport, revisionsData, revisionsReport, type Stats, statsData, statsReport } from './report.js';
import { exportLines, importInto, readExport } from './transfer.js';

interface StoreFlags extends EtcdFlags {
  readonly data: string;
}

export const storeCommand = (): Command =>
  new Command('store')
    .description('looks into a store, or carries it elsewhere; needs no API server')
    .addCommand(check())
    .addCommand(show())
    .addCommand(stats())
    .addCommand(exporting())
    .addCommand(importing())
    .addCommand(compact())
    .addCommand(backup());

const onFolder = (name: string, description: string): Command =>
  new Command(name).description(description).addOption(dataOption());

const onStore = (name: string, description: string): Command => withEtcd(onFolder(name, description));

interface OutputFlags {
  readonly output?: 'json';
}

const withOutput = (command: Command): Command =>
  command.addOption(option('-o, --output <format>', 'json: the same for programs').choices(['json']));

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

const storeFolder = ({ data }: { readonly data: string }): string => join(resolve(data), 'store');

const print = (text: string): void => void process.stdout.write(text);

function check(): Command {
  return withOutput(onFolder('check', 'verifies every record of a data folder, and says what is wrong where')).action(
    (flags: StoreFlags & OutputFlags) => {
      const folder = storeFolder(flags);
      const inspection = inspectFolder(folder);
      print(flags.output === 'json' ? json({ folder, ...inspection }) : checkReport(folder, inspection));
      if (inspection.problems.length > 0) process.exitCode = 1;
    },
  );
}

function show(): Command {
  return withOutput(onStore('show', 'one object through its revisions, as far back as the store remembers'))
    .argument('<object>', 'KIND/NAME, as pod/web-0, or a key, as /registry/pods/default/web-0')
    .addOption(option('-n, --namespace <namespace>', 'the namespace of the object').default('default'))
    .action(async (what: string, flags: StoreFlags & OutputFlags & { namespace: string }) => {
      const key = keyOf(what, flags.namespace);
      const revisions = await read(flags, (source) => source.revisionsOf(key));
      if (revisions.length === 0)
        throw new Error(`there is no ${key}, nor was there, as far back as the store remembers`);
      print(flags.output === 'json' ? json(revisionsData(key, revisions)) : revisionsReport(key, revisions));
    });
}

function stats(): Command {
  return withOutput(onStore('stats', 'what a store holds, by kind, and what that costs')).action(
    async (flags: StoreFlags & OutputFlags) => {
      const stats = statsData(await read(flags, (source) => source.stats()));
      print(flags.output === 'json' ? json(stats) : statsReport(stats));
    },
  );
}

function exporting(): Command {
  return onStore('export', 'writes all objects as lines of JSON, which any engine can import')
    .argument('[file]', 'where to; standard output if left out')
    .action(async (file: string | undefined, flags: StoreFlags) => {
      const { revision, entries } = await read(flags, (source) => source.stats());
      const lines = exportLines({ revision, entries });
      if (file === undefined) for (const line of lines) print(line);
      else {
        // A file that is there is not overwritten.
        await pipeline(lines, createWriteStream(file, { flags: 'wx', mode: 0o600 }));
        process.stderr.write(`${entries.length} objects at revision ${revision}\n`);
      }
    });
}

function importing(): Command {
  return onStore('import', 'fills an empty store with what was exported')
    .argument('<file>', 'an export; - is standard input')
    .action(async (file: string, flags: StoreFlags) => {
      const text = file === '-' ? await readAll(process.stdin) : readFileSync(file, 'utf8');
      const content = readExport(text, file === '-' ? 'standard input' : file);
      await using storage = await open(flags);
      const revision = await importInto(storage, content);
      process.stderr.write(`${content.entries.length} objects; the store is at revision ${revision}\n`);
    });
}

function compact(): Command {
  return onStore('compact', 'forgets history, so that only the present state is kept').action(
    async (flags: StoreFlags) => {
      if (!etcdPlace(flags)) assertStore(storeFolder(flags)); // opening would make one
      await using storage = await open(flags);
      const revision = await storage.revision();
      await storage.compact(revision);
      if (storage instanceof LowdbStorage) await storage.fold();
      process.stderr.write(`history begins at revision ${revision}\n`);
    },
  );
}

function backup(): Command {
  return onFolder('backup', 'copies the store of a data folder, also while it is in use')
    .argument('<folder>', 'where to: a folder that is empty, or not there. It is then a data folder itself')
    .action((to: string, flags: StoreFlags) => {
      const { revision, objects } = backupFolder(storeFolder(flags), join(resolve(to), 'store'));
      process.stderr.write(`${objects} objects at revision ${revision}; try it: kubebook store check --data ${to}\n`);
    });
}

/** What the reading commands ask. */
interface Source {
  stats(): Promise<Stats>;
  revisionsOf(key: string): Promise<readonly Revision[]>;
}

/** Reads from the files of a folder, or asks an etcd. */
async function read<T>(flags: StoreFlags, ask: (source: Source) => Promise<T>): Promise<T> {
  if (etcdPlace(flags)) {
    await using storage = await open(flags);
    return await ask(ofStorage(storage, flags.etcd!.join(', ')));
  }
  const folder = storeFolder(flags);
  const { state, segments } = readFolder(folder);
  return ask({
    stats: async () => ({
      where: folder,
      entries: [...state.entries.walk('', '')],
      revision: state.revision,
      oldest: Math.max(1, state.compacted),
      disk: {
        snapshot: statSync(join(folder, 'snapshot.json'), { throwIfNoEntry: false })?.size ?? 0,
        journal: segments.reduce((sum, { file }) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0),
      },
    }),
    revisionsOf: async (key) => revisionsIn(state.events, key, state.entries.get(key)),
  });
}

const ofStorage = (storage: Storage, where: string): Source => ({
  async stats() {
    const { entries, revision }: { entries: readonly Entry[]; revision: number } = await storage.list('/registry/');
    return { where, entries, revision, oldest: await oldestRevision(storage) };
  },
  revisionsOf: (key) => revisionsOf(storage, key, new AbortController().signal),
});

/** What is odd about a folder, and was put right, is said; the rest is not of interest here. */
const warnings: Log = {
  ...silent,
  warn: (message, fields) => process.stderr.write(`${message}${fields?.file ? ` (${fields.file})` : ''}\n`),
};

const open = (flags: StoreFlags): Promise<Storage> => {
  const etcd = etcdPlace(flags);
  return openStorage(etcd ? { etcd } : { data: storeFolder(flags) }, { clock, log: warnings });
};
