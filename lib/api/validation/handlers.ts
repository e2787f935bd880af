/**
 * Probes and lifecycle hooks: what is asked of a container, and by which one of four ways.
 *
 * @see https://kubernetes.io/docs/concepts/workloads/pods/probes/
 */
import type { Lifecycle, LifecycleHandler } from 'kubernetes-types/core/v1.js';
import type { FieldError } from '../kinds/kind.js';
import type { DeepReadonly, Probe } from '../types.js';
import { forbidden, invalid, notSupported, required, type Path } from './errors.js';
import { complainAt } from './metadata.js';
import { httpHeaderName, portName, portNumber } from './names.js';

export const notNegative = 'must be greater than or equal to 0';

type Handler = DeepReadonly<Pick<Probe, 'exec' | 'httpGet' | 'tcpSocket' | 'grpc'> & Pick<LifecycleHandler, 'sleep'>>;

const ways = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const;

/** Exactly one way, and that one complete. */
function validateHandler(handler: Handler, graceSeconds: number | undefined, path: Path, errors: FieldError[]): void {
  const given = ways.filter((way) => handler[way] != null);
  if (given.length === 0) errors.push(required(path, 'must specify a handler type'));
  given.forEach((way, index) => {
    if (index > 0) errors.push(forbidden(path.child(way), 'may not specify more than 1 handler type'));
    else validateWay(way, handler, graceSeconds, path.child(way), errors);
  });
}

function validateWay(
  way: (typeof ways)[number],
  { exec, httpGet, tcpSocket, grpc, sleep }: Handler,
  graceSeconds: number | undefined,
  path: Path,
  errors: FieldError[],
): void {
  switch (way) {
    case 'exec':
      if (!exec!.command?.length) errors.push(required(path.child('command')));
      return;
    case 'httpGet':
      if (!httpGet!.path) errors.push(required(path.child('path')));
      validatePort(httpGet!.port, path.child('port'), errors);
      if (httpGet!.scheme !== 'HTTP' && httpGet!.scheme !== 'HTTPS') {
        errors.push(notSupported(path.child('scheme'), httpGet!.scheme ?? '', ['HTTP', 'HTTPS']));
      }
      for (const { name = '' } of httpGet!.httpHeaders ?? []) {
        complainAt(httpHeaderName(name), path.child('httpHeaders'), name, errors);
      }
      return;
    case 'tcpSocket':
      validatePort(tcpSocket!.port, path.child('port'), errors);
      return;
    case 'grpc':
      validatePort(grpc!.port, path.child('port'), errors);
      return;
    case 'sleep': {
      const seconds = sleep!.seconds ?? 0;
      if (graceSeconds === undefined || (seconds >= 0 && seconds <= graceSeconds)) return;
      const range = `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`;
      errors.push(invalid(path, seconds, range));
    }
  }
}

/** A number, or the name of a port. */
export function validatePort(port: number | string | undefined, path: Path, errors: FieldError[]): void {
  if (typeof port === 'string') complainAt(portName(port), path, port, errors);
  else complainAt(portNumber(port ?? 0), path, port ?? 0, errors);
}

export type ProbeKind = 'livenessProbe' | 'readinessProbe' | 'startupProbe';

const counts = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const;

export function validateProbe(
  kind: ProbeKind,
  probe: DeepReadonly<Probe> | undefined,
  graceSeconds: number | undefined,
  container: Path,
  errors: FieldError[],
): void {
  if (!probe) return;
  const path = container.child(kind);
  validateHandler(probe, graceSeconds, path, errors);
  for (const field of counts) {
    const value = probe[field] ?? 0;
    if (value < 0) errors.push(invalid(path.child(field), value, notNegative));
  }
  const grace = probe.terminationGracePeriodSeconds;
  if (grace != null && grace <= 0) {
    errors.push(invalid(path.child('terminationGracePeriodSeconds'), grace, 'must be greater than 0'));
  }
  if (kind === 'readinessProbe') {
    if (grace != null) {
      errors.push(invalid(path.child('terminationGracePeriodSeconds'), grace, 'must not be set for readinessProbes'));
    }
  } else if (probe.successThreshold !== 1) {
    errors.push(invalid(path.child('successThreshold'), probe.successThreshold ?? 0, 'must be 1'));
  }
}

export function validateLifecycle(
  lifecycle: DeepReadonly<Lifecycle & { stopSignal?: string }> | undefined,
  graceSeconds: number | undefined,
  os: string | undefined,
  path: Path,
  errors: FieldError[],
): void {
  if (!lifecycle) return;
  for (const hook of ['postStart', 'preStop'] as const) {
    if (lifecycle[hook]) validateHandler(lifecycle[hook], graceSeconds, path.child(hook), errors);
  }
  const signal = lifecycle.stopSignal;
  if (signal === undefined) return;
  const at = path.child('stopSignal');
  if (os === undefined) errors.push(forbidden(at, 'may not be set for containers with empty `spec.os.name`'));
  else {
    const known = os === 'windows' ? ['SIGKILL', 'SIGTERM'] : linuxSignals;
    if (!known.includes(signal)) errors.push(notSupported(at, signal, known));
  }
}

const realTime = [...Array(15).keys()].flatMap((i) => [`SIGRTMIN+${i + 1}`, `SIGRTMAX-${i}`]);

const linuxSignals = [
  ...['SIGABRT', 'SIGALRM', 'SIGBUS', 'SIGCHLD', 'SIGCLD', 'SIGCONT', 'SIGFPE', 'SIGHUP', 'SIGILL', 'SIGINT', 'SIGIO'],
  ...['SIGIOT', 'SIGKILL', 'SIGPIPE', 'SIGPOLL', 'SIGPROF', 'SIGPWR', 'SIGQUIT', 'SIGSEGV', 'SIGSTKFLT', 'SIGSTOP'],
  ...['SIGSYS', 'SIGTERM', 'SIGTRAP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU', 'SIGURG', 'SIGUSR1', 'SIGUSR2', 'SIGVTALRM'],
  ...['SIGWINCH', 'SIGXCPU', 'SIGXFSZ', 'SIGRTMIN', 'SIGRTMAX', ...realTime.filter((each) => each !== 'SIGRTMAX-0')],
].sort();
