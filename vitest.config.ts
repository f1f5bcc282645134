import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // What Node has compiled, and stripped of types, once: half the CPU time of every test file, thread and process that starts.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/node-compile') },
    include: ['{bot,contract,h2,infra,runbooks,settle,test,workers}/**/*.test.ts'],
    // Whole launches with real processes, on shared machines: a hang costs a minute, a slow neighbour costs nothing.
    tags: [
      { name: 'property', description: 'runs through test/properties/holds.ts; a soak gives it new seeds', retry: 0 },
    ],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Promises in real time (halt within a second, claims of five) can break once on a shared machine that stalls; in CI they must break twice.
    retry: process.env['CI'] === 'true' ? 1 : 0,
    // Two cores: more workers only make the load-sensitive tests fight each other.
    maxWorkers: 2,
  },
});
