import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WebClient } from '@slack/web-api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EVERY_SCOPE, person, SECRETS, until } from '../../infra/local/slack/for-tests.ts';
import { RUNBOOK, startRig, textOf } from '../../test/bot-rig.ts';
import type { Rig } from '../../test/bot-rig.ts';

/** A launch is created only where the bot can show it. */

const ROOM = 'C0WARROOM';
let rig: Rig;
beforeEach(async () => {
  rig = await startRig({ workspace: { scopes: EVERY_SCOPE } });
});
afterEach(() => rig.stop());

const launches = () => rig.cloud.live.launches();
/** Types in a channel where only the person is, and gives the private answer. */
async function askIn(channel: string, text: string): Promise<string> {
  const ana = person(rig.workspace, 'U0ONCALL');
  await ana.send('POST', 'commands', { channel, command: '/go', text });
  const read = async () =>
    (await ana.get<{ messages: Parameters<typeof textOf>[0][] }>(`channels/${channel}/messages`)).messages.findLast(
      (one) => one.ephemeralTo !== undefined,
    );
  return textOf(await until('an answer', read));
}

test('in a channel without the bot nothing is created, and the answer says how to invite it; invited, it works', async () => {
  rig.workspace.admin.removeApp(ROOM);
  for (const typed of ['create drill in 1h', 'create'])
    expect(await rig.ask(rig.ana, typed)).toContain('/invite @gobutton');
  expect(await rig.ana.views()).toEqual([]);
  expect(await launches()).toEqual([]);
  rig.workspace.admin.addApp(ROOM);
  expect(await rig.ask(rig.ana, 'create drill in 1h')).toContain('Created');
  expect(await launches()).toHaveLength(1);
});

test("people bring the bot in as the answer says, by Slack's own /invite, and others as well", async () => {
  rig.workspace.admin.removeApp(ROOM);
  const invite = (text: string) => rig.ana.send('POST', 'commands', { channel: ROOM, command: '/invite', text });
  expect(await invite('')).toMatchObject({ ok: false, error: expect.stringContaining('found nobody') as string });
  expect(await invite('@gobuton')).toMatchObject({ ok: false, error: expect.stringContaining('"@gobuton"') as string });
  expect(await invite('@gobutton')).toMatchObject({ ok: true, notice: 'Now in #superbowl-war-room: gobutton.' });
  expect(await invite('@gobutton')).toMatchObject({ ok: true, notice: 'Already in #superbowl-war-room: gobutton.' });
  expect(await rig.ask(rig.ana, 'create drill in 1h')).toContain('Created');
  rig.workspace.admin.archive(ROOM, true);
  expect(await invite('@ana')).toMatchObject({ ok: false, error: expect.stringContaining('archived') as string });
});

test("a runbook is created by its file's name or by its own id, and the examples name one that lies here", async () => {
  const put = (name: string, id: string) =>
    writeFile(join(rig.runbooksDir, name), RUNBOOK.replace('id: drill', `id: ${id}`));
  await put('flash-sale-es.yaml', 'flash-sale');
  for (const typed of ['create flash-sail in 1h', 'create flash-sale'])
    expect(await rig.ask(rig.ana, typed)).toContain('/go create drill in 2h');
  expect(await rig.ask(rig.ana, 'help create')).toContain('/go create drill 23:30 UTC');
  expect(await rig.ask(rig.ana, 'create flash-sail in 1h')).toContain('Did you mean `flash-sale`?');
  // Two files that call themselves the same: neither is guessed.
  await put('flash-sale-fr.yaml', 'flash-sale');
  expect(await rig.ask(rig.ana, 'create flash-sale in 1h')).toContain('There is no runbook');
  await rm(join(rig.runbooksDir, 'flash-sale-fr.yaml'));
  expect(await rig.ask(rig.ana, 'create Flash-Sale in 1h')).toContain('`flash-sale-');
});

test('a private channel that Slack does not show to the bot, an archived one and a direct message are no war rooms', async () => {
  const slack = new WebClient(SECRETS.botToken, { slackApiUrl: rig.workspace.apiUrl });
  const { channel } = await slack.conversations.create({ name: 'secret', is_private: true });
  const id = channel?.id ?? '';
  rig.workspace.admin.removeApp(id);
  expect(await askIn(id, 'create drill in 1h')).toContain('/invite @gobutton');
  rig.workspace.admin.archive(ROOM, true);
  expect(await askIn(ROOM, 'create drill in 1h')).toContain('archived');
  await slack.chat.postMessage({ channel: 'U0ONCALL', text: 'hello' });
  const { channels } = await rig.ana.get<{ channels: { id: string; im_with: string | null }[] }>('state');
  const direct = channels.find(({ im_with: who }) => who === 'U0ONCALL')?.id ?? '';
  expect(await askIn(direct, 'create drill in 1h')).toContain('direct message');
  expect(await launches()).toEqual([]);
});

test('while Slack does not say, nothing is created, and a form that was opened before says so', async () => {
  await rig.ana.go('create');
  const [view] = await until('the form', async () => {
    const open = await rig.ana.views();
    return open.length > 0 ? open : null;
  });
  rig.workspace.faults.set('conversations.info', { kind: 'error', error: 'internal_error' });
  expect(await rig.ask(rig.ana, 'create drill in 1h')).toContain('Slack did not say');
  const sent = await rig.ana.submit(view?.id ?? '', {});
  expect(sent).toMatchObject({ ok: false, errors: { name: expect.stringContaining('Slack did not say') as string } });
  expect(await launches()).toEqual([]);
});

test('a form sent where the bot is gone by then: told in the form; too late for the form, told directly', async () => {
  await rig.ana.go('create');
  const viewId = async () => (await until('the form', async () => (await rig.ana.views())[0])).id;
  rig.workspace.admin.removeApp(ROOM);
  expect(await rig.ana.submit(await viewId(), {})).toMatchObject({
    ok: false,
    errors: { name: expect.stringContaining('/invite @gobutton') as string },
  });
  rig.workspace.faults.set('conversations.info', { kind: 'hang' });
  expect(await rig.ana.submit(await viewId(), {})).toMatchObject({ ok: true });
  const told = await until('a direct message', async () => {
    const { channels } = await rig.ana.get<{ channels: { id: string; im_with: string | null }[] }>('state');
    const direct = channels.find(({ im_with: who }) => who === 'U0ONCALL');
    return direct === undefined
      ? null
      : (await rig.ana.get<{ messages: { text: string }[] }>(`channels/${direct.id}/messages`)).messages[0];
  });
  expect(told.text).toContain('Slack did not say');
  expect(await launches()).toEqual([]);
});
