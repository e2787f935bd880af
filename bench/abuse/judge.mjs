/**
 * What is wrong with an answer, if anything. A finding is `{ type, what }`; equal ones are told once, with the first
 * request that led to it.
 */
import { parse } from 'yaml';

/**
 * Answers of 500 and more that a real API server gives as well: accidents of its implementation that clients have come to
 * know, and what lies behind it and is not there.
 */
export const allowedFailures = [
  { message: /^resourceVersion should not be set on objects to be created$/, why: 'a create with a resourceVersion' },
  {
    message:
      /^(resourceVersion: Invalid value: .*: )?strconv\.ParseUint: parsing .*: (invalid syntax|value out of range)$/s,
    why: 'a resourceVersion that is no number, in a PUT or a watch',
  },
  { message: /does not contain declared merge key: /, why: 'a strategic merge patch without the merge key' },
  { message: /^unknown patch type: /, why: 'an unknown $patch' },
  {
    message:
      /^(cannot merge|patch|invalid|unable to find|expected|merging|wrong type|\$|delete|The order in patch list|json|list|map)/i,
    path: /./,
    method: 'PATCH',
    why: 'a strategic merge patch whose orders make no sense',
  },
  { message: /target/, path: /binding/, why: 'a binding without a target' },
  { message: /disruption budget/i, path: /eviction/, why: 'an eviction under two budgets' },
  { message: /^etcdserver: request is too large$/, why: 'an object larger than the store takes' },
  { message: /^Timeout: Too large resource version: /, code: 504, why: 'a version from the future' },
  {
    message: /^Timeout: request did not complete within/,
    code: 504,
    path: /[?&]timeout=/,
    why: 'who gives a request no time',
  },
  { message: /^error dialing backend: /, why: 'a kubelet that does not answer' },
  { message: /^Component not found: /, why: 'a component that there is not' },
  { path: /\/proxy(\/|\?|$)/, why: 'what is behind a proxy answers for itself' },
  {
    path: /\/(log|exec|attach|portforward)(\?|$)/,
    code: 500,
    message: /container|runtime|pod|hollow/i,
    why: "the kubelet's own words",
  },
];

export const allowed = (code, message, { method, path }) =>
  allowedFailures.find(
    (rule) =>
      (rule.message?.test(message) ?? true) &&
      (rule.path?.test(path) ?? true) &&
      (rule.method ?? method) === method &&
      (rule.code ?? code) === code,
  );

/** Pages that answer in a form of their own. */
const ownForm = /^\/(healthz|livez|readyz|metrics|openapi|version|resetMetrics)(\/|\?|$)/;
/**
 * How long an answer may take, watches apart, in milliseconds, on a machine that does much else: a version from the future is
 * waited for three seconds.
 */
const slowMs = 20_000;

/** @param one a case of `Requests` @param outcome of `exchange` @returns findings */
export function judge(one, outcome) {
  const findings = [];
  const { answers, ms, closed, timedOut } = outcome;
  const whole = answers.filter(({ complete }) => complete);
  whole.forEach((answer, index) => {
    const method = one.methods[Math.min(index, one.methods.length - 1)];
    const path = one.paths[Math.min(index, one.paths.length - 1)];
    const what = wrongWith(answer, { method, path, malformed: one.malformed, upgrade: one.upgrade });
    if (what) findings.push(what);
    if (one.foreign && answer.status !== 403 && answer.status !== 400)
      findings.push({ type: 'foreign', what: `answered with ${answer.status}` });
  });
  // What is behind a proxy takes its own time.
  if (one.paths.some((path) => /\/proxy(\/|\?|$)/.test(path))) return findings;
  if (one.vanish === undefined && whole.length < one.answers && !endsConnection(whole.at(-1))) {
    if (timedOut)
      findings.push({
        type: 'no answer',
        what: `${whole.length} of ${one.answers} answers after ${Math.round(ms)} ms`,
      });
    else if (closed && !one.malformed && !one.methods.includes('CONNECT'))
      findings.push({ type: 'dropped', what: `the connection ended after ${whole.length} of ${one.answers} answers` });
  }
  if (one.vanish === undefined && whole.length === one.answers && ms > slowMs)
    findings.push({ type: 'slow', what: 'answered late' });
  return findings;
}

const endsConnection = (answer) => /close/i.test(answer?.headers.connection ?? '');

function wrongWith({ status, headers, body }, { method, path, malformed, upgrade }) {
  if (status === 101 || status === 204 || status === 304) return undefined;
  const type = headers['content-type'] ?? '';
  // What is no HTTP, or has a path that is none, is refused before anybody asks what it is about.
  if (status === 400 && /^(400 Bad Request)?$/.test(body.toString()) && /close/.test(headers.connection))
    return undefined;
  if (type === 'application/vnd.kubernetes.protobuf' && body.subarray(0, 4).equals(Buffer.from('k8s\0')))
    return status >= 500 && !textsIn(body).some((text) => allowed(status, text, { method, path }))
      ? { type: 'server error', what: `${status} in protobuf: ${body.toString().replace(/[^ -~]+/g, ' ')}` }
      : undefined;
  if (type === 'application/vnd.kubernetes.protobuf;stream=watch' && status === 200) return undefined;
  if (isWatch.test(path) && status === 200 && body.length === 0) return undefined; // nothing has happened
  const packed = headers['content-encoding'] !== undefined;
  const read = type === 'application/yaml' ? parse : readJson;
  const object =
    !packed && (type.startsWith('application/json') || type === 'application/yaml') ? parsed(body, read) : undefined;
  if (status >= 500) {
    const message = object?.message ?? body.toString().slice(0, 300);
    if (!allowed(status, message, { method, path })) return { type: 'server error', what: `${status} ${message}` };
  }
  if (status >= 400 && status < 600 && (malformed || upgrade)) return undefined; // the parser of HTTP answers before anybody else
  if (method === 'HEAD' || packed || /\/proxy(\/|\?|$)/.test(path)) return undefined;
  if (type.startsWith('application/') && object === undefined && !ownForm.test(path))
    return { type: 'broken answer', what: `${status} ${type} that cannot be parsed` };
  if (status < 400) return undefined;
  if (ownForm.test(path) || isPlain404(status, type, body, path)) return undefined;
  if (object?.kind !== 'Status')
    return { type: 'not a Status', what: `${status} ${type} ${body.toString().slice(0, 100)}` };
  if (object.code !== status) return { type: 'not a Status', what: `${status}, and ${object.code} in the Status` };
  return undefined;
}

/** The texts of a message in protobuf; the length before each may look like its first letter. */
const textsIn = (body) =>
  body
    .toString()
    .split(/[^ -~]+/)
    .flatMap((text) => [text, text.slice(1), text.slice(0, -1), text.slice(1, -1)]);

const isWatch = /^\/apis?\/(.*\/)?watch\/|[?&]watch=/;

/** A watch is objects line by line, of which the last may be cut off. */
const readJson = (text) => (text.startsWith('{"type":') ? JSON.parse(text.split('\n', 1)[0]) : JSON.parse(text));

/** Outside the groups that are served a path is told in one plain line, as by a real server. */
const isPlain404 = (status, type, body, path) =>
  status === 404 &&
  type.startsWith('text/plain') &&
  body.toString() === '404 page not found\n' &&
  !/^\/api\/v1\//.test(path);

function parsed(body, read) {
  try {
    return read(body.toString());
  } catch {
    return undefined;
  }
}
