import { afterEach, beforeEach, expect, it } from 'vitest';
import { until } from '../infra/local/slack/for-tests.ts';
import { buttonsOf, readyLaunch, startRig, textOf } from '../test/bot-rig.ts';
import type { Rig } from '../test/bot-rig.ts';

/** An order with a moment, from the question to the push, by commands and buttons in the room. */

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
  await readyLaunch(rig);
});
afterEach(() => rig.stop());

const hasRoom = (text: string) =>
  until(`“${text}” in the room`, async () =>
    (await rig.mia.messages()).some((one) => textOf(one).replaceAll('*', '').includes(text)),
  );

/** Asked for by Ana in half an hour, and armed by Mia. */
async function armed(): Promise<void> {
  expect(await rig.ask(rig.ana, 'fire us-ios at in 30m')).toContain('Another person arms it');
  await until('GO', async () => buttonsOf(await rig.mia.messages(), 'fire.go').length > 0);
  expect(await rig.press(rig.ana, 'fire.go')).toContain('second person');
  expect(await rig.press(rig.mia, 'fire.go')).toContain('your press armed us-ios');
  await hasRoom('Armed by Mia');
}

it('is armed by the second person, stands on the board with what is left, and goes by itself', async () => {
  await armed();
  expect((await rig.launch()).shots).toEqual({});
  expect(await rig.ask(rig.ana, 'status')).toMatch(/Armed.*in (30|29) min/);
  const [order] = Object.values((await rig.launch()).orders);
  rig.later((order?.shown.moment?.atMs ?? 0) - rig.nowMs() - 500);
  const shot = await until('the shot', async () => Object.values((await rig.launch()).shots)[0]);
  expect(shot).toMatchObject({ requestedBy: 'ana', approvedBy: 'mia', segments: [{ segment: 'us-ios', attempt: 1 }] });
});

it('is disarmed by one tap of anybody on duty, and does not go', async () => {
  await armed();
  // Two at the same moment: afterwards the message has no such button.
  const [one, other] = await Promise.all([rig.ben, rig.ana].map((who) => rig.press(who, 'fire.disarm')));
  const [first, second] = one?.startsWith('Disarmed') === true ? [one, other] : [other, one];
  expect(first).toContain('Disarmed; nothing was sent');
  expect(second).toContain('disarmed');
  rig.later(31 * 60_000);
  await hasRoom('disarmed');
  expect(await rig.ask(rig.ana, 'status')).not.toContain('Armed');
  expect((await rig.launch()).shots).toEqual({});
});
