import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../infra/local/slack/for-tests.ts';
import { loadRunbook } from '../runbooks/playbook/load.ts';
import { RUNBOOK, startRig, textOf } from '../test/bot-rig.ts';
import type { Rig } from '../test/bot-rig.ts';
import { appendNewer } from '../test/newer-entry.ts';

/** Somebody deployed another version in the middle of a launch, and this bot is an old one that has just started: it has read nothing of it before. */

const LAUNCH_ID = 'newer-1';
const NEWER = /written by a newer one\. Update this process/;

let rig: Rig;

beforeAll(async () => {
  rig = await startRig();
  const loaded = loadRunbook(RUNBOOK, 'drill.yaml');
  if (!loaded.ok) throw new Error('RIG_RUNBOOK');
  const created = await rig.journal.append(LAUNCH_ID, {
    kind: 'create-launch',
    by: 'ana',
    launchId: LAUNCH_ID,
    name: 'Fire drill',
    channelId: 'C0WARROOM',
    runbook: loaded.runbook,
    runbookHash: 'r',
    targetAtMs: rig.nowMs() + 3_600_000,
    compress: 1,
  });
  if (!created.ok) throw new Error(created.say);
  await appendNewer(rig.cloud, rig.config.endpoint ?? '', LAUNCH_ID);
  // Now the bot hears of it.
  await rig.cloud.live.putLaunch({
    launchId: LAUNCH_ID,
    name: 'Fire drill',
    channelId: 'C0WARROOM',
    pool: loaded.runbook.pool.name,
    createdAtMs: rig.nowMs(),
    closed: false,
  });
});
afterAll(() => rig.stop());

it('the room is told once that a newer version has written, and not to delete what it wrote', async () => {
  const told = await until('the alarm', async () =>
    (await rig.mia.messages()).find((one) => textOf(one).includes('A newer version')),
  );
  expect(textOf(told)).toMatch(NEWER);
  expect(textOf(told)).toContain('Delete nothing.');
  expect(textOf(told)).not.toContain('delete the entries');
});

it('the board says on top of all that it shows where it stands, and why', async () => {
  const board = await until('the board', async () =>
    (await rig.mia.messages()).find((one) => textOf(one).includes('This board stands at entry 1')),
  );
  expect(textOf(board)).toMatch(NEWER);
});

it.each(['status', 'gates', 'fire', 'people'])('/go %s says so too, and that nothing was changed', async (typed) => {
  const answer = await rig.ask(rig.ana, typed);
  expect(answer).toMatch(NEWER);
  expect(answer).toContain('Nothing was changed.');
});

it('/go halt halts all the same', async () => {
  expect(await rig.ask(rig.ana, 'halt wrong link')).toContain('*Halted*');
  expect((await rig.cloud.switches.read(LAUNCH_ID, { consistent: true }))?.halted).toBe(true);
});
