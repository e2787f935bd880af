import { Counter, exponentialBuckets, Gauge, Histogram, metricsText } from './metrics.js';

test('counters, gauges and histograms are written as Prometheus reads them', () => {
  const attempts = new Counter('attempts_total', 'Number of\nattempts.');
  attempts.add({ result: 'scheduled' });
  attempts.add({ result: 'scheduled' }, 2);
  attempts.add({ result: 'a "quoted" \\ one' });
  const pending = new Gauge('pending', 'Waiting.', () => [[{ queue: 'active' }, 3]]);
  const durations = new Histogram('seconds', 'How long.', [0.1, 0.2]);
  for (const seconds of [0.05, 0.1, 0.15, 7]) durations.observe(seconds);
  durations.observe(0.2, { result: 'x' });
  expect(metricsText([attempts, pending, durations])).toBe(
    [
      '# HELP attempts_total Number of\\nattempts.',
      '# TYPE attempts_total counter',
      'attempts_total{result="a \\"quoted\\" \\\\ one"} 1',
      'attempts_total{result="scheduled"} 3',
      '# HELP pending Waiting.',
      '# TYPE pending gauge',
      'pending{queue="active"} 3',
      '# HELP seconds How long.',
      '# TYPE seconds histogram',
      'seconds_bucket{le="0.1"} 2',
      'seconds_bucket{le="0.2"} 3',
      'seconds_bucket{le="+Inf"} 4',
      `seconds_sum ${0.05 + 0.1 + 0.15 + 7}`,
      'seconds_count 4',
      'seconds_bucket{result="x",le="0.1"} 0',
      'seconds_bucket{result="x",le="0.2"} 1',
      'seconds_bucket{result="x",le="+Inf"} 1',
      'seconds_sum{result="x"} 0.2',
      'seconds_count{result="x"} 1',
      '',
    ].join('\n'),
  );
});

test('buckets grow by a factor', () => expect(exponentialBuckets(1, 2, 4)).toEqual([1, 2, 4, 8]));
