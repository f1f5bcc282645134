import { expect, test } from 'vitest';
import { apnsRow, fcmRow } from '../../contract/answers.ts';
import type { Row } from '../../contract/answers.ts';
import { CampaignMeter } from './campaign-meter.ts';
import type { Condemned } from './campaign-meter.ts';

const DISALLOWED = apnsRow(400, 'TopicDisallowed');
const ARGUMENT = fcmRow(400, 'INVALID_ARGUMENT');

function take(meter: CampaignMeter, times: number, row: Row | null, reason = 'TopicDisallowed'): Condemned[] {
  return Array.from({ length: times }, () => (row === null ? meter.accepted() : meter.take(row, reason))).filter(
    (one) => one !== null && one !== undefined,
  );
}

test('a single answer about the content stops nothing, nor do a few among many', () => {
  const meter = new CampaignMeter();
  for (let times = 0; times < 50; times += 1)
    expect([take(meter, 9, null), take(meter, 1, DISALLOWED)]).toEqual([[], []]);
});

test('when the first answers of all say it, twenty are enough, and it is said once', () => {
  const meter = new CampaignMeter();
  expect(take(meter, 19, DISALLOWED)).toEqual([]);
  expect(take(meter, 100, DISALLOWED)).toEqual([{ reason: 'TopicDisallowed', bad: 20, of: 20 }]);
});

test('later it takes half of the last hundred', () => {
  const meter = new CampaignMeter();
  take(meter, 1_000, null);
  expect(take(meter, 49, DISALLOWED)).toEqual([]);
  expect(take(meter, 1, DISALLOWED)).toEqual([{ reason: 'TopicDisallowed', bad: 50, of: 100 }]);
});

test('a word that may mean a bad token too takes two hundred', () => {
  const meter = new CampaignMeter();
  expect(take(meter, 199, ARGUMENT, 'INVALID_ARGUMENT')).toEqual([]);
  expect(take(meter, 1, ARGUMENT, 'INVALID_ARGUMENT')).toEqual([{ reason: 'INVALID_ARGUMENT', bad: 200, of: 200 }]);
});

test.each([
  ['a token', apnsRow(400, 'BadDeviceToken')],
  ['a device', fcmRow(401, 'THIRD_PARTY_AUTH_ERROR')],
  ['the provider', apnsRow(503, 'ServiceUnavailable')],
  ['the credential', apnsRow(403, 'InvalidProviderToken')],
])('answers about %s stop nothing, however many', (_what, row) => {
  expect(take(new CampaignMeter(), 1_000, row)).toEqual([]);
});
