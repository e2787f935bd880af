/** The engine's own news about containers, for as long as anybody wants them: it may go away and come back. */
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { Backoff, sleep, type Clock, type Log } from '../../../util/index.js';
import { engineMessage } from './engine.js';

export interface EngineEvent {
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
}

export interface WatchEngineOptions {
  readonly docker: Docker;
  /** `kubebook.cluster=4f…` */
  readonly labels: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  readonly onEvent: (event: EngineEvent) => void;
  /** The news begin (again): whatever happened before was not told. */
  readonly onConnected: () => void;
}

/** Runs until `signal` aborts; never rejects. */
export async function watchEngine(
  { docker, labels, clock, log, onEvent, onConnected }: WatchEngineOptions,
  signal: AbortSignal,
): Promise<void> {
  const backoff = new Backoff({ baseMs: 100, maxMs: 10_000 });
  while (!signal.aborted) {
    try {
      const filters = { type: ['container'], event: ['start', 'die', 'oom', 'destroy'], label: [...labels] };
      const stream = (await docker.getEvents({ filters, abortSignal: signal } as Docker.GetEventsOptions)) as Readable;
      onConnected();
      backoff.forget('events');
      for await (const event of jsonLines(stream)) onEvent(event);
      if (!signal.aborted) log.warn('the Docker engine went away', {});
    } catch (error) {
      if (signal.aborted) return;
      log.warn('the Docker engine does not answer, will retry', { error: engineMessage(error) });
    }
    await sleep(clock, backoff.next('events'), signal);
  }
}

async function* jsonLines(stream: Readable): AsyncGenerator<EngineEvent, void> {
  let text = '';
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    text += chunk.toString('utf8');
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      if (line.trim() !== '') yield JSON.parse(line) as EngineEvent;
    }
  }
}
