import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/run/longest-first.ts';
import { PATIENCE_MS } from './test/run/patience.ts';
import { SecondTries } from './test/run/second-try.ts';

const ALL = '{bot,contract,h2,infra,runbooks,settle,test,workers}/**/*.test.ts';
/** One file at a time: long faults in real time, servers that nobody here wrote, a launch with every right in it, and the project's own tools. */
export const FAULTS = [
  'bot/conductor/shots/standstill.test.ts',
  'infra/aws/calls/foreign-servers.test.ts',
  'test/{bench/lane-bench,mutants/run}.test.ts',
  'test/{conformance,faults}/**/*.test.ts',
  'test/launch/{images,own-event,own-rehearsal,permissions}.test.ts',
  'test/prove/long-searches.test.ts',
  'workers/worker-ends.test.ts',
];
/** Whole launches and the like, each file in a process of its own. */
export const LAUNCHES = [
  'bot/conductor/halt.test.ts',
  'bot/main.test.ts',
  'infra/{thread,visible}.test.ts',
  'infra/cdk/{cli,destroy}.test.ts',
  'test/browser/**/*.test.ts',
  'test/launch/{deployed,odd-weather,outcomes,rehearsal,second-region,skip-refused,whole-record}.test.ts',
  'test/properties/mutants.test.ts',
  'test/prove/prove.test.ts',
  'workers/{process,worker}.test.ts',
  'workers/threads/{sick-threads,thread-lane}.test.ts',
];
/** All else that takes over ten seconds on two quiet cores. */
export const LONG = [
  'bot/actions/give-answer.test.ts',
  'bot/afterwards.test.ts',
  'bot/cli/{main,take-over}.test.ts',
  'bot/commands/{ask-moment,hurry}.test.ts',
  'bot/conductor/compiles/compile-watch.test.ts',
  'bot/conductor/effects/{outbox,slack-methods}.test.ts',
  'bot/conductor/figures/{live-position,live-shots}.test.ts',
  'bot/conductor/leader.test.ts',
  'bot/conductor/room/slack-faults.test.ts',
  'bot/conductor/shots/{late-accounts,weather-watch}.test.ts',
  'bot/conductor/watches/{fleet-watch,followed-steps,rehearsal-watch,scale-harm,scale-watch}.test.ts',
  'bot/live-timeline/live.test.ts',
  'bot/press-without-slack.test.ts',
  'bot/receivers/sockets.test.ts',
  'bot/timeline-page/page.test.ts',
  'infra/aws/{objects,queues}.test.ts',
  'infra/cdk/canary.test.ts',
  'infra/doctor/doctor.test.ts',
  'infra/local/slack/client/page-key.test.ts',
  'infra/local/slack/{page,page-tabs}.test.ts',
  'infra/watch/alarms.test.ts',
  'settle/lost-claims.test.ts',
  'test/attacks/{forgery,reports}.test.ts',
  'test/docs/aws-page.test.ts',
  'test/house/started-scripts.test.ts',
  'test/pool/pool.test.ts',
  'test/properties/launch.test.ts',
  'test/typed/typed-inputs.test.ts',
  'workers/audience/lists/lists.test.ts',
  'workers/audience/packed/{bad-tokens,take-sample}.test.ts',
  'workers/audience/read/inputs.test.ts',
  'workers/audience/{cli,compile,compile.property}.test.ts',
  'workers/close/rescue.test.ts',
  'workers/dispatch/dispatcher.test.ts',
  'workers/halt/switch-watch.test.ts',
  'workers/lanes/simulate/simulate.test.ts',
  'workers/lanes/{standing,wire-lane,wire-lane-weather}.test.ts',
  'workers/send/batch-run.test.ts',
  'workers/test-send/test-send.test.ts',
  'workers/{worker-credentials,worker-peers,worker-protection}.test.ts',
];
/** Each in a process of its own, as they start processes and threads, measure memory, or replace a module for all that import it. */
const APART = [
  'bot/**/press-slow-store.test.ts',
  'test/{bench,launch,mutants,prove}/**/*.test.ts',
  'workers/threads/*.test.ts',
  'workers/memory.test.ts',
];

/** `.ci/run` reads its closing line there. */
const report = process.env['GOBUTTON_TEST_REPORT'];

export default defineConfig({
  test: {
    // What Node has compiled, and stripped of types, once: half the CPU time of every test file, thread and process that starts.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/node-compile') },
    tags: [
      { name: 'property', description: 'runs through test/properties/holds.ts; a soak gives it new seeds', retry: 0 },
    ],
    reporters: [
      'default',
      ...(report === undefined ? [] : [['json', { outputFile: report }] satisfies ['json', object]]),
      new SecondTries(),
    ],
    sequence: { sequencer: LongestFirst },
    // Of one file's tests that run side by side: each may be several processes.
    maxConcurrency: 3,
    // Whole launches with real processes, on shared machines: a hang costs a minute, a slow neighbour costs nothing.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    setupFiles: ['test/run/patient-waits.ts'],
    expect: { poll: { timeout: PATIENCE_MS } },
    // `npm test` is the first two, `npm run test:long` the others. Files that share three processes load the SDKs of AWS and Slack once and
    // not for each file (10 s of CPU time in place of 120); more than cores, as most of their time is waiting.
    projects: [
      {
        extends: true,
        test: {
          name: 'shared',
          include: [ALL],
          exclude: [...APART, ...LONG, ...LAUNCHES, ...FAULTS],
          isolate: false,
          maxWorkers: 3,
        },
      },
      {
        extends: true,
        test: {
          name: 'apart',
          include: APART,
          exclude: [...LAUNCHES, ...FAULTS],
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: { name: 'long', include: LONG, isolate: false, maxWorkers: 3, sequence: { groupOrder: 2 } },
      },
      // Each several processes, a browser or threads: a third beside two leaves people waiting for their page.
      { extends: true, test: { name: 'launches', include: LAUNCHES, maxWorkers: 2, sequence: { groupOrder: 3 } } },
      // One at a time: each is several processes, and on two cores windows of seconds would pass unused beside another one.
      { extends: true, test: { name: 'faults', include: FAULTS, maxWorkers: 1, sequence: { groupOrder: 4 } } },
    ],
  },
});
