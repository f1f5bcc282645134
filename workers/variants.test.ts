import { afterAll, beforeAll, expect, test } from 'vitest';
import { shotFigures } from '../contract/figures.ts';
import { claimKey } from '../contract/orders.ts';
import type { ShotSnapshot } from '../contract/report.ts';
import { sumVariants } from '../runbooks/launch/totals.ts';
import { stateCode, toAccount } from '../settle/account-codec.ts';
import { ACCOUNT_GRACE_MS, closeShot, manifestReader } from '../settle/close.ts';
import { setReader } from '../settle/frozen-sets.ts';
import { LateMemo, correctLateAccounts } from '../settle/late-accounts.ts';
import { startStage } from '../test/worker-stage.ts';
import type { Stage } from '../test/worker-stage.ts';

/** Variants from the list to the phones and back into the record, with real workers, providers and stores. */

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.stop());

const campaign = {
  variants: [
    { id: 'a', share: 0.4 },
    { id: 'b', share: 0.4 },
  ],
  hold_out: 0.2,
  locales: {
    en: { title: 'Hello', body: 'World', variants: { b: { title: 'Hello?' } } },
    es: { title: 'Hola', body: 'Mundo', variants: { b: { title: '¿Hola?' } } },
  },
};

test('each phone gets the text of its variant, who is held out gets none, and the record counts each variant apart', async () => {
  const phones = Object.fromEntries(Array.from({ length: 60 }, (_, at) => [at, 'face0']));
  const launch = await stage.newLaunch({ ios: 60, android: 0, batchSize: 10, campaign, marks: phones });
  const { manifest, heldOut } = launch.audience;
  await launch.worker();
  const shot = await launch.closed((await launch.fire()).id);

  const titles = stage.providers.phones
    .all()
    .flatMap(({ notifications }) => notifications.flatMap(({ title, background }) => (background ? [] : [title])));
  const shown = Object.entries(Object.groupBy(titles, (title) => title)).map(([title, all]) => [title, all?.length]);
  const { localeCounts } = manifest;
  expect(Object.fromEntries(shown)).toEqual({
    Hello: localeCounts['en/a'],
    'Hello?': localeCounts['en/b'],
    Hola: localeCounts['es/a'],
    '¿Hola?': localeCounts['es/b'],
  });
  expect(heldOut).toBeGreaterThan(0);
  expect(titles).toHaveLength(60 - heldOut);
  const counted = sumVariants(shot.totals ?? []).map(({ variant, totals: { accepted } }) => [variant, accepted]);
  expect(Object.fromEntries(counted)).toEqual(manifest.segments[0]?.variants);

  const state = await stage.journal.launch(launch.id);
  if (state === null) throw new Error('no launch');
  const shownOf = (one: typeof shot, snapshots: ShotSnapshot[]) =>
    shotFigures(state, one, snapshots, Date.now()).figures.variants;
  const closed = shownOf(shot, []);
  // What the room shows while it runs comes from the workers, whose last report may be a second behind the close.
  await expect
    .poll(async () => {
      const snapshots = (await stage.cloud.live.reports(launch.id)).flatMap(({ shots }) => shots);
      return shownOf({ ...shot, totals: null, closed: null }, snapshots);
    })
    .toEqual(closed);
  await stage.stopWorkers();
});

test('a late account moves the devices of its own variant', async () => {
  const launch = await stage.newLaunch({ ios: 60, android: 0, batchSize: 100, campaign });
  const shot = await launch.fire({ wake: false });
  const deps = {
    claims: stage.cloud.claims,
    journal: stage.journal,
    manifestOf: manifestReader(stage.cloud.objects),
    setOf: setReader(stage.cloud.objects),
  };
  const [first, second] = launch.audience.manifest.segments[0]?.batches ?? [];
  if (first === undefined || second === undefined) throw new Error('expected a batch of each variant');
  const sendUntilMs = Date.now();
  const keyOf = (batch: string) => claimKey(launch.id, 'ios', 1, batch);
  for (const { id } of [first, second])
    await deps.claims.claim(keyOf(id), {
      bootId: 'b',
      token: id,
      claimedAtMs: Date.now(),
      sendUntilMs,
      mark: Number.POSITIVE_INFINITY,
    });
  const accepted = (count: number) => toAccount(new Uint8Array(count).fill(stateCode('accepted')), {});
  await deps.claims.account(keyOf(first.id), first.id, accepted(first.count));
  const nowMs = sendUntilMs + ACCOUNT_GRACE_MS;
  expect(await closeShot(deps, { launchId: launch.id, shotId: shot.id, nowMs })).toEqual({
    state: 'closed',
    byUs: true,
  });
  const variants = async () =>
    sumVariants((await launch.shot(shot.id)).totals ?? []).map(({ variant, totals }) => [
      variant,
      totals.accepted,
      totals.uncertain,
    ]);
  expect(await variants()).toEqual([
    [first.variant, first.count, 0],
    [second.variant, 0, second.count],
  ]);
  await deps.claims.account(keyOf(second.id), second.id, accepted(second.count));
  const state = await stage.journal.launch(launch.id);
  if (state === null) throw new Error('no launch');
  const { refused } = await correctLateAccounts(deps, state, await launch.shot(shot.id), new LateMemo());
  expect(refused).toEqual([]);
  expect(await variants()).toEqual([
    [first.variant, first.count, 0],
    [second.variant, second.count, 0],
  ]);
});
