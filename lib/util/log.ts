import { types } from 'node:util';

const { isNativeError } = types; // also for errors of another realm, as in jest

/**
 * Logs are for us (Events are for an object's owner): a constant message plus fields, the same keys everywhere, two
 * levels. `info` is what an operator may want to see, `warn` what he should.
 */
export interface Log {
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  /** The same log with `fields` added to every line. */
  with(fields: Fields): Log;
}

/** For example `{ component: 'scheduler', pod: 'default/web-0', error }`. */
export type Fields = Readonly<Record<string, unknown>>;

/** Says nothing. */
export const silent: Log = { info() {}, warn() {}, with: () => silent };

/** One line a message: `I 12:00:00.000 node registered component=kubelet node=node-1`. */
export function textLog(write: (line: string) => void, fields: Fields = {}): Log {
  const line = (level: string, message: string, more: Fields): void => {
    const pairs = Object.entries({ ...fields, ...more }).map(([key, value]) => `${key}=${text(value)}`);
    write(
      `${level} ${new Date().toISOString().slice(11, 23)} ${message}${pairs.length ? ' ' + pairs.join(' ') : ''}\n`,
    );
  };
  return {
    info: (message, more = {}) => line('I', message, more),
    warn: (message, more = {}) => line('W', message, more),
    with: (more) => textLog(write, { ...fields, ...more }),
  };
}

function text(value: unknown): string {
  if (isNativeError(value)) return JSON.stringify(withCause(value));
  if (typeof value === 'string') return /[\s"=]/.test(value) || value === '' ? JSON.stringify(value) : value;
  return JSON.stringify(value) ?? String(value);
}

/** Many a message tells its cause already. */
const withCause = ({ message, cause }: Error): string =>
  isNativeError(cause) && !message.includes(cause.message) ? `${message}: ${cause.message}` : message;
