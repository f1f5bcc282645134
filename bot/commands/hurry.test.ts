import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../infra/local/slack/for-tests.ts';
import type { RoomMessage } from '../../infra/local/slack/for-tests.ts';
import { buttonsOf, readyLaunch, startRig, textOf } from '../../test/bot-rig.ts';
import type { Rig, Someone } from '../../test/bot-rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
  await readyLaunch(rig);
});
afterAll(() => rig.stop());

/** Types in another channel and gives the private answer there. */
async function askIn(who: Someone, channel: string, text: string): Promise<RoomMessage> {
  const messages = async () =>
    (await who.get<{ messages: RoomMessage[] }>(`channels/${channel}/messages`)).messages.filter(
      (one) => one.ephemeralTo !== undefined,
    );
  const before = new Set((await messages()).map(({ ts }) => ts));
  expect(await who.send('POST', 'commands', { channel, command: '/go', text })).toMatchObject({ ok: true });
  return until('a private answer', async () => (await messages()).find(({ ts }) => !before.has(ts)));
}

describe('fire sends what was asked, or nothing', () => {
  it.each([
    ['fire all', 'us-ios us-android'],
    ['fire all please', 'us-ios us-android'],
    ['fire all\nplease', 'us-ios us-android'],
    ['fire ALL!', 'us-ios us-android'],
    ['fire\tall', 'us-ios us-android'],
    ['please fire all now', 'us-ios us-android'],
    ['fire everything', 'us-ios us-android'],
    ['fire us', 'us-ios us-android'],
    ['fire US', 'us-ios us-android'],
    ['fire ios', 'us-ios'],
    ['fire iOS', 'us-ios'],
    ['fire android now', 'us-android'],
    ['fire us-ios and us-android', 'us-ios us-android'],
    ['fire us-ios & us-android', 'us-ios us-android'],
    ['fire us-ios,us-android', 'us-ios us-android'],
    ['fire us-ios , us-android', 'us-ios us-android'],
    ['fire us-ios/us-android', 'us-ios us-android'],
    ['fire us-ios+us-android', 'us-ios us-android'],
    ['fire Us-iOS.', 'us-ios'],
    ['fire us–ios', 'us-ios'],
    ['fire *us-ios*', 'us-ios'],
    ['fire "us-ios"', 'us-ios'],
    ['fire us-ios\u200b', 'us-ios'],
    ['fire only us-ios please', 'us-ios'],
    ['fire the us-ios segment', 'us-ios'],
    ['fire ios, android', 'us-ios us-android'],
    ['fire all segments', 'us-ios us-android'],
  ])('%j asks for %s', async (typed, segments) => {
    expect(await rig.ask(rig.ana, typed)).toContain('stands in the channel');
    const { id, orders } = await rig.launch();
    const order = Object.values(orders).at(-1);
    expect(order?.shown.segments.map(({ segment }) => segment).join(' ')).toBe(segments);
    expect(
      await rig.journal.append(id, { kind: 'decline-fire', by: 'ana', orderId: order?.id ?? '', reason: 'next' }),
    ).toMatchObject({ ok: true });
  });

  it.each([
    'fire now',
    'fire please',
    'fire all except us',
    'fire all but us-ios',
    'fire not us-ios',
    'fire -us-ios',
    'fire !us-ios',
    'fire ~us-ios~',
    'fire without android',
    'fire us ios',
    'fire all ios',
    'fire us-iso',
    'fire de',
    'fire 1',
    'fire us-ios 2',
    'fire half',
    'fire us-ios tomorrow',
    'fire it',
    'fire everything later',
    'fire nothing',
    'fire none',
    'fire us-ios?',
    'fire al',
    'fire andriod',
    'fire us_ios',
    'fire *',
    'fire __proto__',
  ])('%j asks for nothing, and says what there is and how to halt', async (typed) => {
    const answer = await rig.ask(rig.ana, typed);
    expect(answer).toContain('`us-ios` `us-android`');
    expect(answer).toContain('`/go halt` stops all sending');
    if (typed === 'fire all ios') expect(answer).toContain('may mean all, or only what else it names');
    expect(Object.values((await rig.launch()).orders).filter(({ state }) => state === 'open')).toEqual([]);
  });
});

describe('what is decided by a button leads to it', () => {
  it('approve, go and yes show the order that waits, with its GO; nobody approves by typing', async () => {
    expect(await rig.ask(rig.mia, 'approve')).toContain('Nothing waits for a second person');
    await rig.ask(rig.ana, 'fire us-ios');
    expect(await rig.ask(rig.ana, 'approve')).toContain('another person presses');
    for (const typed of ['approve', 'go', '/go go', 'yes', 'go us-ios'])
      expect(await rig.ask(rig.ben, typed)).toContain('Nothing is approved by typing');
    const shown = buttonsOf(
      (await rig.ben.messages()).filter((message) => message.ephemeralTo !== undefined),
      'fire.go',
    );
    expect(shown.length).toBeGreaterThan(0);
    expect((await rig.launch()).shots).toEqual({});
  });

  it('decline with a reason declines the one order; without one it leads to the button', async () => {
    expect(await rig.ask(rig.ben, 'decline')).toContain('asks for the reason');
    expect(await rig.ask(rig.ben, 'decline because the link is dead')).toContain('Declined the order of Ana Ortiz');
    const entry = (await rig.journal.entries((await rig.launch()).id)).findLast((one) => one.kind === 'FireDeclined');
    expect(entry).toMatchObject({ by: { person: 'ben' }, reason: 'the link is dead' });
    expect(await rig.ask(rig.ben, 'decline')).toContain('No order waits');
  });

  it('tick and waive show gates with their buttons', async () => {
    expect(await rig.ask(rig.mia, 'tick')).toContain('Somebody has read the copy');
    expect(await rig.ask(rig.mia, 'tick Copy-Read')).toContain('Somebody has read the copy');
    expect(await rig.ask(rig.mia, 'tick payload')).toContain('is measured, so nobody ticks it');
    expect(await rig.ask(rig.mia, 'waive payload')).toContain("hard gate and can't be waived");
    expect(await rig.ask(rig.mia, 'tick nonsense')).toContain('There is no gate `nonsense`');
  });
});

describe('a scale or a pace that goes far, or down, wants a second press', () => {
  const orders = async () =>
    (await rig.journal.entries((await rig.launch()).id))
      .filter((entry) => entry.kind === 'ScaleOrdered' || entry.kind === 'SwitchSet')
      .map((entry) =>
        entry.kind === 'ScaleOrdered' ? entry.desired : entry.kind === 'SwitchSet' ? entry.value : null,
      );

  it('600,000 is 600,000, and what has two readings changes nothing', async () => {
    for (const [typed, readings] of [
      ['scale workers 4.000', '4000 or 4'],
      ['pace android 1,5k', '15000 or 1500'],
      ['scale workers 1.500', '1500 or 1.5'],
      ['pace ios 600.000', '600000 or 600'],
    ] as const) {
      const answer = await rig.ask(rig.ana, typed);
      expect(answer).toContain(readings);
      expect(answer).toContain('`/go halt` stops all sending');
    }
    for (const typed of [
      'scale workers 40 2 died',
      'scale workers -4',
      'scale workers +4',
      'scale workers 1e3',
      'pace ios 600,000 /min',
      'scale workers 40/s',
      'scale workers 4 00',
      'scale workers ٤٠',
    ])
      expect(await rig.ask(rig.ana, typed)).toContain('expected');
    expect(await orders()).toEqual([]);
    expect(await rig.ask(rig.ana, 'pace android 600,000 because the quota is granted')).toContain(
      'from 10,000 to 600,000?',
    );
    expect(await orders()).toEqual([]);
    expect(await rig.press(rig.ana, 'change.confirm')).toContain('to *600,000 a second*');
    expect(await orders()).toEqual([600_000]);
    expect(
      (await rig.journal.entries((await rig.launch()).id)).findLast((entry) => entry.kind === 'SwitchSet'),
    ).toMatchObject({ value: 600_000, reason: 'the quota is granted' });
  });

  it('a first limit is asked as one', async () => {
    expect(await rig.ask(rig.ana, 'pace ios 600,000')).toContain(
      'from no limit to 600,000?* Nothing holds it back now.',
    );
  });

  it('the button works once, for the one who was asked, while it is true and not too old', async () => {
    expect(await rig.ask(rig.ana, 'pace android 1k')).toContain('below what runs now, by more than ten times');
    const [asked] = buttonsOf((await rig.ana.messages()).toReversed(), 'change.confirm');
    const press = () =>
      rig.ana.press(asked?.ts ?? '', 'change.confirm', { block_id: asked?.blockId, value: asked?.value });
    // Somebody changes it meanwhile.
    expect(
      await rig.journal.append((await rig.launch()).id, {
        kind: 'set-switch',
        by: 'ana',
        switch: 'pace.android',
        value: 700_000,
        reason: '',
      }),
    ).toMatchObject({ ok: true });
    const before = await orders();
    await press();
    await until('the answer', async () =>
      (await rig.ana.messages()).some((message) => textOf(message).includes('has moved since this was asked')),
    );
    expect(await orders()).toEqual(before);

    expect(await rig.ask(rig.ana, 'pace android 0')).toContain('from 700,000 to 10,000?');
    rig.later(130_000);
    const [late] = buttonsOf((await rig.ana.messages()).toReversed(), 'change.confirm');
    await rig.ana.press(late?.ts ?? '', 'change.confirm', { block_id: late?.blockId, value: late?.value });
    await until('the answer', async () =>
      (await rig.ana.messages()).some((message) => textOf(message).includes('The question is over')),
    );
    expect(await orders()).toEqual(before);
  });
});

describe('halt where no launch is, and what may be a halt', () => {
  it('in another channel: the open launches with HALT, for whoever is on the roster; a press there counts', async () => {
    const answer = await askIn(rig.mia, 'C0GENERAL', 'halt!');
    expect(textOf(answer)).toContain('Nothing is halted yet');
    expect(textOf(answer)).toContain('Fire drill');
    const [button] = buttonsOf([answer], 'halt.press');
    expect((await rig.launch()).halt.active).toBe(false);
    expect(
      await rig.mia.send('POST', 'actions', {
        channel: 'C0GENERAL',
        ts: button?.ts,
        action_id: 'halt.press',
        block_id: button?.blockId,
        value: button?.value,
      }),
    ).toMatchObject({ ok: true });
    await until('the halt', async () => (await rig.launch()).halt.active);
    expect((await rig.launch()).halt).toMatchObject({ by: 'mia' });
  });

  it('in a direct message, too; who is not on its roster sees the button, and the press is refused', async () => {
    const {
      id,
      people,
      halt: { epoch },
    } = await rig.launch();
    // The bot's direct channel with Olu exists once something stands in it.
    const posted = await fetch(`${rig.workspace.apiUrl}chat.postMessage`, {
      method: 'POST',
      headers: { authorization: 'Bearer xoxb-local-bot', 'content-type': 'application/json' },
      body: JSON.stringify({ channel: 'U0OBSERVER', text: 'hello' }),
    });
    const { channel } = (await posted.json()) as { channel: string };
    await rig.journal.append(id, { kind: 'remove-person', person: 'olu', reason: 'off shift' });
    const answer = await askIn(rig.olu, channel, 'stop!!');
    const [button] = buttonsOf([answer], 'halt.press');
    await rig.olu.send('POST', 'actions', {
      channel,
      ts: button?.ts,
      action_id: 'halt.press',
      block_id: button?.blockId,
      value: button?.value,
    });
    await until('the refusal', async () =>
      (await rig.olu.get<{ messages: RoomMessage[] }>(`channels/${channel}/messages`)).messages.some((message) =>
        textOf(message).includes('You are not on the roster'),
      ),
    );
    expect((await rig.launch()).halt.epoch).toBe(epoch);
    expect(people.map((one) => one.id)).toContain('olu');
  });

  it.each(['cancel', 'kill', 'freeze', 'panic', 'pause', 'undo', 'halt?', 'we must stop', 'halt off'])(
    '%s asks with one button and changes nothing',
    async (typed) => {
      const { id, seq } = await rig.launch();
      const answer = await rig.ask(rig.mia, typed);
      expect(answer).toContain('*Halt Fire drill now?*');
      // The conductor may note something of its own meanwhile.
      const since = (await rig.journal.entries(id)).filter((entry) => entry.seq > seq && 'person' in entry.by);
      expect(since).toEqual([]);
      const [message] = (await rig.mia.messages()).filter((one) => one.ephemeralTo !== undefined).toReversed();
      expect(buttonsOf(message === undefined ? [] : [message], 'halt.press')).toHaveLength(1);
    },
  );

  it.each([
    'halt!',
    'HALT!!!',
    '*halt*',
    'stop!',
    '/halt',
    'haltt',
    'hlat',
    'go halt',
    '/go /go halt',
    ':octagonal_sign:',
    'HALT\u00a0NOW',
  ])('%s halts at once', async (typed) => {
    expect(await rig.ask(rig.ben, typed)).toContain('*Halted*');
  });
});
