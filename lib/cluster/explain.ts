/** `kubebook explain pod NAME`: why is it where it is, or nowhere? The scheduler that decided is asked. */
import { Command } from 'commander';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Explanation } from '../scheduler/index.js';
import { dataOption, option, schedulerUrlFile } from './options.js';

interface ExplainFlags {
  readonly namespace: string;
  readonly node?: string;
  readonly output?: 'json' | 'wide';
  readonly scheduler?: string;
  readonly data: string;
}

export const explainCommand = (): Command =>
  new Command('explain')
    .description('why is a pod where it is, or nowhere? Asks the scheduler that decided')
    .argument('<resource>', 'pod, or pod/NAME')
    .argument('[name]', 'the name of the pod')
    .addOption(option('-n, --namespace <namespace>', 'the namespace of the pod').default('default'))
    .addOption(option('--node <node>', 'why is it not on that node?'))
    .addOption(
      option('-o, --output <format>', "wide: every predicate's verdict on every node; json: everything").choices([
        'json',
        'wide',
      ]),
    )
    .addOption(
      option(
        '--scheduler <url>',
        "the scheduler's own port (default: that of the cluster that runs in the data folder, else http://127.0.0.1:10259)",
      ),
    )
    .addOption(dataOption())
    .action(async (resource: string, name: string | undefined, flags: ExplainFlags) => {
      const colour = Boolean(process.stdout.isTTY && !process.env.NO_COLOR);
      const url = flags.scheduler ?? (await urlOfCluster(resolve(flags.data)));
      process.stdout.write(await explained(url, podNamed(resource, name), { ...flags, colour }));
    });

/** `pod web-0`, `pods web-0`, `po/web-0` → `web-0`. @throws Error: it is about something else, or about nothing */
export function podNamed(resource: string, name?: string): string {
  const [kind, ofKind, ...more] = resource.split('/');
  const named = ofKind ?? name;
  if (!['pod', 'pods', 'po'].includes(kind!.toLowerCase()))
    throw new Error(`only pods are scheduled: "kubebook explain pod NAME", not ${JSON.stringify(kind)}`);
  if (!named || more.length > 0 || (ofKind !== undefined && name !== undefined))
    throw new Error('which pod? "kubebook explain pod NAME"');
  return named;
}

/** What the command writes. @throws Error: nobody answers at `url`; the pod, or the node, is not known there */
export async function explained(
  url: string,
  pod: string,
  { namespace, node, output, colour }: Omit<ExplainFlags, 'scheduler' | 'data'> & { readonly colour: boolean },
): Promise<string> {
  const path = `/explain/${encodeURIComponent(namespace)}/${encodeURIComponent(pod)}`;
  const answer = await fetch(new URL(path, url)).catch((error: unknown) => {
    throw new Error(`no scheduler answers at ${url}; --scheduler says where it is`, { cause: error });
  });
  const text = await answer.text();
  if (!answer.ok)
    throw new Error(messageIn(text) ?? `the scheduler at ${url} answers ${answer.status}: ${text.trim()}`);
  const { node: chosen, runnerUp, ...rest } = JSON.parse(text) as Explanation & Record<string, unknown>;
  if (output === 'json') return `${JSON.stringify(JSON.parse(text), null, 2)}\n`;
  const explanation: Explanation = { ...rest, node: chosen ?? undefined, runnerUp: runnerUp ?? undefined };
  const { explanationText, whyNotText } = await import('../scheduler/index.js');
  return node === undefined
    ? explanationText(explanation, { wide: output === 'wide', colour })
    : whyNotText(explanation, node, { colour });
}

async function urlOfCluster(dataFolder: string): Promise<string> {
  const url = await readFile(join(dataFolder, schedulerUrlFile), 'utf8').catch(() => '');
  return url.trim() || `http://127.0.0.1:${(await import('../scheduler/index.js')).defaultSchedulerPort}`;
}

/** The message of a Status. */
function messageIn(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { message?: string }).message;
  } catch {
    return undefined;
  }
}
