import { WebClient } from '@slack/web-api';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { sha256 } from '../infra/aws/sha256.ts';
import { until } from '../infra/local/slack/for-tests.ts';
import { postmortemMarkdown } from '../runbooks/postmortem/markdown.ts';
import { postmortemOf } from '../runbooks/postmortem/postmortem.ts';
import { givenIn } from '../runbooks/record/given.ts';
import { buttonsOf, readyLaunch, startRig, textOf } from '../test/bot-rig.ts';
import type { Rig, Someone } from '../test/bot-rig.ts';
import { askedNow, pressAddAction, pressAnswerPostmortem, submitAnswers } from './actions/afterwards.ts';
import { giveAnswer } from './actions/give-answer.ts';
import { ChannelLog } from './channel/channel-log.ts';
import type { Desk } from './desk.ts';

const value = (text: string) => ({ value: { type: 'plain_text_input', value: text } });
const HELPED = 'Who or what helped when it mattered?';

describe('once a launch is closed', () => {
  let rig: Rig;
  let launchId: string;
  beforeAll(async () => {
    rig = await startRig();
    launchId = (await readyLaunch(rig)).id;
    await rig.ask(rig.ben, 'halt wrong link');
    await rig.ask(rig.ana, 'close that was it');
  });
  afterAll(() => rig.stop());

  const button = async (who: Someone, actionId: string) =>
    until(`a button ${actionId}`, async () => buttonsOf(await who.messages(), actionId).at(-1));
  const form = async (who: Someone) =>
    until('a form with fields', async () => (await who.views()).find(({ html }) => html.includes('<textarea')));
  const pressed = async (who: Someone, actionId: string) => {
    const found = await button(who, actionId);
    expect(await who.press(found.ts, actionId, { block_id: found.blockId, value: found.value })).toMatchObject({
      ok: true,
    });
    return form(who);
  };
  const fieldOf = (question: string): string => `q:${sha256(question).slice(0, 16)}`;
  const messages = () => rig.cloud.record.messagesAfter(launchId, 0);
  /** What another instance of the bot has. */
  const deskOf = (more: object = {}) => {
    const log = pino({ level: 'silent' });
    const channelLog = new ChannelLog({ record: rig.cloud.record, client: new WebClient(), log });
    const { journal, cloud } = rig;
    return {
      journal,
      cloud,
      nowMs: () => rig.nowMs(),
      log,
      channelLog,
      conductor: rig.bot.conductor,
      ...more,
    } as unknown as Desk;
  };
  const answers = async () =>
    givenIn(await rig.journal.entries(launchId), await messages()).entries.flatMap((entry) =>
      entry.kind === 'QuestionAnswered' && 'person' in entry.by
        ? [`${entry.by.person}: ${entry.question} ${entry.words}`]
        : [],
    );

  it('those who responded are called, each question is in the form, and answers are kept as they were written', async () => {
    const said = await until('the call', async () =>
      (await rig.ana.messages()).find((one) => textOf(one).includes('What only people know')),
    );
    // Mia ticked a gate that is hers, Ben halted; Ana and Olu did neither.
    expect(textOf(said)).toContain('<@U0MARKET1> <@U0MARKET2>, everybody');
    const view = await pressed(rig.ben, 'postmortem.answer');
    expect(view.html).toContain('HALT 1: when did somebody first see the problem, and what showed it?');
    const field = fieldOf(HELPED);
    expect(await rig.ben.submit(view.id, {})).toMatchObject({ ok: false });
    expect(await rig.ben.submit(view.id, { [field]: value('*One* room.\nAna forgot the edge.') })).toMatchObject({
      ok: true,
    });
    const answer = await until('the answer', async () =>
      (await rig.ben.messages()).map(textOf).find((text) => text.includes('Kept, as you wrote it: 1 answer')),
    );
    expect(answer).toContain('“Ana” beside “forgot”');
    expect(await answers()).toEqual([`ben: ${HELPED} *One* room.\nAna forgot the edge.`]);
    expect(textOf(said)).not.toContain('Ana forgot');
  });

  it('who answers again sees what they wrote, and both are in the record', async () => {
    expect(await rig.ben.go('answer')).toMatchObject({ ok: true });
    const view = await form(rig.ben);
    expect(view.html).toContain('You wrote: *One* room.');
    const field = fieldOf(HELPED);
    expect(await rig.ben.submit(view.id, { [field]: value('The plan.') })).toMatchObject({ ok: true });
    await until('both', async () => ((await answers()).length === 2 ? true : undefined));
  });

  it('a question that is not asked any more is said at its field, and nothing is kept', async () => {
    const desk = deskOf();
    const lost = { text: 'lost?', option: null, options: [], dateTimeMs: null, date: null };
    const result = await submitAnswers({
      desk,
      meta: { launchId, channelId: 'C0WARROOM' },
      slackId: 'U0MARKET1',
      teamId: null,
      atMs: rig.nowMs(),
      press: 'p1',
      fields: new Map([['q:0123456789abcdef', lost]]),
    });
    expect(result).toMatchObject({
      ok: false,
      errors: { 'q:0123456789abcdef': expect.stringContaining('other words now. Copy what you wrote') as string },
    });
    // If the form was closed before that was known, the answer has it.
    expect(JSON.stringify(result.answer)).toMatch(/1 answer not kept, and no other was given: .*• lost\?/);
    expect((await answers()).join()).not.toContain('lost?');
  });

  it('an answer that can’t be kept is said at its field, with what was written, and the others are kept', async () => {
    const seal = rig.cloud.words.seal.bind(rig.cloud.words);
    const spied = vi.spyOn(rig.cloud.words, 'seal').mockImplementation(async (id, seq, text) => {
      if (text.includes('lost!')) throw new Error('S3 is away');
      return seal(id, seq, text);
    });
    const desk = deskOf();
    const { questions } = await askedNow(desk, launchId);
    const [one = '', two = ''] = questions.filter((question) => question !== HELPED);
    const field = (text: string) => ({ text, option: null, options: [], dateTimeMs: null, date: null });
    const result = await submitAnswers({
      desk,
      meta: { launchId, channelId: 'C0WARROOM' },
      slackId: 'U0OBSERVER',
      teamId: null,
      atMs: rig.nowMs(),
      press: 'p4',
      fields: new Map([
        [fieldOf(one), field('lost!')],
        [fieldOf(two), field('kept!')],
      ]),
    });
    spied.mockRestore();
    expect(result).toMatchObject({
      ok: false,
      errors: { [fieldOf(one)]: expect.stringContaining('S3 did not answer') },
    });
    expect(JSON.stringify(result.answer)).toMatch(/1 answer not kept, 1 kept: .*• lost!/);
    expect((await answers()).filter((text) => /lost!|kept!/.test(text))).toEqual([`olu: ${two} kept!`]);
  });

  it('a form whose questions can’t be read says so, and does not go on waiting for them', async () => {
    const views: string[] = [];
    const client = {
      views: {
        open: async () => ({ view: { id: 'V1' } }),
        update: async ({ view }: { view: object }) => void views.push(JSON.stringify(view)),
      },
    };
    const cloud = { record: { messagesAfter: async () => Promise.reject(new Error('S3 is away')) } };
    const pressing = pressAnswerPostmortem({
      desk: { journal: rig.journal, cloud, client } as unknown as Desk,
      value: { launchId },
      slackId: 'U0MARKET1',
      channelId: 'C0WARROOM',
      triggerId: 'T1',
      answer: async () => undefined,
    });
    await expect(pressing).rejects.toThrow('S3 is away');
    expect(views).toEqual([expect.stringContaining('The questions could not be read')]);
  });

  it('who is not on the roster answers in their own name, sets no action, and closes no question', async () => {
    const noted: string[] = [];
    const said: string[] = [];
    const refusals = { note: (_id: string, slackId: string, { code }: { code: string }) => noted.push(slackId, code) };
    const stranger = { slackId: 'U9STRANGER', channelId: 'C0WARROOM', triggerId: 'none' };
    await pressAddAction({
      ...stranger,
      desk: { journal: rig.journal, refusals } as unknown as Desk,
      value: { launchId },
      answer: async ({ text }) => void said.push(text),
    });
    expect(said).toEqual(['You are not on the roster of Fire drill.']);
    expect(noted).toEqual(['U9STRANGER', 'NOT_ON_ROSTER']);
    const desk = deskOf({ refusals });
    const field = { text: 'The page was slow.', option: null, date: null };
    const keep = () =>
      submitAnswers({
        ...stranger,
        desk,
        press: 'p2',
        meta: { launchId, channelId: 'C0WARROOM' },
        fields: new Map([[fieldOf(HELPED), field]]),
      } as never);
    const kept = await keep();
    expect([kept.ok, JSON.stringify(kept.answer)]).toEqual([
      true,
      expect.stringMatching(
        /1 answer\. They stand in the postmortem with your name, and that you are not on the roster\./,
      ),
    ]);
    // Sent twice, it stands once.
    expect((await keep()).ok).toBe(true);
    const given = (await rig.journal.entries(launchId)).filter(
      (entry) => entry.kind === 'QuestionAnswered' && entry.guest !== undefined,
    );
    const item = (await messages()).at(-1);
    expect(item).toMatchObject({ user: 'U9STRANGER', text: 'The page was slow.', given: { question: HELPED } });
    const place = { seq: item?.seq, hash: item?.hash };
    expect(given).toMatchObject([{ by: { system: 'slack' }, guest: `m${place.seq}`, item: place }]);
    expect(JSON.stringify(given)).not.toMatch(/U9STRANGER|slow/);
    const text = postmortemMarkdown(
      postmortemOf(await rig.journal.entries(launchId), await messages(), {
        chain: { ok: true },
        slackNames: new Map([['U9STRANGER', 'Kim']]),
      }) as never,
    );
    expect(text).toMatch(/> Kim \(U9STRANGER\), not on the roster, /);
  });

  it('an action is added by the form, changed and closed by what is typed, and the list has it', async () => {
    expect(await rig.mia.go('action')).toMatchObject({ ok: true });
    const view = await form(rig.mia);
    const choice = (one: string, text: string) => ({
      value: {
        type: 'static_select',
        selected_option: { text: { type: 'plain_text', text, emoji: true }, value: one },
      },
    });
    const date = { value: { type: 'datepicker', selected_date: '2207-03-01' } };
    const typed = {
      words: value('Raise the edge sooner'),
      when: choice('next', 'Next: before the next launch of its kind'),
      owner: choice('ben', 'Ben Okafor'),
    };
    expect(await rig.mia.submit(view.id, { ...typed, due: date })).toMatchObject({
      ok: false,
      errors: { due: expect.stringContaining('no date of these years') as string },
    });
    const due = new Date(rig.nowMs() + 86_400_000).toISOString().slice(0, 10);
    expect(
      await rig.mia.submit(view.id, { ...typed, due: { value: { type: 'datepicker', selected_date: due } } }),
    ).toMatchObject({ ok: true });
    const [id = ''] = await until('the action', async () => {
      const ids = Object.keys((await rig.journal.launch(launchId))?.postmortem.actions ?? {});
      return ids.length === 1 ? ids : undefined;
    });
    await until('its post', async () =>
      (await rig.ana.messages()).find((one) => textOf(one).includes(`set the action ${id} (next, by Ben Okafor`)),
    );
    expect(await rig.ask(rig.ana, `action change ${id} owner mia`)).toContain('Changed.');
    expect(await rig.ask(rig.ana, 'actions')).toContain(
      `\`${id}\` *next*, Mia Chen, until ${due}: Raise the edge sooner`,
    );
    expect(await rig.ask(rig.ana, `action now ben ${due} fix, now, what Mia broke`)).toContain('“Mia” beside “broke”');
    // Their words, commas and all.
    expect(await rig.ask(rig.ana, `action change ${id} words raise it, 1,500 seats`)).toContain('Changed.');
    expect(await rig.ask(rig.ana, 'actions')).toContain('raise it, 1,500 seats');
    expect(await rig.ask(rig.ana, `action close ${id.toLowerCase()} it is, 2,000 of them, in the plan`)).toContain(
      'Closed.',
    );
    expect((await rig.journal.entries(launchId)).findLast(({ kind }) => kind === 'ActionClosed')).toMatchObject({
      words: 'it is, 2,000 of them, in the plan',
    });
    expect(await rig.ask(rig.ana, `action close ${id}`)).toContain('is closed already');
    expect(await rig.ask(rig.ana, 'action now ben soon fix it')).toContain('expected when, who, a date');
    // Its words alone come back in a line that can be typed as it is.
    const how = await rig.ask(rig.ana, 'action Clean the list, all of it');
    expect(how).toContain('Nothing was added');
    const line = /\/go (action next me \d{4}-\d{2}-\d{2} Clean the list, all of it)/.exec(how)?.[1] ?? '';
    expect(await rig.ask(rig.ana, line)).toContain('Added.');
    const added = Object.keys((await rig.journal.launch(launchId))?.postmortem.actions ?? {}).at(-1);
    expect(await rig.ask(rig.ana, `action close ${added}`)).toContain('Closed.');
    expect(await rig.ask(rig.ana, `action change ${id} colour red`)).toContain('expected until, owner, when or words');
    expect(await rig.ask(rig.ana, 'action change A9999 when now')).toContain('Actions of');
    expect(await rig.ask(rig.ana, 'actions')).toMatch(new RegExp(`~\`${id}\``));
  });

  it('who has not answered four hours later is called once, and the index has when to look again', async () => {
    rig.later(4 * 3_600_000);
    const called = async () => (await rig.ana.messages()).filter((one) => textOf(one).includes('waits for answers'));
    await until('the call', async () => ((await called()).length > 0 ? true : undefined));
    expect((await called()).map(textOf).join()).toContain('<@U0MARKET1> The postmortem of');
    const item = await until('when to look again', async () =>
      (await rig.cloud.live.launches()).find(
        ({ closed, openActions, remindAtMs = 0 }) => closed && openActions === 1 && remindAtMs > rig.nowMs(),
      ),
    );
    expect(item.remindAtMs).toBeLessThan(rig.nowMs() + 8 * 86_400_000);
    expect(await called()).toHaveLength(1);
  });

  it('the postmortem goes to review and, once each question has an answer, is done', async () => {
    expect(await rig.ask(rig.mia, 'postmortem review')).toContain('needs on-call');
    expect(await rig.ask(rig.ana, 'postmortem review')).toContain('The postmortem is in review.');
    expect(await rig.ask(rig.ana, 'postmortem done')).toContain('have no answer yet');
    const { questions } = await askedNow(deskOf(), launchId);
    const answering = { desk: deskOf(), launchId, slackId: 'U0OBSERVER', press: 'p3', messages: await messages() };
    for (const [at, question] of questions.entries())
      expect(await giveAnswer(answering, { question, words: 'unknown', field: `q${at}` })).toMatchObject({ ok: true });
    expect(await rig.ask(rig.ana, 'postmortem done')).toContain('The postmortem is done.');
  });

  it('the postmortem is a canvas of the channel, with what people have answered, and may be one again', async () => {
    const tabs = async () => {
      const { channels } = await rig.ana.get<{
        channels: { id: string; bookmarks: { title: string; link: string }[] }[];
      }>('state');
      return channels.find(({ id }) => id === 'C0WARROOM')?.bookmarks ?? [];
    };
    const { name, id } = await rig.launch();
    const title = `Postmortem of ${name} (${id})`;
    for (const _ of [1, 2])
      expect(await rig.ask(rig.mia, 'postmortem canvas')).toContain(`*${title}* is a canvas of this channel`);
    const found = (await tabs()).filter((one) => one.title === title);
    expect(found).toHaveLength(1);
    const text = await (await fetch(found[0]?.link ?? '')).text();
    expect(text).toContain('## Summary');
    expect(text).toContain('> unknown');
  });

  it('the next launch of the same runbook shows at its readiness what is left to do', async () => {
    const next = await rig.bot.conductor.execute('next-drill', {
      kind: 'create-launch',
      by: 'ana',
      launchId: 'next-drill',
      name: 'Next drill',
      channelId: 'C0WARROOM',
      runbook: (await rig.launch()).runbook,
      runbookHash: 'r',
      targetAtMs: rig.nowMs() + 3_600_000,
      compress: 1,
    });
    expect(next).toMatchObject({ ok: true });
    const readiness = await until('readiness', async () => {
      const text = await rig.ask(rig.ana, 'ready');
      return text.includes('Still open from earlier launches') ? text : undefined;
    });
    expect(readiness).toMatch(/`A\d+` \*now\*, Ben Okafor, until .*: fix, now, what Mia broke \(Fire drill\)/);
  });
});
