import { expect, test } from 'vitest';
import type { Campaign } from '../../runbooks/playbook/schema.ts';
import { sampleRunbook } from '../../test/properties/scene.ts';
import { withTexts } from './campaign.ts';

const { campaign } = sampleRunbook();
const en = { title: 'Hi', subtitle: 'Now', body: 'Go', image: 'https://cdn.example.com/a.jpg', badge: 1 };
const present: Campaign = { ...campaign, locales: { ...campaign.locales, en } };
const typed = (text: object): Campaign => withTexts(present, new Map([['en', text]]));

test('a form changes the words of its locales and leaves all else as it is', () => {
  expect(typed({ title: 'Hello' })).toEqual({
    ...present,
    locales: { ...campaign.locales, en: { ...en, title: 'Hello' } },
  });
  expect(typed({ subtitle: 'Later' }).locales['en']).toEqual({ ...en, subtitle: 'Later' });
});

test('an emptied subtitle is gone; one that the form does not have stays', () => {
  expect(typed({ subtitle: null, body: 'Go!' }).locales['en']).toEqual({
    title: 'Hi',
    body: 'Go!',
    image: 'https://cdn.example.com/a.jpg',
    badge: 1,
  });
  expect(typed({ body: 'Go!' }).locales['en']?.subtitle).toBe('Now');
});

test('a form with variants changes what was typed and nothing else: a variant that was left alone keeps what it showed', () => {
  const halves: Campaign = {
    ...campaign,
    variants: [
      { id: 'a', share: 0.5 },
      { id: 'b', share: 0.5 },
    ],
    locales: { en: { title: 'Hi', subtitle: 'Now', body: 'Go', variants: { b: { title: 'Ho' } } } },
  };
  const form = (a: object, b: object) =>
    withTexts(
      halves,
      new Map([
        ['en/b', { title: 'Ho', subtitle: 'Now', body: 'Go', ...b }],
        ['en/a', { title: 'Hi', subtitle: 'Now', body: 'Go', ...a }],
      ]),
    ).locales['en'];
  expect(form({}, {})).toEqual(halves.locales['en']);
  expect(form({}, { title: 'Hey' })).toMatchObject({ title: 'Hi', variants: { b: { title: 'Hey' } } });
  expect(form({ body: 'Go now' }, {})).toMatchObject({ body: 'Go now', variants: { b: { title: 'Ho', body: 'Go' } } });
  expect(form({}, { subtitle: null })).toMatchObject({ subtitle: 'Now', variants: { b: { subtitle: '' } } });
  // Of a form without it a variant follows.
  const alone = withTexts(halves, new Map([['en/a', { body: 'Go now' }]])).locales['en'];
  expect(alone).toEqual({ title: 'Hi', subtitle: 'Now', body: 'Go now', variants: { b: { title: 'Ho' } } });
});
