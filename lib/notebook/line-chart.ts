/** How something depends on another thing: one line for each of those who are compared. */
import type { Scale } from 'chart.js';
import { chart, palette, type ChartSize } from './chart.js';

export interface LineChartOptions {
  readonly title: string;
  /** What the axes show, with unit. */
  readonly x: string;
  readonly y: string;
  /** Where along x the points are, at equal distances. */
  readonly at: readonly (string | number)[];
  /** By name, as many values as `at` has. */
  readonly lines: Readonly<Record<string, readonly number[]>>;
  /** Equal distances along y are equal ratios: for values that differ many times over. All must be positive. */
  readonly logarithmic?: boolean;
}

/** Points of different shape, for whoever cannot tell the colours apart. */
const shapes = ['circle', 'rect', 'triangle', 'rectRot'] as const;

/** Of 1, 2, 5, 10, 20, 50, … those that enclose all `values`: the marks of a logarithmic axis. */
export function roundMarks(values: readonly number[]): number[] {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const marks: number[] = [];
  for (let exponent = Math.floor(Math.log10(least)); marks.length === 0 || marks.at(-1)! < most; exponent++)
    for (const digit of [1, 2, 5]) marks.push(Number(`${digit}e${exponent}`));
  const first = marks.findLastIndex((mark) => mark <= least);
  return marks.slice(first, marks.findIndex((mark) => mark >= most) + 1);
}

/** Resolves with a PNG. */
export function lineChart(
  { title, x, y, at, lines, logarithmic = false }: LineChartOptions,
  size?: ChartSize,
): Promise<Buffer> {
  const marks = logarithmic ? roundMarks(Object.values(lines).flat()) : [];
  return chart(
    {
      type: 'line',
      data: {
        labels: [...at],
        datasets: Object.entries(lines).map(([label, values], i) => ({
          label,
          data: [...values],
          borderColor: palette[i % palette.length],
          backgroundColor: palette[i % palette.length],
          pointStyle: shapes[i % shapes.length],
          pointRadius: 4,
        })),
      },
      options: {
        layout: { padding: { right: 16 } },
        scales: {
          x: { title: { display: true, text: x } },
          y: logarithmic
            ? {
                type: 'logarithmic',
                title: { display: true, text: `${y}, logarithmic` },
                min: marks[0],
                max: marks.at(-1),
                afterBuildTicks: (axis: Scale) => void (axis.ticks = marks.map((value) => ({ value }))),
                ticks: { callback: (value: number) => value.toLocaleString('en-US', { maximumSignificantDigits: 1 }) },
              }
            : { title: { display: true, text: y }, beginAtZero: true },
        },
        plugins: {
          title: { display: true, text: title },
          legend: { labels: { usePointStyle: true, boxHeight: 6 } },
        },
      },
    },
    size,
  );
}
