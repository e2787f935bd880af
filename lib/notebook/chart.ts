/**
 * Charts without a browser: chart.js draws on a canvas of Node's, and the picture is a PNG that any notebook shows.
 *
 * ```ts
 * display.png(await chart({ type: 'bar', data: { labels: ['node-1'], datasets: [{ label: 'pods', data: [3] }] } }));
 * ```
 */
import { createCanvas } from '@napi-rs/canvas';
import { Chart, registerables, type ChartConfiguration, type ChartItem } from 'chart.js';

Chart.register(...registerables);

export interface ChartSize {
  /** Pixels, before the doubling for sharp screens. */
  readonly width?: number;
  readonly height?: number;
}

/** Drawn twice as large as it is shown. */
const pixelRatio = 2;

/** Colours that stay apart for the colour-blind (Okabe and Ito). */
export const palette = [
  '#0072B2',
  '#E69F00',
  '#009E73',
  '#CC79A7',
  '#56B4E9',
  '#D55E00',
  '#F0E442',
  '#999999',
] as const;

/** Draws a chart of chart.js; resolves with a PNG. Datasets without a colour get one from {@link palette}. */
export async function chart(
  config: ChartConfiguration<any, any, any>,
  { width = 720, height = 320 }: ChartSize = {},
): Promise<Buffer> {
  const canvas = createCanvas(width * pixelRatio, height * pixelRatio);
  config.data.datasets.forEach((dataset, index) => {
    const colour = palette[index % palette.length];
    (dataset as { backgroundColor?: unknown }).backgroundColor ??= colour;
    (dataset as { borderColor?: unknown }).borderColor ??= colour;
  });
  const drawn = new Chart(canvas as unknown as ChartItem, {
    ...config,
    options: { ...config.options, animation: false, responsive: false, devicePixelRatio: pixelRatio },
    plugins: [...(config.plugins ?? []), whitePaper],
  });
  drawn.resize(width, height);
  drawn.update();
  const png = await canvas.encode('png');
  drawn.destroy();
  return png;
}

/** A PNG is transparent otherwise, and unreadable in a dark theme. */
const whitePaper = {
  id: 'whitePaper',
  beforeDraw({ ctx, width, height }: Chart) {
    ctx.save();
    ctx.fillStyle = 'white';
    ctx.fillRect(0, 0, width, height);
    ctx.restore();
  },
};
