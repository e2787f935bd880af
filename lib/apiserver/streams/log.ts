/**
 * `pods/log`: the kubelet's answer, passed on. Before that, the parameters are checked as those of any object; a pod that
 * is not yet bound has an empty log (204).
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/registry/core/pod/rest/log.go
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { badRequest, codes, internalError, invalid, StatusError, type StatusCause } from '../../api/status.js';
import type { StreamRequest } from '../actions.js';
import { callKubelet, containerOf, isSet, kubeletOf } from './kubelet.js';

/** @throws StatusError what is wrong with the parameters, or why there is no log, with the kubelet's own words */
export async function respondLog(stream: StreamRequest, response: ServerResponse): Promise<void> {
  const { name, namespace } = stream.pod!.metadata;
  const query = logParameters(stream.url.searchParams, name);
  const container = containerOf(stream);
  const { nodeName } = stream.pod!.spec;
  if (!nodeName) return void response.writeHead(204).end();

  const path = `/containerLogs/${[namespace!, name, container].map(encodeURIComponent).join('/')}?${query.toString()}`;
  const answer = await callKubelet(kubeletOf(stream, nodeName), { method: 'GET', path }, stream.signal);
  const { statusCode = 500 } = answer.response;
  if (statusCode < 200 || statusCode > 206) throw await refusal(answer.response, name);
  response.writeHead(200, { 'Content-Type': 'text/plain' });
  response.flushHeaders();
  await pipeline(answer.response, response, { signal: stream.signal }).catch(() => response.destroy());
}

/** The parameters in the kubelet's form. @throws BadRequest, Invalid */
function logParameters(query: URLSearchParams, pod: string): URLSearchParams {
  const causes: StatusCause[] = [];
  const parameters = new URLSearchParams();
  for (const flag of ['follow', 'previous', 'timestamps', 'insecureSkipTLSVerifyBackend'])
    if (isSet(query, flag)) parameters.set(flag, 'true');
  for (const [field, min, message] of [
    ['tailLines', 0, 'must be greater than or equal to 0'],
    ['limitBytes', 1, 'must be greater than 0'],
    ['sinceSeconds', 1, 'must be greater than 0'],
  ] as const) {
    const value = query.get(field);
    if (!value) continue;
    if (!/^[+-]?\d+$/.test(value))
      throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
    if (Number(value) < min)
      causes.push({ reason: 'FieldValueInvalid', message: `Invalid value: ${Number(value)}: ${message}`, field });
    parameters.set(field, String(Number(value)));
  }
  const sinceTime = query.get('sinceTime');
  if (sinceTime) {
    if (Number.isNaN(Date.parse(sinceTime)))
      throw badRequest(
        `parsing time ${JSON.stringify(sinceTime)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(sinceTime)} as "2006"`,
      );
    if (parameters.has('sinceSeconds'))
      causes.push({
        reason: 'FieldValueForbidden',
        message: 'Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
        field: '',
      });
    parameters.set('sinceTime', sinceTime);
  }
  const which = query.get('stream');
  if (which) {
    if (!['All', 'Stdout', 'Stderr'].includes(which))
      causes.push({
        reason: 'FieldValueNotSupported',
        message: `Unsupported value: ${JSON.stringify(which)}: supported values: "All", "Stderr", "Stdout"`,
        field: 'stream',
      });
    else if (which !== 'All' && parameters.has('tailLines'))
      causes.push({
        reason: 'FieldValueForbidden',
        message: 'Forbidden: `tailLines` and specific `stream` are mutually exclusive for now',
        field: '',
      });
    parameters.set('stream', which);
  }
  if (causes.length > 0) throw invalid({ group: '', kind: 'PodLogOptions' }, pod, causes);
  return parameters;
}

/** The kubelet's plain text as a Status. */
async function refusal(answer: IncomingMessage, pod: string): Promise<StatusError> {
  const body = await text(answer);
  const { statusCode = 500 } = answer;
  if (statusCode === 500) return internalError(new Error(body));
  if (statusCode === 400) return badRequest(body);
  const reason = Object.entries(codes).find(([, code]) => code === statusCode)?.[0];
  const general =
    statusCode === 404
      ? 'the server could not find the requested resource'
      : `the server responded with the status code ${statusCode} but did not return more information`;
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `${general} ( pods/log ${pod})`,
    ...(reason && { reason }),
    details: { name: pod, kind: 'pods/log' },
    code: statusCode,
  });
}
