/**
 * `/healthz`, `/livez`, `/readyz`: a few checks, together (`ok`), told one by one (`?verbose`), or one alone
 * (`/readyz/etcd`). `?exclude=NAME` leaves one out.
 *
 * @see https://kubernetes.io/docs/reference/using-api/health-checks/
 */
import type { Request, Response } from 'express';

export type Check = () => Promise<void> | void;

/** @param name `healthz`: for the last line @param checks by name; one that throws has failed */
export function healthPage(name: string, checks: ReadonlyMap<string, Check>) {
  return async (request: Request, response: Response): Promise<void> => {
    const only = request.params.check as string | undefined;
    if (only !== undefined && !checks.has(only)) return void notFoundPage(response);
    const excluded = new Set([request.query.exclude ?? []].flat().map(String));
    const lines: string[] = [];
    let failed = false;
    for (const [check, run] of checks) {
      if (only !== undefined && check !== only) continue;
      if (excluded.delete(check)) {
        lines.push(`[+]${check} excluded: ok`);
        continue;
      }
      try {
        await run();
        lines.push(`[+]${check} ok`);
      } catch {
        failed = true;
        lines.push(`[-]${check} failed: reason withheld`);
      }
    }
    for (const unknown of excluded)
      lines.push(`warn: some health checks cannot be excluded: no matches for ${JSON.stringify(unknown)}`);
    const verbose = request.query.verbose !== undefined && only === undefined;
    const text = failed
      ? `${lines.join('\n')}\n${name} check failed\n`
      : verbose
        ? `${lines.join('\n')}\n${name} check passed\n`
        : 'ok';
    plain(response, failed ? 500 : 200, text);
  };
}

export function plain(response: Response, code: number, text: string): void {
  response.status(code).set('X-Content-Type-Options', 'nosniff').type('text/plain').send(text);
}

export const notFoundPage = (response: Response): void => plain(response, 404, '404 page not found\n');
