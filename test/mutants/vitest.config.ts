import { defineConfig } from 'vitest/config';

/** For a run of mutants: only the tests that hold the file (MUTANT_TESTS, a JSON list of paths), so that no other is ever collected. */
const tests = JSON.parse(process.env['MUTANT_TESTS'] ?? '[]') as string[];

const PATIENCE_MS = 3_000;

export default defineConfig({
  test: {
    include: tests,
    testTimeout: 10_000,
    // What a mutant stops from happening is waited for in vain, in every other run.
    env: { GOBUTTON_TEST_PATIENCE_MS: String(PATIENCE_MS) },
    setupFiles: ['test/run/patient-waits.ts'],
    expect: { poll: { timeout: PATIENCE_MS } },
    // A tag that no configuration names fails its whole file.
    tags: [{ name: 'property', description: 'runs through test/properties/holds.ts' }],
    // The core has no state that one test file could leave to the next; a worker for all of them saves a quarter of the time.
    isolate: process.env['MUTANT_SHARED'] !== 'yes' && !tests.every((test) => test.startsWith('runbooks/')),
  },
});
