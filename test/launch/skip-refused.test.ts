import { afterAll, beforeAll, expect, test } from 'vitest';
import { mustGo, tickGates } from '../../infra/local/scripted-commands.ts';
import { ScriptedPerson, until } from '../../infra/local/scripted-person.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { openWarRoom, outcomeOf } from '../faults/war-room.ts';
import type { WarRoom } from '../faults/war-room.ts';

/** A rehearsal that sends what nobody sees, in a channel of its own, and one press in the war room: by bot, workers and the task of the audience as `npm start` has them. */

const ROOM = 'C0GENERAL';
const [GOOD, DEAD] = [56, 4];
const DEAD_ELSEWHERE = 3;
let room: WarRoom;

beforeAll(async () => {
  room = await openWarRoom({ markets: { us: GOOD, de: 200 }, deadMarkets: { us: DEAD, de: DEAD_ELSEWHERE } });
}, 60_000);
afterAll(() => room.stop());

const launchOf = async (id: string): Promise<Launch> => {
  const launch = await room.journal.launch(id);
  if (launch === null) throw new Error(`LAUNCH_GONE ${id}`);
  return launch;
};
const button = (person: ScriptedPerson, action: string) =>
  until(`the button ${action}`, 20_000, async () => (await person.buttons(action)).at(-1));

/** From the question to the close. */
async function rehearse(): Promise<string> {
  const { stack, launchId } = room;
  const [ana, mia, ben] = ['U0ONCALL', 'U0MARKET1', 'U0MARKET2'].map(
    (id) => new ScriptedPerson(stack.pageUrl, ROOM, id),
  ) as [ScriptedPerson, ScriptedPerson, ScriptedPerson];
  await ana.invite('@gobutton');
  await mustGo(ana, `rehearse silent market us of ${launchId}`);
  await ana.press(await button(ana, 'rehearsal.limited'));
  const id = `${launchId}-rehearsal-1`;
  await until('the rehearsal', 20_000, () => room.journal.launch(id));
  // By the task of the audience: nobody types anything in a terminal.
  await until('its audience', 60_000, async () => (await launchOf(id)).audience);
  await mustGo(ana, 'scale workers 2');
  await tickGates([ana]);
  await until('workers and gates', 40_000, () => mustGo(mia, 'fire all').then(() => true), 300);
  await ben.press(await button(ben, 'fire.go'));
  await until('the close', 40_000, async () => Object.values((await launchOf(id)).shots)[0]?.closed);
  expect(outcomeOf(Object.values((await launchOf(id)).shots)[0] as never)).toMatchObject({
    accepted: GOOD,
    failed: DEAD,
    skipped: 0,
  });
  return id;
}

test("a rehearsal's refused tokens are skipped by one press, and the launch sends them nothing", async () => {
  const { mia, ana, ben } = room;
  const rehearsal = await rehearse();
  const report = await until('the report in the war room', 20_000, async () =>
    (await mia.messages()).find((one) => JSON.stringify(one.blocks).includes('refused for good')),
  );
  expect(JSON.stringify(report.blocks)).toContain(`*${DEAD} tokens refused for good* in \`${rehearsal}\``);
  await mia.press(await button(mia, 'compile.skip-refused'));
  await until('the skip list', 60_000, async () => (await room.launch()).skipList);
  const launch = await room.launch();
  expect([launch.skipList?.tokens, launch.refusedSkipped]).toEqual([DEAD, { [rehearsal]: DEAD }]);
  await until('the message', 20_000, async () =>
    (await ana.messages()).find((one) => one.text.includes(`Skip list 1 is done. ${DEAD} tokens refused for good`)),
  );
  // A second press finds it done.
  await mia.press(await button(mia, 'compile.skip-refused'));
  await until('the answer', 20_000, async () =>
    (await mia.messages()).find((one) => JSON.stringify(one.blocks).includes('are on the skip list already')),
  );

  await mustGo(ana, 'scale workers 2');
  await ben.press(await room.ask('fire us-ios'));
  const shot = await room.closed('us-ios', 40_000);
  expect(outcomeOf(shot)).toMatchObject({
    accepted: GOOD,
    failed: 0,
    skipped: DEAD,
    sum: GOOD + DEAD,
    devices: GOOD + DEAD,
  });
  expect(await room.counts(shot.id)).toMatchObject({ distinctDevices: GOOD, duplicates: 0 });
  expect(room.stack.localCloud.access().denied).toEqual([]);
}, 240_000);

test('what the launch itself was refused is put down for the owner of the tokens, with the time at which APNs confirmed that they are gone', async () => {
  const { ana, ben, launchId, stack } = room;
  await ben.press(await room.ask('fire de-ios'));
  expect(outcomeOf(await room.closed('de-ios', 40_000))).toMatchObject({ failed: DEAD_ELSEWHERE });
  await mustGo(ana, 'audience outcomes');
  const counted = await until('the counts', 60_000, async () =>
    (await room.journal.entries(launchId)).find((entry) => entry.kind === 'OutcomesCounted'),
  );
  expect(counted.refused?.tokens).toBe(DEAD_ELSEWHERE);
  const csv = Buffer.from((await stack.cloud.objects.get(counted.refused?.key ?? '')) ?? []).toString('utf8');
  const [head, ...rows] = csv.trimEnd().split('\r\n');
  expect(head).toBe('platform,token,user,reason,shot,unregistered_at');
  expect(rows).toHaveLength(DEAD_ELSEWHERE);
  for (const row of rows) {
    expect(row).toMatch(/^ios,dead00[0-9a-f]{58},.*,Unregistered,S\d+,\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(Date.parse(row.split(',')[5] ?? '')).toBeLessThan(counted.atMs - 3_600_000);
  }
  await until('the message', 20_000, async () =>
    (await ana.messages()).find((one) =>
      one.text.includes(`${DEAD_ELSEWHERE} of ${DEAD_ELSEWHERE} iOS tokens with the time`),
    ),
  );
  expect(stack.localCloud.access().denied).toEqual([]);
}, 240_000);
