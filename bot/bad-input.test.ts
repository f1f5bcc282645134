import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../infra/local/slack/for-tests.ts';
import { eventBody, readyLaunch, RUNBOOK, signedPost, startRig, textOf } from '../test/bot-rig.ts';
import type { Rig } from '../test/bot-rig.ts';

describe('what is typed wrong gets a clear answer and changes nothing', () => {
  let rig: Rig;
  let seq: number;
  beforeAll(async () => {
    rig = await startRig();
    await writeFile(
      join(rig.runbooksDir, 'broken.yaml'),
      RUNBOOK.replace('at: T-8h', 'at: soon').replace('workers: 1', 'workers: many'),
    );
    await writeFile(
      join(rig.runbooksDir, 'long.yaml'),
      RUNBOOK.replace('This is only a drill.', 'x'.repeat(2_990)).replace(
        'Dies ist nur eine Übung.',
        'ü'.repeat(2_900),
      ),
    );
  });
  afterAll(() => rig.stop());

  it('before there is a launch', async () => {
    expect(await rig.ask(rig.ana, 'fire')).toContain('`/go create` opens a form');
    expect(await rig.ask(rig.ana, 'create dril in 1h')).toContain('Did you mean `drill`?');
    expect(await rig.ask(rig.ana, 'create drill 18:30')).toContain('in New York = ');
    expect(await rig.ask(rig.ana, 'create drill in 1h compress none')).toContain('Expected a number above 0');
    expect(await rig.ask(rig.mia, 'create drill in 1h')).toContain('needs on-call');
    const broken = await rig.ask(rig.ana, 'create broken in 1h');
    expect(broken).toMatch(
      /broken\.yaml:\d+:\d+ phases\.0\.steps\.0\.at: found "soon", expected a time relative to the target/,
    );
    expect(broken).toMatch(/broken\.yaml:\d+:\d+ pool\.workers: found "many"/);
    const long = await rig.ask(rig.ana, 'create long in 1h');
    expect(long).toMatch(/The de message is \d+ bytes on \w+; providers take at most 4096/);
    expect(await rig.cloud.live.launches()).toEqual([]);
  });

  it.each([
    ['fier', 'There is no `/go fier`.\nThere are'],
    ['banana', 'There is no `/go banana`'],
    ['help fier', 'There is no `/go fier`.\nThere are'],
    ['statsu', 'Did you mean `stats`?'],
    ['clsoe', 'There is no `/go clsoe`.\nThere are'],
    ['scael', 'There is no `/go scael`.\nThere are'],
    ['fire us-iso', 'Did you mean `us-ios`?'],
    ['fire mars-ios', 'There is no segment `mars-ios`'],
    ['scale worker 4', 'Did you mean `workers`?'],
    ['scale workers lots', 'expected a whole number'],
    ['scale', 'Which target?'],
    ['pace windows 5', 'There is no platform'],
    ['pace ios fast', 'is no rate for iOS: expected a whole number'],
    ['zombie maybe', 'neither on nor off'],
    ['switch baner on', 'Did you mean `banner`?'],
    ['switch banner on', 'Ask again with it: /go switch banner on because …'],
    ['test @nobody', 'nobody on the roster'],
    ['test mia', 'The roster has no device of Mia Chen'],
    ['move later', 'not a time that everybody reads the same'],
    ['campaign fr', 'The campaign has no locale `fr`'],
    ['people add sam', 'is not a mention'],
    ['people add U0GOBUTTON marketer', 'is an app'],
    ['people add U0NOBODY9 marketer', 'has no active Slack account'],
    ['scale workers 3000000', 'at most 10,000'],
    ['move 2020-01-01T00:00Z', 'expected a target that is still to come'],
    ['close', 'devices got nothing yet'],
    // The mention, two words long, is one word for us.
    ['people roles @Olu Adeyemi boss', 'There is no role `boss`'],
    ['people roles olu boss', 'There is no role `boss`'],
    ['people remove ana', 'Nobody is on-call'],
    ['resume', 'Nothing is halted'],
    ['note', 'What should it say?'],
    ['stats', 'Nothing was fired yet'],
  ])('/go %s', async (typed, expected) => {
    if (seq === undefined) seq = (await readyLaunch(rig)).seq;
    expect(await rig.ask(rig.ana, typed)).toContain(expected);
    const kinds = (await rig.journal.entries((await rig.launch()).id))
      .filter((entry) => entry.seq > seq)
      .map((entry) => entry.kind)
      .filter((kind) => !kind.startsWith('Step') && kind !== 'GateChanged');
    expect(kinds).toEqual([]);
  });
});

describe('people who leave, and what people say', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig({ mode: 'http' });
    await readyLaunch(rig);
  });
  afterAll(() => rig.stop());

  it('in a channel that is shared with another company nobody asks for fire and nobody presses GO', async () => {
    expect(await rig.ask(rig.ana, 'fire us-ios')).toContain('stands in the channel');
    await signedPost(
      rig,
      eventBody({ type: 'channel_shared', channel: 'C0WARROOM', connected_team_id: 'T0OTHER', event_ts: '1.0' }),
      'application/json',
    );
    expect(await rig.ask(rig.ana, 'fire us-android')).toContain('shared with another company');
    expect(await rig.press(rig.ben, 'fire.go')).toContain('shared with another company');
    expect((await rig.launch()).shots).toEqual({});
    await signedPost(
      rig,
      eventBody({
        type: 'channel_unshared',
        channel: 'C0WARROOM',
        previously_connected_team_id: 'T0OTHER',
        event_ts: '1.0',
      }),
      'application/json',
    );
    expect(await rig.ask(rig.ana, 'fire us-android')).toContain('stands in the channel');
  });

  it('whoever is to leave may be written with the whole name, and what follows is the reason', async () => {
    await rig.ask(rig.ana, 'people remove Olu Adeyemi because she left');
    const entries = await rig.journal.entries((await rig.launch()).id);
    const asked = entries.findLast((entry) => entry.kind === 'RosterChangeRequested');
    expect(asked).toMatchObject({ reason: 'she left' });
    expect(asked?.people.some(({ id }) => id === 'olu')).toBe(false);
  });

  it('a person deactivated in Slack is off the roster at once', async () => {
    const post = (deleted: boolean) =>
      signedPost(
        rig,
        eventBody({ type: 'user_change', user: { id: 'U0MARKET2', deleted }, event_ts: '1.0' }),
        'application/json',
      );
    expect((await post(false)).status).toBe(200);
    expect((await post(true)).status).toBe(200);
    await until('the removal', async () => !(await rig.launch()).people.some((person) => person.id === 'ben'));
    expect((await rig.launch()).people.map((person) => person.id)).toEqual(['ana', 'mia', 'olu']);
  });

  it("messages, edits and deletions of people become a chain, once each; the bot's own do not", async () => {
    const { id } = await rig.launch();
    // Refusals of earlier tests stand in the same chain.
    const kept = () => rig.cloud.record.messagesAfter(id, 0);
    const marks = async () => (await kept()).filter(({ mark }) => mark !== undefined);
    const chain = async () => (await kept()).filter(({ refused, mark }) => refused === undefined && mark === undefined);
    const said = (await rig.mia.say('the ad moved to the third quarter')) as unknown as { ts: string };
    await until('the first line', async () => (await chain()).length === 1);
    await rig.mia.send('PATCH', `messages/C0WARROOM/${said.ts}`, { text: 'the ad moved to the fourth quarter' });
    // Slack promises no order between events that are under way together.
    await until('the edit', async () => (await chain()).length === 2);
    await rig.mia.send('DELETE', `messages/C0WARROOM/${said.ts}`, {});
    // Of the bot's, too.
    const { ts } = (await rig.ana.messages()).find((one) => one.ephemeralTo === undefined) ?? { ts: '' };
    for (const [name, on] of [
      ['tada', true],
      ['stopwatch', true],
      ['stopwatch', false],
    ] as const) {
      await rig.mia.send('POST', 'reactions', { channel: 'C0WARROOM', ts, name, on });
      if (name === 'stopwatch') await until('the mark', async () => (await marks()).at(-1)?.mark?.on === on);
    }
    expect((await marks()).map(({ user, mark }) => [user, mark])).toEqual([
      ['U0MARKET1', { of: ts, name: 'stopwatch', on: true }],
      ['U0MARKET1', { of: ts, name: 'stopwatch', on: false }],
    ]);
    const messages = await until('three lines', async () => {
      const all = await chain();
      return all.length >= 3 ? all : null;
    });
    expect(messages.map(({ text, edits, deleted }) => ({ text, edits, deleted }))).toEqual([
      { text: 'the ad moved to the third quarter', edits: null, deleted: false },
      { text: 'the ad moved to the fourth quarter', edits: said.ts, deleted: false },
      { text: '', edits: said.ts, deleted: true },
    ]);
    expect(messages.every((message) => message.user === 'U0MARKET1')).toBe(true);
    expect(messages[0]?.permalink).toMatch(/^https?:/);

    // Slack delivers again what it thinks was lost.
    const event = {
      type: 'message',
      channel: 'C0WARROOM',
      user: 'U0MARKET1',
      text: 'again',
      ts: `${Math.floor(rig.nowMs() / 1_000)}.000900`,
      channel_type: 'channel',
    };
    await signedPost(rig, eventBody(event), 'application/json');
    await signedPost(rig, eventBody(event), 'application/json');
    await signedPost(
      rig,
      eventBody({ ...event, ts: `${Math.floor(rig.nowMs() / 1_000)}.000901`, text: 'last' }),
      'application/json',
    );
    const all = await until('the last line', async () => {
      const now = await chain();
      return now.some((message) => message.text === 'last') ? now : null;
    });
    expect(all.map((message) => message.text)).toEqual([
      'the ad moved to the third quarter',
      'the ad moved to the fourth quarter',
      '',
      'again',
      'last',
    ]);
    const bots = (await rig.ana.messages()).filter(
      (message) => message.bot_id !== undefined && message.ephemeralTo === undefined,
    );
    expect(bots.length).toBeGreaterThan(0);
    expect(
      textOf(bots[0] ?? { ts: '', text: '', html: '', blocks: [], edited: false, pinned: false, files: [] }),
    ).not.toBe('');
  });
});
