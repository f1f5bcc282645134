import { describe, expect, test } from 'vitest';
import type { WorkerReport } from '../contract/report.ts';
import type { Objects } from '../infra/aws/objects.ts';
import type { Shot } from '../runbooks/launch/launch.ts';
import { LAUNCH_ID } from '../test/properties/scene.ts';
import { account, MANIFEST, settleRig } from '../test/settle-rig.ts';
import {
  ACCOUNT_GRACE_MS,
  CloseMemo,
  closeShot,
  HALT_SETTLES_MS,
  manifestReader,
  NOT_AFTER_GRACE_MS,
  partsOf,
} from './close.ts';
import type { CloseDeps } from './close.ts';
import { lostClaims } from './lost-claims.ts';

/** When what is closed, and as what, to the millisecond: claims, record and clock in memory. With real stores: close.test.ts. */

function rig(segments: string[] | 'all' = ['ios'], delivery?: Record<string, string>) {
  const one = settleRig(delivery);
  const shot = one.scene.fired(segments);
  one.write();
  const close = (nowMs: number, change: Partial<CloseDeps> = {}, memo?: CloseMemo) =>
    closeShot(
      { ...one.deps, ...change },
      { launchId: LAUNCH_ID, shotId: shot.id, nowMs, ...(memo === undefined ? {} : { memo }) },
    );
  const halt = () => {
    one.scene.halt();
    one.write();
  };
  return { ...one, shot, close, halt };
}

const signed = (reports: WorkerReport[]) => Promise.resolve({ reports, foreign: [] });

describe('when a batch is final', () => {
  test('as long as one is unclaimed and there is time, the shot is open, and nothing is written', async () => {
    const { shot, close, accounted, standing } = rig();
    await accounted('ios.0', 'accepted');
    for (const nowMs of [shot.pressedAtMs, shot.notAfterAtMs.ios, shot.notAfterAtMs.ios + NOT_AFTER_GRACE_MS - 1])
      expect(await close(nowMs)).toEqual({ state: 'open', left: 1 });
    expect(standing('ios.1')).toBeUndefined();
  });

  test('the unclaimed is late two seconds after its own window, while another platform still has time', async () => {
    const { shot, close, totals, shotNow, standing } = rig('all');
    expect(shot.notAfterAtMs.android - shot.notAfterAtMs.ios).toBe(30_000);
    const iosOver = shot.notAfterAtMs.ios + NOT_AFTER_GRACE_MS;
    expect(await close(iosOver)).toEqual({ state: 'open', left: 1 });
    expect([standing('ios.0'), standing('ios.1'), standing('android.0')]).toEqual(['closed', 'closed', undefined]);
    expect(await close(shot.notAfterAtMs.android + NOT_AFTER_GRACE_MS)).toEqual({ state: 'closed', byUs: true });
    expect(await totals(shot)).toMatchObject({ ios: { late: 8 }, android: { late: 4 } });
    expect((await shotNow(shot)).closed?.cause).toBe('not-after');
  });

  test('what is due is closed though a segment before it is not', async () => {
    const { shot, close, standing } = rig('all', { ios_not_after: '90s', android_not_after: '60s' });
    expect(await close(shot.notAfterAtMs.android + NOT_AFTER_GRACE_MS)).toEqual({ state: 'open', left: 2 });
    expect([standing('ios.0'), standing('android.0')]).toEqual([undefined, 'closed']);
  });

  test('after a halt the unclaimed is halted two seconds later, whatever time there is', async () => {
    const { scene, shot, close, halt, totals, shotNow } = rig('all');
    halt();
    expect(await close(scene.nowMs + HALT_SETTLES_MS - 1)).toEqual({
      state: 'open',
      left: expect.any(Number) as number,
    });
    expect(await close(scene.nowMs + HALT_SETTLES_MS)).toEqual({ state: 'closed', byUs: true });
    expect(await totals(shot)).toMatchObject({ ios: { halted: 8 }, android: { halted: 4 } });
    expect((await shotNow(shot)).closed?.cause).toBe('halt');
  });

  test('a halt waits for its two seconds even where the window is over', async () => {
    const { scene, shot, close, halt } = rig();
    scene.nowMs = shot.notAfterAtMs.ios + NOT_AFTER_GRACE_MS;
    halt();
    expect(await close(scene.nowMs + 1)).toMatchObject({ state: 'open' });
  });

  test('the claimed waits for its account twelve seconds after its lease, and is uncertain then', async () => {
    const { scene, shot, close, claim, accounted, totals } = rig();
    await accounted('ios.0', 'accepted');
    const endMs = scene.nowMs + 5_000;
    await claim('ios.1', { sendUntilMs: endMs });
    expect(await close(endMs + ACCOUNT_GRACE_MS - 1)).toEqual({ state: 'open', left: 1 });
    expect(await close(endMs + ACCOUNT_GRACE_MS)).toEqual({ state: 'closed', byUs: true });
    expect(await totals(shot)).toMatchObject({ ios: { accepted: 4, uncertain: 4 } });
  });

  test('what a lease did not cover waits for another worker while there is time, and is late or halted after', async () => {
    const { scene, shot, close, claim, accounted, totals, standing } = rig();
    await accounted('ios.0', 'accepted');
    await claim('ios.1', { sendUntilMs: scene.nowMs, mark: 3 });
    expect(await close(scene.nowMs + ACCOUNT_GRACE_MS)).toEqual({ state: 'open', left: 1 });
    expect(standing('ios.1')).toBe('claimed');
    await close(shot.notAfterAtMs.ios + NOT_AFTER_GRACE_MS);
    expect(await totals(shot)).toMatchObject({ ios: { uncertain: 3, late: 1 } });
  });

  test('a lease that was written beyond the window ends with the window', async () => {
    const { shot, close, claim, totals } = rig();
    await claim('ios.0', { sendUntilMs: shot.notAfterAtMs.ios + 3_600_000 });
    await claim('ios.1', { sendUntilMs: shot.notAfterAtMs.ios });
    expect(await close(shot.notAfterAtMs.ios + ACCOUNT_GRACE_MS)).toEqual({ state: 'closed', byUs: true });
    expect(await totals(shot)).toMatchObject({ ios: { uncertain: 8 } });
  });

  test('what another closer has closed is, long before its window ends', async () => {
    const { scene, shot, close, claim, accounted } = rig();
    await claim('ios.0', { sendUntilMs: scene.nowMs + 5_000 });
    const nowMs = scene.nowMs + 5_000 + ACCOUNT_GRACE_MS;
    expect(await close(nowMs)).toEqual({ state: 'open', left: 1 });
    await accounted('ios.1', 'accepted');
    expect(await close(nowMs)).toEqual({ state: 'closed', byUs: true });
    expect(nowMs).toBeLessThan(shot.notAfterAtMs.ios);
  });

  test('somebody who was faster is waited for if it sends, and believed if it has closed or accounted', async () => {
    const { shot, close, claims, claim, key, totals } = rig();
    const late = shot.notAfterAtMs.ios + NOT_AFTER_GRACE_MS;
    const racing = (id: string, first: () => Promise<unknown>) =>
      Object.assign(Object.create(claims) as typeof claims, {
        close: async (...call: Parameters<typeof claims.close>) => {
          if (call[0] === key(id)) await first();
          return claims.close(...call);
        },
      });
    expect(await close(late, { claims: racing('ios.0', () => claim('ios.0', { sendUntilMs: late })) })).toEqual({
      state: 'open',
      left: 1,
    });
    await claims.account(key('ios.0'), 'ios.0', account('accepted'));
    expect(await close(late)).toEqual({ state: 'closed', byUs: true });
    expect(await totals(shot)).toMatchObject({ ios: { accepted: 4, late: 4 } });

    for (const ends of ['account', 'close'] as const) {
      const other = rig();
      const first =
        ends === 'account'
          ? () => other.accounted('ios.0', 'accepted')
          : () => other.claims.close(other.key('ios.0'), account('late'), null);
      const faster = Object.assign(Object.create(other.claims) as typeof claims, {
        close: async (...call: Parameters<typeof claims.close>) => {
          if (call[0] === other.key('ios.0')) await first();
          return other.claims.close(...call);
        },
      });
      expect(await other.close(late, { claims: faster })).toEqual({ state: 'closed', byUs: true });
    }
  });
});

describe('what has no claim', () => {
  const answered = (shotId: string, accepted: number) =>
    signed([
      {
        shots: [
          { shotId, platforms: { ios: { accepted, failed: 0 }, android: { accepted: 0, failed: 0 } } },
          { shotId: 'S99', platforms: { ios: { accepted: 99, failed: 0 }, android: { accepted: 0, failed: 0 } } },
        ],
      } as unknown as WorkerReport,
    ]);

  test('is uncertain where more was answered than there are claims for, and late where not; that is asked once', async () => {
    for (const [accepted, of] of [
      [5, { accepted: 4, uncertain: 4 }],
      [4, { accepted: 4, late: 4 }],
    ] as const) {
      const { shot, close, accounted, totals } = rig();
      await accounted('ios.0', 'accepted');
      let asked = 0;
      const live = {
        signedReports: ({ id }: { id: string }) => (
          (asked += 1),
          id === LAUNCH_ID ? answered(shot.id, accepted) : signed([])
        ),
      };
      await close(shot.notAfterAtMs.ios + NOT_AFTER_GRACE_MS, { live });
      expect([await totals(shot), asked]).toEqual([{ ios: expect.objectContaining(of) as object }, 1]);
    }
    const { shot, close } = rig();
    let asked = 0;
    await close(shot.notAfterAtMs.ios + NOT_AFTER_GRACE_MS, {
      live: { signedReports: () => ((asked += 1), answered(shot.id, 8)) },
    });
    expect(asked).toBe(1);
  });

  test('nobody is asked about it before it is due, nor for what is claimed', async () => {
    const { scene, shot, close, claim } = rig();
    const live = { signedReports: () => Promise.reject(new Error('asked')) };
    expect(await close(shot.pressedAtMs, { live })).toMatchObject({ state: 'open' });
    await claim('ios.0', { sendUntilMs: scene.nowMs });
    await claim('ios.1', { sendUntilMs: scene.nowMs });
    expect(await close(shot.notAfterAtMs.ios + NOT_AFTER_GRACE_MS, { live })).toMatchObject({ state: 'closed' });
  });
});

describe('claims that are lost', () => {
  const says = async (
    answers: [platform: 'ios' | 'android', accepted: number, failed: number][],
    claimed: string[],
  ) => {
    const { deps, claims, shot, journal, claim } = rig('all');
    const launch = await journal.launch(LAUNCH_ID);
    if (launch === null) throw new Error('no launch');
    for (const id of claimed) await claim(id);
    const none = { accepted: 0, failed: 0 };
    const reports = answers.map(
      ([platform, accepted, failed]) =>
        ({
          shots: [{ shotId: shot.id, platforms: { ios: none, android: none, [platform]: { accepted, failed } } }],
        }) as unknown as WorkerReport,
    );
    const parts = await partsOf(deps, launch, shot);
    const consistent: (boolean | undefined)[] = [];
    const found = await lostClaims(
      {
        claims: { read: (keys, isConsistent) => (consistent.push(isConsistent), claims.read(keys)) },
        live: { signedReports: () => signed(reports) },
      },
      launch,
      { trusted: null, shotId: shot.id, parts },
    );
    expect(consistent.every((one) => one === true)).toBe(true);
    return found;
  };

  test('are known by answers, of all workers and of either kind, that have no claim', async () => {
    expect(
      await says(
        [
          ['ios', 3, 1],
          ['ios', 4, 0],
        ],
        ['ios.0', 'ios.1'],
      ),
    ).toBeNull();
    expect(
      await says(
        [
          ['ios', 3, 1],
          ['ios', 0, 1],
        ],
        ['ios.0'],
      ),
    ).toEqual({ platform: 'ios', answered: 5, claimed: 4 });
    expect(await says([['android', 1, 0]], ['ios.0', 'ios.1'])).toEqual({
      platform: 'android',
      answered: 1,
      claimed: 0,
    });
    expect(
      await says(
        [
          ['android', 4, 0],
          ['ios', 4, 0],
        ],
        ['ios.1', 'android.0'],
      ),
    ).toBeNull();
    expect(await says([], [])).toBeNull();
  });
});

describe('the shot', () => {
  test('is closed by one, and is closed already for all others; what the core refuses comes back in its words', async () => {
    const { shot, close, accounted, journal, shotNow } = rig();
    await accounted('ios.0', 'accepted');
    await accounted('ios.1', 'accepted');
    const refusing = (code: string) => ({
      journal: { ...journal, append: () => Promise.resolve({ ok: false, code, say: 'no' } as never) },
    });
    expect(await close(shot.pressedAtMs, refusing('SHOT_CLOSED'))).toEqual({ state: 'closed', byUs: false });
    expect(await close(shot.pressedAtMs, refusing('TOTALS_WRONG'))).toEqual({
      state: 'refused',
      code: 'TOTALS_WRONG',
      say: 'no',
    });
    expect(await close(shot.pressedAtMs)).toEqual({ state: 'closed', byUs: true });
    expect(await close(shot.pressedAtMs, { manifestOf: () => Promise.reject(new Error('read')) })).toEqual({
      state: 'closed',
      byUs: false,
    });
    expect((await shotNow(shot)).closed?.cause).toBe('complete');
  });

  test('that is unknown, of a launch that is known or not, is refused', async () => {
    const { deps, journal, shot } = rig();
    const unknown = { state: 'refused', code: 'SHOT_UNKNOWN', say: expect.stringContaining('S99') as string };
    expect(await closeShot(deps, { launchId: LAUNCH_ID, shotId: 'S99', nowMs: 0 })).toEqual(unknown);
    const empty = { ...deps, journal: { ...journal, launch: () => Promise.resolve(null) } };
    expect(await closeShot(empty, { launchId: LAUNCH_ID, shotId: shot.id, nowMs: 0 })).toMatchObject({
      code: 'SHOT_UNKNOWN',
    });
  });

  test('is over by its window only when somebody was late by then: a late word before it leaves it complete', async () => {
    const { shot, close, accounted, shotNow } = rig('all');
    await accounted('ios.0', 'accepted');
    await accounted('ios.1', 'late');
    await accounted('android.0', 'accepted');
    expect(await close(shot.notAfterAtMs.android - 1)).toMatchObject({ state: 'closed' });
    expect((await shotNow(shot)).closed?.cause).toBe('complete');

    const punctual = rig();
    for (const id of ['ios.0', 'ios.1']) await punctual.accounted(id, 'accepted');
    await punctual.close(punctual.shot.notAfterAtMs.ios + 60_000);
    expect((await punctual.shotNow(punctual.shot)).closed?.cause).toBe('complete');

    const partly = rig('all');
    await partly.accounted('android.0', 'accepted');
    await partly.close(partly.shot.notAfterAtMs.android);
    expect((await partly.shotNow(partly.shot)).closed?.cause).toBe('not-after');

    const late = rig();
    for (const id of ['ios.0', 'ios.1']) await late.accounted(id, 'late');
    await late.close(late.shot.notAfterAtMs.ios);
    expect((await late.shotNow(late.shot)).closed?.cause).toBe('not-after');
  });

  test('whose final claim is gone when it is counted is a fault, not a smaller sum', async () => {
    const { shot, close, claims, accounted, key } = rig();
    const memo = new CloseMemo();
    await accounted('ios.0', 'accepted');
    await close(shot.pressedAtMs, {}, memo);
    await accounted('ios.1', 'accepted');
    claims.items.delete(key('ios.0'));
    await expect(close(shot.pressedAtMs, {}, memo)).rejects.toThrow(`CLAIM_NOT_FINAL: ${key('ios.0')}`);
  });
});

describe('what one closer has seen', () => {
  test('is not read again; as long as nothing is due a little old is good enough, and the count is not', async () => {
    const { shot, close, claims, accounted, key } = rig('all');
    const reads: [number, boolean | undefined][] = [];
    const counted = Object.assign(Object.create(claims) as typeof claims, {
      read: (keys: readonly string[], consistent?: boolean) => (
        reads.push([keys.length, consistent]),
        claims.read(keys)
      ),
    });
    const memo = new CloseMemo();
    let manifests = 0;
    const change = { claims: counted, manifestOf: () => ((manifests += 1), Promise.resolve(MANIFEST)) };
    await accounted('ios.0', 'accepted');
    expect(await close(shot.pressedAtMs, change, memo)).toEqual({ state: 'open', left: 1 });
    expect([[...memo.final], reads.splice(0)]).toEqual([[key('ios.0')], [[2, false]]]);
    await accounted('ios.1', 'accepted');
    expect(await close(shot.pressedAtMs, change, memo)).toEqual({ state: 'open', left: 1 });
    expect(reads.splice(0)).toEqual([
      [1, false],
      [1, false],
    ]);
    expect(await close(shot.notAfterAtMs.android + NOT_AFTER_GRACE_MS, change, memo)).toMatchObject({
      state: 'closed',
    });
    expect([reads, manifests]).toEqual([
      [
        [1, true],
        [2, true],
        [1, true],
      ],
      1,
    ]);
  });

  test('a walk of a great segment that is open ends with its first thousand', async () => {
    const { shot, close, claims } = rig();
    const ids = Array.from({ length: 1_001 }, (_, at) => ({ id: `ios.${at}`, shard: 's', start: 0, count: 4 }));
    const manifestOf = () =>
      Promise.resolve({ segments: [{ ...MANIFEST.segments[0], batches: ids }] } as unknown as typeof MANIFEST);
    const reads: number[] = [];
    const counted = Object.assign(Object.create(claims) as typeof claims, {
      read: (keys: readonly string[]) => (reads.push(keys.length), claims.read(keys)),
    });
    expect(await close(shot.pressedAtMs, { manifestOf, claims: counted })).toEqual({ state: 'open', left: 1_000 });
    expect(reads.splice(0)).toEqual([1_000]);
    const refused = await close(shot.notAfterAtMs.ios + NOT_AFTER_GRACE_MS, { manifestOf, claims: counted });
    // All of it is closed when it is due; that there are more than were approved is for the core to say.
    expect([refused.state, reads, claims.items.size]).toEqual(['refused', [1_000, 1, 1_001], 1_001]);
  });
});

describe('a segment of more than a thousand batches', () => {
  const great = () => {
    const one = rig();
    const batches = Array.from({ length: 1_001 }, (_, at) => ({ id: `ios.${at}`, shard: 's', start: 0, count: 4 }));
    const manifest = { segments: [{ ...MANIFEST.segments[0], batches }] } as unknown as typeof MANIFEST;
    return { ...one, change: { manifestOf: () => Promise.resolve(manifest) } };
  };

  test('whose first thousand is done is open as long as the last one is', async () => {
    const { shot, close, accounted, change } = great();
    for (let at = 0; at < 1_000; at += 1) await accounted(`ios.${at}`, 'accepted');
    expect(await close(shot.pressedAtMs, change)).toEqual({ state: 'open', left: 1 });
  });

  test('is closed to its last when it is due, though one of the first is still under a lease', async () => {
    const { shot, close, claim, standing, change } = great();
    await claim('ios.0', { sendUntilMs: shot.notAfterAtMs.ios });
    const nowMs = shot.notAfterAtMs.ios + NOT_AFTER_GRACE_MS;
    expect(await close(nowMs, change)).toEqual({ state: 'open', left: 1 });
    expect(standing('ios.1000')).toBe('closed');
  });
});

describe('what a shot is made of', () => {
  const launchOf = async ({ journal }: ReturnType<typeof rig>) => {
    const launch = await journal.launch(LAUNCH_ID);
    if (launch === null) throw new Error('no launch');
    return launch;
  };

  test('its segments with their batches; the record is read in whole for a later attempt alone', async () => {
    const one = rig('all');
    const deps = { ...one.deps, journal: { ...one.journal, entries: () => Promise.reject(new Error('whole')) } };
    const parts = await partsOf(deps, await launchOf(one), one.shot);
    expect(
      parts.map(({ segment, attempt, platform, notAfterMs, batches }) => [
        segment,
        attempt,
        platform,
        notAfterMs,
        batches.map(({ id, key, count }) => [id, key, count]),
      ]),
    ).toEqual([
      [
        'ios',
        1,
        'ios',
        one.shot.notAfterAtMs.ios,
        [
          ['ios.0', one.key('ios.0'), 4],
          ['ios.1', one.key('ios.1'), 4],
        ],
      ],
      ['android', 1, 'android', one.shot.notAfterAtMs.android, [['android.0', one.key('android.0'), 4]]],
    ]);
    expect((await parts[0]?.setNow('ios.1'))?.size).toBe(4);
    expect(await parts[0]?.setNow('android.0')).toBeUndefined();
  });

  test('a segment that the manifest has not can not be closed', async () => {
    const one = rig();
    const manifestOf = () => Promise.resolve({ segments: [] } as unknown as typeof MANIFEST);
    await expect(partsOf({ ...one.deps, manifestOf }, await launchOf(one), one.shot)).rejects.toThrow(
      `SEGMENT_NOT_IN_MANIFEST: ios of shot ${one.shot.id}`,
    );
  });

  test('a later attempt has the batches with somebody in it, and says anew who has an answer by now', async () => {
    const one = rig();
    await one.accounted('ios.0', 'accepted');
    await one.accounted('ios.1', 'accepted', 'uncertain', 'halted', 'halted');
    one.scene.halt();
    one.scene.closes(one.shot, { ios: { uncertain: 1, halted: 2 } });
    const second: Shot = one.scene.fired(['ios'], { lift: true });
    one.write();
    const setOf = () => Promise.resolve(new Map([['ios.1', Uint8Array.of(0, 1, 1, 1)]]));
    let wholes = 0;
    const journal = { ...one.journal, entries: (id: string) => ((wholes += 1), one.journal.entries(id)) };
    const [part] = await partsOf({ ...one.deps, journal, setOf }, await launchOf(one), second);
    expect(wholes).toBe(1);
    const mixed: Shot = { ...second, segments: [...second.segments, { segment: 'android', attempt: 1 }] };
    expect(await partsOf({ ...one.deps, journal, setOf }, await launchOf(one), mixed)).toHaveLength(2);
    expect(wholes).toBe(2);
    expect(part?.batches.map(({ id, key, set }) => [id, key, [...set.members]])).toEqual([
      ['ios.1', one.key('ios.1', 2), [0, 1, 1, 1]],
    ]);
    const claim = one.claims.items.get(one.key('ios.1'));
    if (claim === undefined) throw new Error('no claim');
    claim.account = account('accepted', 'accepted', 'halted', 'halted');
    expect([...((await part?.setNow('ios.1'))?.members ?? [])]).toEqual([0, 2, 1, 1]);
    // Its close says so: what was answered meanwhile is skipped.
    const memo = new CloseMemo();
    memo.parts = part === undefined ? [] : [part];
    const nowMs = second.notAfterAtMs.ios + NOT_AFTER_GRACE_MS;
    await closeShot({ ...one.deps, setOf }, { launchId: LAUNCH_ID, shotId: second.id, nowMs, memo });
    expect(await one.totals(second)).toMatchObject({ ios: { skipped: 1, late: 2 } });
  });
});

test('a manifest is read once, and once more if that failed', async () => {
  const asked: string[] = [];
  let isAway = true;
  const objects = {
    get: (key: string) => {
      asked.push(key);
      return isAway ? Promise.reject(new Error('away')) : Promise.resolve(null);
    },
  } as unknown as Objects;
  const read = manifestReader(objects);
  const of = (hash: string) => ({
    hash,
    manifestKey: `audiences/${hash}/manifest.json`,
    devices: 1,
    segments: [],
    locales: {},
  });
  await expect(read(of('a'))).rejects.toThrow();
  isAway = false;
  const both = await Promise.allSettled([read(of('a')), read(of('a')), read(of('b'))]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(asked).toEqual(['a', 'a', 'b'].map((hash) => of(hash).manifestKey));
});
