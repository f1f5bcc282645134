import { expect, test } from 'vitest';
import type { Command } from '../../runbooks/launch/commands.ts';
import { botKeyring } from '../../test/keys.ts';
import { MemoryRecord } from '../../test/properties/memory-record.ts';
import { memoryStaff } from '../../test/properties/memory-staff.ts';
import { audience, LAUNCH_ID, measuredAt, sampleRunbook, slackVia, T0_MS } from '../../test/properties/scene.ts';
import { clockDoubt } from './clock-doubt.ts';
import { createJournal } from './journal.ts';
import { createStoreClock } from './store-clock.ts';

const NOW_MS = T0_MS - 60_000;
const create: Command = {
  kind: 'create-launch',
  by: 'ana',
  launchId: LAUNCH_ID,
  name: 'Game',
  channelId: 'C',
  runbook: sampleRunbook(),
  runbookHash: '',
  targetAtMs: T0_MS,
  compress: 1,
};
/** A machine that is 30 s ahead of a store where it is `NOW_MS`. */
function machine(isTold: boolean) {
  const clock = createStoreClock({ wallMs: () => NOW_MS + 30_000, monotonicMs: () => 5_000 });
  if (isTold) clock.answered({ dateMs: NOW_MS, sentAtMs: 4_999, answeredAtMs: 5_000 });
  return clock;
}

const press = (pressedAtMs: number): Command => ({
  kind: 'approve-fire',
  by: 'mia',
  orderId: 'F4',
  shownHash: 'x',
  pressedAtMs,
  measured: [],
  via: slackVia('mia'),
  observedHaltEpoch: 0,
  observedHalted: false,
});
const close = (cause: 'not-after' | 'complete' | 'halt'): Command => ({
  kind: 'close-shot',
  shotId: 'S1',
  cause,
  segments: [],
});

test('a press or a late close that the own clock alone supports is refused in words; nothing else is', () => {
  const clock = machine(false);
  expect(clockDoubt(clock, press(NOW_MS + 30_000))).toMatchObject({
    code: 'CLOCK_IN_DOUBT',
    say: expect.stringMatching(
      /^No answer of the store.*was pressed.*press GO again.*strips the Date header/,
    ) as string,
  });
  expect(clockDoubt(clock, close('not-after'))).toMatchObject({
    code: 'CLOCK_IN_DOUBT',
    say: expect.stringContaining('the window ended') as string,
  });
  for (const command of [
    close('complete'),
    close('halt'),
    { kind: 'set-halt', by: 'mia', source: 'slack', epoch: 1, reason: '', pressedAtMs: NOW_MS + 30_000 },
    { kind: 'note', by: 'mia', text: 'x' },
  ] as const)
    expect(clockDoubt(clock, command)).toBeNull();
});

test('a press that was dated before the store told its time is refused, ahead and behind', () => {
  const clock = machine(true);
  expect(clockDoubt(clock, press(clock.nowMs()))).toBeNull();
  expect(clockDoubt(clock, press(clock.nowMs() - 15_000))).toBeNull();
  expect(clockDoubt(clock, press(NOW_MS + 30_000))?.say).toMatch(
    /^The press is dated 29\.0 s ahead of the store's time/,
  );
  expect(clockDoubt(clock, press(NOW_MS - 30_000))?.say).toMatch(/^By the store's time the press is 30\.0 s old/);
  expect(clockDoubt(clock, close('not-after'))).toBeNull();
});

test('the journal refuses it, and dates its entries by the store', async () => {
  const clock = machine(true);
  const journal = createJournal({ record: new MemoryRecord(), staff: memoryStaff(), keyring: botKeyring(), clock });
  const created = await journal.append(LAUNCH_ID, create);
  expect(created.ok && Math.abs(created.entry.atMs - NOW_MS) <= 600).toBe(true);
  await journal.append(LAUNCH_ID, { kind: 'set-audience', by: 'ana', audience });
  await journal.append(LAUNCH_ID, { kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
  const measured = measuredAt(clock.nowMs());
  const asked = await journal.append(LAUNCH_ID, {
    kind: 'request-fire',
    by: 'ana',
    segments: 'all',
    measured,
    via: slackVia('ana'),
    lift: false,
  });
  if (!asked.ok || asked.entry.kind !== 'FireRequested') throw new Error(JSON.stringify(asked));
  const { orderId, shownHash } = asked.entry;
  const go = (pressedAtMs: number): Command => ({
    kind: 'approve-fire',
    by: 'mia',
    orderId,
    shownHash,
    pressedAtMs,
    measured,
    via: slackVia('mia'),
    observedHaltEpoch: 0,
    observedHalted: false,
  });
  // Within what the core itself takes for a press of this moment.
  expect(await journal.append(LAUNCH_ID, go(clock.latestMs() + 3_000))).toMatchObject({
    ok: false,
    code: 'CLOCK_IN_DOUBT',
  });
  expect(await journal.append(LAUNCH_ID, go(clock.nowMs()))).toMatchObject({ ok: true });
});
