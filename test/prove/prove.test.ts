import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SMALL } from './config.ts';
import type { Assumption } from './config.ts';
import type { Property } from './properties.ts';
import { installClocks } from './sandbox.ts';
import { search } from './search.ts';
import { QUICKEST, WITHOUT } from './searches.ts';

let restore: () => void = () => undefined;
beforeAll(() => {
  restore = installClocks();
});
afterAll(() => restore());

/** Those that go through most states are `long-searches.test.ts`. */
describe('a search over the real protocol', () => {
  test('finds nothing, having seen all of it: one after the other', async () => {
    const { outcome } = await search(QUICKEST);
    expect(outcome).toMatchObject({ found: null, isComplete: true });
    expect(outcome.states).toBeGreaterThan(200);
  });

  const rests: [Assumption, Property[]][] = [
    ['claim-if-absent', ['under-lease', 'once-per-attempt']],
    ['clock-bound', ['lease-lasts']],
    ['writer-clock', ['in-time', 'under-lease']],
    ['check-at-write', ['under-lease', 'in-time']],
    ['account-by-token', ['closes', 'words-are-true']],
  ];
  test.each(rests)('finds what breaks without an assumption: %s', async (assumption, properties) => {
    const { outcome } = await search(WITHOUT[assumption]);
    expect(properties).toContain(outcome.found?.violation.property);
    expect(outcome.found?.trace[0]).toMatch(/^Ana asks for fire/);
  });

  test('goes on where it was stopped, and comes to the same states', async () => {
    const bounds = { ...SMALL, mark: 1, halts: 0, takes: 1, devicesPerBatch: 1 };
    const { outcome: whole } = await search(bounds);
    let { outcome, saved } = await search(bounds, { statesMost: 100 });
    expect(outcome.isComplete).toBe(false);
    ({ outcome, saved } = await search(bounds, { resume: structuredClone(saved) }));
    expect(outcome).toMatchObject({ isComplete: true, found: null });
    expect(saved.seen.size).toBe(whole.states);
  });
});

describe('npm run prove', () => {
  const prove = (...args: string[]) =>
    spawnSync(process.execPath, ['test/prove/prove.ts', ...args], { encoding: 'utf8' });

  test('keeps a search that it stops, and ends it the next time', () => {
    const dir = mkdtempSync(join(tmpdir(), 'gobutton-prove-'));
    try {
      const bounds = ['--search', 'one after the other', '--state', join(dir, 'kept')];
      expect(prove(...bounds, '--states', '100').stdout).toContain('the same command goes on from here');
      const ended = prove(...bounds);
      expect(ended.stdout).toContain('every property holds');
      expect(ended.status).toBe(0);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  test('prints the shortest trace of a violation, in words', () => {
    const { stdout, status } = prove('--mark', '0', '--halts', '0', '--drop', 'claim-if-absent');
    expect(status).toBe(1);
    expect(stdout).toContain('VIOLATION of');
    expect(stdout).toMatch(/3 {2}worker 1 gets the message of batch b1/);
  });

  test('names an option that it does not know', () => {
    expect(prove('--drop', 'gravity')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('found gravity; expected of claim-if-absent') as string,
    });
  });
});
