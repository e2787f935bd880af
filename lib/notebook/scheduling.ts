/**
 * The scheduler's reasons as tables and charts, each with the same in words: for those who cannot see it, and for those who
 * read the stored notebook.
 *
 * ```ts
 * const explain = explainer(display, cluster.scheduler);
 * await explain('default/web-0');
 * ```
 */
import type { Pod } from '../api/types.js';
import type { Explained, NodeVerdict, Outcome, Placements } from '../scheduler/index.js';
import { chart, palette } from './chart.js';
import { heatMap } from './heat-map.js';
import { paragraph, table } from './show.js';

/** As much of tslab's `display` as is needed. */
export interface Display {
  html(html: string): void;
  png(picture: Buffer): void;
}

/** An explanation: of an attempt, or of what would be. */
type Told = Outcome & Partial<Pick<Explained, 'table' | 'message12'>>;

/** What explains a Pod: prints the table, draws the chart, and says it in words. */
export const explainer =
  (display: Display, scheduler: { explain(pod: string): Told | undefined | Promise<Told> }) =>
  async (pod: string): Promise<void> => {
    const told = await scheduler.explain(pod);
    if (!told) throw new Error(`the scheduler does not know ${pod}`);
    await showExplanation(display, told);
  };

/** The table, the chart of those nodes that fit, and both in words. */
export async function showExplanation(display: Display, told: Told): Promise<void> {
  display.html(table(nodesTable(told)));
  if (told.feasible > 0) display.png(await scoreChart(told));
  display.html(paragraph(scoresInWords(told)));
}

/** One row a node: what each priority gave, or which predicates refused it. */
export function nodesTable({ node: chosen, table = [] }: Told): Record<string, string | number>[] {
  const names = prioritiesOf(table);
  return table.map(({ node, fits, predicates, priorities, total }) => ({
    node: node === chosen ? `${node} ←` : node,
    fits: fits ? 'yes' : 'no',
    ...Object.fromEntries(names.map((name, i) => [name, fits ? priorities[i]!.score : ''])),
    total: fits ? total : '',
    'why not': predicates.flatMap(({ reason }) => reason ?? []).join('; '),
  }));
}

/** One bar a node: the weighted scores of its priorities, one upon the other. */
export function scoreChart({ pod, node: chosen, table = [] }: Told): Promise<Buffer> {
  const names = prioritiesOf(table);
  return chart(
    {
      type: 'bar',
      data: {
        labels: table.map(({ node, fits }) => (node === chosen ? `${node} ✓` : fits ? node : `${node} ×`)),
        datasets: names.map((label, i) => ({
          label,
          data: table.map(({ priorities }) => (priorities[i] ? priorities[i].weight * priorities[i].score : 0)),
          backgroundColor: palette[i % palette.length],
        })),
      },
      options: {
        indexAxis: 'y',
        layout: { padding: { right: 16 } },
        scales: {
          x: { stacked: true, title: { display: true, text: 'points (score × weight)' } },
          y: { stacked: true },
        },
        plugins: { title: { display: true, text: `Where should ${pod} go?` } },
      },
    },
    { height: 130 + 34 * table.length },
  );
}

/** The same, said. */
export function scoresInWords({ pod, node: chosen, runnerUp, table = [], message12, message }: Told): string {
  const outcome = chosen
    ? `${pod} goes to ${chosen}${runnerUp ? `, ${runnerUp.behind === 0 ? 'which is as good as' : `${runnerUp.behind} points ahead of`} ${runnerUp.node}` : ''}.`
    : `${pod} finds no node: ${message12 ?? message ?? ''}`;
  const nodes = table
    .filter(({ fits }) => fits)
    .map(({ node, priorities, total }) => {
      const sum = priorities.map(({ name, weight, score }) => `${weight === 1 ? '' : `${weight} × `}${score} ${name}`);
      return `${node}: ${sum.join(' + ')} = ${total}`;
    });
  const refused = table.filter(({ fits }) => !fits).map(({ node }) => node);
  return [
    outcome,
    ...(nodes.length > 0 ? [`${nodes.join('; ')}.`] : []),
    ...(refused.length > 0 && chosen ? [`It does not fit on ${refused.join(', ')}.`] : []),
  ].join(' ');
}

/** One row a Pod, one column a node: the darker, the more points; the frame is where it went; × where it does not fit. */
export function scoreMap(outcomes: readonly Told[], title = 'Points of each node, Pod after Pod'): Promise<Buffer> {
  const nodes = [...new Set(outcomes.flatMap(({ table = [] }) => table.map(({ node }) => node)))].sort();
  const verdict = (row: number, column: number): NodeVerdict | undefined =>
    outcomes[row]!.table?.find(({ node }) => node === nodes[column]);
  return heatMap({
    title,
    rows: outcomes.map(({ pod }) => pod.replace(/^default\//, '')),
    columns: nodes,
    value: (row, column) => (verdict(row, column)?.fits ? verdict(row, column)!.total : undefined),
    marked: (row, column) => outcomes[row]!.node === nodes[column],
  });
}

/** How many Pods each node has, under one algorithm and under another. */
export function placementChart(
  placements: Readonly<Record<string, Placements>>,
  title = 'Pods on each node',
): Promise<Buffer> {
  const nodes = nodesOf(placements);
  return chart({
    type: 'bar',
    data: {
      labels: nodes,
      datasets: Object.entries(placements).map(([label, one], i) => ({
        label,
        data: nodes.map((node) => podsOn(one, node)),
        backgroundColor: palette[i % palette.length],
      })),
    },
    options: {
      scales: { y: { title: { display: true, text: 'pods' }, ticks: { precision: 0 }, beginAtZero: true } },
      plugins: { title: { display: true, text: title } },
    },
  });
}

/** The same, said. */
export function placementInWords(placements: Readonly<Record<string, Placements>>): string {
  const nodes = nodesOf(placements);
  return Object.entries(placements)
    .map(([name, one]) => {
      const counts = nodes.map((node) => `${podsOn(one, node)} on ${node}`);
      const waiting = one.outcomes.filter(({ node }) => node === undefined).length;
      return `${name}: ${counts.join(', ')}${waiting > 0 ? `, ${waiting} without a node` : ''}.`;
    })
    .join(' ');
}

const prioritiesOf = (table: readonly NodeVerdict[]): string[] =>
  (table.find(({ fits }) => fits)?.priorities ?? []).map(({ name, weight }) =>
    weight === 1 ? name : `${name} × ${weight}`,
  );

const nodesOf = (placements: Readonly<Record<string, Placements>>): string[] =>
  [
    ...new Set(
      Object.values(placements).flatMap(({ after }) => after.all('Node').map(({ metadata }) => metadata.name)),
    ),
  ].sort();

const podsOn = ({ after }: Placements, node: string): number =>
  after.all<Pod>('Pod').filter(({ spec }) => spec.nodeName === node).length;
