import { describe, expect, test } from 'vitest';
import { sampleRunbook } from '../../test/properties/scene.ts';
import type { Campaign } from '../playbook/schema.ts';
import { besideTexts, campaignChanges, changesText, whatDiffers } from './campaign-parts.ts';

const { campaign } = sampleRunbook();
const play = { id: 'play', title: 'Play now', link: 'lingo://play' };
const withEn = (own: object): Campaign => ({
  ...campaign,
  locales: { ...campaign.locales, en: { title: 'Did you see that?', body: 'Do your lesson.', ...own } },
});

describe('a change of the campaign', () => {
  test('is told before and after, each place by its name, with what is new and what is gone', () => {
    const before = { ...withEn({ image: 'https://a.example.com/1.jpg', subtitle: 'Now' }), data: { theme: 'gold' } };
    const after: Campaign = {
      ...withEn({ title: 'Did you see THAT?', actions: [play], subtitle: 'Now' }),
      badge: 0,
      apns: { ...campaign.apns, category: 'GAME' },
      fcm: { ...campaign.fcm, color: '#58cc02' },
      data: { theme: 'silver' },
    };
    expect(campaignChanges(before, after)).toEqual([
      { where: 'en title', before: 'Did you see that?', after: 'Did you see THAT?' },
      { where: 'en image', before: 'https://a.example.com/1.jpg', after: null },
      { where: 'data.theme', before: 'gold', after: 'silver' },
      { where: 'en actions', before: null, after: '[play] Play now → lingo://play' },
      { where: 'apns.category', before: null, after: 'GAME' },
      { where: 'fcm.color', before: null, after: '#58cc02' },
      { where: 'badge', before: null, after: '0' },
    ]);
  });

  test('of a locale that comes or goes names all of its texts', () => {
    const { 'pt-BR': _gone, ...rest } = campaign.locales;
    const after = { ...campaign, locales: { ...rest, de: { title: 'Hallo', body: 'Jetzt' } } };
    expect(campaignChanges(campaign, after).map(({ where, after: now }) => `${where} ${now ?? 'gone'}`)).toEqual([
      'pt-BR title gone',
      'pt-BR body gone',
      'de title Hallo',
      'de body Jetzt',
    ]);
    expect(campaignChanges(campaign, campaign)).toEqual([]);
  });

  test('is one line in the record', () => {
    const after: Campaign = { ...withEn({ title: 'Did you see THAT?' }), badge: 1, sound: '' };
    expect(changesText(campaignChanges(campaign, after))).toBe(
      'en title "Did you see that?" → "Did you see THAT?"; sound "default" → ""; badge "1" is new',
    );
    expect(changesText(campaignChanges(after, campaign))).toContain('badge "1" is gone');
  });
});

test('of two long texts what differs is whole, and what is the same is shortened around it', () => {
  const long = (middle: string) => `${'a'.repeat(200)}${middle}${'z'.repeat(200)}`;
  expect(whatDiffers(long('ONE'), long('TWO'))).toEqual({
    before: `…${'a'.repeat(40)}ONE${'z'.repeat(40)}…`,
    after: `…${'a'.repeat(40)}TWO${'z'.repeat(40)}…`,
  });
  expect(whatDiffers('short', 'shirt')).toEqual({ before: 'short', after: 'shirt' });
  expect(whatDiffers('same', 'same and more')).toEqual({ before: 'same', after: 'same and more' });
  // A family is one character of five code points: it is never cut in two.
  const family = '👨‍👩‍👧';
  expect(whatDiffers(`${family.repeat(100)}👨‍👩‍👦`, `${family.repeat(100)}👨‍👩‍👧‍👦`)).toEqual({
    before: `…${family.repeat(40)}👨‍👩‍👦`,
    after: `…${family.repeat(40)}👨‍👩‍👧‍👦`,
  });
});

test('beside the texts stands everything else, also that of single locales', () => {
  expect(besideTexts({ ...withEn({ image: '', subtitle: 'Now' }), actions: [play] }).map(({ where }) => where)).toEqual(
    ['id', 'en image', 'default_locale', 'sound', 'apns.topic', 'apns.priority', 'fcm.priority', 'actions'],
  );
});
