/**
 * The Docker engine: where it is, whether it answers, and what it says when something goes wrong.
 *
 * @see https://docs.docker.com/reference/api/engine/version/v1.41/
 */
import Docker from 'dockerode';

/** Where to look: `DOCKER_HOST` (`unix:///run/docker.sock`, `tcp://…`) or the usual socket. */
export type EngineEnvironment = Readonly<Record<string, string | undefined>>;

export interface Engine {
  readonly docker: Docker;
  /** `20.10.24` */
  readonly version: string;
  /** `unix:///var/run/docker.sock` */
  readonly address: string;
}

/** How long an engine may take to answer that it is there, in milliseconds. */
const pingTimeoutMs = 3000;

/** The engine, if one answers. */
export async function findEngine(env: EngineEnvironment = process.env): Promise<Engine | undefined> {
  const address = env.DOCKER_HOST || 'unix:///var/run/docker.sock';
  try {
    const { Version } = await connectEngine(address, { timeout: pingTimeoutMs }).version();
    return { docker: connectEngine(address), version: Version, address };
  } catch {
    return undefined; // nothing there, or nothing that may be used
  }
}

function connectEngine(address: string, options: Docker.DockerOptions = {}): Docker {
  const url = new URL(address);
  if (url.protocol === 'unix:') return new Docker({ socketPath: url.pathname, ...options });
  const port = Number(url.port) || 2375;
  return new Docker({ protocol: url.protocol === 'https:' ? 'https' : 'http', host: url.hostname, port, ...options });
}

/** What the engine said, without the words around it; that it cannot be reached, in Docker's own. */
export function engineMessage(error: unknown): string {
  const { json, message, code, reason } = error as Error & {
    json?: { message?: string } | string;
    code?: string;
    reason?: string;
  };
  if (code === 'ECONNREFUSED' || code === 'ENOENT' || code === 'EACCES' || code === 'ECONNRESET')
    return `Cannot connect to the Docker daemon. Is the docker daemon running? (${message})`;
  return (typeof json === 'object' ? json?.message : json) || reason || message;
}

/** The HTTP code of an engine's refusal; undefined when it was not one. */
export const codeOf = (error: unknown): number | undefined => (error as { statusCode?: number }).statusCode;

/** Resolves with undefined where the engine answers one of `codes`: gone already, stopped already. */
export async function unless<T>(codes: readonly number[], call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (codes.includes(codeOf(error) ?? 0)) return undefined;
    throw new Error(engineMessage(error), { cause: error });
  }
}
