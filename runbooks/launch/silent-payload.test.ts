import { expect, test } from 'vitest';
import { messageProblem } from '../../infra/local/providers/fcm-message.ts';
import { sampleRunbook } from '../../test/properties/scene.ts';
import { silentHeaders, silentMessage, silentPayload } from './silent-payload.ts';

const { campaign } = sampleRunbook();
const ids = { launchId: 'day-rehearsal-1', shotId: 'S5' };
const keeping = { collapseId: 'c1', expiresAfterMs: 4_500, fromMs: 1_000_200 };

test('a silent push to APNs is a background push of priority 5, and has nothing that a phone shows, plays or counts', () => {
  expect(JSON.parse(silentPayload(ids))).toEqual({
    aps: { 'content-available': 1 },
    gobutton: { launch: 'day-rehearsal-1', shot: 'S5', silent: true },
  });
  expect(silentHeaders(campaign, keeping)).toEqual({
    'apns-topic': 'com.example.lingo',
    'apns-push-type': 'background',
    'apns-priority': '5',
    'apns-collapse-id': 'c1',
    'apns-expiration': '1005',
  });
});

test('a silent push to FCM is a data message of normal priority, whatever the campaign says, and for iPhones a background push', () => {
  const rich = {
    ...campaign,
    data: { theme: 'gold' },
    deep_link: 'lingo://next',
    image: 'https://cdn.example.com/a.jpg',
  };
  const message = silentMessage({ ...rich, fcm: { priority: 'high', apple: true, tag: 'game' } }, ids, keeping);
  expect(message).toEqual({
    data: { gobutton_launch: 'day-rehearsal-1', gobutton_shot: 'S5', gobutton_silent: 'true' },
    android: { priority: 'NORMAL', ttl: '4s', collapse_key: 'c1' },
    apns: {
      headers: {
        'apns-push-type': 'background',
        'apns-priority': '5',
        'apns-collapse-id': 'c1',
        'apns-expiration': '1005',
      },
      payload: { aps: { 'content-available': 1 } },
    },
  });
  expect(messageProblem({ message: { token: 'x'.repeat(140), ...message } })).toBeNull();
  expect(silentMessage({ ...rich, fcm: { priority: 'high' } }, ids, keeping)).not.toHaveProperty('apns');
});
