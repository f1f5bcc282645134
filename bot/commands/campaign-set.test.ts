import { describe, expect, test } from 'vitest';
import type { Campaign } from '../../runbooks/playbook/schema.ts';
import { sampleRunbook } from '../../test/properties/scene.ts';
import { changedCampaign } from './campaign-set.ts';

const { campaign } = sampleRunbook();
const set = (typed: string, present = campaign): Campaign => {
  const changed = changedCampaign(present, typed);
  if (!changed.ok) throw new Error(changed.problem);
  return changed.campaign;
};
const problem = (typed: string): string => {
  const changed = changedCampaign(campaign, typed);
  return changed.ok ? 'none' : changed.problem;
};

describe('one key of the campaign', () => {
  test.each<[string, Partial<Campaign>]>([
    ['badge 2', { badge: 2 }],
    ['image https://cdn.example.com/a.jpg#x', { image: 'https://cdn.example.com/a.jpg#x' }],
    ['image <https://cdn.example.com/a.jpg|cdn.example.com/a.jpg>', { image: 'https://cdn.example.com/a.jpg' }],
    ['deep_link lingo://a b: c', { deep_link: 'lingo://a b: c' }],
    ['sound ""', { sound: '' }],
    ['apns.category GAME', { apns: { ...campaign.apns, category: 'GAME' } }],
    ['apns.priority 5', { apns: { ...campaign.apns, priority: 5 } }],
    ['apns.mutable_content true', { apns: { ...campaign.apns, mutable_content: true } }],
    ['fcm.color #58cc02', { fcm: { ...campaign.fcm, color: '#58cc02' } }],
    ['data.theme gold', { data: { theme: 'gold' } }],
    [
      'actions [{ id: play, title: Play now, link: "lingo://play" }]',
      { actions: [{ id: 'play', title: 'Play now', link: 'lingo://play' }] },
    ],
  ])('for all locales: %s', (typed, expected) => {
    expect(set(typed)).toEqual({ ...campaign, ...expected });
  });

  test('of one locale, whose other keys stay, and away again', () => {
    const once = set('PT-br image https://cdn.example.com/a.jpg');
    expect(once.locales['pt-BR']).toEqual({
      ...campaign.locales['pt-BR'],
      image: 'https://cdn.example.com/a.jpg',
    });
    expect(set('pt-BR image none', once)).toEqual(campaign);
    expect(set('badge none', set('badge 2'))).toEqual(campaign);
  });

  test.each([
    ['', /found no key with a value/],
    ['badge', /found no key with a value/],
    ['en badge', /found no key with a value/],
    ['badge two', /^badge: found "two", expected /],
    ['imgae https://a.example.com/a.jpg', /^imgae: found unknown field "imgae", expected .*did you mean image\?/],
    ['fcm.color green', /^fcm\.color: found "green", expected a color/],
    ['actions play', /^actions: found "play", expected/],
    ['en title none', /^locales\.en\.title: found /],
    ['id other', /^id: found a key that is not set so/],
    ['locales {}', /^locales: found a key that is not set so/],
  ])('that is none, or no value of it, is said as of a runbook: %s', (typed, said) => {
    expect(problem(typed)).toMatch(said);
  });

  test('that was not there is not taken away, and nothing but the campaign is reached', () => {
    expect(set('image none')).toEqual(campaign);
    expect(set('__proto__.image x')).toEqual(campaign);
    expect(({} as { image?: string }).image).toBeUndefined();
  });
});

describe('of a campaign with variants', () => {
  const halves: Campaign = {
    ...campaign,
    variants: [
      { id: 'a', share: 0.5 },
      { id: 'b', share: 0.5 },
    ],
    locales: {
      en: { title: 'Hi', body: 'Go', variants: { b: { title: 'Ho' } } },
      'pt-BR': { title: 'Oi', body: 'Vai', variants: { b: { title: 'Ei' } } },
    },
  };

  test('a key is set for one variant, and for the locale itself by the first one or none', () => {
    expect(set('EN/b badge 2', halves).locales['en']).toEqual({
      title: 'Hi',
      body: 'Go',
      variants: { b: { title: 'Ho', badge: 2 } },
    });
    for (const of of ['en', 'en/a']) expect(set(`${of} badge 2`, halves).locales['en']?.badge).toBe(2);
    expect(set('en/b badge none', set('en/b badge 2', halves))).toEqual(halves);
  });

  test('shares and hold-out are set as in a file', () => {
    expect(set('variants [{ id: a, share: 0.4 }, { id: b, share: 0.6 }]', halves).variants).toEqual([
      { id: 'a', share: 0.4 },
      { id: 'b', share: 0.6 },
    ]);
    expect(set('hold_out 0.1', halves).hold_out).toBe(0.1);
  });

  test('a variant that there is not is said, with those that there are', () => {
    const changed = changedCampaign(halves, 'en/c badge 2');
    expect(changed).toEqual({
      ok: false,
      problem: 'en/c: found no such text, expected one of en/a, en/b, pt-BR/a, pt-BR/b',
    });
  });
});
