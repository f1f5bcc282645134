import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { SecondTries } from './test/run/second-try.ts';

const ALL = '{bot,contract,h2,infra,runbooks,settle,test,workers}/**/*.test.ts';
/** Promises in real time, or both cores busy for seconds: when the others are done. */
const ALONE = [
  'bot/**/{halt,press-slow-store}.test.ts',
  'test/{bench,launch}/**/*.test.ts',
  'test/faults/{sick,wake-ups,weather,weather-shot}.test.ts',
  'workers/threads/*.test.ts',
  'workers/worker.test.ts',
];
/** Nothing but calculation: they share processes, so that what they import is loaded once. */
const PURE = ['{contract,h2,runbooks}/**/*.test.ts', 'bot/views/**/*.test.ts', 'workers/lanes/simulate/**/*.test.ts'];

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
    // Of one file's tests that run side by side: each may be several processes.
    maxConcurrency: 3,
    // Whole launches with real processes, on shared machines: a hang costs a minute, a slow neighbour costs nothing.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      // Two cores: with four side by side whole launches get too little of them, and windows of seconds pass unused.
      { extends: true, test: { name: 'pure', include: PURE, isolate: false, maxWorkers: 2 } },
      { extends: true, test: { name: 'rest', include: [ALL], exclude: [...PURE, ...ALONE], maxWorkers: 2 } },
      { extends: true, test: { name: 'alone', include: ALONE, maxWorkers: 2, sequence: { groupOrder: 1 } } },
    ],
  },
});
