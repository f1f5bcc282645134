import type { Cold } from './cores.ts';

/** What a worker's threads spend, CPU-µs. */
export interface Costs {
  /** Of a sending thread: composing, encrypting, parsing, settling and accounting for one push. */
  push: { ios: number; android: number };
  /** Of a sending thread, for each read that brings answers, and each write of requests. */
  read: number;
  write: number;
  /** Of the main thread, for each call of AWS, whatever it asks. */
  call: number;
  /** Of the main thread, for each batch besides its calls, and for each device's outcome. */
  batch: number;
  device: number;
  /** Of the main thread, to read and verify a record before the first batch. */
  authority: number;
  /** Helper threads of V8 (compilation, collection) on top, as a part of all these. */
  helpers: number;
  /** A thread that has sent nothing yet. */
  cold: Cold;
  /** All of it times this: a machine that is so many times slower. */
  factor: number;
}

/**
 * Two cores of an Intel Xeon, Node 24.21. Each with the command that it was taken from; measure again with it on a machine of your own, and
 * give what differs as `--cost-…`, or everything at once as `--rehearsal` with a rehearsal's report.
 */
export const COSTS: Costs = {
  // `npm run bench:lane`, the rows of 30 and 100 ms: costs.test.ts plays them. Android so that the sending threads of `npm run rehearse` take
  // what they took, 2.2 µs a push of both; FCM's body goes with every request.
  push: { ios: 0.6, android: 2.0 },
  read: 3,
  write: 11.5,
  // `npm run rehearse -- --devices 1000000` under --cpu-prof, of the time when all calls went through the SDK: 2.4 µs a push in main threads, a tenth of
  // it for being new; of the rest 57 % for 2.3 calls a batch (540 µs each), 20 % for outcomes. Claims and accounts by GOBUTTON_AWS_CALLS=direct take
  // 0.23 of what they take by `sdk` (110 and 475 µs beside each other on a busy machine).
  call: 120,
  batch: 480,
  device: 0.43,
  // `npm run bench:go`: what is left of GO to first push when the calls are taken off.
  authority: 15_000,
  // The same rehearsal: 1.1 of 5.7 µs a push.
  helpers: 0.24,
  // `npm run rehearse`: 200,000 and 1,000,000 devices, CPU time of the workers.
  cold: { times: 2, ms: 60 },
  factor: 1,
};

/** Of one machine that carries everything (`npm run rehearse`): what else its cores do, CPU-µs. */
export interface Foreign {
  /** Of the local providers, for a push. */
  push: number;
  /** Of the local cloud, for a call. */
  call: number;
  /** Of everything else (bot, Slack workspace, script), in cores. */
  steady: number;
}

/** `npm run rehearse -- --devices 1000000`, cpu of its report: providers 3.8, cloud 1.5, bot 0.3 µs a push, at 2.2 calls a batch of 1,000. */
export const FOREIGN: Foreign = { push: 3.8, call: 600, steady: 0.1 };
