import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../infra/local/slack/for-tests.ts';
import { readyLaunch, startRig, textOf } from '../test/bot-rig.ts';
import type { Rig } from '../test/bot-rig.ts';

/** The bot was removed from its war room: commands still reach it, posts don't reach the room. */

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
  await readyLaunch(rig);
});
afterAll(() => rig.stop());

const health = async () =>
  (await (await fetch(`http://127.0.0.1:${rig.bot.port}/health`)).json()) as { ok: boolean; shutRooms: object[] };

it('every answer and the health say so while it lasts, and HALT works from the direct message', async () => {
  expect(await rig.ask(rig.mia, 'status')).not.toContain("can't post");
  expect((await health()).shutRooms).toEqual([]);
  rig.workspace.admin.removeApp('C0WARROOM');
  await rig.ask(rig.ana, 'fire us-ios');
  await until('the trouble', async () => (await health()).shutRooms.length === 1);
  expect(await health()).toMatchObject({ ok: true, shutRooms: [{ code: 'not_in_channel' }] });
  expect(await rig.ask(rig.mia, 'status')).toMatch(/I can't post in this channel.*`\/invite @gobutton`/s);

  const { channels } = await rig.ana.get<{ channels: { id: string; im_with: string | null }[] }>('state');
  const direct = channels.find(({ im_with: who }) => who === 'U0ONCALL');
  const [told] = (await rig.ana.get<{ messages: { ts: string }[] }>(`channels/${direct?.id ?? ''}/messages`)).messages;
  expect(
    await rig.ana.send('POST', 'actions', { channel: direct?.id, ts: told?.ts, action_id: 'halt.press' }),
  ).toMatchObject({ ok: true });
  await until('the halt', async () => (await rig.launch()).halt.active);

  rig.workspace.admin.addApp('C0WARROOM');
  await until('the halt in the room', async () =>
    (await rig.mia.messages()).some((message) => textOf(message).includes('*HALT* by *Ana Ortiz*')),
  );
  await until('the end of the trouble', async () => (await health()).shutRooms.length === 0);
  expect(await rig.ask(rig.mia, 'status')).not.toContain("can't post");
});
