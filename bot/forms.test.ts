import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../infra/local/slack/for-tests.ts';
import type { RoomView } from '../infra/local/slack/for-tests.ts';
import { buttonsOf, readyLaunch, RUNBOOK, startRig, textOf } from '../test/bot-rig.ts';
import type { Rig, Someone } from '../test/bot-rig.ts';

/** Two pictures are seconds of CPU time, in a thread beside whatever else the machine does. */
const DRAWN_WITHIN_MS = 40_000;

const value = (text: string) => ({ value: { type: 'plain_text_input', value: text } });

describe('forms', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig();
  });
  afterAll(() => rig.stop());

  const open = async (who: Someone, typed: string): Promise<RoomView> => {
    expect(await who.go(typed)).toMatchObject({ ok: true });
    return until('a form', async () => (await who.views())[0]);
  };

  it('create: problems stand at their field, and the corrected form creates', async () => {
    const form = await open(rig.ana, 'create');
    const target = { value: { type: 'datetimepicker', selected_date_time: Math.floor(rig.nowMs() / 1_000) + 3_600 } };
    const runbook = {
      value: {
        type: 'static_select',
        selected_option: { text: { type: 'plain_text', text: 'Fire drill (drill)', emoji: true }, value: 'drill' },
      },
    };
    expect(await rig.ana.submit(form.id, { runbook, target, compress: value('fast') })).toMatchObject({
      ok: false,
      errors: { compress: expect.stringContaining('number above 0') as string },
    });
    expect(await rig.ana.submit(form.id, { runbook, target, compress: value('1,5') })).toMatchObject({
      ok: false,
      errors: { compress: expect.stringContaining('15 or 1.5, whichever is meant') as string },
    });
    expect(await rig.cloud.live.launches()).toEqual([]);
    expect(
      await rig.ana.submit(form.id, { runbook, target, name: value('Rehearsal'), compress: value('24') }),
    ).toMatchObject({ ok: true });
    expect(await rig.launch()).toMatchObject({ name: 'Rehearsal', compress: 24 });
    await until('the closed form', async () => (await rig.ana.views()).length === 0);
  });

  it('create by somebody without the role: refused in the form, in the words of the core', async () => {
    await rig.ask(rig.ana, 'close');
    const form = await open(rig.mia, 'create');
    const answer = await rig.mia.submit(form.id, {
      target: { value: { type: 'datetimepicker', selected_date_time: Math.floor(rig.nowMs() / 1_000) + 3_600 } },
    });
    expect(JSON.stringify(answer)).toContain('needs on-call');
    await rig.mia.send('POST', `views/${form.id}/close`, {});
  });

  it('campaign: previews what was typed, refuses what is too long for a provider, saves the rest', async () => {
    await readyLaunch(rig);
    const form = await open(rig.mia, 'campaign de');
    const typed = { 'title:de': value('Jetzt!'), 'body:de': value('Neuer Text.') };
    expect(
      await rig.mia.send('POST', `views/${form.id}/actions`, { action_id: 'campaign.preview', values: typed }),
    ).toMatchObject({ ok: true });
    await until('the preview', async () => (await rig.mia.views())[0]?.html.includes('Neuer Text.'));
    const long = { 'title:de': value('Jetzt!'), 'body:de': value('ü'.repeat(2_900)) };
    expect(await rig.mia.submit(form.id, long)).toMatchObject({
      ok: false,
      errors: { 'body:de': expect.stringContaining('providers take 4,096') as string },
    });
    const bad = { 'title:de': value('Jetzt! \ud83d'), 'body:de': value('Neuer\u0007 Text.') };
    expect(await rig.mia.submit(form.id, bad)).toMatchObject({
      ok: false,
      errors: {
        'title:de': expect.stringContaining('half an emoji') as string,
        'body:de': expect.stringContaining('U+0007') as string,
      },
    });
    const unseen = { 'title:de': value('\u200b'), 'body:de': value('\u3164') };
    expect(await rig.mia.submit(form.id, unseen)).toMatchObject({
      ok: false,
      errors: { 'title:de': 'A push needs a title.' },
    });
    // A placeholder is for a person to judge: it is saved, said, and a gate.
    const placeholder = { 'title:de': value('Hi {{first_name}}!'), 'body:de': value('TODO') };
    expect(
      await rig.mia.send('POST', `views/${form.id}/actions`, { action_id: 'campaign.preview', values: placeholder }),
    ).toMatchObject({ ok: true });
    await until('the doubt in the preview', async () => (await rig.mia.views())[0]?.html.includes('de title has'));
    expect(await rig.mia.submit(form.id, placeholder)).toMatchObject({ ok: true });
    await until('the placeholder', async () => (await rig.launch()).campaign.locales['de']?.body === 'TODO');
    await until('the warning', async () =>
      (await rig.mia.messages()).some(
        (one) =>
          one.ephemeralTo !== undefined &&
          /Looks unfinished.*de title has “{{first_name}}”; de body has “TODO”/s.test(textOf(one)),
      ),
    );
    expect(await rig.ask(rig.mia, 'ready')).toContain(
      'de title has “{{first_name}}”; de body has “TODO”; nobody has judged it yet',
    );
    const button = buttonsOf(await rig.mia.messages(), 'gate.tick').findLast((one) =>
      one.value.includes('copy-doubts'),
    );
    expect(
      await rig.mia.press(button?.ts ?? '', 'gate.tick', {
        block_id: button?.blockId ?? '',
        value: button?.value ?? '',
      }),
    ).toMatchObject({ ok: true });
    await until('the tick', async () => (await rig.launch()).ticks['copy-doubts']?.green);
    const again = await open(rig.mia, 'campaign de');
    expect(await rig.mia.submit(again.id, typed)).toMatchObject({ ok: true });
    await until('the new text', async () => (await rig.launch()).campaign.locales['de']?.body === 'Neuer Text.');
    expect((await rig.launch()).campaign.locales['en']?.body).toBe('This is only a drill.');
  });

  it('campaign: a text that somebody else saved meanwhile is not undone', async () => {
    const form = await open(rig.mia, 'campaign en');
    const { id, campaign } = await rig.launch();
    await rig.journal.append(id, { kind: 'set-campaign', by: 'ben', campaign: { ...campaign, sound: 'quiet' } });
    expect(
      JSON.stringify(await rig.mia.submit(form.id, { 'title:en': value('Mine'), 'body:en': value('Mine') })),
    ).toContain('Somebody saved another text');
    expect((await rig.launch()).campaign.locales['en']?.title).toBe('Drill <now> & here');
    await rig.mia.send('POST', `views/${form.id}/close`, {});
  });

  it('campaign: an observer gets to read the text, no form, and no way around it', async () => {
    expect(await rig.ask(rig.olu, 'campaign de')).toContain('Neuer Text.');
    expect(await rig.olu.views()).toEqual([]);
    const { id, campaign, contentHash } = await rig.launch();
    expect(
      await rig.journal.append(id, { kind: 'set-campaign', by: 'olu', campaign: { ...campaign, sound: 'loud' } }),
    ).toMatchObject({ ok: false, code: 'ROLE_MISSING' });
    expect((await rig.launch()).contentHash).toBe(contentHash);
  });

  it('campaign set: one key of a locale is changed, and the room sees before and after', async () => {
    expect(await rig.ask(rig.mia, 'campaign set de badge two')).toContain(
      'locales.de.badge: found "two", expected a whole number',
    );
    expect(await rig.ask(rig.mia, 'campaign set de image http://x.example.com/a.jpg')).toContain(
      'expected an https address',
    );
    expect(await rig.ask(rig.mia, 'campaign set de badge 2')).toContain('Saved.');
    expect((await rig.launch()).campaign.locales['de']).toMatchObject({ body: 'Neuer Text.', badge: 2 });
    await until('the change in the room', async () =>
      (await rig.ana.messages()).some((one) => /de badge is new[^]*now: .?2/.test(textOf(one).replaceAll('*', ''))),
    );
    expect(await rig.ask(rig.olu, 'campaign set badge 2')).toContain('Olu Adeyemi is observer here');
  });

  it('campaign preview: pictures of the locales that were named stand in the channel, with what is cut', async () => {
    expect(await rig.ask(rig.ben, 'campaign preview xx')).toContain('The campaign has no locale `xx`');
    expect(await rig.ben.go('campaign preview de en')).toMatchObject({ ok: true });
    const post = await until(
      'the pictures',
      async () => (await rig.ben.messages()).find(({ files }) => files.length > 0),
      DRAWN_WITHIN_MS,
    );
    const { contentHash } = await rig.launch();
    expect(post.files.map(({ name }) => name)).toEqual(
      ['de', 'en'].map((locale) => `preview-${locale}-${contentHash.slice(0, 8)}.png`),
    );
    expect(textOf(post)).toContain(`Content \`${contentHash.slice(0, 8)}\` on a locked phone`);
    const picture = await fetch(new URL(post.files[0]?.url ?? '', rig.workspace.url));
    expect(picture.headers.get('content-type')).toBe('image/png');
  });

  it('a waiver is asked for by one person and granted by another with a button', async () => {
    expect(await rig.ask(rig.ana, 'ready')).toContain('Somebody has read the copy');
    const { id } = await rig.launch();
    await rig.bot.conductor.execute(id, {
      kind: 'request-waiver',
      by: 'ana',
      gate: 'copy-read',
      segments: 'all',
      worst: null,
      reason: 'the printer is out',
      endsAtMs: rig.nowMs() + 3_600_000,
    });
    expect(await rig.press(rig.ana, 'waiver.grant')).toContain('second person must grant');
    expect(await rig.press(rig.ben, 'waiver.grant')).toContain('Granted');
    const post = await until('the outcome', async () =>
      (await rig.ben.messages()).find(
        (message) => message.ephemeralTo === undefined && textOf(message).includes('Granted by *Ben Okafor*'),
      ),
    );
    expect(JSON.stringify(post.blocks)).not.toContain('waiver.grant');
    expect(await rig.press(rig.mia, 'board.ready')).toContain('waived');
  });

  it('waiver: its form opens for on-call, about that gate, and not for those who may only grant it', async () => {
    expect(await rig.ask(rig.ana, 'close the drill is over')).toContain('The launch is closed');
    await writeFile(
      join(rig.runbooksDir, 'soft.yaml'),
      RUNBOOK.replace('id: drill\n', 'id: soft\n').replace(
        'gates:\n',
        'gates:\n  - { id: workers, title: Workers are ready, probe: { kind: workers-ready } }\n',
      ),
    );
    expect(await rig.ask(rig.ana, 'create soft in 1h')).toContain('Created');
    const askFor = async (who: Someone): Promise<void> => {
      expect(await rig.ask(who, 'ready')).toContain('Workers are ready');
      const button = buttonsOf(await who.messages(), 'waiver.ask').findLast(({ value: to }) =>
        to.includes('"workers"'),
      );
      if (button === undefined) throw new Error('no button to ask for a waiver');
      await who.press(button.ts, 'waiver.ask', { block_id: button.blockId, value: button.value });
    };
    await askFor(rig.mia);
    await until('the refusal', async () =>
      (await rig.mia.messages()).some((message) =>
        textOf(message).includes('Asking for a waiver needs on-call: Ana Ortiz'),
      ),
    );
    expect(await rig.mia.views()).toEqual([]);

    await askFor(rig.ana);
    const form = await until('the form', async () => (await rig.ana.views())[0]);
    expect(form).toMatchObject({ title: { text: 'Ask for a waiver' } });
    expect(form.html).toContain('Workers are ready');
    expect(
      await rig.ana.submit(form.id, { reason: value('the printer is out'), until: value('whenever') }),
    ).toMatchObject({ ok: false, errors: { until: expect.stringContaining('Expected a time') as string } });
    expect(await rig.ana.submit(form.id, { reason: value('the printer is out'), until: value('14:30') })).toMatchObject(
      {
        ok: false,
        errors: {
          until: expect.stringMatching(/14:30 in New York = 1[89]:30 UTC: type \d{4}-\d\d-\d\dT1[89]:30Z/) as string,
        },
      },
    );
    expect(
      await rig.ana.submit(form.id, { reason: value('the printer is out'), until: value('2027-02-30T10:00Z') }),
    ).toMatchObject({ ok: false, errors: { until: expect.stringContaining('February 2027 has 28 days') as string } });
    expect(
      await rig.ana.submit(form.id, {
        reason: value('the printer is out'),
        until: value('in 1h'),
        worst: value('4.000'),
      }),
    ).toMatchObject({ ok: false, errors: { worst: expect.stringContaining('4000 or 4') as string } });
    expect(
      await rig.ana.submit(form.id, { reason: value('the printer is out'), until: value('in 1h'), worst: value('4') }),
    ).toMatchObject({ ok: true });
    await until('the request', async () =>
      Object.values((await rig.launch()).waivers).some(
        (one) => one.gate === 'workers' && one.reason === 'the printer is out',
      ),
    );
  });

  it('a tick that needs a link asks for it in a form; who is there says so with a button', async () => {
    await rig.ana.send('POST', `views/${(await rig.ana.views())[0]?.id ?? ''}/close`, {});
    expect(await rig.ask(rig.ana, 'close the drill is over')).toContain('The launch is closed');
    await writeFile(
      join(rig.runbooksDir, 'shown.yaml'),
      RUNBOOK.replace('id: drill\n', 'id: shown\n').replace(
        'gates:\n',
        `gates:
  - { id: checked, title: The list was checked, evidence: link }
  - { id: there, title: People are there, probe: { kind: people-present, people: [mia] } }
`,
      ),
    );
    expect(await rig.ask(rig.ana, 'create shown in 1h')).toContain('Created');
    expect(await rig.ask(rig.mia, 'ready')).toContain('not heard of within 30 min: Mia Chen');
    const press = async (action: string, what: string) => {
      const button = buttonsOf(await rig.mia.messages(), action).findLast(({ value: to }) => to.includes(what));
      if (button === undefined) throw new Error(`no button ${action}`);
      await rig.mia.press(button.ts, action, { block_id: button.blockId, value: button.value });
    };
    await press('gate.tick', '"checked"');
    const form = await until('the form', async () => (await rig.mia.views())[0]);
    expect(form.html).toContain('Link that shows it');
    expect(await rig.mia.submit(form.id, { note: value('I looked') })).toMatchObject({
      ok: false,
      errors: { note: expect.stringContaining('“I looked” has none') as string },
    });
    expect((await rig.launch()).ticks).toEqual({});
    expect(await rig.mia.submit(form.id, { note: value('https://wiki.example.com/list') })).toMatchObject({ ok: true });
    expect((await rig.launch()).ticks['checked']).toMatchObject({ by: 'mia', note: 'https://wiki.example.com/list' });
    expect(await rig.press(rig.mia, 'person.here')).toContain('you are there');
    expect((await rig.launch()).present).toHaveProperty('mia');
  });

  it('figures of a surge come by a form, as lines of CSV, and hold from then on', async () => {
    expect(await rig.ask(rig.mia, 'forecast')).toContain('No forecast yet');
    const button = buttonsOf(await rig.mia.messages(), 'surge.ask').at(-1);
    if (button === undefined) throw new Error('no button');
    await rig.mia.press(button.ts, 'surge.ask', { block_id: button.blockId, value: button.value });
    const form = await until('the form', async () => (await rig.mia.views())[0]);
    const fill = (fleets: string) =>
      rig.mia.submit(form.id, {
        source: value('load balancer, 18:00 to 18:10'),
        open: value('4.5 %'),
        unpaced: value('2k'),
        fleets: value(fleets),
      });
    expect(await fill('workers,a lot')).toMatchObject({
      ok: false,
      errors: { fleets: expect.stringContaining('Line 1: per_open: found “a lot”') as string },
    });
    expect(await fill('fleet,per_open\nedge,1')).toMatchObject({
      ok: false,
      errors: { fleets: expect.stringContaining('There is no scale target edge') as string },
    });
    expect((await rig.launch()).surge).toBeNull();
    expect(await fill('fleet,per_open,per_unit\nworkers,50,250')).toMatchObject({ ok: true });
    expect((await rig.launch()).surge).toMatchObject({
      by: 'mia',
      openRate: 0.045,
      unpacedPerSecond: 2_000,
      fleets: { workers: { perOpen: 50, perUnit: 250 } },
    });
  });
});
