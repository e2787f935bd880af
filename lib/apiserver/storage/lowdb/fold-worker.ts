/** The worker thread around {@link fold}: one job, one answer. */
import { parentPort, workerData } from 'node:worker_threads';
import { fold } from './fold.js';

parentPort!.postMessage(fold(workerData as Parameters<typeof fold>[0]));
