import { expect, test } from 'vitest';
import { sampleRunbook } from '../../test/properties/scene.ts';
import type { Campaign } from '../playbook/schema.ts';
import { platformNotes } from './platform-notes.ts';

const { campaign } = sampleRunbook();
const { en } = campaign.locales;
const withEn = (own: object): Campaign => ({
  ...campaign,
  locales: { ...campaign.locales, en: { title: '', body: '', ...en, ...own } },
});
const actions = [{ id: 'play', title: 'Play', link: 'lingo://play' }];

test.each<[string, Campaign, RegExp]>([
  ['a subtitle', withEn({ subtitle: 'Now' }), /^The subtitle is shown on iOS/],
  ['an image of one locale', withEn({ image: 'https://a.example.com/a.jpg' }), /notification service extension/],
  ['buttons', { ...campaign, actions, apns: { ...campaign.apns, category: 'GAME' } }, /category GAME.*data\.actions/],
  ['a sound of its own', withEn({ sound: 'gong' }), /the channel has the sound/],
  ['a badge of 0', { ...campaign, badge: 0 }, /the phone counts by itself/],
  [
    'a push through a Focus',
    { ...campaign, apns: { ...campaign.apns, interruption_level: 'time-sensitive' } },
    /time-sensitive needs an entitlement/,
  ],
  [
    'a priority on the phone',
    { ...campaign, fcm: { ...campaign.fcm, notification_priority: 'max' } },
    /for Android 7 and older/,
  ],
  ['iPhones by FCM', { ...campaign, fcm: { ...campaign.fcm, apple: true } }, /in the segments of Android/],
  [
    'what Android alone has',
    { ...campaign, icon: 'ic_push', fcm: { ...campaign.fcm, color: '#58cc02', click_action: 'OPEN' } },
    /^icon, color and click_action: on Android alone\.$/,
  ],
])('%s: not every phone shows it, and that is said', (_name, one, said) => {
  expect(platformNotes(one).filter((note) => said.test(note))).toHaveLength(1);
});

test('what every phone shows needs no word', () => {
  expect(platformNotes(campaign)).toEqual([]);
});
