import { parentPort } from 'node:worker_threads';
import { startLocalCloud } from '../../infra/local/cloud/start.ts';

/** A local cloud in a thread of its own, so that its CPU time is not that of who calls it. Says its address, and ends with the process. */
const { url } = await startLocalCloud({ dataDir: null, services: [], groups: [] });
parentPort?.postMessage(url);
