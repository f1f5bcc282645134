import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { verdictOf } from '../../infra/local/rehearsal-report.ts';
import { play, rows } from './play.ts';

test('two people pressing GO together send one message to everybody', { timeout: 150_000 }, async () => {
  const { report, timelineText, recordText, states } = await play({ doublePress: true });
  expect(verdictOf(report).faults).toEqual([]);
  expect(states).toBe(4_000);
  expect(report.provider).toEqual({ received: 4_000, distinctDevices: 4_000, duplicates: 0 });
  expect(report.outcome).toMatchObject({ uncertain: 0, halted: 0, late: 0 });
  expect(rows(timelineText, 'pressed GO')).toBe(1);
  expect(rows(timelineText, 'Asking for GO')).toBe(1);
  expect(timelineText).toContain('hash chain verified');
  expect(timelineText).toMatch(/speed of shot S\d+: first sent after \d+\.\d\d s, accepted p50 \d/);
  // Device tokens of the people lie where they can be deleted: nowhere in what is never changed.
  const tokens = [...(await readFile('runbooks/library/superbowl.yaml', 'utf8')).matchAll(/token: "?([^",\s]+)/g)].map(
    ([, token]) => token ?? '',
  );
  expect(tokens.length).toBeGreaterThan(2);
  for (const token of tokens) expect(recordText + timelineText).not.toContain(token);
  expect(recordText).toContain('"ref":"');
});
