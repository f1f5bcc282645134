import { describe, expect, test } from 'vitest';
import { audience, Scene } from '../../test/properties/scene.ts';
import type { Command } from './commands.ts';
import { campaignProblem, payloadRefusal } from './content.ts';

const { campaign } = Scene.ready().state;
const en = campaign.locales['en'] ?? { title: '', body: '' };

describe('a campaign', () => {
  test('is set with its hash, and must be another one', () => {
    const scene = Scene.ready();
    const other = { ...campaign, sound: 'tada' };
    const set = scene.gives('CampaignSet', { kind: 'set-campaign', by: 'mia', campaign: other });
    expect([set.campaign, set.by, set.contentHash === scene.state.contentHash]).toEqual([
      other,
      { person: 'mia' },
      true,
    ]);
    expect(scene.refuses({ kind: 'set-campaign', by: 'mia', campaign: other }).code).toBe('ALREADY_SO');
  });

  test('has a text for its own default and for each language of the audience, each named once', () => {
    expect(campaignProblem(campaign, 'L', ['en', 'pt-BR'])).toBeNull();
    expect(campaignProblem(campaign, 'L', ['fr', 'en', 'fr', 'constructor'])?.say).toContain(
      'no text for fr and constructor; it has en and pt-BR.',
    );
    expect(campaignProblem({ ...campaign, default_locale: 'de' }, 'L', [])?.say).toContain('no text for de;');
    // Before there is an audience its languages are unknown.
    const scene = Scene.created();
    expect(scene.decide({ kind: 'set-campaign', by: 'mia', campaign: { ...campaign, locales: { en } } }).ok).toBe(true);
  });

  test('that is too large is named by its worst text', () => {
    const body = (length: number) => ({ title: 't', body: 'x'.repeat(length) });
    const locales = { en: body(4_100), 'pt-BR': body(5_000), es: body(4_200) };
    expect(payloadRefusal({ ...campaign, locales }, 'L')).toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
      say: expect.stringMatching(/^The pt-BR message is 5\d\d\d bytes on android; .*Shorten it/),
    });
  });

  test('that would not arrive as it is meant is refused before its size is looked at', () => {
    const data = { 'google.sent_time': 'x'.repeat(5_000) };
    expect(payloadRefusal({ ...campaign, data }, 'L')).toMatchObject({
      code: 'PAYLOAD_REFUSED',
      say: expect.stringMatching(/^Nothing of this campaign would arrive as it is meant\. .*google/),
    });
  });
});

describe('an audience', () => {
  const set = (more: object): Command => ({ kind: 'set-audience', by: 'ana', audience: { ...audience, ...more } });

  test('has distinct segments that add up, and is another one than before', () => {
    const scene = Scene.created();
    const [us, android] = audience.segments;
    for (const wrong of [
      { devices: 1_001 },
      { segments: [us, us], devices: 1_000 },
      { segments: [], devices: 0 },
      { segments: [us, android], devices: 500 },
    ])
      expect(scene.refuses(set(wrong)).code).toBe('VALUE_INVALID');
    scene.does(set({}));
    expect(scene.refuses(set({})).say).toContain('exactly this already (1000 devices)');
    expect(scene.gives('AudienceSet', set({ hash: 'b' })).audience.hash).toBe('b');
  });

  test('is not replaced once any of it was fired, though that shot has long been closed', () => {
    const scene = Scene.ready();
    scene.closes(scene.fired(['us-ios']));
    expect(scene.refuses(set({ hash: 'b' })).code).toBe('AUDIENCE_IN_USE');
    const unsent = { ...scene.state, attempts: { 'us-ios': [] } };
    scene.launch = unsent;
    expect(scene.decide(set({ hash: 'b' })).ok).toBe(true);
  });
});

describe('a skip list', () => {
  const list = (hash: string, adds?: string | null): Command => ({
    kind: 'set-skip-list',
    by: 'ana',
    skipList: { hash, key: `k-${hash}`, tokens: 3, covers: ['forged'] },
    ...(adds === undefined ? {} : { adds }),
  });

  test('takes the place of the one before, or adds to it; what it covers is never taken from who sets it', () => {
    const scene = Scene.created();
    const first = scene.gives('SkipListSet', list('one'));
    expect(first.skipList).toEqual({ hash: 'one', key: 'k-one', tokens: 3 });
    expect(first).not.toHaveProperty('adds');
    expect(scene.refuses(list('one')).code).toBe('ALREADY_SO');
    expect(scene.gives('SkipListSet', list('two', 'one')).adds).toBe('one');
    expect(scene.state.skipList?.covers).toEqual(['one']);
  });

  test('that adds to another than the present one could take people back', () => {
    const scene = Scene.created();
    expect(scene.refuses(list('one', 'gone')).code).toBe('SKIP_LIST_CHANGED');
    scene.does(list('one', null));
    for (const adds of [null, 'gone']) expect(scene.refuses(list('two', adds)).code).toBe('SKIP_LIST_CHANGED');
  });
});
