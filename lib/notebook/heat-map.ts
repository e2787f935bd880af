/**
 * A heat map: one field for each row and column, the darker the larger its value. chart.js has axes and titles; the fields are
 * drawn between them.
 */
import type { Chart } from 'chart.js';
import { chart, type ChartSize } from './chart.js';

export interface HeatMapOptions {
  readonly title: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** What stands in the field; undefined: it is crossed out. */
  readonly value: (row: number, column: number) => number | undefined;
  /** Whether the field gets a frame. */
  readonly marked?: (row: number, column: number) => boolean;
}

/** The hue of the fields, and of the frames: blue and vermilion stay apart for the colour-blind. */
const [hue, frame] = ['0, 114, 178', '#D55E00'];

/** Resolves with a PNG. */
export function heatMap(
  { title, rows, columns, value, marked = () => false }: HeatMapOptions,
  size: ChartSize = { height: 110 + 26 * rows.length },
): Promise<Buffer> {
  const values = rows.flatMap((_, row) => columns.flatMap((_, column) => value(row, column) ?? []));
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const strength = (of: number): number => (most === least ? 0.5 : 0.12 + (0.88 * (of - least)) / (most - least));
  const fields = {
    id: 'fields',
    afterDatasetsDraw({ ctx, scales, chartArea }: Chart) {
      const width = (chartArea.right - chartArea.left) / columns.length;
      const height = (chartArea.bottom - chartArea.top) / rows.length;
      ctx.save();
      ctx.textAlign = 'center';
      ctx.textBaseline = 'middle';
      ctx.font = '12px sans-serif';
      rows.forEach((_, row) =>
        columns.forEach((_, column) => {
          const [x, y] = [scales['x']!.getPixelForValue(column), scales['y']!.getPixelForValue(row)];
          const of = value(row, column);
          ctx.fillStyle = of === undefined ? '#eeeeee' : `rgba(${hue}, ${strength(of)})`;
          ctx.fillRect(x - width / 2 + 1, y - height / 2 + 1, width - 2, height - 2);
          if (marked(row, column)) {
            [ctx.strokeStyle, ctx.lineWidth] = [frame, 3];
            ctx.strokeRect(x - width / 2 + 2.5, y - height / 2 + 2.5, width - 5, height - 5);
          }
          ctx.fillStyle = of === undefined ? '#777777' : strength(of) > 0.55 ? 'white' : 'black';
          ctx.fillText(of === undefined ? '×' : String(of), x, y);
        }),
      );
      ctx.restore();
    },
  };
  return chart(
    {
      type: 'scatter',
      data: { datasets: [{ data: [] }] },
      options: {
        scales: {
          x: { type: 'category', labels: [...columns], offset: true, grid: { display: false } },
          y: { type: 'category', labels: [...rows], offset: true, grid: { display: false } },
        },
        plugins: { title: { display: true, text: title }, legend: { display: false } },
      },
      plugins: [fields],
    },
    size,
  );
}
