/**
 * Policy files: an algorithm put together without a line of code, read as 1.2 read them (`--policy-config-file FILE`).
 *
 * ```json
 * {
 *   "kind": "Policy", "apiVersion": "v1",
 *   "predicates": [{ "name": "PodFitsResources" },
 *                  { "name": "NotRetiring", "argument": { "labelsPresence": { "labels": ["retiring"], "presence": false } } }],
 *   "priorities": [{ "name": "LeastRequestedPriority", "weight": 1 },
 *                  { "name": "RackSpread", "weight": 2, "argument": { "serviceAntiAffinity": { "label": "rack" } } }],
 *   "extenders":  [{ "urlPrefix": "http://127.0.0.1:9000/scheduler", "filterVerb": "filter", "prioritizeVerb": "prioritize",
 *                    "weight": 5, "httpTimeout": 2000000000 }]
 * }
 * ```
 * What is not listed is not used. Fields that 1.2 did not know are passed over, as 1.2 did.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/release-1.2/examples/scheduler-policy-config.json
 */
import { JSONSyntaxError, readJSON } from '../api/decode/index.js';
import type { Clock } from '../util/index.js';
import { httpExtender, type ExtenderPolicy } from './extender.js';
import {
  checkedName,
  isFitPredicateRegistered,
  isPriorityFunctionRegistered,
  predicateOfPolicy,
  priorityOfPolicy,
  resolveParts,
  type AlgorithmFactory,
  type PredicatePolicy,
  type PriorityPolicy,
} from './registry.js';

/** An algorithm as a file describes it. */
export interface Policy {
  /** `v1`; extenders find it in the URL that they are asked under. */
  readonly apiVersion: string;
  readonly predicates: readonly PredicatePolicy[];
  readonly priorities: readonly PriorityPolicy[];
  readonly extenders: readonly ExtenderPolicy[];
}

/** A policy that cannot be used. The message says where, and what is wrong: `policy.json:7: …`. */
export class PolicyError extends Error {}

/**
 * @param from names the text in errors
 * @throws PolicyError for broken JSON, an unknown name, a weight that is not positive, an argument that says nothing or two things
 */
export function readPolicy(text: string, { from }: { readonly from: string }): Policy {
  const fail = (offset: number, message: string): PolicyError =>
    new PolicyError(`${from}:${text.slice(0, offset).split('\n').length}: ${message}`);
  let reading: ReturnType<typeof readJSON>;
  try {
    reading = readJSON(text);
  } catch (error) {
    if (error instanceof JSONSyntaxError) throw fail(error.offset, error.message);
    throw error;
  }
  const policy = new Value(reading.value, '', (path, message) => fail(reading.offsets.get(path) ?? 0, message));
  if (policy.text('kind') !== 'Policy') throw policy.wrong('the "kind" of a policy is "Policy"', 'kind');
  if (policy.text('apiVersion') !== 'v1') throw policy.wrong('the "apiVersion" of a policy is "v1"', 'apiVersion');
  return {
    apiVersion: 'v1',
    predicates: policy.items('predicates').map(predicate),
    priorities: policy.items('priorities').map(priority),
    extenders: policy.items('extenders').map(extender),
  };
}

/** What builds the algorithm that `policy` describes. */
export function resolvePolicy(policy: Policy, { clock }: { readonly clock: Clock }): AlgorithmFactory {
  const { apiVersion } = policy;
  return resolveParts(
    byName(policy.predicates).map((one) => ({ name: one.name, factory: predicateOfPolicy(one) })),
    byName(policy.priorities).map((one) => ({ name: one.name, ...priorityOfPolicy(one) })),
    { extenders: policy.extenders.map((one) => httpExtender(one, { apiVersion, clock })) },
  );
}

/** Of several with one name the last counts: in 1.2 each replaced what was registered under it before. */
const byName = <T extends { readonly name: string }>(entries: readonly T[]): T[] => [
  ...new Map(entries.map((one) => [one.name, one])).values(),
];

function predicate(value: Value): PredicatePolicy {
  const name = value.name();
  const argument = value.argument(name, ['serviceAffinity', 'labelsPresence']);
  if (!argument) {
    if (!isFitPredicateRegistered(name))
      throw value.wrong(`Invalid configuration: Predicate type not found for ${name}`, 'name');
    return { name };
  }
  const presence = argument.member('labelsPresence');
  if (presence)
    return {
      name,
      argument: { labelsPresence: { labels: presence.texts('labels'), presence: presence.flag('presence') } },
    };
  return { name, argument: { serviceAffinity: { labels: argument.member('serviceAffinity')!.texts('labels') } } };
}

function priority(value: Value): PriorityPolicy {
  const name = value.name();
  const weight = value.whole('weight') ?? 0;
  if (weight <= 0) throw value.wrong(`Priority ${name} should have a positive weight applied to it`, 'weight');
  const argument = value.argument(name, ['serviceAntiAffinity', 'labelPreference']);
  if (!argument) {
    if (!isPriorityFunctionRegistered(name))
      throw value.wrong(`Invalid configuration: Priority type not found for ${name}`, 'name');
    return { name, weight };
  }
  const preference = argument.member('labelPreference');
  if (preference) {
    const labelPreference = { label: preference.text('label') ?? '', presence: preference.flag('presence') };
    return { name, weight, argument: { labelPreference } };
  }
  const label = argument.member('serviceAntiAffinity')!.text('label') ?? '';
  return { name, weight, argument: { serviceAntiAffinity: { label } } };
}

function extender(value: Value): ExtenderPolicy {
  const urlPrefix = value.text('urlPrefix') ?? '';
  if (!URL.canParse(urlPrefix) || !/^https?:$/.test(new URL(urlPrefix).protocol))
    throw value.wrong('an extender has a "urlPrefix", such as http://127.0.0.1:9000', 'urlPrefix');
  const prioritizeVerb = value.text('prioritizeVerb');
  const weight = value.whole('weight') ?? (prioritizeVerb ? 0 : 1);
  if (weight <= 0)
    throw value.wrong(`Priority for extender ${urlPrefix} should have a positive weight applied to it`, 'weight');
  const tls = value.member('tlsConfig');
  return {
    urlPrefix,
    filterVerb: value.text('filterVerb'),
    prioritizeVerb,
    weight,
    enableHttps: value.flag('enableHttps'),
    httpTimeout: value.whole('httpTimeout'),
    tlsConfig: tls && {
      insecure: tls.flag('Insecure'),
      certFile: tls.text('CertFile'),
      keyFile: tls.text('KeyFile'),
      caFile: tls.text('CAFile'),
      certData: tls.text('CertData'),
      keyData: tls.text('KeyData'),
      caData: tls.text('CAData'),
    },
  };
}

/** A value of the file, with its place. Its members are found whatever their letters' case, as Go finds them. */
class Value {
  readonly #value: unknown;
  readonly #path: string;
  readonly #fail: (path: string, message: string) => PolicyError;

  constructor(value: unknown, path: string, fail: (path: string, message: string) => PolicyError) {
    this.#value = value;
    this.#path = path;
    this.#fail = fail;
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw fail(path, `${path || 'a policy'} is an object, not ${JSON.stringify(value)}`);
  }

  /** An error about a member, or about the whole if the member is not there. */
  wrong(message: string, name: string): PolicyError {
    return this.#fail(this.#member(name)?.path ?? this.#path, message);
  }

  name(): string {
    const name = this.text('name');
    if (!name) throw this.wrong(`${this.#path} has no "name"`, 'name');
    try {
      return checkedName(name);
    } catch (error) {
      throw this.wrong((error as Error).message, 'name');
    }
  }

  /** The member `argument`, in which exactly one of `kinds` is set. */
  argument(name: string, kinds: readonly string[]): Value | undefined {
    const argument = this.member('argument');
    if (argument && kinds.filter((kind) => argument.member(kind)).length !== 1)
      throw this.wrong(`Exactly 1 argument is required for ${name}: ${kinds.join(' or ')}`, 'argument');
    return argument;
  }

  member(name: string): Value | undefined {
    const member = this.#member(name);
    return member && new Value(member.value, member.path, this.#fail);
  }

  items(name: string): Value[] {
    return this.#list(name).map(({ value, path }) => new Value(value, path, this.#fail));
  }

  texts(name: string): string[] {
    return this.#list(name).map(({ value, path }) => {
      if (typeof value !== 'string') throw this.#fail(path, `${path} is a string, not ${JSON.stringify(value)}`);
      return value;
    });
  }

  text(name: string): string | undefined {
    return this.#typed(name, 'a string', (value) => typeof value === 'string');
  }

  flag(name: string): boolean {
    return this.#typed(name, 'true or false', (value) => typeof value === 'boolean') ?? false;
  }

  whole(name: string): number | undefined {
    return this.#typed(name, 'a whole number', (value) => Number.isSafeInteger(value));
  }

  #list(name: string): { readonly value: unknown; readonly path: string }[] {
    const list = this.#typed<unknown[]>(name, 'a list', Array.isArray) ?? [];
    return list.map((value, i) => ({ value, path: `${this.#member(name)!.path}[${i}]` }));
  }

  #typed<T>(name: string, what: string, is: (value: unknown) => boolean): T | undefined {
    const member = this.#member(name);
    if (member && !is(member.value))
      throw this.wrong(`${member.path} is ${what}, not ${JSON.stringify(member.value)}`, name);
    return member?.value as T | undefined;
  }

  /** Undefined if it is not there, or null. */
  #member(name: string): { readonly value: unknown; readonly path: string } | undefined {
    const [key, value] =
      Object.entries(this.#value as object).find(([key]) => key.toLowerCase() === name.toLowerCase()) ?? [];
    return value == null ? undefined : { value, path: this.#path === '' ? key! : `${this.#path}.${key!}` };
  }
}
