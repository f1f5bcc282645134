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
