/** What opens one port of a Service, TCP or UDP. */
import type { Clock } from '../util/index.js';
import type { Balancer } from './balancer.js';

export interface ForwarderOptions {
  /** Where to listen: a cluster IP, or the node's address. */
  readonly address: string;
  readonly port: number;
  readonly balancer: Balancer;
  readonly clock: Clock;
}

/** An open port. Disposing it closes the port and ends what runs through it. */
export interface Forwarder extends AsyncDisposable {
  /** Closes the port at once and lets what runs through it go on; resolves when the last of it has ended. */
  stopListening(): Promise<void>;
}
