// Compiled by tslab's own TypeScript: what a notebook cell may import must be readable for it.
import { startCluster } from 'kubebook';
import { pods } from 'kubebook/api';
import { ApiServer } from 'kubebook/apiserver';
import { LowdbStorage } from 'kubebook/apiserver/storage';
import { connect } from 'kubebook/client';
import { runControllers } from 'kubebook/controllers';
import { Kubelet, ProcessRuntime } from 'kubebook/kubelet';
import { chart } from 'kubebook/notebook';
import { runProxy } from 'kubebook/proxy';
import { runScheduler } from 'kubebook/scheduler';
import { realClock, Scope, silent } from 'kubebook/util';

export async function cell(): Promise<string> {
  const scope = new Scope();
  const storage = scope.use(await LowdbStorage.open({ folder: 'store', clock: realClock, log: silent }));
  const server: ApiServer = await ApiServer.start({ storage, clock: realClock, log: silent, port: 0 });
  const client = connect({ server: server.url, userAgent: 'cell' });
  const name: string = (await client.list(pods)).items[0].metadata.name;
  await scope[Symbol.asyncDispose]();
  return name;
}

export const all = [startCluster, runControllers, runScheduler, runProxy, Kubelet, ProcessRuntime, chart];
