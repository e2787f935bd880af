/**
 * Forgets old history, as upstream's API servers do: every five minutes, up to the revision of five minutes ago. However
 * many servers share the etcd, one does it each time: whoever is first to count up a key of etcd's.
 *
 * @see https://github.com/kubernetes/apiserver/blob/master/pkg/storage/etcd3/compact.go
 */
import { type Clock, type Log, sleep } from '../../../util/index.js';
import { detailsOf, type EtcdClient, says } from './client.js';
import { methods } from './protocol.js';

/** A key whose version counts the times, and what it says of the revision that was compacted. */
interface Counter {
  readonly key: Buffer;
  readonly value: (revision: number) => string;
}

/** Upstream's, which all that use an etcd have in common. */
const common: Counter = { key: Buffer.from('compact_rev_key'), value: String };

/** For those who may write only below their prefix. */
const ownOf = (prefix: string): Counter => ({
  key: Buffer.from(`${prefix}/kubebook/compaction`),
  value: (revision) => JSON.stringify({ revision }),
});

export interface CompactionOptions {
  readonly client: EtcdClient;
  readonly prefix: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly periodMs: number;
}

export async function runCompaction({ client, prefix, clock, log, periodMs }: CompactionOptions, signal: AbortSignal) {
  let counter = common;
  /** How often it was done, and the revision of that moment. */
  let times = 0;
  let revision = 0;
  for (;;) {
    await sleep(clock, periodMs, signal);
    if (signal.aborted) return;
    try {
      const { header, succeeded, responses } = await client.write(methods.txn, {
        compare: [{ key: counter.key, target: 'VERSION', version: times }],
        success: [{ put: { key: counter.key, value: Buffer.from(counter.value(revision)) } }],
        failure: [{ range: { key: counter.key } }],
      });
      const before = revision;
      revision = header.revision;
      if (!succeeded) {
        // Somebody else has, or this is our first time: count with them from here on.
        times = responses[0]!.range!.kvs[0]?.version ?? 0;
        continue;
      }
      times++;
      if (before > 0) await client.write(methods.compact, { revision: before });
    } catch (error) {
      if (detailsOf(error) === says.denied && counter === common) counter = ownOf(prefix);
      else if (detailsOf(error) !== says.compacted && !signal.aborted)
        log.warn('the history in etcd could not be compacted', { error });
    }
  }
}
