import { describe, expect, test } from 'vitest';
import { audience, sampleRunbook, Scene, segmentTotals, totals } from '../../test/properties/scene.ts';
import { splitAudience, splitCampaign, splitScene } from '../../test/properties/split-scene.ts';
import type { Campaign } from '../playbook/schema.ts';
import { campaignChanges, changesText } from './campaign-parts.ts';
import { copyDoubts } from './copy-doubts.ts';
import { localized } from './localized.ts';
import { apnsPayload, fcmMessage, payloadSizes } from './payload.ts';
import { copiesOf, copiesUnseen, textsAsked } from './test-copies.ts';
import { devicesPerText } from './texts-sent.ts';
import { sumVariants } from './totals.ts';
import { heldOutIn, splitOf, splitText, textFor, textsNamed, textsOf, variantDevices } from './variants.ts';

const plain = sampleRunbook().campaign;
const campaign = splitCampaign;
const split = splitOf(campaign) ?? { salt: '', variants: [], holdOut: 0 };
const all = splitAudience.segments.map(({ id }) => ({ segment: id }));
const scene = splitScene;

describe('texts', () => {
  test('are those of each locale and variant; a variant has what its locale has, but for what it changes', () => {
    expect(textsOf(campaign)).toEqual(['en/a', 'en/b', 'pt-BR/a', 'pt-BR/b']);
    expect(localized(campaign, 'en/a')).toMatchObject({
      title: 'Did you see that?',
      body: 'Do your lesson.',
      badge: null,
    });
    expect(localized(campaign, 'en/b')).toMatchObject({ title: 'You missed it', body: 'Do your lesson.', badge: 2 });
    for (const none of ['en', 'en/c', 'fr/a'])
      expect(() => localized(campaign, none)).toThrow(expect.objectContaining({ code: 'LOCALE_UNKNOWN' }));
  });

  test('are named one by one or by their locale, in small letters and capitals', () => {
    expect(textsNamed(campaign, 'pt-br')).toEqual(['pt-BR/a', 'pt-BR/b']);
    expect(textsNamed(campaign, 'PT-br/B')).toEqual(['pt-BR/b']);
    expect(textsNamed(campaign, 'b')).toEqual([]);
    expect(textsNamed(plain, 'en')).toEqual(['en']);
  });

  test('say to the app which variant they are, and nothing in a campaign without variants', () => {
    const ids = { launchId: 'l', shotId: 's' };
    const keeping = { collapseId: 'c', expiresAfterMs: 0 };
    expect(JSON.parse(apnsPayload(campaign, 'en/b', ids))).toMatchObject({
      aps: { alert: { title: 'You missed it' }, badge: 2 },
      gobutton: { launch: 'l', shot: 's', variant: 'b' },
    });
    expect(fcmMessage(campaign, 'en/b', ids, keeping).data).toMatchObject({ gobutton_variant: 'b' });
    expect(apnsPayload(plain, 'en', ids)).not.toContain('variant');
    expect(fcmMessage(plain, 'en', ids, keeping).data).not.toHaveProperty('gobutton_variant');
  });

  test('are measured, and read for what looks unfinished, each by itself', () => {
    expect(payloadSizes(campaign, 'l').map(({ text }) => text)).toContain('pt-BR/b');
    const locales = { ...campaign.locales, en: { title: 'Hi', body: 'Go', variants: { b: { title: 'Hi {{name}}' } } } };
    expect(copyDoubts({ ...campaign, locales })).toEqual([{ where: 'en/b title', found: '“{{name}}”' }]);
  });

  test('are counted as the audience was compiled; one that is gone since is what the workers send in its place', () => {
    expect(devicesPerText(campaign, splitAudience, [{ segment: 'us-ios' }])).toEqual({ 'en/a': 240, 'en/b': 260 });
    expect(devicesPerText(plain, splitAudience, all)).toEqual({ en: 800, 'pt-BR': 200 });
    expect(textFor(campaign, 'pt-BR/b')).toBe('pt-BR/b');
    expect(textFor(campaign, 'fr/b')).toBe('en/b');
    expect(textFor(campaign, 'pt-BR')).toBe('pt-BR/a');
  });

  test('a change of one is told by its name, and a change of shares by the variant', () => {
    const now: Campaign = {
      ...campaign,
      variants: [
        { id: 'a', share: 0.5 },
        { id: 'b', share: 0.4 },
      ],
      locales: {
        ...campaign.locales,
        en: { title: 'Did you see that?', body: 'Do your lesson.', variants: { b: { title: 'Gone' } } },
      },
    };
    expect(changesText(campaignChanges(campaign, now))).toBe(
      'en/b title "You missed it" → "Gone"; en/b badge "2" is gone; share of a "0.45" → "0.5"; share of b "0.45" → "0.4"',
    );
  });
});

describe('test copies', () => {
  const phones = [{ person: 'ana', platform: 'ios' as const, locale: 'pt' }];

  test('go out in every variant of the language of a phone, beside each other; or in the one that was asked for', () => {
    const copies = (locales?: string[]) =>
      copiesOf({ campaign }, { to: ['ana'], ...(locales === undefined ? {} : { locales }) }, phones).map(
        ({ locale, isExtra }) => [locale, isExtra],
      );
    expect(copies()).toEqual([
      ['pt-BR/a', false],
      ['pt-BR/b', true],
    ]);
    expect(copies(['pt-BR/b'])).toEqual([['pt-BR/b', false]]);
  });

  test('may be of one variant alone: of the texts that were named, or of those that the phones have', () => {
    const { state } = splitScene();
    const none = { locales: [], segments: [], variants: [], everybody: false, to: ['ana'] };
    expect(textsAsked(state, none)).toEqual([]);
    expect(textsAsked(state, { ...none, variants: ['b'] })).toEqual(['en/b']);
    expect(textsAsked(state, { ...none, variants: ['b'], segments: [{ id: 'br-ios' }] })).toEqual(['pt-BR/b']);
    expect(textsAsked(state, { ...none, variants: ['a'], everybody: true })).toEqual(['en/a', 'pt-BR/a']);
    expect(textsAsked(state, { ...none, locales: ['pt-BR/a', 'pt-BR/b'], variants: ['b'] })).toEqual(['pt-BR/b']);
  });

  test('a text counts as read when its own variant was', () => {
    const made = scene();
    const { testId } = made.gives('TestRequested', { kind: 'request-test', by: 'mia', to: ['ana'], locales: ['en/b'] });
    const results = [
      { person: 'ana', platform: 'ios' as const, accepted: true, reason: '', tookMs: 1, locale: 'en/b' },
    ];
    made.does({ kind: 'report-test', testId, results });
    expect(copiesUnseen(made.state).map(({ text }) => text)).toEqual(['en/a', 'pt-BR/a', 'pt-BR/b']);
    expect(made.refuses({ kind: 'request-test', by: 'mia', to: ['ana'], locales: ['en/c'] }).say).toContain(
      'no text for en/c; it has en/a, en/b, pt-BR/a and pt-BR/b',
    );
  });
});

describe('the split', () => {
  test('is told in words, with how many devices are held out', () => {
    expect(splitText(split)).toBe('a 45 %, b 45 %, 10 % held out');
    expect(variantDevices(splitAudience, all)).toEqual({ a: 480, b: 520 });
    expect(heldOutIn(splitAudience, [{ segment: 'br-ios' }])).toBe(20);
    expect(heldOutIn(splitAudience, 'all')).toBe(112);
  });

  test('an audience that was compiled for other shares, or for none, is not set', () => {
    const made = Scene.created(sampleRunbook({ campaign }));
    const other = {
      ...split,
      holdOut: 0.2,
      variants: [
        { id: 'a', share: 0.4 },
        { id: 'b', share: 0.4 },
      ],
    };
    expect(
      made.refuses({ kind: 'set-audience', by: 'mia', audience: { ...splitAudience, split: other } }),
    ).toMatchObject({
      code: 'SPLIT_DIFFERS',
      say: expect.stringContaining(
        'compiled with a 40 %, b 40 %, 20 % held out of the users, by big-game; the campaign says a 45 %, b 45 %, 10 % held out',
      ),
    });
    expect(made.refuses({ kind: 'set-audience', by: 'mia', audience: { ...audience, hash: 'c' } }).say).toContain(
      'compiled with no variants and nobody held out',
    );
  });

  test('with other shares in the campaign nobody can ask for fire before the audience is compiled again', () => {
    const made = scene();
    made.does({
      kind: 'set-campaign',
      by: 'mia',
      campaign: {
        ...campaign,
        hold_out: 0.2,
        variants: [
          { id: 'a', share: 0.4 },
          { id: 'b', share: 0.4 },
        ],
      },
    });
    expect(made.refuses(made.request('mia', 'all')).code).toBe('SPLIT_DIFFERS');
    made.does({ kind: 'set-campaign', by: 'mia', campaign });
    made.does({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
    made.does(made.request('mia', 'all'));
  });

  test('a change of words leaves it as it is, and once part of the audience was fired shares stay', () => {
    const made = scene();
    const { orderId } = made.gives('FireRequested', made.request('mia', ['us-ios']));
    made.does(made.press(made.order(orderId), 'ben'));
    const locales = { ...campaign.locales, en: { title: 'New', body: 'Now', variants: { b: { title: 'Newer' } } } };
    made.does({ kind: 'set-campaign', by: 'mia', campaign: { ...campaign, locales } });
    const { hold_out: _, ...everybody } = campaign;
    expect(
      made.refuses({
        kind: 'set-campaign',
        by: 'mia',
        campaign: {
          ...everybody,
          variants: [
            { id: 'a', share: 0.5 },
            { id: 'b', share: 0.5 },
          ],
        },
      }),
    ).toMatchObject({
      code: 'SPLIT_DIFFERS',
      say: expect.stringContaining('Part of it was fired, so shares and hold-out stay'),
    });
  });
});

describe('a close', () => {
  const whole = segmentTotals('us-ios', 1, 500, { failed: 3, reasons: { Unregistered: 3 } });
  const of = (variant: string, devices: number, failed: number) => ({
    variant,
    devices,
    totals: totals({ accepted: devices - failed, failed, reasons: { Unregistered: failed } }),
  });
  function closing(variants?: object[]) {
    const made = scene();
    const { orderId } = made.gives('FireRequested', made.request('mia', ['us-ios']));
    const { shotId } = made.gives('FireApproved', made.press(made.order(orderId), 'ben'));
    const segments = [{ ...whole, ...(variants === undefined ? {} : { variants }) }] as never;
    return { made, command: { kind: 'close-shot' as const, shotId, cause: 'complete' as const, segments } };
  }

  test('counts each variant apart, and all of them are the segment', () => {
    const { made, command } = closing([of('a', 240, 1), of('b', 260, 2)]);
    made.does(command);
    const counted = Object.values(made.state.shots)[0]?.totals ?? [];
    expect(sumVariants([...counted, ...counted])).toEqual([of('a', 480, 2), of('b', 520, 4)]);
  });

  test.each([
    ['no variants', undefined],
    ['one of them', [of('b', 260, 3)]],
    ['one twice', [of('a', 240, 1), of('a', 240, 1), of('b', 260, 2)]],
    ['one that the audience does not have', [of('a', 240, 1), of('c', 260, 2)]],
    ['more devices than were compiled', [of('a', 241, 1), of('b', 259, 2)]],
    ['other states than the segment', [of('a', 240, 1), of('b', 260, 1)]],
    ['states that are no devices', [{ ...of('a', 240, 1), devices: 239 }, of('b', 260, 2)]],
    ['a count below zero', [of('a', 240, -1), of('b', 260, 4)]],
  ])('with %s is none', (_what, variants) => {
    const { made, command } = closing(variants);
    expect(made.refuses(command).code).toBe('TOTALS_WRONG');
  });
});
