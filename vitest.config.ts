import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/run/longest-first.ts';
import { PATIENCE_MS } from './test/run/patience.ts';
import { SecondTries } from './test/run/second-try.ts';

const ALL = '{bot,contract,h2,infra,runbooks,settle,test,workers}/**/*.test.ts';
/**
 * `npm run test:faults`: long faults in real time, servers that nobody here wrote, a launch with every right in it, and the project's own
 * tools. All else is `npm test`.
 */
export const FAULTS = [
  'infra/aws/calls/foreign-servers.test.ts',
  'test/{bench/lane-bench,mutants/run}.test.ts',
  'test/{conformance,faults}/**/*.test.ts',
  'test/launch/{images,permissions}.test.ts',
  'test/prove/long-searches.test.ts',
  'workers/worker-ends.test.ts',
];
/**
 * Promises in real time, or both cores busy for seconds, when the others are done; each in a process of its own, as they start processes and
 * threads, measure memory, or replace a module for all that import it. The others share processes, which load the SDKs of AWS and Slack once
 * and not for each file: 10 s of CPU time in place of 120.
 */
const APART = [
  'bot/**/{halt,press-slow-store}.test.ts',
  'infra/{thread,visible}.test.ts',
  'infra/cdk/cli.test.ts',
  'test/{bench,browser,launch,mutants,prove}/**/*.test.ts',
  'test/properties/mutants.test.ts',
  'workers/threads/*.test.ts',
  'workers/{memory,process,worker}.test.ts',
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
    projects: [
      {
        extends: true,
        test: { name: 'shared', include: [ALL], exclude: [...APART, ...FAULTS], isolate: false, maxWorkers: 3 },
      },
      // More than cores, as most of their time is waiting.
      {
        extends: true,
        test: { name: 'apart', include: APART, exclude: FAULTS, maxWorkers: 3, sequence: { groupOrder: 1 } },
      },
      // One file at a time: each is several processes, and on two cores windows of seconds would pass unused beside another one.
      { extends: true, test: { name: 'faults', include: FAULTS, maxWorkers: 1, sequence: { groupOrder: 2 } } },
    ],
  },
});
