/**
 * Which nodes a Pod asks for: `spec.nodeSelector`, `spec.affinity.nodeAffinity`, and the annotation in which 1.2 kept the
 * latter (`scheduler.alpha.kubernetes.io/affinity`, a JSON text).
 *
 * Terms are alternatives; the expressions of one term must all hold. A list without terms, and a term without expressions,
 * match no node.
 *
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#node-affinity
 */
import { convert, parseJSON } from '../api/decode/index.js';
import { definition } from '../api/schema/index.js';
import type { DeepReadonly, Node, Pod } from '../api/types.js';
import { labelValueCheck, qualifiedName } from '../api/validation/names.js';

export const affinityAnnotation = 'scheduler.alpha.kubernetes.io/affinity';

interface Expression {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

interface Term {
  readonly matchExpressions?: readonly Expression[];
  readonly matchFields?: readonly Expression[];
}

interface Affinity {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: {
    readonly nodeSelectorTerms?: readonly Term[] | null;
  } | null;
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly {
    readonly weight: number;
    readonly preference: Term;
  }[];
}

/** What is asked of nodes. */
interface Wish {
  /** True if everything that is required of a node holds for this one. */
  matches(node: DeepReadonly<Node>): boolean;
  /** The weights of the preferences that this node fulfils, added up. */
  preference(node: DeepReadonly<Node>): number;
  /** Nothing is required: {@link matches} is true everywhere. */
  readonly undemanding: boolean;
  /** Nothing is preferred: {@link preference} is 0 everywhere. */
  readonly indifferent: boolean;
}

/** With the annotation, as 1.2's predicates and priorities see it. */
export interface NodeAffinity extends Wish {
  /** Without it: to today's scheduler it is a note like any other. */
  readonly today: Wish;
}

const anywhere: Wish = { matches: () => true, preference: () => 0, undemanding: true, indifferent: true };
const indifferent: NodeAffinity = { ...anywhere, today: anywhere };

/** What `pod` asks of nodes. An annotation that cannot be read matches no node. */
export function nodeAffinityOf(pod: DeepReadonly<Pod>): NodeAffinity {
  const { nodeSelector, affinity } = pod.spec;
  const annotation = pod.metadata.annotations?.[affinityAnnotation];
  if (!nodeSelector && !affinity?.nodeAffinity && !annotation) return indifferent;
  const pairs = Object.entries(nodeSelector ?? {});
  const selected: Wish = {
    ...anywhere,
    undemanding: pairs.length === 0,
    matches: ({ metadata: { labels = {} } }) => pairs.every(([key, value]) => labels[key] === value),
  };
  const today = both(selected, asked(affinity?.nodeAffinity as Affinity | undefined, wholeNumber));
  return { ...(annotation ? both(today, asked(parseAnnotation(annotation), decimalNumber)) : today), today };
}

function asked(affinity: Affinity | undefined, numberOf: NumberOf): Wish {
  if (!affinity) return anywhere;
  const required = affinity.requiredDuringSchedulingIgnoredDuringExecution;
  const preferences = (affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).filter(
    ({ weight, preference: { matchExpressions = [], matchFields = [] } }) =>
      weight !== 0 && matchExpressions.length + matchFields.length > 0,
  );
  return {
    undemanding: required == null,
    indifferent: preferences.length === 0,
    matches: (node) => required == null || anyTermMatches(required.nodeSelectorTerms ?? [], node, numberOf),
    preference: (node) =>
      preferences.reduce(
        (sum, { weight, preference }) => sum + (termMatches(preference, node, numberOf) === true ? weight : 0),
        0,
      ),
  };
}

const both = (a: Wish, b: Wish): Wish => ({
  undemanding: a.undemanding && b.undemanding,
  indifferent: a.indifferent && b.indifferent,
  matches: (node) => a.matches(node) && b.matches(node),
  preference: (node) => a.preference(node) + b.preference(node),
});

/** Whether `node` is one of those that a NodeSelector means: a volume's, say. */
export const matchesNodeSelector = (
  { nodeSelectorTerms }: { readonly nodeSelectorTerms?: readonly Term[] | null },
  node: DeepReadonly<Node>,
): boolean => anyTermMatches(nodeSelectorTerms ?? [], node, wholeNumber);

const matchesNothing: Affinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } };

/** No API server has checked what stands there: it may be anything. */
function parseAnnotation(text: string): Affinity | undefined {
  try {
    const value = parseJSON(text).value ?? {};
    const { nodeAffinity } = convert<{ nodeAffinity?: Affinity }>(value, definition('api.core.v1.Affinity')).object;
    const required = nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    if (!required) return nodeAffinity;
    const nodeSelectorTerms = (required.nodeSelectorTerms ?? []).map(withoutNonsense);
    return { ...nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } };
  } catch {
    return matchesNothing;
  }
}

/** An expression about what can be no label, or no value of one, makes no more sense than one without an operator. */
const withoutNonsense = ({ matchExpressions = [] }: Term): Term => ({
  matchExpressions: matchExpressions.map(({ key, operator, values = [] }) => {
    const isSound = [...qualifiedName(key), ...values.flatMap((value) => labelValueCheck(value))].length === 0;
    return { key, operator: isSound ? operator : '', values };
  }),
});

/** An expression that makes no sense fails the whole check, unless an earlier term has matched. */
function anyTermMatches(terms: readonly Term[], node: DeepReadonly<Node>, numberOf: NumberOf): boolean {
  for (const term of terms) {
    const matched = termMatches(term, node, numberOf);
    if (matched === undefined) return false;
    if (matched) return true;
  }
  return false;
}

/** Undefined: the term makes no sense. */
function termMatches(
  { matchExpressions = [], matchFields = [] }: Term,
  node: DeepReadonly<Node>,
  numberOf: NumberOf,
): boolean | undefined {
  if (matchExpressions.length + matchFields.length === 0) return false;
  const labels = node.metadata.labels ?? {};
  const results = [
    ...matchExpressions.map((expression) => holds(expression, labels[expression.key], numberOf)),
    ...matchFields.map((field) =>
      holds(field, field.key === 'metadata.name' ? node.metadata.name : undefined, numberOf),
    ),
  ];
  return results.includes(undefined) ? undefined : results.every(Boolean);
}

/** Undefined: it is no number. */
type NumberOf = (text: string) => number | undefined;

/** What `Gt` and `Lt` compare today; 1.2 compared decimal numbers. */
const wholeNumber: NumberOf = (text) => (/^[+-]?\d+$/.test(text) ? Number(text) : undefined);
const decimalNumber: NumberOf = (text) =>
  /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;

function holds(
  { operator, values = [] }: Expression,
  value: string | undefined,
  numberOf: NumberOf,
): boolean | undefined {
  switch (operator) {
    case 'In':
      return values.length === 0 ? undefined : value !== undefined && values.includes(value);
    case 'NotIn':
      return values.length === 0 ? undefined : value === undefined || !values.includes(value);
    case 'Exists':
      return values.length > 0 ? undefined : value !== undefined;
    case 'DoesNotExist':
      return values.length > 0 ? undefined : value === undefined;
    case 'Gt':
    case 'Lt': {
      const limit = values.length === 1 ? numberOf(values[0]!) : undefined;
      if (limit === undefined) return undefined;
      const its = value === undefined ? undefined : numberOf(value);
      return its !== undefined && (operator === 'Gt' ? its > limit : its < limit);
    }
    default:
      return undefined;
  }
}
