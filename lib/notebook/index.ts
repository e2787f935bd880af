/**
 * What notebook cells use to show things: charts as PNG, tables as HTML, timelines of what objects go through, and
 * `check`, which stops a notebook when a statement of the book does not hold.
 *
 * ```ts
 * import { display } from 'tslab';
 * import { chart, table, until, check } from 'kubebook/notebook';
 *
 * display.html(table([{ name: 'web-0', node: 'node-1' }]));
 * const pod = await until('the pod has a node', async () => (await client.get(pods, name)).spec.nodeName);
 * check('the scheduler has bound the pod', pod === 'node-1');
 * ```
 *
 * Files in reading order: `show.ts`, `chart.ts`, `timeline.ts`; `program.ts`, `load.ts` and `line-chart.ts` (servers as processes
 * of their own, killed and measured); `heat-map.ts` and `scheduling.ts` (the scheduler's reasons).
 *
 * @module
 */
export { table, paragraph, until, check } from './show.js';
export { chart, palette, type ChartSize } from './chart.js';
export { recordTimeline, type Timeline } from './timeline.js';
export { etcdctl, kubebook, Program, startApiServer, startEtcd, type ProgramOptions } from './program.js';
export { inTurns, load, type Load, type LoadOptions } from './load.js';
export { lineChart, type LineChartOptions } from './line-chart.js';
export { heatMap, type HeatMapOptions } from './heat-map.js';
export {
  explainer,
  nodesTable,
  placementChart,
  placementInWords,
  scoreChart,
  scoreMap,
  scoresInWords,
  showExplanation,
  type Display,
} from './scheduling.js';
