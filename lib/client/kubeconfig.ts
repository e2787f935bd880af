/**
 * Reads a kubeconfig, the file in which kubectl keeps where a cluster is and who one is there.
 *
 * Left out, compared with kubectl: merging several files, exec and auth-provider plugins, basic authentication (which
 * Kubernetes itself dropped in 1.19).
 *
 * @see https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import type { ClientOptions } from './client.js';

export interface KubeconfigOptions {
  /** The context to use; the file's `current-context` if left out. */
  readonly context?: string;
  /** `kubebook` if left out. */
  readonly userAgent?: string;
}

/**
 * What `connect` needs, from `file`. Paths in the file are relative to its folder.
 *
 * @throws Error in one sentence naming the file, when it cannot be read, is not YAML, or names what it does not contain
 */
export function loadKubeconfig(file: string, options: KubeconfigOptions = {}): ClientOptions {
  const config = readYaml(file);
  const contextName = options.context ?? config['current-context'];
  if (!contextName) throw new Error(`${file}: there is no current-context`);
  const context = named(file, config.contexts, 'context', contextName).context ?? {};
  const cluster = named(file, config.clusters, 'cluster', context.cluster).cluster ?? {};
  const user = context.user === undefined ? {} : (named(file, config.users, 'user', context.user).user ?? {});
  if (!cluster.server) throw new Error(`${file}: cluster "${context.cluster}" has no server`);
  if (user.exec || user['auth-provider'])
    throw new Error(`${file}: user "${context.user}" needs a credential plugin, which is not supported`);

  const path = (relative: string): string => resolve(dirname(file), relative);
  const pem = (from: Record<string, string | undefined>, field: string): string | undefined => {
    const data = from[`${field}-data`];
    if (data) return Buffer.from(data, 'base64').toString();
    return from[field] ? readText(path(from[field])) : undefined;
  };
  const tokenFile = user.tokenFile && path(user.tokenFile);
  return {
    server: cluster.server,
    ca: pem(cluster, 'certificate-authority'),
    insecureSkipTlsVerify: cluster['insecure-skip-tls-verify'] === true,
    cert: pem(user, 'client-certificate'),
    key: pem(user, 'client-key'),
    // A token's file is rewritten before the token ends, so it is read each time.
    token: user.token ?? (tokenFile ? () => readText(tokenFile).trim() : undefined),
    userAgent: options.userAgent ?? 'kubebook',
  };
}

type Fields = Record<string, any>;

function readYaml(file: string): Fields {
  let config: unknown;
  const text = readText(file);
  try {
    config = parse(text);
  } catch (error) {
    throw new Error(`${file} is not YAML: ${(error as Error).message.split('\n')[0]}`, { cause: error });
  }
  if (typeof config !== 'object' || config === null) throw new Error(`${file} is not a kubeconfig`);
  return config;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

function named(file: string, list: unknown, what: string, name: unknown): Fields {
  const found = Array.isArray(list) ? list.find((entry: Fields) => entry?.name === name) : undefined;
  if (!found) throw new Error(`${file}: there is no ${what} "${String(name)}"`);
  return found;
}
