import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { claimKey } from '../contract/orders.ts';
import { createJournal } from '../infra/aws/journal.ts';
import { workerKeyring } from '../test/keys.ts';
import { startStage } from '../test/worker-stage.ts';
import type { Stage, StagedLaunch } from '../test/worker-stage.ts';
import { stateCode, toAccount } from './account-codec.ts';
import { ACCOUNT_GRACE_MS, closeShot, manifestReader } from './close.ts';
import type { CloseDeps } from './close.ts';
import { correctShot } from './correct.ts';
import { setReader } from './frozen-sets.ts';
import { correctLateAccounts, LateMemo } from './late-accounts.ts';

/** Closing without any worker: what stands in the claims is written by the test, as holders would. */

let stage: Stage;
let deps: CloseDeps;
beforeAll(async () => {
  stage = await startStage();
  deps = {
    claims: stage.cloud.claims,
    journal: stage.journal,
    manifestOf: manifestReader(stage.cloud.objects),
    setOf: setReader(stage.cloud.objects),
  };
});
afterAll(async () => {
  await stage.stop();
});

const SOON_MS = 3_000;
const accepted = (count: number) => toAccount(new Uint8Array(count).fill(stateCode('accepted')), {});

async function fired(options: Parameters<Stage['newLaunch']>[0] = { ios: 300, android: 0 }) {
  const launch = await stage.newLaunch(options);
  const shot = await launch.fire({ wake: false });
  const batches = launch.audience.manifest.segments[0]?.batches ?? [];
  const key = (at: number, attempt = 1) => claimKey(launch.id, 'ios', attempt, batches[at]?.id ?? '');
  const claim = (at: number, token: string, sendUntilMs = Date.now() + 5_000, mark = Number.POSITIVE_INFINITY) =>
    deps.claims.claim(key(at), { bootId: 'b', token, claimedAtMs: Date.now(), sendUntilMs, mark });
  const close = (nowMs: number, shotId = shot.id) => closeShot(deps, { launchId: launch.id, shotId, nowMs });
  return { launch, shot, batches, key, claim, close };
}

const totalsOf = async (launch: StagedLaunch, shotId: string) => (await launch.shot(shotId)).totals?.[0]?.totals;

describe('close', () => {
  test('a shot is open while a batch waits to be claimed, and late when its time is over', async () => {
    const { launch, shot, key, claim, close } = await fired();
    await claim(0, 'one');
    await deps.claims.account(key(0), 'one', accepted(100));
    expect(await close(Date.now())).toMatchObject({ state: 'open' });
    expect(await close(shot.notAfterAtMs.ios)).toMatchObject({ state: 'open' });
    expect(await close(shot.notAfterAtMs.ios + SOON_MS)).toEqual({ state: 'closed', byUs: true });
    expect(await totalsOf(launch, shot.id)).toMatchObject({ accepted: 100, late: 200 });
    expect((await launch.shot(shot.id)).closed?.cause).toBe('not-after');
    // Nobody can claim what was closed.
    expect(await claim(1, 'too late')).toMatchObject({ won: false, holder: { state: 'closed' } });
  });

  test('after a halt the unclaimed is halted; the claimed waits for its holder, and is uncertain when that stays away', async () => {
    const { launch, shot, claim, close } = await fired();
    const sendUntilMs = Date.now() + 5_000;
    await claim(1, 'dead', sendUntilMs);
    await launch.halt();
    expect(await close(Date.now() + SOON_MS)).toEqual({ state: 'open', left: 1 });
    expect(await close(sendUntilMs + ACCOUNT_GRACE_MS)).toEqual({ state: 'closed', byUs: true });
    expect(await totalsOf(launch, shot.id)).toMatchObject({ halted: 200, uncertain: 100 });
    expect((await launch.shot(shot.id)).closed?.cause).toBe('halt');
  });

  test('what a lease did not cover is left to those who send as long as there is time; one that covered all is given up', async () => {
    const { launch, shot, key, claim, close } = await fired({ ios: 200, android: 0 });
    const sendUntilMs = Date.now() - ACCOUNT_GRACE_MS;
    await Promise.all([claim(0, 'part', sendUntilMs, 40), claim(1, 'all', sendUntilMs)]);
    const states = async () =>
      [...(await deps.claims.read([key(0), key(1)], true)).values()]
        .map(({ token, state }) => `${token} ${state}`)
        .toSorted();
    // It stops at what is open: the other one is closed when its turn comes.
    await vi.waitFor(async () => {
      expect(await close(Date.now())).toEqual({ state: 'open', left: 1 });
      expect(await states()).toEqual(['all closed', 'part claimed']);
    });
    expect(await close(shot.notAfterAtMs.ios + SOON_MS)).toEqual({ state: 'closed', byUs: true });
    expect(await totalsOf(launch, shot.id)).toMatchObject({ uncertain: 140, late: 60 });
  });

  test('a lease that somebody has written beyond the window blocks nothing: it is over with the window', async () => {
    const { launch, shot, claim, close } = await fired();
    await claim(1, 'forged', shot.notAfterAtMs.ios + 3_600_000);
    expect(await close(shot.notAfterAtMs.ios + SOON_MS)).toEqual({ state: 'open', left: 1 });
    expect(await close(shot.notAfterAtMs.ios + ACCOUNT_GRACE_MS)).toEqual({ state: 'closed', byUs: true });
    expect(await totalsOf(launch, shot.id)).toMatchObject({ late: 200, uncertain: 100 });
  });

  test('many closers at once write one close', async () => {
    const { launch, shot, close } = await fired();
    const results = await Promise.all(Array.from({ length: 6 }, () => close(shot.notAfterAtMs.ios + SOON_MS)));
    expect(results.every(({ state }) => state === 'closed')).toBe(true);
    expect((await stage.journal.entries(launch.id)).filter(({ kind }) => kind === 'ShotClosed').length).toBe(1);
    expect(await totalsOf(launch, shot.id)).toMatchObject({ late: 300 });
  });

  test("a holder's account that comes after the close corrects it by a new entry, batch by batch", async () => {
    const { launch, shot, key, batches, claim, close } = await fired();
    await Promise.all([claim(0, 'slow 0', 1), claim(1, 'slow 1', 1), claim(2, 'ok')]);
    await deps.claims.account(key(2), 'ok', accepted(100));
    expect(await close(Date.now())).toEqual({ state: 'closed', byUs: true });
    expect(await totalsOf(launch, shot.id)).toMatchObject({ accepted: 100, uncertain: 200 });

    const half = new Uint8Array(100).fill(stateCode('accepted')).fill(stateCode('late'), 60);
    half[0] = stateCode('failed');
    const accounts = [toAccount(half, { ServiceUnavailable: 1 }), accepted(100)];
    await Promise.all(
      accounts.map(async (account, at) => {
        const answer = await deps.claims.account(key(at), `slow ${at}`, account);
        if (!answer.ok || answer.wasClosed === null) throw new Error('expected a closed claim');
        await correctShot(
          stage.journal,
          {
            launchId: launch.id,
            shotId: shot.id,
            segment: 'ios',
            attempt: 1,
            batch: batches[at]?.id ?? '',
            holder: 1,
            count: 100,
            variant: null,
            closed: answer.wasClosed,
            account,
          },
          AbortSignal.timeout(5_000),
        );
      }),
    );
    expect(await totalsOf(launch, shot.id)).toMatchObject({
      accepted: 259,
      failed: 1,
      reachable: 1,
      late: 40,
      uncertain: 0,
      reasons: { ServiceUnavailable: 1 },
    });
    expect((await stage.journal.entries(launch.id)).filter(({ kind }) => kind === 'ShotCorrected').length).toBe(2);
  });

  test('reasons with names that every object has stand in the record as often as they came, also after a correction', async () => {
    const odd = (...names: string[]) =>
      JSON.parse(`{${names.map((name) => `"${name}":50`).join(',')}}`) as Record<string, number>;
    const failed = (...names: string[]) => toAccount(new Uint8Array(100).fill(stateCode('failed')), odd(...names));
    const { launch, shot, key, batches, claim, close } = await fired();
    await Promise.all([claim(0, 'a'), claim(1, 'b'), claim(2, 'late', 1)]);
    await deps.claims.account(key(0), 'a', failed('constructor', '__proto__'));
    await deps.claims.account(key(1), 'b', failed('toString', 'constructor'));
    expect(await close(Date.now())).toEqual({ state: 'closed', byUs: true });
    const account = failed('__proto__', 'valueOf');
    const answer = await deps.claims.account(key(2), 'late', account);
    if (!answer.ok || answer.wasClosed === null) throw new Error('expected a closed claim');
    await correctShot(
      stage.journal,
      {
        launchId: launch.id,
        shotId: shot.id,
        segment: 'ios',
        attempt: 1,
        batch: batches[2]?.id ?? '',
        holder: 1,
        count: 100,
        variant: null,
        closed: answer.wasClosed,
        account,
      },
      AbortSignal.timeout(5_000),
    );
    const { reasons, failed: all } = (await totalsOf(launch, shot.id)) ?? {};
    expect([all, new Map(Object.entries(reasons ?? {}))]).toEqual([
      300,
      new Map([
        ['__proto__', 100],
        ['constructor', 100],
        ['toString', 50],
        ['valueOf', 50],
      ]),
    ]);
  });

  test('a late account whose holder died before it told the record is found, and counts once beside holders that live', async () => {
    const { launch, shot, key, batches, claim, close } = await fired();
    await Promise.all([claim(0, 'died', 1), claim(1, 'lives', 1), claim(2, 'never', 1)]);
    expect(await close(Date.now())).toEqual({ state: 'closed', byUs: true });
    const memo = new LateMemo();
    const sweep = async (seen = memo) => {
      const state = await stage.journal.launch(launch.id);
      if (state === null) throw new Error('no launch');
      return correctLateAccounts(deps, state, await launch.shot(shot.id), seen);
    };
    expect(await sweep()).toEqual({ waiting: 3, refused: [] });
    for (const [at, token] of ['died', 'lives'].entries()) await deps.claims.account(key(at), token, accepted(100));
    const uncertain = toAccount(new Uint8Array(100).fill(stateCode('uncertain')), {});
    const own = {
      launchId: launch.id,
      shotId: shot.id,
      segment: 'ios',
      attempt: 1,
      batch: batches[1]?.id ?? '',
      holder: 1,
      count: 100,
      variant: null,
      closed: uncertain,
      account: accepted(100),
    };
    const sweeps = await Promise.all([
      sweep(),
      sweep(new LateMemo()),
      correctShot(
        createJournal({ record: stage.cloud.record, staff: stage.cloud.staff, keyring: workerKeyring() }),
        own,
        AbortSignal.timeout(5_000),
      ),
    ]);
    expect(sweeps.slice(0, 2)).toEqual([
      { waiting: 1, refused: [] },
      { waiting: 1, refused: [] },
    ]);
    expect(await totalsOf(launch, shot.id)).toMatchObject({ accepted: 200, uncertain: 100 });
    expect(
      (await stage.journal.entries(launch.id))
        .flatMap((entry) => (entry.kind === 'ShotCorrected' ? [entry.batch] : []))
        .toSorted(),
    ).toEqual(
      batches
        .slice(0, 2)
        .map(({ id }) => id)
        .toSorted(),
    );
    // The third comes as uncertain, which is what the close had said: nothing to record, and nobody left to wait for.
    await deps.claims.account(key(2), 'never', uncertain);
    expect(await sweep()).toEqual({ waiting: 0, refused: [] });
    expect((await stage.journal.entries(launch.id)).filter(({ kind }) => kind === 'ShotCorrected').length).toBe(2);
  });

  test('an account that comes between the closing of its batch and of its shot is counted once, as a correction', async () => {
    const { launch, shot, key, batches, claim, close } = await fired();
    await Promise.all([claim(0, 'slow', 1), claim(1, 'busy')]);
    expect(await close(Date.now())).toMatchObject({ state: 'open' });
    const answer = await deps.claims.account(key(0), 'slow', accepted(100));
    if (!answer.ok || answer.wasClosed === null) throw new Error('expected a closed claim');
    const late = {
      launchId: launch.id,
      shotId: shot.id,
      segment: 'ios',
      attempt: 1,
      batch: batches[0]?.id ?? '',
      holder: 1,
      count: 100,
      variant: null,
      closed: answer.wasClosed,
      account: accepted(100),
    };
    const correcting = correctShot(stage.journal, late, AbortSignal.timeout(10_000));
    await deps.claims.account(key(1), 'busy', accepted(100));
    expect(await close(shot.notAfterAtMs.ios + SOON_MS)).toEqual({ state: 'closed', byUs: true });
    expect((await correcting)?.ok).toBe(true);
    expect(await totalsOf(launch, shot.id)).toMatchObject({ accepted: 200, late: 100, uncertain: 0 });
  });

  test('a later attempt counts its own devices alone, though an account of the one before comes late', async () => {
    const { launch, shot, key, batches, claim, close } = await fired();
    const half = new Uint8Array(100).fill(stateCode('accepted')).fill(stateCode('halted'), 50);
    await Promise.all([claim(0, 'halted'), claim(1, 'slow', 1), claim(2, 'done')]);
    await deps.claims.account(key(0), 'halted', toAccount(half, {}));
    await deps.claims.account(key(2), 'done', accepted(100));
    await launch.halt();
    expect(await close(Date.now() + SOON_MS)).toEqual({ state: 'closed', byUs: true });
    expect(await totalsOf(launch, shot.id)).toMatchObject({ accepted: 150, halted: 50, uncertain: 100 });

    const second = await launch.fire({ wake: false, lift: true });
    // Too late for the second attempt: it was approved for 50 devices.
    const account = toAccount(new Uint8Array(100).fill(stateCode('halted')), {});
    const answer = await deps.claims.account(key(1), 'slow', account);
    if (!answer.ok || answer.wasClosed === null) throw new Error('expected a closed claim');
    await correctShot(
      stage.journal,
      {
        launchId: launch.id,
        shotId: shot.id,
        segment: 'ios',
        attempt: 1,
        batch: batches[1]?.id ?? '',
        holder: 1,
        count: 100,
        variant: null,
        closed: answer.wasClosed,
        account,
      },
      AbortSignal.timeout(5_000),
    );
    expect(await close(second.notAfterAtMs.ios + SOON_MS, second.id)).toEqual({ state: 'closed', byUs: true });
    expect((await launch.shot(second.id)).totals?.[0]).toMatchObject({ devices: 50, totals: { late: 50 } });
  });
});
