import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../infra/local/slack/for-tests.ts';
import {
  AUDIENCE,
  buttonsOf,
  FORM,
  pressBody,
  readyLaunch,
  RUNBOOK,
  signedPost,
  startRig,
  textOf,
} from '../test/bot-rig.ts';
import type { Rig } from '../test/bot-rig.ts';

describe.each(['socket', 'http'] as const)('a launch in Slack, %s mode', (mode) => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig({ mode });
  });
  afterAll(() => rig.stop());

  it('runs from creation to GO by two people, and the channel sees each decision', async () => {
    expect(await rig.ask(rig.ana, 'status')).toContain('There is no launch in this channel');
    expect(await rig.ask(rig.ana, 'create drill in 1h called "Dress rehearsal"')).toContain(
      'Created *Dress rehearsal*',
    );
    const { id } = await rig.launch();
    await rig.journal.append(id, { kind: 'set-audience', by: 'ana', audience: AUDIENCE });

    expect(await rig.ask(rig.mia, 'fire')).toContain('Every gate must be green');
    expect(await rig.ask(rig.mia, 'ready')).toContain('Somebody has read the copy');
    await tick(rig);
    expect(await rig.ask(rig.mia, 'fire')).toContain('stands in the channel');

    const order = await until('the order message', async () =>
      (await rig.ben.messages()).find((message) => message.text.includes('asks to fire')),
    );
    expect(textOf(order)).toContain('3,000');
    expect(textOf(order)).toContain('Übung');
    expect(textOf(order)).toContain('Drill &lt;now&gt; &amp; here');

    expect(await rig.press(rig.mia, 'fire.go')).toContain('a second person must press GO');
    expect(Object.values((await rig.launch()).orders)).toMatchObject([{ state: 'open' }]);
    expect(await rig.press(rig.ben, 'fire.go')).toContain('*GO*: your press fired');
    const launch = await rig.launch();
    expect(Object.values(launch.shots)).toMatchObject([{ requestedBy: 'mia', approvedBy: 'ben' }]);

    const after = await until('the order without buttons', async () =>
      (await rig.ben.messages()).find(
        (message) => message.ts === order.ts && !JSON.stringify(message.blocks).includes('fire.go'),
      ),
    );
    expect(textOf(after)).toContain('*GO* by *Ben Okafor*');
    expect(await rig.press(rig.mia, 'halt.press')).toContain('*Halted*');
    expect(await rig.ask(rig.ana, 'timeline')).toContain('stands in the channel');
    await until('the timeline file', async () =>
      (await rig.ana.messages()).some((message) => message.files.some((file) => file.name.startsWith('timeline-'))),
    );
  });
});

/** Presses the newest Tick as Mia; the list with the button shows it, and nothing else is said to her. */
async function tick(rig: Rig): Promise<void> {
  const said = (await rig.mia.messages()).length;
  const button = await until('a gate to tick', async () => buttonsOf(await rig.mia.messages(), 'gate.tick').at(-1));
  await rig.mia.press(button.ts, 'gate.tick', { block_id: button.blockId, value: button.value });
  await until('the tick in the list', async () =>
    (await rig.mia.messages()).some(
      (message) => message.ts === button.ts && JSON.stringify(message.blocks).includes('gate.untick'),
    ),
  );
  const privately = (await rig.mia.messages()).slice(said).filter((message) => message.ephemeralTo !== undefined);
  expect(privately).toEqual([]);
}

describe('two people pressing GO together', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig();
  });
  afterAll(() => rig.stop());

  it('make one FireApproved; the other is told who was first', async () => {
    const { id } = await readyLaunch(rig);
    await rig.ask(rig.ana, 'fire');
    const answers = await Promise.all([
      rig.press(rig.mia, 'fire.go'),
      rig.press(rig.ben, 'fire.go'),
      rig.press(rig.ana, 'fire.go'),
    ]);
    const approvals = (await rig.journal.entries(id)).filter((entry) => entry.kind === 'FireApproved');
    expect(approvals).toHaveLength(1);
    expect(answers.filter((text) => text.includes('your press fired'))).toHaveLength(1);
    const told = answers.slice(0, 2).filter((text) => /approved by (Mia Chen|Ben Okafor)/.test(text));
    expect(told).toHaveLength(1);
    // What they wanted has happened: that is no refusal.
    expect(told[0]).not.toContain('Nothing was changed');
    expect(answers[2]).not.toContain('your press fired');
  });
});

describe('a question of the plan', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig();
  });
  afterAll(() => rig.stop());

  it('is answered by its button, by somebody on duty, and then has none', async () => {
    const asks = RUNBOOK.replace('id: drill', 'id: asks').replace(
      'at: T-8h, do: { kind: remind, say: Hello. }',
      'at: T-1h, owner: mia, do: { kind: ask, say: Is the feed up?, answers: [It is, Not yet] }',
    );
    const pages = asks.replace('do: { kind: remind, say: Bye. }', 'do: { kind: page, say: Bye. }');
    await writeFile(join(rig.runbooksDir, 'asks.yaml'), pages);
    expect(await rig.ask(rig.ana, 'create asks in 1h')).toContain('GOBUTTON_PAGERDUTY_KEY is not set');
    expect(await rig.press(rig.olu, 'step.answer.0')).toContain('needs on-call or marketer');
    const asked = await until('the second answer', async () =>
      buttonsOf(await rig.mia.messages(), 'step.answer.1').at(-1),
    );
    expect(asked.label).toBe('Not yet');
    await rig.mia.press(asked.ts, 'step.answer.1', { block_id: asked.blockId, value: asked.value });
    await until('the answer in its message', async () =>
      (await rig.mia.messages()).some((one) => one.ts === asked.ts && textOf(one).includes('refused: Not yet')),
    );
    expect(buttonsOf(await rig.mia.messages(), 'step.answer.1')).toEqual([]);
    const done = (await rig.journal.entries((await rig.launch()).id)).filter(({ kind }) => kind === 'StepDone');
    expect(done).toMatchObject([{ step: 'hello', by: { person: 'mia' }, say: 'Not yet', refused: true }]);
    await until('the answer in the room', async () =>
      (await rig.ben.messages()).some((one) => textOf(one).includes('*Mia Chen* answered *War room opens*: Not yet')),
    );
  });
});

describe('presses that must not fire', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig({ mode: 'http' });
    await readyLaunch(rig);
  });
  afterAll(() => rig.stop());

  const shots = async () => Object.keys((await rig.launch()).shots).length;
  const newestOrder = async () => {
    const { id: launchId, orders } = await rig.launch();
    const { id: orderId, shownHash } = Object.values(orders).at(-1) ?? { id: '', shownHash: '' };
    return { launchId, orderId, shownHash };
  };

  it('an observer, and anybody who is not on the roster', async () => {
    await rig.ask(rig.ana, 'fire us-ios');
    expect(await rig.press(rig.olu, 'fire.go')).toContain('needs on-call or marketer');
    expect(await rig.ask(rig.olu, 'fire')).toContain('needs on-call or marketer');
    expect(await rig.ask(rig.olu, 'resume')).not.toContain('Asked to lift');
    const { launchId } = await newestOrder();
    await rig.journal.append(launchId, { kind: 'remove-person', person: 'olu', reason: 'left' });
    expect(await rig.press(rig.olu, 'fire.go')).toContain("not on this launch's roster");
    const fire = await rig.ask(rig.olu, 'fire');
    expect(fire).toContain('You are not on the roster');
    expect(fire).toContain('Ana Ortiz');
    expect(await shots()).toBe(0);
  });

  it('one whose button shows another hash than the order, or no order at all', async () => {
    const order = await newestOrder();
    expect(await rig.pressAnyway(rig.ben, 'U0MARKET2', 'fire.go', { ...order, shownHash: 'f'.repeat(64) })).toContain(
      'shows something else',
    );
    expect(await rig.pressAnyway(rig.ben, 'U0MARKET2', 'fire.go', { ...order, orderId: 'F999' })).toContain(
      'no fire order',
    );
    expect(await rig.pressAnyway(rig.ben, 'U0MARKET2', 'fire.go', { launchId: order.launchId })).toContain(
      'older version',
    );
    // An account of another company, in a channel that it shares with us.
    expect(await rig.pressAnyway(rig.ben, 'U0MARKET2', 'fire.go', order, { teamId: 'T0THEIRS' })).toContain(
      'another Slack workspace',
    );
    expect(Object.values((await rig.launch()).orders)).toMatchObject([{ state: 'open' }]);
    expect(await shots()).toBe(0);
  });

  it('content that changed after it was shown', async () => {
    const { id, campaign } = await rig.launch();
    const order = await newestOrder();
    await rig.journal.append(id, {
      kind: 'set-campaign',
      by: 'mia',
      campaign: { ...campaign, deep_link: 'app://other' },
    });
    expect(await rig.pressAnyway(rig.ben, 'U0MARKET2', 'fire.go', order)).toMatch(/changed|void/);
    expect(await shots()).toBe(0);
    // Whatever waits for a second person takes one of the launch's own workspace.
    for (const [action, value] of [
      ['waiver.grant', { waiverId: 'W9' }],
      ['switch.approve', { requestId: 'S9' }],
      ['roster.approve', { changeId: 'P9' }],
    ] as const) {
      expect(
        await rig.pressAnyway(rig.ben, 'U0MARKET2', action, { launchId: id, ...value }, { teamId: 'T0THEIRS' }),
      ).toContain('another Slack workspace');
    }
    // What was ticked was ticked for the old text.
    expect(await rig.ask(rig.ana, 'fire us-ios')).toContain('not ticked yet');
    await rig.ask(rig.mia, 'ready');
    await tick(rig);
  });

  it('an order that has expired', async () => {
    expect(await rig.ask(rig.ana, 'fire us-ios')).toContain('stands in the channel');
    const order = await newestOrder();
    rig.later(660_000);
    expect(await rig.pressAnyway(rig.ben, 'U0MARKET2', 'fire.go', order)).toContain('Ask for a new one with /go fire');
    expect(await shots()).toBe(0);
  });

  it('a declined order, which loses its buttons', async () => {
    expect(await rig.ask(rig.ana, 'fire us-android')).toContain('stands in the channel');
    const order = await newestOrder();
    const decline = await until('Decline', async () =>
      buttonsOf(await rig.ben.messages(), 'fire.decline').findLast(({ value }) => value.includes(order.orderId)),
    );
    await rig.ben.press(decline.ts, 'fire.decline', { block_id: decline.blockId, value: decline.value });
    const form = await until('the form', async () => (await rig.ben.views())[0]);
    const why = (text: string) => ({ reason: { value: { type: 'plain_text_input', value: text } } });
    expect(await rig.ben.submit(form.id, why('  '))).toMatchObject({ ok: false });
    expect(Object.values((await rig.launch()).orders).at(-1)).toMatchObject({ state: 'open' });
    expect(await rig.ben.submit(form.id, why('the German copy has the old link'))).toMatchObject({ ok: true });
    await until('the reason in the room', async () =>
      (await rig.mia.messages()).some(
        (message) => message.ephemeralTo === undefined && textOf(message).includes('the German copy has the old link'),
      ),
    );
    expect(await rig.pressAnyway(rig.mia, 'U0MARKET1', 'fire.go', order)).toContain('declined');
    const declined = await until('the outcome', async () =>
      (await rig.ben.messages()).find((message) => textOf(message).includes('declined; nothing was sent')),
    );
    expect(JSON.stringify(declined.blocks)).not.toContain('fire.go');
    expect(await shots()).toBe(0);
  });

  it('an order is declined, without a reason, also when Slack opens no form; who may not gets none', async () => {
    expect(await rig.ask(rig.ana, 'fire us-android')).toContain('stands in the channel');
    const { launchId, orderId } = await newestOrder();
    expect(await rig.press(rig.olu, 'fire.decline', orderId)).toContain("not on this launch's roster");
    expect(await rig.olu.views()).toEqual([]);
    // Its trigger is none of Slack's.
    expect(await rig.pressAnyway(rig.ben, 'U0MARKET2', 'fire.decline', { launchId, orderId })).toContain(
      'Declined; nothing was sent. Slack opened no form',
    );
    expect((await rig.launch()).orders[orderId]).toMatchObject({ state: 'declined' });
  });

  it('a compile that is over: its Cancel stops nothing', async () => {
    const { launchId } = await newestOrder();
    expect(await rig.pressAnyway(rig.mia, 'U0MARKET1', 'compile.cancel', { launchId, number: '1' })).toContain(
      'Compile 1 is over already',
    );
  });

  it('while halted: a lift takes another person', async () => {
    expect(await rig.ask(rig.ana, 'fire us-ios')).toContain('stands in the channel');
    const order = await newestOrder();
    expect(await rig.ask(rig.mia, 'halt wrong copy')).toContain('*Halted*');
    expect(await rig.pressAnyway(rig.ben, 'U0MARKET2', 'fire.go', order)).toMatch(/halt/i);
    expect(await shots()).toBe(0);
    await until('the halt in the record', async () => (await rig.launch()).halt.active);
    expect(await rig.ask(rig.ana, 'resume because it is fixed')).toContain('Another person approves');
    expect(await rig.press(rig.ana, 'lift.approve')).toContain('second person');
    const { id, lifts } = await rig.launch();
    const lift = { launchId: id, liftId: Object.keys(lifts).at(-1) ?? '' };
    expect(await rig.pressAnyway(rig.ben, 'U0MARKET2', 'lift.approve', lift, { teamId: 'T0THEIRS' })).toContain(
      'another Slack workspace',
    );
    expect((await rig.launch()).halt.active).toBe(true);
    expect(await rig.press(rig.ben, 'lift.approve')).toContain('lifted');
    expect((await rig.launch()).halt.active).toBe(false);
  });

  it('the same press delivered again: it fires once and is answered once', async () => {
    await until(
      'the lift at the workers',
      async () => (await rig.cloud.switches.read((await rig.launch()).id))?.halted === false,
    );
    expect(await rig.ask(rig.ana, 'fire us-android')).toContain('stands in the channel');
    const order = await newestOrder();
    const body = pressBody('U0MARKET2', 'fire.go', order);
    const answers = await Promise.all(
      [0, 1, 2].map((ahead) => signedPost(rig, body, FORM, { atMs: rig.nowMs() + ahead * 1_000 })),
    );
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200]);
    const fired = async () =>
      (await rig.ben.messages()).filter((message) => textOf(message).includes('your press fired'));
    await until('the answer', async () => (await fired()).length > 0);
    expect(await rig.pressAnyway(rig.ben, 'U0MARKET2', 'fire.go', order)).toContain('counted already');
    expect(await rig.pressAnyway(rig.mia, 'U0MARKET1', 'fire.go', order)).toContain('approved by Ben Okafor');
    expect(await fired()).toHaveLength(1);
    expect(await shots()).toBe(1);
  });
});
