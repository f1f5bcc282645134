import { expect, test } from 'vitest';
import { liveStatsMessage } from '../bot/views/live-stats.ts';
import { summaryMessage } from '../bot/views/summary.ts';
import { shotFigures } from '../contract/figures.ts';
import { shotSnapshot } from '../contract/report.ts';
import type { Journal } from '../infra/aws/journal.ts';
import { addReason, noCounts } from '../runbooks/launch/counts.ts';
import type { Entry, Totals } from '../runbooks/launch/entries.ts';
import type { Launch } from '../runbooks/launch/launch.ts';
import { timelineMarkdown } from '../runbooks/record/timeline.ts';
import { stateCode, toAccount, totalsOf } from '../settle/account-codec.ts';
import { correctClosed } from '../settle/correct.ts';
import { ShotTally } from '../workers/report/tally.ts';
import { Scene } from './properties/scene.ts';

/** A provider's word for a refusal may be any text: from a worker's counts to what the room reads, each stands as often as it came. */

const ODD = ['constructor', '__proto__', 'toString', 'hasOwnProperty'];
/** Each of them so many times, of a segment of 500 devices. */
const TIMES = [40, 30, 20, 10];
const TEXT = 'constructor 40, __proto__ 30, toString 20, hasOwnProperty 10';
const WRITTEN = '100 failed (40 constructor, 30 __proto__, 20 toString, 10 hasOwnProperty)';

const throughJson = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

function failedAccount(): Totals {
  const reasons = noCounts();
  ODD.forEach((name, at) => addReason(reasons, name, TIMES[at] ?? 0));
  const states = new Uint8Array(500).fill(stateCode('accepted')).fill(stateCode('failed'), 0, 100);
  const account = toAccount(states, reasons);
  const { devices, totals } = totalsOf([{ ...account, reasons: throughJson(account.reasons), count: 500 }]);
  expect([devices, totals.failed]).toEqual([500, 100]);
  return totals;
}

test('reasons that every object has a field for reach the room by report, and the record by account', () => {
  const scene = Scene.ready();
  const shot = scene.fired(['us-ios']);
  const tally = new ShotTally(shot.id, scene.nowMs);
  ODD.forEach((name, at) => {
    for (let times = 0; times < (TIMES[at] ?? 0); times++) tally.settled('ios', 'failed', name, scene.nowMs + 100);
  });
  const told = shotSnapshot.parse(throughJson(tally.snapshot()));
  const { figures } = shotFigures(scene.state, shot, [told], scene.nowMs + 1_000);
  expect(JSON.stringify(liveStatsMessage(scene.state, shot, figures))).toContain(TEXT);

  scene.closes(shot, { 'us-ios': failedAccount() });
  const over = scene.shot(shot.id);
  expect(
    JSON.stringify(summaryMessage(scene.state, over, shotFigures(scene.state, over, [], scene.nowMs).figures)),
  ).toContain(TEXT);
  expect(timelineMarkdown(throughJson(scene.entries), [], { chain: { ok: true } })).toContain(
    WRITTEN.replaceAll('_', '\\_'),
  );
});

test('a correction takes off what it had counted before, by reason too', async () => {
  const scene = Scene.ready();
  const shot = scene.fired(['us-ios']);
  scene.closes(shot, { 'us-ios': failedAccount() });
  const failed = toAccount(
    new Uint8Array(30).fill(stateCode('failed')),
    JSON.parse('{"__proto__":30}') as Totals['reasons'],
  );
  const account = toAccount(new Uint8Array(30).fill(stateCode('failed')), {
    constructor: 30,
  } as unknown as Totals['reasons']);
  const journal = {
    append: (_: string, decideOn: (launch: Launch | null) => Parameters<Scene['does']>[0]) =>
      Promise.resolve({ ok: true as const, entry: scene.does(decideOn(scene.state)) as Entry }),
  };
  await correctClosed(journal as unknown as Pick<Journal, 'append'>, {
    launchId: scene.state.id,
    shotId: shot.id,
    segment: 'us-ios',
    attempt: 1,
    batch: 'b',
    holder: 1,
    count: 30,
    variant: null,
    closed: failed,
    account,
  });
  const { totals } = scene.shot(shot.id).totals?.[0] ?? {};
  expect([totals?.failed, new Map(Object.entries(totals?.reasons ?? {}))]).toEqual([
    100,
    new Map([
      ['constructor', 70],
      ['toString', 20],
      ['hasOwnProperty', 10],
    ]),
  ]);
});
