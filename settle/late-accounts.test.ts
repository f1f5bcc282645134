import { expect, test } from 'vitest';
import { LAUNCH_ID } from '../test/properties/scene.ts';
import { account, settleRig } from '../test/settle-rig.ts';
import { closeShot, NOT_AFTER_GRACE_MS } from './close.ts';
import { correctLateAccounts, LateMemo } from './late-accounts.ts';

/** Both iOS batches were given up with their lease; the android one was nobody's. */
async function givenUp() {
  const one = settleRig();
  const { scene, deps, journal, claim } = one;
  const shot = scene.fired('all');
  one.write();
  for (const id of ['ios.0', 'ios.1']) await claim(id, { sendUntilMs: scene.nowMs });
  const nowMs = shot.notAfterAtMs.android + NOT_AFTER_GRACE_MS;
  expect(await closeShot(deps, { launchId: LAUNCH_ID, shotId: shot.id, nowMs })).toMatchObject({ state: 'closed' });
  const reads: string[][] = [];
  const claims = Object.assign(Object.create(one.claims) as typeof one.claims, {
    read: (keys: readonly string[], consistent?: boolean) => {
      if (consistent !== true) throw new Error('an old reading');
      reads.push([...keys]);
      return one.claims.read(keys);
    },
  });
  const memo = new LateMemo();
  const sweep = async (change: object = {}, seen = memo) => {
    const launch = await journal.launch(LAUNCH_ID);
    const current = launch?.shots[shot.id];
    if (launch === null || current === undefined) throw new Error('no shot');
    return correctLateAccounts({ ...deps, claims, ...change }, launch, current, seen);
  };
  const comes = (id: string, state: 'accepted' | 'uncertain' = 'accepted') =>
    one.claims.account(one.key(id), id, account(state));
  return { ...one, shot, reads, sweep, comes };
}

test('batches with uncertain devices are looked at, then those alone that an account may still come for', async () => {
  const { sweep, comes, reads, key, totals, shot } = await givenUp();
  expect(await sweep()).toEqual({ waiting: 2, refused: [] });
  await comes('ios.1');
  expect(await sweep()).toEqual({ waiting: 1, refused: [] });
  expect(await totals(shot)).toMatchObject({ ios: { accepted: 4, uncertain: 4 }, android: { late: 4 } });
  await comes('ios.0');
  expect(await sweep()).toEqual({ waiting: 0, refused: [] });
  await sweep();
  const both = [key('ios.0'), key('ios.1')];
  expect(reads).toEqual([both, both, [key('ios.0')], []]);
  expect(await totals(shot)).toMatchObject({ ios: { accepted: 8, uncertain: 0 } });
});

test('what was corrected once is not corrected again, by whoever looks for the first time', async () => {
  const { sweep, comes, record } = await givenUp();
  await comes('ios.0');
  await sweep();
  const before = record.appends;
  expect(await sweep({}, new LateMemo())).toEqual({ waiting: 1, refused: [] });
  expect(record.appends).toBe(before);
});

test('an account that says what the close had said is nothing to tell, and nothing to wait for', async () => {
  const { sweep, comes } = await givenUp();
  await comes('ios.0', 'uncertain');
  await comes('ios.1', 'uncertain');
  expect(await sweep()).toEqual({ waiting: 0, refused: [] });
});

test('a correction that the launch does not take is told in words, and waited for no more', async () => {
  const { sweep, comes, journal, shot } = await givenUp();
  await comes('ios.0');
  const refusing = {
    journal: { ...journal, append: () => Promise.resolve({ ok: false, code: 'TOTALS_WRONG', say: 'no' }) },
  };
  expect(await sweep(refusing)).toEqual({ waiting: 1, refused: [`batch ios.0 of shot ${shot.id}: TOTALS_WRONG, no`] });
});

test('a correction is made on the totals as last read', async () => {
  const { sweep, comes, journal } = await givenUp();
  await comes('ios.0');
  let reads = 0;
  const counting = { journal: { ...journal, launch: (id: string) => ((reads += 1), journal.launch(id)) } };
  await sweep(counting);
  expect(reads).toBe(1);
});

test('what its holder had accounted for in time is nothing to correct, and another segment is looked at for itself', async () => {
  const one = settleRig();
  const { scene, deps, journal, claim, accounted } = one;
  const shot = scene.fired('all');
  one.write();
  await accounted('ios.0', 'accepted');
  for (const id of ['ios.1', 'android.0']) await claim(id, { sendUntilMs: scene.nowMs });
  const open = (await journal.launch(LAUNCH_ID))?.shots[shot.id];
  const launch = await journal.launch(LAUNCH_ID);
  if (launch === null || open === undefined) throw new Error('no shot');
  expect(await correctLateAccounts(deps, launch, open, new LateMemo())).toEqual({ waiting: 0, refused: [] });
  const nowMs = shot.notAfterAtMs.android + NOT_AFTER_GRACE_MS;
  await closeShot(deps, { launchId: LAUNCH_ID, shotId: shot.id, nowMs });
  await one.claims.account(one.key('android.0'), 'android.0', account('accepted'));
  const after = await journal.launch(LAUNCH_ID);
  const closed = after?.shots[shot.id];
  if (after == null || closed === undefined) throw new Error('no shot');
  const memo = new LateMemo();
  expect(await correctLateAccounts(deps, after, closed, memo)).toEqual({ waiting: 1, refused: [] });
  expect([...(memo.waiting ?? new Map<string, unknown>()).keys()]).toEqual([one.key('ios.1')]);
  expect(await one.totals(shot)).toMatchObject({ android: { accepted: 4 }, ios: { accepted: 4, uncertain: 4 } });
});

test('a claim that is gone, or was closed on nobody, is not waited for', async () => {
  const { sweep, claims, key } = await givenUp();
  claims.items.delete(key('ios.0'));
  const claim = claims.items.get(key('ios.1'));
  if (claim === undefined) throw new Error('no claim');
  claim.token = '';
  expect(await sweep()).toEqual({ waiting: 0, refused: [] });
});
