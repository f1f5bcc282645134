import { expect, test } from 'vitest';
import { Scene } from '../../../test/properties/scene.ts';
import { payloadSize } from './payload-probe.ts';

const { state } = Scene.created();
const withTexts = (locales: Record<string, { title: string; body: string }>, more: object = {}) =>
  payloadSize({ ...state, campaign: { ...state.campaign, ...more, locales } });

test('within the limits of both providers it is green, and says for how many locales', () => {
  expect(payloadSize(state)).toEqual({
    status: 'green',
    value: 0,
    say: expect.stringMatching(/^every locale \(2\) is within 4,096 bytes; the largest is en android \d{3}$/),
  });
});

test('over the limit it is red by the largest, and names five of them', () => {
  const long = (bytes: number) => ({ title: 'Hi', body: 'x'.repeat(bytes) });
  const found = withTexts({ en: long(5_000), de: long(5_100), fr: long(5_200), es: long(5_300) });
  expect(found.status).toBe('red');
  expect(found.value).toBeGreaterThan(5_300);
  expect(found.say).toMatch(/^over 4,096 bytes: (\w+ (ios|android) 5\d{3}(, |$)){5}$/);
});

test('what providers would refuse in words is said first, three faults at most and how many more', () => {
  const data = Object.fromEntries(
    ['from', 'notification', 'gcm.a', 'google.b', 'message_type'].map((key) => [key, 'x']),
  );
  const found = withTexts(state.campaign.locales, { data });
  expect(found).toMatchObject({ status: 'red', value: null });
  expect(found.say).toMatch(/^providers would refuse it: data\.from: found "from".*; .*; .*, and \d more$/);
});
