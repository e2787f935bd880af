import { runtimeContract } from '../../../../test/contracts/runtime.js';
import { realClock } from '../../../util/index.js';
import { HollowRuntime } from './hollow.js';

runtimeContract('hollow', { runs: false }, async () => {
  const runtime = new HollowRuntime({ clock: realClock });
  return { runtime, [Symbol.asyncDispose]: () => runtime[Symbol.asyncDispose]() };
});
