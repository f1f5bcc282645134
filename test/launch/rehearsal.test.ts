import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { verdictOf } from '../../infra/local/rehearsal-report.ts';
import { playLaunch } from '../../infra/local/rehearsal-script.ts';
import type { Played, Script } from '../../infra/local/rehearsal-script.ts';

/** Whole launches: real bot and worker processes, local cloud, push providers and Slack, scripted people. */

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
});

async function play(wanted: Partial<Script>): Promise<Played & { states: number }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'gobutton-test-'));
  folders.push(dataDir);
  const script: Script = {
    devices: 4_000,
    workers: 2,
    seed: 3,
    latencyMs: 20,
    connections: 2,
    haltAfterMs: null,
    doublePress: false,
    killWorkerAfterMs: null,
    ...wanted,
  };
  const played = await playLaunch(script, dataDir, new AbortController().signal, { say: () => undefined, bar: false });
  const { outcome } = played.report;
  const failed = Object.values(outcome.failed).reduce((sum, count) => sum + count, 0);
  return {
    ...played,
    states: outcome.accepted + failed + outcome.uncertain + outcome.halted + outcome.late + outcome.skipped,
  };
}

const rows = (timeline: string, text: string): number =>
  timeline
    .split('## Timeline')[1]!
    .split('\n')
    .filter((line) => line.includes(text)).length;

describe('a whole launch', { timeout: 150_000 }, () => {
  test('two people pressing GO together send one message to everybody', async () => {
    const { report, timelineText, recordText, states } = await play({ doublePress: true });
    expect(verdictOf(report).faults).toEqual([]);
    expect(states).toBe(4_000);
    expect(report.provider).toEqual({ received: 4_000, distinctDevices: 4_000, duplicates: 0 });
    expect(report.outcome).toMatchObject({ uncertain: 0, halted: 0, late: 0 });
    expect(rows(timelineText, 'pressed GO')).toBe(1);
    expect(rows(timelineText, 'Asking for GO')).toBe(1);
    expect(timelineText).toContain('hash chain verified');
    expect(timelineText).toMatch(/took first after \d+\.\d\d s, p50 \d/);
    // Device tokens of the people lie where they can be deleted: nowhere in what is never changed.
    const tokens = [
      ...(await readFile('runbooks/library/superbowl.yaml', 'utf8')).matchAll(/token: "?([^",\s]+)/g),
    ].map(([, token]) => token ?? '');
    expect(tokens.length).toBeGreaterThan(2);
    for (const token of tokens) expect(recordText + timelineText).not.toContain(token);
    expect(recordText).toContain('"ref":"');
  });

  test('HALT in flight stops the workers inside their batches, and what was not sent is counted', async () => {
    // 2 connections, one answer each 300 ms before they are primed: slow enough that the halt lands in the middle.
    const { report, timelineText, states } = await play({
      devices: 60_000,
      latencyMs: 800,
      connections: 1,
      haltAfterMs: 1_500,
    });
    expect(verdictOf(report).faults).toEqual([]);
    expect(states).toBe(60_000);
    expect(report.outcome.halted).toBeGreaterThan(0);
    expect(report.outcome.accepted).toBeGreaterThan(0);
    expect(report.halt.pressToLastSendMs).toBeLessThan(1_000);
    expect(rows(timelineText, 'pressed HALT')).toBe(1);
    expect(rows(timelineText, 'closed because it was halted')).toBe(1);
  });

  test('kill -9 of a worker in flight: nothing is sent twice, and what it held is uncertain or goes out by the others', async () => {
    const { report, states } = await play({ devices: 30_000, latencyMs: 300, connections: 1, killWorkerAfterMs: 800 });
    expect(verdictOf(report).faults).toEqual([]);
    expect(states).toBe(30_000);
    expect(report.provider.duplicates).toBe(0);
    expect(report.outcome.uncertain).toBeGreaterThan(0);
  });
});
