/**
 * A port that knows no users must know its visitors: only requests that were meant for this machine, and that no page of
 * another site has sent, are let in. (A page can make a browser send requests to 127.0.0.1, and a name of its own can be
 * made to point there; both show in `Host` and `Origin`.)
 */
import type { IncomingHttpHeaders } from 'node:http';

/** @param hosts further names by which this server is known */
export function isLocal({ host, origin }: IncomingHttpHeaders, hosts: ReadonlySet<string>): boolean {
  if (host !== undefined && !isLocalName(nameOf(host), hosts)) return false;
  if (origin === undefined) return true;
  try {
    return isLocalName(new URL(origin).hostname.replace(/^\[|\]$/g, ''), hosts);
  } catch {
    return false; // `null`: a page that hides where it is from
  }
}

/** `[::1]:8080` → `::1` */
const nameOf = (host: string): string => {
  const match = /^\[([^\]]*)\](?::\d+)?$/.exec(host) ?? /^([^:]*)(?::\d+)?$/.exec(host);
  return (match?.[1] ?? '').toLowerCase();
};

const isLocalName = (name: string, hosts: ReadonlySet<string>): boolean =>
  name === 'localhost' ||
  name.endsWith('.localhost') ||
  name === '::1' ||
  /^127(\.\d{1,3}){3}$/.test(name) ||
  hosts.has(name);
