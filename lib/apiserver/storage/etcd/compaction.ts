/**
 * Forgets old history, as upstream's API servers do: every five minutes, up to the revision of five minutes ago. However
 * many servers share the etcd, one does it each time: whoever is first to count up a key of etcd's.
 *
 * @see https://github.com/kubernetes/apiserver/blob/master/pkg/storage/etcd3/compact.go
 */
import { type Clock, type Log, sleep } from '../../../util/index.js';
import { type EtcdClient, says } from './client.js';
import { methods } from './protocol.js';

/** Upstream's name for it. Its value is the revision that was compacted, its version counts the times. */
const key = Buffer.from('compact_rev_key');

export interface CompactionOptions {
  readonly client: EtcdClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly periodMs: number;
}

export async function runCompaction({ client, clock, log, periodMs }: CompactionOptions, signal: AbortSignal) {
  /** How often it was done, and the revision of that moment. */
  let times = 0;
  let revision = 0;
  for (;;) {
    await sleep(clock, periodMs, signal);
    if (signal.aborted) return;
    try {
      const { header, succeeded, responses } = await client.write(methods.txn, {
        compare: [{ key, target: 'VERSION', version: times }],
        success: [{ put: { key, value: Buffer.from(String(revision)) } }],
        failure: [{ range: { key } }],
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
      const done = (error as { details?: string }).details === says.compacted;
      if (!done && !signal.aborted) log.warn('the history in etcd could not be compacted', { error });
    }
  }
}
