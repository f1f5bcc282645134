import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { size, SIZE_DEFAULTS } from '../../../contract/sizing.ts';
import { holds, PROPERTY } from '../../../test/properties/holds.ts';
import type { Costs } from './costs.ts';
import { NO_FAULTS, NO_LIMITS, SIMULATION_DEFAULTS } from './question.ts';
import type { SimulationQuestion } from './question.ts';
import { simulate } from './simulate.ts';

/** Nothing costs anything, so that only what a test sets is a bound. */
const FREE: Costs = {
  push: { ios: 0, android: 0 },
  read: 0,
  write: 0,
  call: 0,
  batch: 0,
  device: 0,
  authority: 0,
  helpers: 0,
  cold: { times: 0, ms: 1 },
  factor: 1,
};
const costing = (us: number): Costs => ({ ...FREE, push: { ios: us, android: us } });
const AT_ONCE = { kind: 'fixed', ms: 1 } as const;
const FAST_CLOUD = { writesPerSecond: 1e6, storeCall: AT_ONCE, queueCall: AT_ONCE };
const fixed = (ms: number) => ({ ios: { kind: 'fixed', ms } as const, android: { kind: 'fixed', ms } as const });
const asked = (more: Partial<SimulationQuestion>): SimulationQuestion => ({
  ...SIMULATION_DEFAULTS,
  costs: FREE,
  cloud: FAST_CLOUD,
  perConnection: 0,
  botMs: 1,
  devices: 200_000,
  tasks: 2,
  ...more,
});
const sum = ({ totals }: ReturnType<typeof simulate>) =>
  totals.accepted + totals.failed + totals.uncertain + totals.late;
const near = (found: number, expected: number, part: number) => {
  expect(found).toBeGreaterThan(expected * (1 - part));
  expect(found).toBeLessThan(expected * (1 + part));
};

describe('what bounds a launch', () => {
  test('streams: open requests are rate × latency, and the rate is streams ÷ latency', () => {
    const answer = simulate(asked({ connections: 10, streams: { ios: 100, android: 100 }, latency: fixed(100) }));
    expect(answer.bound).toBe('streams');
    near(answer.meanOpen.ios, (answer.perSecond / 2) * 0.1, 0.08);
    // 2 tasks × 2 providers × 1,000 streams at 100 ms; waiting for an eighth of them to be free costs some 5 %.
    near(answer.perSecond, 40_000, 0.1);
  });

  test('the curve counts, not its name: a spread of answers with the same mean carries the same rate', () => {
    const even = { kind: 'even', fromMs: 20, toMs: 180 } as const;
    const answer = simulate(asked({ connections: 10, latency: { ios: even, android: even } }));
    near(answer.perSecond, simulate(asked({ connections: 10, latency: fixed(100) })).perSecond, 0.08);
  });

  test('cores: the rate is cores ÷ cost', () => {
    const answer = simulate(asked({ costs: costing(10), latency: fixed(10), cores: 4, threads: 4 }));
    expect(answer.bound).toBe('cores');
    near(answer.perSecond, (2 * 4) / 10e-6, 0.1);
    near(answer.busy.cores, 1, 0.15);
  });

  test('one sending thread uses one core, however many there are', () => {
    const answer = simulate(asked({ costs: costing(10), latency: fixed(10), cores: 8, threads: 1 }));
    near(answer.perSecond, 2 / 10e-6, 0.1);
  });

  test('the main thread: batches ÷ what one costs it', () => {
    const answer = simulate(asked({ costs: { ...FREE, batch: 10_000 }, latency: fixed(10), cores: 4, threads: 3 }));
    expect(answer.bound).toBe('main thread');
    near(answer.perSecond, (2 * 1_000) / 10e-3, 0.12);
  });

  test('connections: so many a second each', () => {
    const answer = simulate(asked({ connections: 20, perConnection: 1_000, latency: fixed(20) }));
    expect(answer.bound).toBe('connections');
    near(answer.perSecond, 2 * 2 * 20 * 1_000, 0.1);
  });

  test('claims: a table takes two writes a batch', () => {
    const answer = simulate(asked({ cloud: { ...FAST_CLOUD, writesPerSecond: 100 }, latency: fixed(20), tasks: 10 }));
    expect(answer.bound).toBe('queue');
    expect(answer.throttled).toBeGreaterThan(0);
    near(answer.perSecond, 50_000, 0.35);
  });

  test('the way from the press: a small launch is nothing else', () => {
    const slow = { kind: 'fixed', ms: 40 } as const;
    const answer = simulate(
      asked({
        devices: 200,
        cloud: { writesPerSecond: 1e6, storeCall: slow, queueCall: slow },
        botMs: 20,
        latency: fixed(10),
      }),
    );
    expect(answer.bound).toBe('go');
    // Bot; entry; order; its way to a dispatcher; two reads; batch message; its way to a sender; two reads; claim.
    near(answer.firstMs ?? 0, 20 + 10 * 40, 0.05);
  });

  test('a pace holds, over all tasks', () => {
    const answer = simulate(
      asked({
        iosShare: 1,
        devices: 20_000,
        batchSize: 100,
        pace: { ios: 10_000, android: 0 },
        latency: fixed(10),
        tasks: 4,
      }),
    );
    expect(answer.bound).toBe('pace');
    near(answer.perSecond, 10_000, 0.05);
  });
});

describe('agrees with the arithmetic', () => {
  const same = { devices: 400_000, iosShare: 0.5, connections: 20, streams: 100, cores: 1, spare: 0 };
  test.each([
    ['cores', { perCore: 50_000, latencyMs: 10, perConnection: 0, seconds: 2 }],
    ['streams', { perCore: 1e9, latencyMs: 100, perConnection: 0, seconds: 2 }],
    ['connections', { perCore: 1e9, latencyMs: 10, perConnection: 1_000, seconds: 2 }],
  ] as const)('%s: with the tasks that it says the time is the one that was asked for', (bound, figures) => {
    const by = size({ ...SIZE_DEFAULTS, ...same, ...figures });
    const answer = simulate(
      asked({
        ...same,
        tasks: by.tasks,
        streams: { ios: 100, android: 100 },
        perConnection: figures.perConnection,
        latency: fixed(figures.latencyMs),
        costs: costing(1e6 / figures.perCore),
      }),
    );
    expect([by.bound, answer.bound]).toEqual([bound, bound]);
    near(answer.perSecond, by.mostPerSecond, 0.12);
  });
});

describe('what a provider takes', () => {
  test("a minute's quota is all that goes out in it, and the rest goes on in the next", () => {
    const limits = { perSecond: 0, perMinute: 30_000, retryAfterMs: 60_000 };
    const answer = simulate(
      asked({
        iosShare: 0,
        devices: 100_000,
        limits: { ios: NO_LIMITS, android: limits },
        latency: fixed(20),
        notAfterMs: 100_000,
      }),
    );
    expect(answer.bound).toBe('provider');
    expect(answer.totals).toEqual({ accepted: 60_000, failed: 0, uncertain: 0, late: 40_000 });
  });

  test('a rate that is refused above is found, from below', () => {
    const limits = { perSecond: 20_000, perMinute: 0, retryAfterMs: 1_000 };
    const answer = simulate(
      asked({ iosShare: 1, devices: 100_000, limits: { ios: limits, android: NO_LIMITS }, latency: fixed(20) }),
    );
    expect(answer.totals.accepted).toBe(100_000);
    expect(answer.perSecond).toBeLessThan(21_000);
  });

  test('a storm holds everything until its wait is over, and then everything is sent', () => {
    const calm = simulate(asked({ iosShare: 1, latency: fixed(20), connections: 10 }));
    const answer = simulate(
      asked({
        iosShare: 1,
        latency: fixed(20),
        connections: 10,
        faults: { ...NO_FAULTS, storm: { platform: 'ios', atMs: 300, forMs: 2_000, retryAfterMs: 3_000 } },
      }),
    );
    expect(answer.totals).toEqual(calm.totals);
    expect(answer.lastMs).toBeGreaterThan(3_300);
  });

  test("bad tokens are failed, and cost APNs' connections their streams", () => {
    const few = { connections: 4, iosShare: 1, latency: fixed(50) };
    const answer = simulate(asked({ ...few, faults: { ...NO_FAULTS, badTokens: 0.05 } }));
    near(answer.totals.failed, 10_000, 0.1);
    expect(answer.perSecond).toBeLessThan(simulate(asked(few)).perSecond);
  });

  test('a connection without an authenticated answer begins with one stream', () => {
    const slow = { devices: 20_000, connections: 100, streams: { ios: 10, android: 10 }, latency: fixed(300) };
    expect(simulate(asked({ ...slow, primed: 0 })).p50Ms).toBeGreaterThan((simulate(asked(slow)).p50Ms ?? 0) + 250);
  });
});

describe('faults', () => {
  test('of dead tasks what they held is uncertain, and everything else is sent', () => {
    const answer = simulate(
      asked({ costs: costing(20), tasks: 4, faults: { ...NO_FAULTS, dead: { tasks: 2, atMs: 1_000 } } }),
    );
    expect(sum(answer)).toBe(200_000);
    expect(answer.totals.late).toBe(0);
    expect(answer.totals.uncertain).toBeGreaterThan(0);
    // No more than what two lanes of two tasks may have claimed.
    expect(answer.totals.uncertain).toBeLessThan(2 * 2 * 20_000);
  });

  test('a dispatcher that dies over its work is found out, and its segments are cut again', () => {
    const slow = { kind: 'fixed', ms: 200 } as const;
    for (const seed of [1, 2, 3]) {
      const answer = simulate(
        asked({
          seed,
          devices: 1_000_000,
          tasks: 3,
          segments: 2,
          cloud: { writesPerSecond: 1e6, storeCall: AT_ONCE, queueCall: slow },
          faults: { ...NO_FAULTS, dead: { tasks: 2, atMs: 1_200 } },
        }),
      );
      expect(answer.totals.late).toBe(0);
      expect(sum(answer)).toBe(1_000_000);
    }
  });

  test('what the dead had at hand, or on its way to them, comes back by itself, while the others still send', () => {
    const slow = { kind: 'fixed', ms: 300 } as const;
    for (const queueCall of [AT_ONCE, slow]) {
      const answer = simulate(
        asked({
          costs: costing(170),
          tasks: 4,
          batchSize: 100,
          cloud: { ...FAST_CLOUD, queueCall },
          faults: { ...NO_FAULTS, dead: { tasks: 2, atMs: 2_000 } },
        }),
      );
      expect(answer.lastMs).toBeGreaterThan(11_000);
      // Else it waits for the rescue, which looks when nothing has moved for three seconds.
      expect(answer.lastMs - (answer.p95Ms ?? 0)).toBeLessThan(1_500);
    }
  });

  test('with nobody ready the orders wait', () => {
    const answer = simulate(asked({ faults: { ...NO_FAULTS, slow: { tasks: 2, atMs: 2_000 } } }));
    expect(answer.totals.accepted).toBe(200_000);
    expect(answer.firstMs).toBeGreaterThan(2_000);
  });

  test('with everybody dead everything that was not held is late', () => {
    const answer = simulate(
      asked({ costs: costing(20), notAfterMs: 10_000, faults: { ...NO_FAULTS, dead: { tasks: 2, atMs: 500 } } }),
    );
    expect(answer.totals.late).toBeGreaterThan(0);
    expect(sum(answer)).toBe(200_000);
  });

  test('tasks that are ready late help from then on', () => {
    const bound = { costs: costing(40), tasks: 4 };
    const [all, late, never] = [0, 1_000, 50_000].map(
      (atMs) =>
        simulate(asked({ ...bound, faults: { ...NO_FAULTS, slow: { tasks: atMs === 0 ? 0 : 2, atMs } } })).lastMs,
    ) as [number, number, number];
    expect(all).toBeLessThan(late);
    expect(late).toBeLessThan(never);
  });

  test('a connection that never answers makes uncertain what it took, and no more than its streams', () => {
    // Long enough that the one that takes its place after ten seconds is used.
    const answer = simulate(
      asked({ connections: 10, pace: { ios: 4_500, android: 4_500 }, faults: { ...NO_FAULTS, sickConnections: 1 } }),
    );
    expect(answer.totals.uncertain).toBeGreaterThan(0);
    expect(answer.totals.uncertain).toBeLessThanOrEqual(2 * 2 * 100);
    expect(answer.totals.accepted + answer.totals.uncertain).toBe(200_000);
  });

  test('whatever happens, every device ends in one state', PROPERTY, async () => {
    const question = fc.record({
      devices: fc.integer({ min: 1, max: 60_000 }),
      iosShare: fc.constantFrom(0, 0.3, 1),
      tasks: fc.integer({ min: 1, max: 5 }),
      cores: fc.integer({ min: 1, max: 3 }),
      threads: fc.integer({ min: 0, max: 3 }),
      connections: fc.integer({ min: 1, max: 20 }),
      perConnection: fc.constantFrom(0, 500),
      batchSize: fc.constantFrom(100, 1_000),
      segments: fc.integer({ min: 1, max: 20 }),
      primed: fc.constantFrom(0, 1),
      notAfterMs: fc.constantFrom(400, 3_000, 60_000),
      seed: fc.nat(1_000),
      costs: fc.constantFrom(FREE, SIMULATION_DEFAULTS.costs),
      latency: fc.constantFrom(fixed(0), fixed(50), SIMULATION_DEFAULTS.latency),
      pace: fc.constantFrom({ ios: 0, android: 0 }, { ios: 5_000, android: 8_000 }),
      limits: fc.constantFrom(
        { ios: NO_LIMITS, android: NO_LIMITS },
        {
          ios: { perSecond: 5_000, perMinute: 0, retryAfterMs: 500 },
          android: { perSecond: 0, perMinute: 9_000, retryAfterMs: 60_000 },
        },
      ),
      dead: fc.record({ tasks: fc.nat(5), atMs: fc.integer({ min: 0, max: 3_000 }) }),
      slow: fc.record({ tasks: fc.nat(5), atMs: fc.integer({ min: 0, max: 3_000 }) }),
      badTokens: fc.constantFrom(0, 0.02),
      sickConnections: fc.constantFrom(0, 1),
      storms: fc.boolean(),
    });
    await holds(
      'simulate-one-state',
      fc.property(question, ({ dead, slow, badTokens, sickConnections, storms, ...more }) => {
        const capped = (one: { tasks: number; atMs: number }) => ({ ...one, tasks: Math.min(one.tasks, more.tasks) });
        const storm = storms ? { platform: 'ios' as const, atMs: 200, forMs: 500, retryAfterMs: 400 } : null;
        const answer = simulate({
          ...SIMULATION_DEFAULTS,
          ...more,
          faults: { dead: capped(dead), slow: capped(slow), badTokens, sickConnections, storm },
        });
        expect(sum(answer)).toBe(more.devices);
        for (const count of Object.values(answer.totals)) expect(count).toBeGreaterThanOrEqual(0);
        expect(answer.lastMs).toBeLessThan(more.notAfterMs + 1_000);
      }),
      { seed: 7, runs: 80 },
    );
  });
});

describe('how it is played', () => {
  test('the same question has the same answer, and another seed nearly the same', () => {
    const one = asked({ latency: SIMULATION_DEFAULTS.latency, costs: SIMULATION_DEFAULTS.costs });
    expect(simulate(one)).toEqual(simulate(one));
    const other = simulate({ ...one, seed: 2 });
    expect(other).not.toEqual(simulate(one));
    near(other.p95Ms ?? 0, simulate(one).p95Ms ?? 0, 0.1);
  });

  test('more tasks are never slower', () => {
    const last = [1, 2, 3, 5, 8, 13].map(
      (tasks) => simulate({ ...SIMULATION_DEFAULTS, devices: 500_000, tasks }).p99Ms ?? 0,
    );
    for (const [at, ms] of last.entries()) if (at > 0) expect(ms).toBeLessThan((last[at - 1] ?? 0) * 1.02);
  });

  test('a finer grain says the same: a quarter of the step, a sixteenth of the turn', () => {
    const costs = { ...SIMULATION_DEFAULTS.costs, read: 0, write: 0 };
    for (const more of [
      { tasks: 2, costs },
      { tasks: 2, costs: FREE, connections: 10 },
    ]) {
      const question = { ...SIMULATION_DEFAULTS, devices: 300_000, perConnection: 0, ...more };
      const [coarse, fine] = [simulate(question), simulate({ ...question, answerStepMs: 0.25, pushesATurn: 32 })];
      for (const name of ['p50Ms', 'p95Ms', 'p99Ms'] as const) near(coarse[name] ?? 0, fine[name] ?? 0, 0.04);
    }
  });

  test('six million devices take no more than some hundred thousand moments', () => {
    const answer = simulate({ ...SIMULATION_DEFAULTS, tasks: 20 });
    expect(sum(answer)).toBe(6_000_000);
    expect(answer.events).toBeLessThan(400_000);
  });

  test('what makes no sense is refused, all of it at once, with what was found and expected', () => {
    const wrong = {
      ...SIMULATION_DEFAULTS,
      tasks: 0,
      iosShare: 3,
      latency: { ...SIMULATION_DEFAULTS.latency, ios: { kind: 'quantiles' as const, p50Ms: 80, p95Ms: 40, p99Ms: 90 } },
    };
    expect(() => simulate(wrong)).toThrow(
      /SIMULATION_QUESTION[^]*tasks: found 0, expected a whole number from 1[^]*share of iOS: found 3, expected a number from 0 to 1[^]*latency of ios/,
    );
  });
});
