import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { claimKey } from '../contract/orders.ts';
import type { Account } from '../infra/aws/claim-item.ts';
import { createClients } from '../infra/aws/clients.ts';
import type { Shot } from '../runbooks/launch/launch.ts';
import { remainingDevices } from '../runbooks/launch/remaining.ts';
import { startStage } from '../test/worker-stage.ts';
import type { Stage, StagedLaunch } from '../test/worker-stage.ts';
import { stateCode, toAccount } from './account-codec.ts';
import type { AttemptState } from './account-codec.ts';
import { attemptSets } from './attempt-set.ts';
import { closeShot, manifestReader } from './close.ts';
import type { CloseDeps } from './close.ts';
import { correctShot } from './correct.ts';
import { setReader } from './frozen-sets.ts';

/** What attempts know of each other when accounts come late: claims are written by the test, as holders would; everything else is real. */

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

const HALTED_MS = 3_000;
const GIVEN_UP_MS = 60_000;
const all = (state: AttemptState, count = 100) => toAccount(new Uint8Array(count).fill(stateCode(state)), {});
const half = (first: AttemptState, second: AttemptState) =>
  toAccount(new Uint8Array(100).fill(stateCode(first)).fill(stateCode(second), 50), {});

/** Three batches of a hundred, fired once; `sent` is what became of each in the first attempt. */
async function firedOnce(policy: 'leave' | 'resend', sent: (Account | 'silent')[]) {
  const launch = await stage.newLaunch({ ios: 300, android: 0, delivery: { uncertain: policy } });
  const first = await launch.fire({ wake: false });
  const ids = (launch.audience.manifest.segments[0]?.batches ?? []).map(({ id }) => id);
  const key = (at: number, attempt: number) => claimKey(launch.id, 'ios', attempt, ids[at] ?? '');
  const holds = (at: number, attempt: number) =>
    deps.claims.claim(key(at, attempt), {
      bootId: 'b',
      token: `${at}/${attempt}`,
      claimedAtMs: Date.now(),
      sendUntilMs: Date.now() + 1,
    });
  const accounts = async (at: number, attempt: number, account: Account) => {
    await holds(at, attempt);
    expect(await deps.claims.account(key(at, attempt), `${at}/${attempt}`, account)).toMatchObject({ ok: true });
  };
  for (const [at, account] of sent.entries()) {
    if (account === 'silent') await holds(at, 1);
    else await accounts(at, 1, account);
  }
  await launch.halt();
  await close(launch, first, GIVEN_UP_MS);

  /** Its holder's account of the first attempt, after a closer had given it up; the record hears of it if `isTold`. */
  const comesLate = async (at: number, account: Account, isTold = true) => {
    const answer = await deps.claims.account(key(at, 1), `${at}/1`, account);
    if (!answer.ok || answer.wasClosed === null) throw new Error('expected a claim that was given up');
    if (isTold)
      await correctShot(
        stage.journal,
        {
          launchId: launch.id,
          shotId: first.id,
          segment: 'ios',
          attempt: 1,
          batch: ids[at] ?? '',
          holder: 1,
          count: 100,
          variant: null,
          closed: answer.wasClosed,
          account,
        },
        AbortSignal.timeout(5_000),
      );
  };
  return { launch, first, ids, accounts, comesLate };
}

async function close(launch: StagedLaunch, shot: Shot, laterMs: number) {
  expect(await closeShot(deps, { launchId: launch.id, shotId: shot.id, nowMs: Date.now() + laterMs })).toEqual({
    state: 'closed',
    byUs: true,
  });
  return (await launch.shot(shot.id)).totals?.[0];
}

const stateOf = async (launch: StagedLaunch) => {
  const state = await stage.journal.launch(launch.id);
  if (state === null) throw new Error('no launch');
  return state;
};
const left = async (launch: StagedLaunch) => remainingDevices(await stateOf(launch), 'ios');
const shown = (shot: Shot) => shot.shown.sets?.[0]?.devices;

async function sizes(launch: StagedLaunch, shot: Shot): Promise<number[]> {
  const { attempt } = shot.segments[0] ?? { attempt: 0 };
  const batches = launch.audience.manifest.segments[0]?.batches ?? [];
  const sets = await attemptSets(
    deps,
    { launch: await stateOf(launch), shot, entries: await stage.journal.entries(launch.id) },
    'ios',
    attempt,
    batches,
  );
  return batches.map(({ id }) => sets.get(id)?.members.filter((member) => member === 1).length ?? -1);
}

describe('attempts and accounts that come late', () => {
  test('a batch whose holder says "halted" after the next approval is left behind, told, and sent by the order after', async () => {
    const { launch, comesLate, accounts } = await firedOnce('leave', [
      half('accepted', 'halted'),
      'silent',
      all('accepted'),
    ]);
    const second = await launch.fire({ wake: false, lift: true });
    expect(shown(second)).toBe(50);
    await comesLate(1, all('halted'));
    expect((await stateOf(launch)).leftBehind).toEqual({ ios: 100 });
    await accounts(0, 2, toAccount(new Uint8Array(100).fill(stateCode('absent')).fill(stateCode('accepted'), 50), {}));
    expect(await close(launch, second, 0)).toMatchObject({ devices: 50, totals: { accepted: 50 } });

    expect(await left(launch)).toBe(100);
    const third = await launch.fire({ wake: false });
    expect([shown(third), await sizes(launch, third)]).toEqual([100, [0, 100, 0]]);
    expect((await stateOf(launch)).leftBehind).toEqual({});
  });

  test('who was accepted after all is skipped where the attempt would send again, and never within reach of another', async () => {
    const { launch, comesLate } = await firedOnce('resend', [all('accepted'), 'silent', all('accepted')]);
    const second = await launch.fire({ wake: false, lift: true });
    expect(shown(second)).toBe(100);
    await comesLate(1, half('accepted', 'halted'));
    expect(await sizes(launch, second)).toEqual([0, 50, 0]);
    await launch.halt();
    expect(await close(launch, second, HALTED_MS)).toMatchObject({ devices: 100, totals: { skipped: 50, halted: 50 } });
    const third = await launch.fire({ wake: false, lift: true });
    expect([shown(third), await sizes(launch, third)]).toEqual([50, [0, 50, 0]]);
  });

  test("an account that comes between the closer's look and the next attempt but one is asked for too: every earlier attempt counts", async () => {
    const { launch, comesLate } = await firedOnce('resend', ['silent', all('accepted'), all('accepted')]);
    const second = await launch.fire({ wake: false, lift: true });
    await launch.halt();
    await close(launch, second, HALTED_MS);
    await comesLate(0, all('accepted'), false);
    await expect(launch.fire({ wake: false, lift: true })).rejects.toThrow('NOTHING_TO_FIRE');
  });

  test('the number that is shown is the number that is fired: a correction between ask and press voids the order', async () => {
    const { launch, comesLate } = await firedOnce('leave', [half('accepted', 'halted'), 'silent', all('accepted')]);
    const order = await launch.request({ lift: true });
    await comesLate(1, all('halted'));
    await expect(launch.approve(order, { wake: false })).rejects.toThrow(/ORDER_NOT_OPEN|CONTENT_CHANGED/);
    const again = await launch.request({ lift: true });
    const shot = await launch.approve(again, { wake: false });
    expect([shown(shot), await sizes(launch, shot)]).toEqual([150, [50, 100, 0]]);
  });

  test('an account that nobody has recorded yet counts when it is asked for, and the set stays as it was when one comes after', async () => {
    const { launch, comesLate } = await firedOnce('leave', [half('accepted', 'halted'), 'silent', 'silent']);
    await comesLate(1, all('halted'), false);
    const order = await launch.request({ lift: true });
    await comesLate(2, all('halted'), false);
    const shot = await launch.approve(order, { wake: false });
    expect([shown(shot), await sizes(launch, shot)]).toEqual([150, [50, 100, 0]]);
  });

  test('two late accounts after two further attempts are both left behind, once', async () => {
    const { launch, comesLate, accounts } = await firedOnce('leave', [half('accepted', 'halted'), 'silent', 'silent']);
    const rest = toAccount(new Uint8Array(100).fill(stateCode('absent')).fill(stateCode('halted'), 50), {});
    for (const attempt of [2, 3]) {
      const shot = await launch.fire({ wake: false, lift: true });
      await accounts(0, attempt, rest);
      await launch.halt();
      await close(launch, shot, HALTED_MS);
    }
    await comesLate(1, all('halted'));
    await comesLate(2, half('accepted', 'late'));
    expect(await left(launch)).toBe(50 + 100 + 50);
    const fourth = await launch.fire({ wake: false, lift: true });
    expect([shown(fourth), await sizes(launch, fourth)]).toEqual([200, [50, 100, 50]]);
  });
});

describe('what can not be told any more', () => {
  test('claims that are gone: nothing of the segment is sent again, and the order is refused in words', async () => {
    const { launch, ids } = await firedOnce('leave', [half('accepted', 'halted'), all('accepted'), all('accepted')]);
    await createClients(stage.cloudConfig).dynamo.send(
      new DeleteItemCommand({
        TableName: 'gobutton-claims',
        Key: { k: { S: claimKey(launch.id, 'ios', 1, ids[1] ?? '') } },
      }),
    );
    await expect(launch.fire({ wake: false, lift: true })).rejects.toMatchObject({
      code: 'CLAIMS_LOST',
      message: expect.stringMatching(
        /attempt 1 of ios: 1 of 3 accounts are gone.*nothing of this segment is sent again.*Restore the table/,
      ) as string,
    });
  });

  test('a set that is gone, or was changed, is sent by nobody', async () => {
    const { launch } = await firedOnce('leave', [half('accepted', 'halted'), all('accepted'), all('accepted')]);
    const shot = await launch.fire({ wake: false, lift: true });
    const [set] = shot.shown.sets ?? [];
    if (set === undefined) throw new Error('no set');
    const key = `sets/${launch.id}/${set.hash}.json`;
    const text = Buffer.from((await stage.cloud.objects.get(key)) ?? []).toString();
    const anew = () => setReader(stage.cloud.objects)(launch.id, set);
    expect((await anew()).size).toBe(1);
    await stage.cloud.objects.put(key, new TextEncoder().encode(text.replace('"devices":50', '"devices":51')));
    await expect(anew()).rejects.toMatchObject({ code: 'SET_BROKEN' });
    await expect(setReader(stage.cloud.objects)(launch.id, { ...set, hash: 'f'.repeat(64) })).rejects.toMatchObject({
      code: 'SET_GONE',
    });
    await stage.cloud.objects.put(key, new TextEncoder().encode(text));
    await expect(setReader(stage.cloud.objects)(launch.id, { ...set, devices: 49 })).rejects.toMatchObject({
      code: 'SET_BROKEN',
    });
  });
});
