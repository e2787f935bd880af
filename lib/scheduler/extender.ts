/**
 * Extenders: processes of somebody else's that are asked over HTTP, after all predicates which of the nodes that fit will do
 * (*filter*), and beside all priorities how much each is liked (*prioritize*).
 *
 * ```
 *   POST urlPrefix/v1/filterVerb      { "pod": Pod, "nodes": NodeList } ──► { "nodes": NodeList, "failedNodes": { NAME: WHY }, "error": "" }
 *   POST urlPrefix/v1/prioritizeVerb  { "pod": Pod, "nodes": NodeList } ──► [{ "host": NAME, "score": 7 }, …]
 * ```
 * An extender that does not answer in time, or not sensibly, to *filter* fails the attempt, and the Pod is tried again later; to
 * *prioritize* it is as if it had not been asked.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/release-1.2/docs/design/scheduler_extender.md
 */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'undici';
import type { Clock } from '../util/index.js';
import type { NodeInfo } from './node-info.js';
import type { PodInfo } from './pod-info.js';

/** How long an extender has to answer if its policy does not say, in milliseconds. */
export const defaultExtenderTimeoutMs = 5_000;

/** An extender as a policy file describes it. */
export interface ExtenderPolicy {
  /** `http://127.0.0.1:9000/scheduler` */
  readonly urlPrefix: string;
  /** Left out: it does not filter. */
  readonly filterVerb?: string;
  /** Left out: it does not score. */
  readonly prioritizeVerb?: string;
  /** Its scores count this many times. */
  readonly weight: number;
  /** Without a certificate authority in `tlsConfig`, any certificate is accepted. */
  readonly enableHttps?: boolean;
  /** In nanoseconds; {@link defaultExtenderTimeoutMs} if left out or 0. */
  readonly httpTimeout?: number;
  readonly tlsConfig?: {
    readonly insecure?: boolean;
    readonly certFile?: string;
    readonly keyFile?: string;
    readonly caFile?: string;
    /** PEM in base64. */
    readonly certData?: string;
    readonly keyData?: string;
    readonly caData?: string;
  };
}

/** Which of the nodes will do, by name, and why others will not. */
export interface Filtering {
  readonly fitting: ReadonlySet<string>;
  readonly failed: Readonly<Record<string, string>>;
}

/** A process that has a say in the decision, however it is asked. */
export interface Extender {
  /** Where it is, for messages. */
  readonly name: string;
  /** Its scores count this many times. */
  readonly weight: number;
  /** Left out: it lets every node pass. @throws Error saying what is wrong with it */
  filter?(pod: PodInfo, nodes: readonly NodeInfo[], signal: AbortSignal): Promise<Filtering>;
  /** Scores by node name; left out: it has no preference. @throws Error saying what is wrong with it */
  prioritize?(pod: PodInfo, nodes: readonly NodeInfo[], signal: AbortSignal): Promise<ReadonlyMap<string, number>>;
}

/** The extender that `policy` describes, asked over HTTP. @param apiVersion of the policy file: part of the URLs */
export function httpExtender(
  { urlPrefix, filterVerb, prioritizeVerb, weight, enableHttps, httpTimeout, tlsConfig = {} }: ExtenderPolicy,
  { apiVersion, clock }: { readonly apiVersion: string; readonly clock: Clock },
): Extender {
  const timeoutMs = httpTimeout ? httpTimeout / 1e6 : defaultExtenderTimeoutMs;
  const ca = pem(tlsConfig.caData, tlsConfig.caFile);
  const dispatcher = new Agent({
    connect: {
      ca,
      cert: pem(tlsConfig.certData, tlsConfig.certFile),
      key: pem(tlsConfig.keyData, tlsConfig.keyFile),
      rejectUnauthorized: !(tlsConfig.insecure || (enableHttps && ca === undefined)),
    },
  });

  return {
    name: urlPrefix,
    weight,
    ...(filterVerb && {
      async filter(pod, nodes, signal) {
        const answer = await ask(filterVerb, pod, nodes, signal);
        if (!isFilterResult(answer)) throw nonsense(filterVerb, answer);
        if (answer.error) throw new Error(`extender ${urlOf(filterVerb)}: ${answer.error}`);
        const fitting = new Set((answer.nodes?.items ?? []).map(({ metadata }) => metadata.name));
        const asked = new Set(nodes.map(({ name }) => name));
        for (const name of fitting)
          if (!asked.has(name)) throw nonsense(filterVerb, `node ${name}, which it was not asked about`);
        return { fitting, failed: answer.failedNodes ?? {} };
      },
    }),
    ...(prioritizeVerb && {
      async prioritize(pod, nodes, signal) {
        const answer = await ask(prioritizeVerb, pod, nodes, signal);
        if (!isHostPriorityList(answer)) throw nonsense(prioritizeVerb, answer);
        return new Map((answer ?? []).map(({ host, score }) => [host, score]));
      },
    }),
  };

  async function ask(verb: string, pod: PodInfo, nodes: readonly NodeInfo[], signal: AbortSignal): Promise<unknown> {
    const url = urlOf(verb);
    const items = nodes.map(({ node }) => node);
    const body = JSON.stringify({ pod: pod.pod, nodes: { kind: 'NodeList', apiVersion: 'v1', metadata: {}, items } });
    const late = new AbortController();
    using _timer = clock.after(timeoutMs, () => late.abort());
    const leave = (): void => late.abort();
    signal.addEventListener('abort', leave, { once: true });
    try {
      const answer = await request(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        dispatcher,
        signal: late.signal,
      });
      const text = await answer.body.text();
      if (answer.statusCode !== 200) throw new Error(`it answers with status ${answer.statusCode}`);
      return JSON.parse(text);
    } catch (error) {
      if (late.signal.aborted && !signal.aborted)
        throw new Error(`extender ${url} does not answer within ${timeoutMs} ms`, { cause: error });
      throw new Error(`extender ${url}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  function nonsense(verb: string, answer: unknown): Error {
    const text = typeof answer === 'string' ? answer : JSON.stringify(answer);
    return new Error(`extender ${urlOf(verb)} answers ${text.slice(0, 200)}`);
  }

  function urlOf(verb: string): string {
    return `${urlPrefix.replace(/\/$/, '')}/${apiVersion}/${verb}`;
  }
}

const pem = (data: string | undefined, file: string | undefined): string | undefined =>
  data ? Buffer.from(data, 'base64').toString() : file ? readFileSync(file, 'utf8') : undefined;

interface FilterResult {
  readonly nodes?: { readonly items?: readonly { readonly metadata: { readonly name: string } }[] | null } | null;
  readonly failedNodes?: Readonly<Record<string, string>> | null;
  readonly error?: string;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function isFilterResult(answer: unknown): answer is FilterResult {
  if (!isObject(answer)) return false;
  const { nodes, failedNodes, error } = answer;
  const items = nodes == null ? [] : isObject(nodes) ? (nodes.items ?? []) : undefined;
  return (
    Array.isArray(items) &&
    items.every((item) => isObject(item) && isObject(item.metadata) && typeof item.metadata.name === 'string') &&
    (failedNodes == null ||
      (isObject(failedNodes) && Object.values(failedNodes).every((why) => typeof why === 'string'))) &&
    (error === undefined || typeof error === 'string')
  );
}

const isHostPriorityList = (
  answer: unknown,
): answer is readonly { readonly host: string; readonly score: number }[] | null =>
  answer === null ||
  (Array.isArray(answer) &&
    answer.every((one) => isObject(one) && typeof one.host === 'string' && Number.isSafeInteger(one.score)));
