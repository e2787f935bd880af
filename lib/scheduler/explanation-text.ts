/** Explanations for people: the outcome in a sentence, the nodes in a table, and on demand everything about each node. */
import type { Explanation } from './explain.js';
import type { Explained, NodeVerdict, PredicateVerdict } from './explanation.js';

/** How much is told, and how. */
export interface TextOptions {
  /** Also every predicate's verdict on every node. */
  readonly wide?: boolean;
  /** Colours, for a terminal. */
  readonly colour?: boolean;
}

/** ```
 * default/web-1: node-2 with 27 points, 2 ahead of node-1. 2 of 3 nodes fit. (DefaultProvider)
 *
 * NODE    FITS  LeastRequestedPriority  BalancedResourceAllocation  …  TOTAL
 * node-1  yes   8                       9                           …  25
 * node-2  yes   9                       9                           …  27
 * node-3  no    MatchNodeSelector
 * ```
 */
export function explanationText(
  explained: Explained | Explanation,
  { wide = false, colour = false }: TextOptions = {},
): string {
  const paint = colour ? painted : plain;
  const { table = [] } = explained;
  const parts = [headline(explained, paint)];
  if ('basis' in explained) parts.push(history(explained));
  else if (explained.preemption) parts.push(evictions(explained.preemption));
  if (table.length > 0) parts.push(overview(explained, table, paint));
  if (wide) parts.push(...table.map((verdict) => inFull(verdict, paint)));
  if (wide && 'parts' in explained) parts.push(times(explained));
  return `${parts.join('\n\n')}\n`;
}

/** Why the Pod is not on `node`, or why it is. @throws if there was no such node */
export function whyNotText(
  explained: Explained | Explanation,
  node: string,
  { colour = false }: TextOptions = {},
): string {
  const paint = colour ? painted : plain;
  const { table } = explained;
  if (!table) return explanationText(explained, { colour });
  const verdict = table.find((each) => each.node === node);
  if (!verdict) {
    const known = table.map((each) => each.node).join(', ');
    throw new Error(
      `there was no node "${node}" when ${explained.pod} was decided about, only ${known || 'none at all'}`,
    );
  }
  const winner = table.find((each) => each.node === explained.node);
  if (!verdict.fits) return `${explained.pod} does not fit on ${node}.\n\n${inFull(verdict, paint)}\n`;
  if (!winner || winner === verdict) return `${headline(explained, paint)}\n\n${inFull(verdict, paint)}\n`;
  const behind = winner.total - verdict.total;
  const sentence =
    behind === 0
      ? `It fits, and has as many points as ${winner.node}: among equals nodes have their turn.`
      : `It fits, but has ${points(behind)} less than ${winner.node}.`;
  const rows = verdict.priorities.map(({ name, weight, score }, i) => {
    const theirs = winner.priorities[i]!.score;
    return [name, String(weight), String(score), String(theirs), signed(weight * (score - theirs))];
  });
  return [
    `Why is ${explained.pod} not on ${node}? ${sentence}`,
    '',
    lines([
      ['PRIORITY', 'WEIGHT', node, winner.node, 'DIFFERENCE'],
      ...rows,
      ['TOTAL', '', String(verdict.total), String(winner.total), signed(-behind)],
    ]),
    '',
  ].join('\n');
}

function headline(explained: Explained | Explanation, paint: Paint): string {
  const { pod, node, score, runnerUp, nodes, feasible, ...rest } = explained;
  if (node === undefined)
    return `${pod}: ${paint('no', 'no node')}. (${rest.algorithmProvider})\n${rest.message12 ?? rest.message ?? ''}`;
  const lead = runnerUp
    ? runnerUp.behind === 0
      ? `, as many as ${runnerUp.node}`
      : `, ${runnerUp.behind} ahead of ${runnerUp.node}`
    : '';
  const fit = `${feasible} of ${nodes} node${nodes === 1 ? '' : 's'} fit${feasible === 1 ? 's' : ''}`;
  return `${pod}: ${paint('yes', node)} with ${points(score)}${lead}. ${fit}. (${rest.algorithmProvider})`;
}

/** When it was attempted, how long that took, and what the table is worth. */
function history({ basis, attempt, reproduced, nodes, node, message }: Explanation): string {
  const notes: string[] = [];
  if (node !== undefined && message !== undefined) notes.push(`Nobody decides about it: ${message}.`);
  if (attempt) {
    const { atMs, predicatesMs, prioritiesMs, binding, bindingMs } = attempt;
    const took = [
      `predicates ${milliseconds(predicatesMs)}`,
      `priorities ${milliseconds(prioritiesMs)}`,
      ...(binding === 'none'
        ? []
        : [bindingMs === undefined ? `binding ${binding}` : `${binding} after ${milliseconds(bindingMs)}`]),
    ];
    notes.push(`Attempt ${attempt.attempt}, ${new Date(atMs).toISOString()}: ${took.join(', ')}.`);
  }
  if (basis === 'present') notes.push('No attempt at it is remembered: this is how it would be decided now.');
  if (basis === 'gone') notes.push(`The state of the ${nodes} nodes at that time is no longer remembered.`);
  if (reproduced === false)
    notes.push(
      'Asked again, a predicate or priority answers otherwise: it looks at something that was not remembered.',
    );
  return notes.join('\n');
}

const evictions = ({ node, victims }: NonNullable<Explained['preemption']>): string =>
  `To make room for it, ${victims.join(', ')} would be evicted from ${node}.`;

const times = ({ parts = [] }: Explanation): string =>
  lines([['TIME FOR ALL NODES'], ...parts.map(({ name, ms }) => [`  ${name}`, milliseconds(ms)])]);

const milliseconds = (ms: number): string => `${Number(ms.toPrecision(3))} ms`;

function overview({ node: chosen }: Explained | Explanation, table: readonly NodeVerdict[], paint: Paint): string {
  const priorities = table.find(({ fits }) => fits)?.priorities ?? [];
  const heads = priorities.map(({ name, weight }) => (weight === 1 ? name : `${name}×${weight}`));
  const rows = table.map(({ node, fits, priorities, predicates, total }) => {
    if (fits) return [node, 'yes', ...priorities.map(({ score }) => String(score)), String(total)];
    return [node, 'no', predicates.flatMap(({ reason }) => reason ?? []).join('; ')];
  });
  const [head, ...body] = lines([
    ['NODE', 'FITS', ...heads, table.some(({ fits }) => fits) ? 'TOTAL' : 'WHY NOT'],
    ...rows,
  ]).split('\n');
  return [
    head!,
    ...body.map((line, i) =>
      table[i]!.node === chosen ? paint('yes', line) : table[i]!.fits ? line : paint('no', line),
    ),
  ].join('\n');
}

function inFull({ node, fits, predicates, priorities, total }: NodeVerdict, paint: Paint): string {
  const verdicts = predicates.map((each) => [`  ${each.name}`, each.fits ? 'fits' : paint('no', refusal(each))]);
  const scores = priorities.map(({ name, weight, score }) => [`  ${name}`, `${score} × ${weight} = ${score * weight}`]);
  return lines([[`${node}: ${fits ? points(total) : 'does not fit'}`], ...verdicts, ...scores]);
}

/** 1.2 gave no other reason than the predicate's name, most of the time. */
const refusal = ({ name, reason }: PredicateVerdict): string =>
  reason === undefined || reason === name ? 'does not fit' : `does not fit: ${reason}`;

const points = (count: number): string => `${count} point${count === 1 ? '' : 's'}`;
const signed = (count: number): string => (count > 0 ? `+${count}` : String(count));

/** Columns, each as wide as its widest cell that is not the last of its row. */
function lines(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) row.slice(0, -1).forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  return rows
    .map((row) => row.map((cell, i) => (i < row.length - 1 ? cell.padEnd(widths[i]!) : cell)).join('  '))
    .join('\n');
}

type Paint = (how: 'yes' | 'no', text: string) => string;

const plain: Paint = (_how, text) => text;
const painted: Paint = (how, text) => `\x1b[${how === 'yes' ? 32 : 31}m${text}\x1b[0m`;
