import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { holds, PROPERTY } from '../../test/properties/holds.ts';
import { localCloudForTests } from '../local/cloud/for-tests.ts';
import { createClients } from './clients.ts';
import { createStoreClock } from './store-clock.ts';

const NOON_MS = Date.UTC(2026, 10, 29, 12);

/** A machine whose wall clock is off and whose monotonic one runs a little fast or slow, and a store with the true time. */
class World {
  trueMs = NOON_MS;
  wallAheadMs = 0;
  monotonicShiftMs = -1e12;
  readonly rate: number;
  readonly clock = createStoreClock({
    wallMs: () => Math.floor(this.trueMs + this.wallAheadMs),
    monotonicMs: () => this.monotonicMs,
  });

  constructor(ppm = 0) {
    this.rate = 1 + ppm / 1e6;
  }

  get monotonicMs(): number {
    return NOON_MS + (this.trueMs - NOON_MS) * this.rate + this.monotonicShiftMs;
  }

  pass(ms: number): this {
    this.trueMs += ms;
    return this;
  }

  /** One answer: `thereMs` to the store, `backMs` from it; its header is `staleMs` old, or of a store that is `offMs` off. */
  ask({ thereMs = 2, backMs = 2, staleMs = 0, offMs = 0 } = {}): this {
    const sentAtMs = this.monotonicMs;
    this.pass(thereMs);
    const dateMs = Math.floor((this.trueMs + offMs - staleMs) / 1_000) * 1_000;
    this.pass(backMs);
    this.clock.answered({ dateMs, sentAtMs, answeredAtMs: this.monotonicMs });
    return this;
  }

  askFor(ms: number, everyMs = 237): this {
    for (const endMs = this.trueMs + ms; this.trueMs < endMs;) this.ask().pass(everyMs);
    return this;
  }

  get errorMs() {
    return this.clock.nowMs() - this.trueMs;
  }
}

const worldOff = (wallAheadMs: number) => Object.assign(new World(), { wallAheadMs });

describe('before the first answer', () => {
  test('it is the own wall clock, and nothing is known of it', () => {
    const { clock, trueMs } = worldOff(30_000);
    expect([clock.nowMs(), clock.earliestMs(), clock.latestMs()]).toEqual([
      trueMs + 30_000,
      trueMs + 30_000,
      trueMs + 30_000,
    ]);
    expect(clock.offset()).toBeNull();
  });
});

describe('with answers', () => {
  test.each([0, -3_000, 3_000, 30_000, -30_000, 600_000])(
    'a wall clock that is %i ms ahead makes no difference, and is told',
    (wallAheadMs) => {
      const world = worldOff(wallAheadMs).ask();
      expect(Math.abs(world.errorMs)).toBeLessThan(520);
      world.askFor(20_000);
      expect(Math.abs(world.errorMs)).toBeLessThan(60);
      const offset = world.clock.offset();
      expect(Math.abs((offset?.aheadMs ?? Number.NaN) - wallAheadMs)).toBeLessThanOrEqual((offset?.errorMs ?? 0) + 1);
      expect(offset?.errorMs).toBeLessThan(60);
    },
  );

  test('a wall clock that agrees with the store is believed to the millisecond', () => {
    expect(Math.abs(worldOff(40).ask().askFor(100).errorMs - 40)).toBeLessThanOrEqual(1);
  });

  test('a wall clock that is set, forth or back, moves nothing', () => {
    const world = new World().askFor(10_000);
    for (const wallAheadMs of [600_000, -600_000, 30, 0]) {
      world.wallAheadMs = wallAheadMs;
      expect(Math.abs(world.errorMs)).toBeLessThanOrEqual(1);
      expect(Math.abs(world.ask().errorMs)).toBeLessThanOrEqual(1);
    }
  });

  test('an old header makes no upper bound', () => {
    const world = worldOff(30_000).askFor(10_000).ask({ staleMs: 700 }).ask({ staleMs: 4_000 });
    expect(world.clock.latestMs()).toBeGreaterThanOrEqual(world.trueMs);
    expect(world.clock.earliestMs()).toBeLessThanOrEqual(world.trueMs);
    expect(Math.abs(world.errorMs)).toBeLessThan(60);
  });

  test('one answer with another time stops writers and moves nobody else', () => {
    const world = new World().askFor(10_000).ask({ offMs: 30_000 });
    expect(world.clock.earliestMs()).toBeLessThanOrEqual(world.trueMs);
    expect(Math.abs(world.errorMs)).toBeLessThanOrEqual(1);
    expect(world.clock.latestMs()).toBeGreaterThan(world.trueMs + 29_000);
    world.ask();
    expect(world.clock.latestMs()).toBeLessThan(world.trueMs + 100);
    world.ask({ offMs: -30_000 }).ask();
    expect(world.clock.earliestMs()).toBeGreaterThan(world.trueMs - 100);
  });

  test('after the machine stood still two answers are enough', () => {
    const world = worldOff(-40_000).askFor(10_000);
    world.monotonicShiftMs -= 25_000;
    world.ask();
    expect(world.clock.latestMs()).toBeGreaterThanOrEqual(world.trueMs);
    world.ask();
    expect(Math.abs(world.errorMs)).toBeLessThan(520);
  });

  test('a store that is set back is followed after some seconds, not for one busy moment', () => {
    const world = new World().askFor(10_000);
    for (const end = world.trueMs + 2_500; world.trueMs < end;) world.ask({ offMs: -5_000 }).pass(200);
    expect(Math.abs(world.errorMs)).toBeLessThanOrEqual(1);
    for (const end = world.trueMs + 2_500; world.trueMs < end;) world.ask({ offMs: -5_000 }).pass(200);
    expect(Math.abs(world.errorMs + 5_000)).toBeLessThan(520);
  });

  test('one that was wrong at the first answer is forgotten', () => {
    const world = worldOff(600_000).ask({ offMs: 5_000 }).askFor(10_000);
    expect(Math.abs(world.errorMs)).toBeLessThan(100);
  });

  test.each([100, -100])(
    'bounds widen as the clocks drift apart by %i ppm, so that they hold through minutes without an answer',
    (ppm) => {
      const world = new World(ppm).askFor(20_000).pass(600_000);
      expect(world.clock.earliestMs()).toBeLessThanOrEqual(world.trueMs);
      expect(world.clock.latestMs()).toBeGreaterThanOrEqual(world.trueMs);
    },
  );

  test('a small lie, which nobody can tell from the truth, is forgotten within two minutes', () => {
    const world = new World().askFor(10_000);
    // At the turn of the liar's second.
    world
      .pass(1_000 - ((world.trueMs + 202) % 1_000))
      .ask({ offMs: 200 })
      .askFor(20_000);
    expect(world.clock.earliestMs()).toBeGreaterThan(world.trueMs);
    world.askFor(130_000);
    expect(world.clock.earliestMs()).toBeLessThanOrEqual(world.trueMs);
  });

  test('what is no date is no answer', () => {
    const { clock } = new World();
    clock.answered({ dateMs: Number.NaN, sentAtMs: 0, answeredAtMs: 1 });
    expect(clock.offset()).toBeNull();
  });

  test('the true time lies between the bounds, whatever the ways take and the clocks do', PROPERTY, async () => {
    await holds(
      'store-clock',
      fc.property(
        fc.integer({ min: -100, max: 100 }),
        fc.integer({ min: -700_000, max: 700_000 }),
        fc.array(
          fc.record({
            passMs: fc.oneof(fc.integer({ min: 0, max: 999 }), fc.integer({ min: 0, max: 200_000 })),
            wallAheadMs: fc.option(fc.integer({ min: -700_000, max: 700_000 }), { nil: undefined }),
            thereMs: fc.integer({ min: 0, max: 1_000 }),
            backMs: fc.integer({ min: 0, max: 1_000 }),
            staleMs: fc.integer({ min: 0, max: 20 }),
          }),
          { minLength: 1, maxLength: 60 },
        ),
        (ppm, wallAheadMs, steps) => {
          const world = Object.assign(new World(ppm), { wallAheadMs });
          for (const step of steps) {
            world.pass(step.passMs).ask(step);
            if (step.wallAheadMs !== undefined) world.wallAheadMs = step.wallAheadMs;
            const { clock, trueMs } = world;
            expect(clock.earliestMs()).toBeLessThanOrEqual(trueMs);
            expect(clock.latestMs()).toBeGreaterThanOrEqual(trueMs);
            expect(clock.nowMs()).toBeGreaterThanOrEqual(clock.earliestMs());
            expect(clock.nowMs()).toBeLessThanOrEqual(clock.latestMs());
            const offset = clock.offset();
            expect(Math.abs((offset?.aheadMs ?? Number.NaN) - world.wallAheadMs)).toBeLessThanOrEqual(
              (offset?.errorMs ?? 0) + 1,
            );
          }
        },
      ),
      { seed: 8, runs: 300 },
    );
  });
});

describe('over the wire', () => {
  let local: Awaited<ReturnType<typeof localCloudForTests>>;
  beforeAll(async () => {
    local = await localCloudForTests();
  });
  afterAll(() => local.stop());

  test('both clients of the store feed it, with answers and with refusals', async () => {
    for (const pick of ['dynamo', 'switchReads'] as const) {
      const clients = createClients(local.config);
      expect(clients.clock.offset()).toBeNull();
      const askedAtMs = performance.now();
      const get = (table: string) =>
        clients[pick].send(new GetItemCommand({ TableName: table, Key: { k: { S: 'x' } } }));
      if (pick === 'dynamo') await get('gobutton-claims');
      else await expect(get('absent')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
      const tookMs = performance.now() - askedAtMs;
      const offset = clients.clock.offset();
      expect(Math.abs(offset?.aheadMs ?? Number.NaN)).toBeLessThanOrEqual((offset?.errorMs ?? 0) + 5);
      // A date says the second that it is in; the two clocks are read one after the other, in whole milliseconds.
      expect(offset?.errorMs).toBeLessThan(520 + tookMs / 2);
      clients.destroy();
    }
  });

  test('the cloud of a process has one', async () => {
    await local.cloud.live.launches();
    expect(local.cloud.clock.offset()).not.toBeNull();
    const { errorMs = 0 } = local.cloud.clock.offset() ?? {};
    const beforeMs = Date.now();
    const nowMs = local.cloud.clock.nowMs();
    expect(nowMs).toBeGreaterThanOrEqual(beforeMs - errorMs - 5);
    expect(nowMs).toBeLessThanOrEqual(Date.now() + errorMs + 5);
  });
});
