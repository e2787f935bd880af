/**
 * Which nodes a Pod asks for: `spec.nodeSelector`, `spec.affinity.nodeAffinity`, and the annotation in which 1.2 kept the
 * latter (`scheduler.alpha.kubernetes.io/affinity`, a JSON text).
 *
 * Terms are alternatives; the expressions of one term must all hold. A list without terms, and a term without expressions,
 * match no node.
 *
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#node-affinity
 */
import type { DeepReadonly, Node, Pod } from '../api/types.js';

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

export interface NodeAffinity {
  /** True if everything that is required of a node holds for this one. */
  matches(node: DeepReadonly<Node>): boolean;
  /** The weights of the preferences that this node fulfils, added up. */
  preference(node: DeepReadonly<Node>): number;
  /** Nothing is preferred: {@link preference} is 0 everywhere. */
  readonly indifferent: boolean;
}

const anywhere: NodeAffinity = { matches: () => true, preference: () => 0, indifferent: true };

/** What `pod` asks of nodes. An annotation that cannot be read matches no node. */
export function nodeAffinityOf(pod: DeepReadonly<Pod>): NodeAffinity {
  const { nodeSelector, affinity } = pod.spec;
  const annotation = pod.metadata.annotations?.[affinityAnnotation];
  if (!nodeSelector && !affinity?.nodeAffinity && annotation === undefined) return anywhere;
  const pairs = Object.entries(nodeSelector ?? {});
  const affinities = [affinity?.nodeAffinity as Affinity | undefined, parseAnnotation(annotation)];
  const preferences = affinities
    .flatMap((one) => one?.preferredDuringSchedulingIgnoredDuringExecution ?? [])
    .filter(({ weight, preference }) => weight !== 0 && preference.matchExpressions?.length);
  return {
    indifferent: preferences.length === 0,
    matches(node) {
      const labels = node.metadata.labels ?? {};
      if (!pairs.every(([key, value]) => labels[key] === value)) return false;
      return affinities.every((one) => {
        const required = one?.requiredDuringSchedulingIgnoredDuringExecution;
        return required == null || anyTermMatches(required.nodeSelectorTerms ?? [], node);
      });
    },
    preference: (node) =>
      preferences.reduce(
        (sum, { weight, preference }) => sum + (termMatches(preference, node) === true ? weight : 0),
        0,
      ),
  };
}

/** Whether `node` is one of those that a NodeSelector means: a volume's, say. */
export const matchesNodeSelector = (
  { nodeSelectorTerms }: { readonly nodeSelectorTerms?: readonly Term[] | null },
  node: DeepReadonly<Node>,
): boolean => anyTermMatches(nodeSelectorTerms ?? [], node);

const matchesNothing: Affinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } };

function parseAnnotation(text: string | undefined): Affinity | undefined {
  if (text === undefined) return undefined;
  try {
    return (JSON.parse(text) as { nodeAffinity?: Affinity } | null)?.nodeAffinity;
  } catch {
    return matchesNothing;
  }
}

/** An expression that makes no sense fails the whole check, unless an earlier term has matched. */
function anyTermMatches(terms: readonly Term[], node: DeepReadonly<Node>): boolean {
  for (const term of terms) {
    const matched = termMatches(term, node);
    if (matched === undefined) return false;
    if (matched) return true;
  }
  return false;
}

/** Undefined: the term makes no sense. */
function termMatches({ matchExpressions = [], matchFields = [] }: Term, node: DeepReadonly<Node>): boolean | undefined {
  if (matchExpressions.length + matchFields.length === 0) return false;
  const labels = node.metadata.labels ?? {};
  const results = [
    ...matchExpressions.map((expression) => holds(expression, labels[expression.key])),
    ...matchFields.map((field) => holds(field, field.key === 'metadata.name' ? node.metadata.name : undefined)),
  ];
  return results.includes(undefined) ? undefined : results.every(Boolean);
}

function holds({ operator, values = [] }: Expression, value: string | undefined): boolean | undefined {
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
      const asked = Number(values[0]);
      if (values.length !== 1 || values[0] === '' || Number.isNaN(asked)) return undefined;
      if (value === undefined || value === '' || Number.isNaN(Number(value))) return false;
      return operator === 'Gt' ? Number(value) > asked : Number(value) < asked;
    }
    default:
      return undefined;
  }
}
