/**
 * schemathesis, which makes requests from an OpenAPI document: fitting ones and others. Only what no server may do is asked
 * of the answers (no 5xx); that the rest is as upstream has it is for other tests.
 *
 * @see https://schemathesis.readthedocs.io
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeEnvironment } from '../../tools/python.mjs';
import { root } from '../../tools/setup.mjs';
import { allowed } from './judge.mjs';

const venv = join(root, '.venv-fuzz');

/** Installs it, if it is not there: a minute, and 80 MB. */
export const setupSchemathesis = () => makeEnvironment(venv, ['schemathesis~=4.32'], 'schemathesis');

/**
 * Runs for `ms` on each of `documents` (paths on the server).
 *
 * @returns by document, how many requests were answered with which status
 */
export async function schemathesis({ port, documents, seed, ms, findings }) {
  const folder = mkdtempSync(join(tmpdir(), 'kubebook-fuzz-'));
  const counts = {};
  try {
    for (const path of documents) {
      const document = await (await fetch(`http://127.0.0.1:${port}${path}`)).json();
      // Watches do not end by themselves, streams want another protocol, and somebody else lives in `bystander`.
      for (const each of Object.keys(document.paths))
        if (/\/watch\/|\/(exec|attach|portforward|proxy)(\/|$)/.test(each)) delete document.paths[each];
      const [file, events] = [join(folder, 'openapi.json'), join(folder, 'events.ndjson')];
      writeFileSync(file, JSON.stringify({ ...document, host: undefined, servers: undefined }));
      const output = await finished([
        'run', file, '--url', `http://127.0.0.1:${port}`, '--checks', 'not_a_server_error', '--max-time', String(Math.ceil(ms / 1000)),
        '--phases', path === '/openapi/v2' ? 'fuzzing' : 'coverage,fuzzing', // on all kinds at once, preparing takes longer than we have
 '--continue-on-failure', '--request-timeout', '10', '--no-shrink', '--seed', String(seed),
        '--suppress-health-check', 'all', '--report', 'ndjson', '--report-ndjson-path', events, '--no-color', '--output-sanitize', 'false', '--workers', '2',
      ], ms + 120_000); // prettier-ignore
      counts[path] = tally(readFileSync(events, 'utf8'), path, findings);
      if (counts[path].requests === 0)
        findings.add({ type: 'schemathesis', what: `${path}: nothing was sent\n${output.slice(-2000)}` });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return counts;
}

function finished(args, timeoutMs) {
  return new Promise((resolve, reject) => {
    const child = spawn(join(venv, 'bin', 'schemathesis'), args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      cwd: tmpdir(),
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output = (output + text).slice(-20_000)));
    child.on('error', reject);
    child.on('close', () => resolve(output));
  });
}

/** Every exchange that the report tells of, wherever it stands in it. */
function tally(report, document, findings) {
  const statuses = {};
  let requests = 0;
  const seen = (value) => {
    if (typeof value !== 'object' || value === null) return;
    const { request, response } = value;
    if (request?.uri && request.method && response !== undefined) {
      requests++;
      const status = response?.status_code ?? response?.status?.code ?? 'none';
      statuses[status] = (statuses[status] ?? 0) + 1;
      const path = request.uri.replace(/^https?:\/\/[^/]+/, '');
      if (status >= 500) {
        const message = messageOf(response);
        if (!allowed(status, message, { method: request.method, path }))
          findings.add(
            { type: 'server error', what: `${status} ${message}` },
            { again: `${request.method} ${path}`, request: JSON.stringify(request).slice(0, 2000), document },
          );
      }
    }
    for (const member of Object.values(value)) seen(member);
  };
  for (const line of report.split('\n')) {
    try {
      seen(JSON.parse(line));
    } catch {
      continue; // the last line of a run that was ended
    }
  }
  return { requests, statuses };
}

function messageOf(response) {
  const body = response.content ?? response.body ?? '';
  const content = body.$base64 ?? body;
  const text =
    typeof content === 'string'
      ? /^\s*\{/.test(content)
        ? content
        : Buffer.from(content, 'base64').toString()
      : JSON.stringify(content);
  try {
    return JSON.parse(text).message ?? text;
  } catch {
    return text.slice(0, 300);
  }
}
