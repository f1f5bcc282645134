import { afterAll, beforeAll, expect, test } from 'vitest';
import { createJournal } from '../../infra/aws/journal.ts';
import { until } from '../../infra/local/slack/for-tests.ts';
import { readyLaunch, startRig } from '../../test/bot-rig.ts';
import type { Rig } from '../../test/bot-rig.ts';
import { botKeyring } from '../../test/keys.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.stop());

test('whoever is on the roster halts, an observer too, also one whom another instance has just put there', async () => {
  const { id, people } = await readyLaunch(rig);
  await rig.journal.append(id, { kind: 'remove-person', person: 'olu', reason: 'off shift' });
  expect(await rig.ask(rig.olu, 'halt')).toContain('You are not on the roster');
  const elsewhere = createJournal({ record: rig.cloud.record, staff: rig.cloud.staff, keyring: botKeyring() });
  const asked = await elsewhere.append(id, { kind: 'request-roster-change', by: 'ana', people, reason: 'night shift' });
  if (!asked.ok || asked.entry.kind !== 'RosterChangeRequested') throw new Error('not asked');
  expect(
    await elsewhere.append(id, { kind: 'approve-roster-change', by: 'mia', changeId: asked.entry.changeId }),
  ).toMatchObject({ ok: true });
  expect(await rig.ask(rig.olu, 'halt')).toContain('*Halted*');
});

test('the answer says whether a shot was cut off, and that a closed launch has nothing to halt, known here or not', async () => {
  const { id } = await rig.launch();
  const elsewhere = createJournal({ record: rig.cloud.record, staff: rig.cloud.staff, keyring: botKeyring() });
  expect(await rig.ask(rig.mia, 'halt')).toContain('No shot was running, so nothing was cut off');
  expect(await elsewhere.append(id, { kind: 'close-launch', by: 'ana', reason: 'done' })).toMatchObject({ ok: true });
  // This instance has hardly heard of the close when halt is pressed; its conductor looks once a second.
  const answer = await rig.ask(rig.mia, 'halt');
  expect(answer).toContain('There is nothing to halt');
  expect(answer).not.toContain('*Halted*');
  expect(await rig.ask(rig.mia, 'halt')).toContain('There is nothing to halt');
});

test('in the channel of a closed launch the open ones are named, each with its HALT', async () => {
  const { launchId } = await rig.createInRecord('C0GENERAL');
  await until('the new launch in the index', async () => (await rig.ask(rig.mia, 'halt')).includes(launchId));
  const answer = await rig.ask(rig.mia, 'halt');
  expect(answer).toContain('the launch of this channel, is closed');
  expect(await rig.press(rig.mia, 'halt.press', launchId)).toContain('*Halted*');
  expect((await rig.journal.launch(launchId))?.halt).toMatchObject({ active: true, by: 'mia' });
});
