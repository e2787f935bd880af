// Calls a URL RATE times a second (2) and logs, every EVERY_MS milliseconds (5000), who answered and how fast.
//
//   the argument, or URL   what to call
//   COUNT                  ends after so many calls (0: never)
//   VERBOSE                1 logs every answer
const url = process.argv[2] ?? process.env.URL;
const { RATE = '2', COUNT = '0', EVERY_MS = '5000', VERBOSE = '0' } = process.env;
if (!url) {
  console.error('usage: load URL (or set URL)');
  process.exit(2);
}

/** Since the last line of log: answers by pod, failures by cause, durations in milliseconds. */
let answers = {};
let failures = {};
let durations = [];
let calls = 0;

const timer = setInterval(
  async () => {
    calls += 1;
    if (calls === Number(COUNT)) clearInterval(timer);
    const started = performance.now();
    try {
      // A connection of its own for each call: a kept one would stay with one pod.
      const response = await fetch(url, { headers: { Connection: 'close' }, signal: AbortSignal.timeout(10_000) });
      const body = await response.text();
      const who = response.headers.get('x-pod') ?? `HTTP ${response.status}`;
      answers[who] = (answers[who] ?? 0) + 1;
      durations.push(performance.now() - started);
      if (VERBOSE !== '0') console.log(`${response.status} ${body.trimEnd().slice(0, 200)}`);
    } catch (error) {
      const cause = error.cause?.code ?? error.cause?.message ?? error.message;
      failures[cause] = (failures[cause] ?? 0) + 1;
    }
    if (calls === Number(COUNT)) setTimeout(() => (report(), process.exit(0)), 100);
  },
  1000 / Number(RATE),
);

setInterval(report, Number(EVERY_MS)).unref();

function report() {
  durations.sort((a, b) => a - b);
  const median = durations.length ? `${durations[durations.length >> 1].toFixed(1)} ms` : 'none';
  console.log(JSON.stringify({ answers, ...(Object.keys(failures).length && { failures }), median }));
  [answers, failures, durations] = [{}, {}, []];
}

process.on('SIGTERM', () => (report(), process.exit(0)));
process.on('SIGINT', () => process.exit(130));
