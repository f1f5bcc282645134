import { describe, expect, test } from 'vitest';
import { verdictOf } from '../../infra/local/rehearsal-report.ts';
import { play, rows } from '../launch/play.ts';
import { secondTry } from '../run/second-try.ts';

describe(
  'a whole launch that is cut',
  { ...secondTry('a halt from its press to the last push, in processes that need a core for it'), timeout: 150_000 },
  () => {
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
      const { report, states } = await play({
        devices: 30_000,
        latencyMs: 300,
        connections: 1,
        killWorkerAfterMs: 800,
      });
      expect(verdictOf(report).faults).toEqual([]);
      expect(states).toBe(30_000);
      expect(report.provider.duplicates).toBe(0);
      expect(report.outcome.uncertain).toBeGreaterThan(0);
    });
  },
);
