import { pino } from 'pino';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { CloudError } from '../../infra/aws/cloud-error.ts';
import type { LiveStore } from '../../infra/aws/live-store.ts';
import { onSpan } from '../../infra/watch/spans.ts';
import type { Span } from '../../infra/watch/spans.ts';
import type { RefusalCode } from '../../runbooks/launch/commands.ts';
import { HALT_SETTLES_MS } from '../../settle/close.ts';
import { LAUNCH_ID } from '../../test/properties/scene.ts';
import { settleRig } from '../../test/settle-rig.ts';
import { Closer } from './closer.ts';
import type { CloserOptions } from './closer.ts';
import type { Rescue } from './rescue.ts';

/** When a worker walks a shot, and what it does when it can't close it; clocks, record and claims are in memory. With real stores: rescue.test.ts, workers/worker.test.ts. */

afterEach(() => {
  vi.useRealTimers();
});

function closing(change: Partial<CloserOptions> = {}, { hasOwnClock = false } = {}) {
  const rig = settleRig();
  const { scene, journal, claims, deps, write } = rig;
  const now = { ms: 10_000, idleMs: Number.POSITIVE_INFINITY, isOurs: true, isLost: false };
  const asked = { reads: 0, news: 0, leases: [] as unknown[][], looks: [] as unknown[][], forgets: [] as string[][] };
  const complaints: string[] = [];
  const lines: { msg: string; code?: string }[] = [];
  const counting = Object.assign(Object.create(claims) as typeof claims, {
    read: (keys: readonly string[]) => ((asked.reads += 1), claims.read(keys)),
    close: (...call: Parameters<typeof claims.close>) => claims.close(...call),
  });
  const closer = new Closer({
    ...deps,
    claims: counting,
    journal: { ...journal, launch: (id) => ((asked.news += 1), journal.launch(id)) },
    live: {
      lease: (...call: unknown[]) => {
        asked.leases.push(call);
        return Promise.resolve(now.isOurs);
      },
      signedReports: () => Promise.resolve({ reports: [], foreign: [] }),
    } as unknown as LiveStore,
    launchId: LAUNCH_ID,
    holder: 'w1',
    launch: () => journal.peek(LAUNCH_ID),
    idleMs: () => now.idleMs,
    rescue: {
      isDue: () => now.isLost,
      look: (...call: unknown[]) => {
        asked.looks.push(call);
        return Promise.resolve(0);
      },
      forget: (running: readonly { id: string }[]) => void asked.forgets.push(running.map(({ id }) => id)),
    } as unknown as Rescue,
    complain: (say) => void complaints.push(say),
    log: pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line) as { msg: string }) }),
    ...(hasOwnClock ? {} : { monotonicMs: () => now.ms }),
    clock: { nowMs: () => scene.nowMs, earliestMs: () => scene.nowMs - 100 },
    ...change,
  });
  const reads = () => asked.reads;
  /** What has happened is in the record, and known here. */
  const know = async () => {
    write();
    await journal.launch(LAUNCH_ID);
  };
  /** Rounds that far apart; how often the shot's claims were read in them. */
  const rounds = async (...afterMs: number[]) => {
    const counts: number[] = [];
    for (const ms of afterMs) {
      now.ms += ms;
      const before = reads();
      await closer.round();
      counts.push(reads() - before);
    }
    return counts;
  };
  const said = (text: string) => lines.filter(({ msg }) => msg.includes(text));
  return { ...rig, closer, now, asked, complaints, said, know, rounds };
}

describe('a shot is walked to be closed', () => {
  test('when nobody here has sent anything of it for 400 ms, twice a second', async () => {
    const { scene, now, know, rounds, asked } = closing();
    scene.fired('all');
    await know();
    now.idleMs = 399;
    expect(await rounds(0, 5_000)).toEqual([0, 0]);
    now.idleMs = 400;
    expect(await rounds(0, 499, 1, 499, 1)).toEqual([1, 0, 1, 0, 1]);
    expect(asked.looks).toEqual([]);
  });

  test('however busy, once it was halted or the first of its windows is over by the earliest that the time may be', async () => {
    const { scene, now, know, rounds } = closing();
    const shot = scene.fired('all');
    await know();
    now.idleMs = 0;
    expect(shot.notAfterAtMs.ios).toBeLessThan(shot.notAfterAtMs.android);
    scene.nowMs = shot.notAfterAtMs.ios + 100;
    expect(await rounds(1_000)).toEqual([0]);
    scene.nowMs += 1;
    expect(await rounds(1_000)).toEqual([1]);

    const halted = closing();
    halted.scene.fired('all');
    halted.scene.halt();
    await halted.know();
    halted.now.idleMs = 0;
    expect(await halted.rounds(0)).toEqual([1]);
  });

  test('and is closed, told once, and walked no more', async () => {
    const { scene, know, rounds, shotNow, said, complaints, journal } = closing();
    const shot = scene.fired('all');
    scene.halt();
    await know();
    scene.nowMs += HALT_SETTLES_MS + 100 - 1;
    await rounds(1_000);
    expect((await shotNow(shot)).closed).toBeNull();
    scene.nowMs += 1;
    const spans: Span[] = [];
    const ends = onSpan((span) => spans.push(span));
    await rounds(1_000);
    ends();
    expect(spans.filter(({ name }) => name === 'close')).toEqual([
      { launchId: LAUNCH_ID, shotId: shot.id, name: 'close', startMs: scene.nowMs, endMs: scene.nowMs },
    ]);
    expect((await shotNow(shot)).closed?.cause).toBe('halt');
    await journal.launch(LAUNCH_ID);
    expect(await rounds(1_000, 1_000)).toEqual([0, 0]);
    expect(said('shot closed')).toMatchObject([{ shotId: shot.id }]);
    expect([said('shot closed').length, complaints]).toEqual([1, []]);
  });

  test('that another has closed meanwhile is told by that one', async () => {
    const rig = settleRig();
    const appended = { ok: false as const, code: 'SHOT_CLOSED' as const, say: '' };
    const { scene, know, rounds, said, complaints } = closing({
      journal: { ...rig.journal, launch: () => Promise.resolve(theirs()), append: () => Promise.resolve(appended) },
    });
    const theirs = () => scene.state;
    scene.fired('all');
    scene.halt();
    await know();
    scene.nowMs += HALT_SETTLES_MS + 100;
    expect((await rounds(0))[0]).toBeGreaterThan(0);
    expect([said('shot closed'), complaints]).toEqual([[], []]);
  });

  test('is left where it is when the worker stops', async () => {
    const { scene, know, closer, asked } = closing();
    scene.fired(['ios']);
    scene.fired(['android']);
    await know();
    const round = closer.round();
    await closer.stop();
    await round;
    expect([asked.forgets[0]?.length, asked.reads]).toEqual([2, 0]);
  });

  test('is walked by the one who has the lease alone, which is asked for once a second', async () => {
    const { scene, now, know, rounds, asked } = closing();
    const shot = scene.fired('all');
    await know();
    now.isOurs = false;
    expect(await rounds(0, 999)).toEqual([0, 0]);
    expect(asked.leases).toEqual([[`closer/${LAUNCH_ID}/${shot.id}`, 'w1', 3_000, scene.nowMs]]);
    now.isOurs = true;
    expect(await rounds(1, 500)).toEqual([1, 1]);
    expect(asked.leases).toHaveLength(2);
  });

  test('and what is known of it is not forgotten for another that runs beside it', async () => {
    const { scene, now, know, rounds, asked } = closing();
    scene.fired(['ios']);
    scene.fired(['android']);
    await know();
    now.isOurs = false;
    await rounds(0, 999);
    expect(asked.leases).toHaveLength(2);
  });
});

describe('what a round sees to besides', () => {
  test('a shot that may have lost messages is looked at with its parts, though it is not to be closed yet', async () => {
    const { scene, now, know, rounds, asked } = closing();
    const shot = scene.fired('all');
    await know();
    now.idleMs = 0;
    await rounds(0);
    expect([asked.looks, asked.leases]).toEqual([[], []]);
    now.isLost = true;
    expect(await rounds(0, 0)).toEqual([0, 0]);
    expect(asked.looks).toHaveLength(2);
    const [[of, looked, parts, memo], [, , again]] = asked.looks as [
      [{ id: string }, { id: string }, { segment: string }[], { parts: unknown }],
      [unknown, unknown, unknown],
    ];
    expect([of.id, looked.id, parts.map(({ segment }) => segment)]).toEqual([LAUNCH_ID, shot.id, ['ios', 'android']]);
    expect([memo.parts, again]).toEqual([parts, parts]);
    now.isOurs = false;
    await rounds(1_000);
    expect(asked.looks).toHaveLength(2);
    expect(asked.forgets).toEqual([[shot.id], [shot.id], [shot.id], [shot.id]]);
  });

  test('while an order waits for its GO the record is read twice a second; what is known is enough else', async () => {
    const { scene, know, rounds, asked, now } = closing();
    await know();
    await rounds(0, 5_000);
    expect(asked.news).toBe(0);
    scene.asked('all');
    await know();
    now.ms += 5_000;
    await rounds(0, 499, 1);
    expect(asked.news).toBe(2);
  });

  test('a launch that is not known yet is nothing to walk', async () => {
    const { rounds, asked, said } = closing();
    expect(await rounds(0)).toEqual([0]);
    expect([asked.forgets, said('failed')]).toEqual([[], []]);
  });
});

describe('a close that cannot be', () => {
  const refusing = (code: () => string) => ({
    append: () => Promise.resolve({ ok: false as const, code: code() as RefusalCode, say: `no: ${code()}` }),
  });

  test('is tried again after twice as long each time, ten seconds at most; the log has it once a cause, the report each time', async () => {
    let code = 'TOTALS_WRONG';
    const rig = settleRig();
    const { know, rounds, complaints, said, scene } = closing({
      journal: { ...rig.journal, ...refusing(() => code), launch: () => Promise.resolve(theirs()) },
    });
    const theirs = () => scene.state;
    const shot = scene.fired('all');
    scene.halt();
    await know();
    scene.nowMs += HALT_SETTLES_MS + 100;
    await rounds(0);
    const tries = async (...afterMs: number[]) => {
      const counts: number[] = [];
      for (const ms of afterMs) {
        const before = complaints.length;
        await rounds(ms);
        counts.push(complaints.length - before);
      }
      return counts;
    };
    expect(complaints).toEqual([`CANNOT CLOSE ${shot.id}: no: TOTALS_WRONG`]);
    expect(await tries(999, 1, 1_999, 1, 3_999, 1, 7_999, 1, 9_999, 1, 9_999, 1)).toEqual([
      0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1,
    ]);
    expect(said('close was refused')).toMatchObject([{ code: 'TOTALS_WRONG', shotId: shot.id }]);
    code = 'OTHER';
    expect(await tries(10_000)).toEqual([1]);
    expect(said('close was refused')).toHaveLength(2);
  });

  test('for a claim of another version keeps no other shot from closing; a store that is away ends the round, and is told', async () => {
    const rig = settleRig();
    let error: Error = new CloudError('CLAIM_UNKNOWN', 'claim k has state "leased"');
    const claims = Object.assign(Object.create(rig.claims) as typeof rig.claims, { read: () => Promise.reject(error) });
    const { scene, know, rounds, complaints, said } = closing({ claims });
    const [first, second] = [scene.fired(['ios']), scene.fired(['android'])];
    scene.halt();
    await know();
    await rounds(0);
    const say = (id: string) => `CANNOT CLOSE ${id}: claim k has state "leased"`;
    expect(complaints.toSorted()).toEqual([say(first.id), say(second.id)].toSorted());
    error = new Error('away');
    await rounds(60_000, 500);
    expect(said('closing failed')).toMatchObject([{ err: { message: 'away' } }, { err: { message: 'away' } }]);
    expect(complaints).toHaveLength(2);
  });

  test('is a new one after a round that went well', async () => {
    const rig = settleRig();
    let isOdd = true;
    const claims = Object.assign(Object.create(rig.claims) as typeof rig.claims, {
      read: (keys: readonly string[]) =>
        isOdd ? Promise.reject(new CloudError('CLAIM_UNKNOWN', 'odd')) : rig.claims.read(keys),
    });
    const { scene, know, rounds, complaints, said } = closing({ claims });
    scene.fired('all');
    await know();
    await rounds(0, 1_000);
    isOdd = false;
    await rounds(2_000);
    isOdd = true;
    await rounds(500, 999, 1);
    expect([complaints.length, said('close was refused').length]).toEqual([4, 2]);
  });
});

test('rounds are made until it stops, one at a time, by its own clock', async () => {
  const { closer, know, scene, asked, said } = closing({ everyMs: 2 }, { hasOwnClock: true });
  scene.fired('all');
  await know();
  expect(closer.round()).toBe(closer.round());
  closer.start();
  await expect.poll(() => asked.forgets.length, { interval: 5 }).toBeGreaterThan(2);
  await closer.stop();
  const before = asked.forgets.length;
  await new Promise((done) => setTimeout(done, 20));
  expect([asked.forgets.length, said('failed')]).toEqual([before, []]);
});

test.each([
  [{}, 250],
  [{ everyMs: 7 }, 7],
])('with %j a round begins every %d ms', (change, everyMs) => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const { closer } = closing(change);
  const round = vi.spyOn(closer, 'round');
  closer.start();
  const counts = [everyMs - 1, 1, everyMs].map((ms) => (vi.advanceTimersByTime(ms), round.mock.calls.length));
  expect(counts).toEqual([0, 1, 2]);
  void closer.stop();
});
