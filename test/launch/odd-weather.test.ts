import { expect, test } from 'vitest';
import { verdictOf } from '../../infra/local/rehearsal-report.ts';
import { play, rows } from './play.ts';

test(
  'a launch in a cloud that is as late and forgetful as AWS may be reaches everybody once',
  { timeout: 150_000 },
  async () => {
    const { report, timelineText, states, feltByCalls } = await play({ awsWeather: 'odd', doublePress: true });
    expect(verdictOf(report).faults).toEqual([]);
    expect(states).toBe(4_000);
    expect(report.provider).toEqual({ received: 4_000, distinctDevices: 4_000, duplicates: 0 });
    expect(report.outcome).toMatchObject({ uncertain: 0, halted: 0, late: 0 });
    expect(rows(timelineText, 'pressed GO')).toBe(1);
    expect(timelineText).toContain('hash chain verified');
    // It was odd: reads were behind.
    expect(feltByCalls).toBeGreaterThan(0);
  },
);
