import { expect, test } from 'vitest';
import type { Weather } from '../../contract/pool-weather.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import { launchForTests, shotForTests } from '../conductor/for-tests.ts';
import { kindOfWeather, todoText } from './weather-kinds.ts';
import { sickLine, weatherLine, weatherMessage, weatherNote, weatherOverMessage, weatherOverNote } from './weather.ts';
import type { Told, WeatherEnd } from './weather.ts';

/** What is said of a provider's weather, as text. */

const AT_MS = 1_770_507_000_000;
const shot = shotForTests();
const launch = { ...launchForTests(shot), people: [] };
const told = (platform: Platform, more: Partial<Weather> = {}, others: Partial<Told> = {}): Told => {
  const weather: Weather = {
    platform,
    state: 'stopped',
    reason: 'TooManyRequests',
    sinceMs: AT_MS,
    workers: 2,
    stopped: 2,
    of: 2,
    refused: 41,
    waiting: 1_200,
    nextTryAtMs: AT_MS + 9_000,
    ...more,
  };
  return {
    weather,
    worst: weather,
    parts: [{ shotId: 'shot-1', segments: [{ segment: `us-${platform}`, attempt: 1 }], untilMs: AT_MS + 60_000 }],
    devices: 3_000,
    left: 2_400,
    mostWaiting: 1_500,
    ...others,
  };
};
const text = (one: Told): string => {
  const { text: fallback, blocks } = weatherMessage(launch, one);
  return [fallback, ...blocks.map((block) => (block.type === 'section' ? (block.text?.text ?? '') : ''))]
    .join('\n')
    .replaceAll(/<!date[^>]*> /g, '');
};

test.each<[Platform, string, string, string, string]>([
  ['ios', 'TooManyRequests', 'throttled', 'unsent as before', '`/go pace ios N`'],
  ['android', 'QUOTA_EXCEEDED', 'throttled', 'unsent as before', 'Quotas: 600,000 a minute'],
  ['android', 'Http429', 'throttled', 'unsent as before', '`/go pace android N`'],
  ['ios', 'ServiceUnavailable', 'ill', 'counts as failed, and stays within reach', 'developer.apple.com/system-status'],
  ['android', 'UNAVAILABLE', 'ill', 'may have got the push: uncertain', 'status.firebase.google.com'],
  ['ios', 'Http404', 'between', 'unsent as before', 'GOBUTTON_APNS_URL'],
  ['android', 'Http502', 'between', 'may have got the push: uncertain', 'HTTPS_PROXY'],
  ['ios', 'InvalidProviderToken', 'credential', 'unsent as before', 'APNS_KEY_ID'],
  ['android', 'UNAUTHENTICATED', 'credential', 'unsent as before', 'GOOGLE_APPLICATION_CREDENTIALS'],
  ['ios', 'NoAnswer', 'silent', 'may have got the push: uncertain', 'port 443'],
  ['ios', 'stream reset: INTERNAL_ERROR', 'other', 'may have got the push: uncertain', 'log lines'],
])('%s %s is %s: what is known of whoever got it, and what to do', (platform, reason, kind, fate, todo) => {
  expect(kindOfWeather(platform, reason)).toBe(kind);
  expect(todoText(platform, reason)).toContain(todo);
  const said = text(told(platform, { reason }));
  for (const part of [fate, todo, reason === 'NoAnswer' ? 'it answers nothing on 2 of 2 workers' : reason])
    expect(said).toContain(part);
});

test('the message holds figures and clock times, and counts no seconds: it is edited, not ticking', () => {
  expect(text(told('ios'))).toBe(
    [
      'APNs takes no pushes just now: TooManyRequests, us-ios',
      ':thunder_cloud_and_rain: *APNs takes no pushes just now* (us-ios)',
      "Since (23:30:00 UTC) it answers *TooManyRequests* on 2 of 2 workers, 41 times so far. 2,400 of 3,000 devices have no answer yet; 1,200 of them are in workers' hands and wait.",
      '*By itself:* workers try one push now and then, and all goes on when APNs takes it. The next try is at (23:30:09 UTC). Whoever was refused so is unsent as before, and goes out then.',
      '*Until when:* iOS has time until (23:31:00 UTC). What is not sent by then is held, not lost: once the shot is closed, `/go fire` sends to exactly those, with a second person.',
      '*What to do:* Nothing must be done. If it goes on, lower the pace: `/go pace ios N` (a second); and look whether something else sends with the same key just now.',
      '',
    ].join('\n'),
  );
});

test('part of the workers, a slow provider and two shots are said as they are', () => {
  expect(text(told('android', { state: 'slow', workers: 1, stopped: 1, of: 4, reason: 'QUOTA_EXCEEDED' }))).toContain(
    '*FCM takes no pushes from 1 of 4 workers* (us-android)\nSince (23:30:00 UTC) it answers *QUOTA_EXCEEDED*, 41 times so far.',
  );
  const slow = text(told('android', { state: 'slow', workers: 3, stopped: 0, of: 4, nextTryAtMs: null }));
  expect(slow).toContain('*FCM takes fewer pushes than it is given*');
  expect(slow).toContain('They go on with as many at a time as it takes.');
  const two = told(
    'ios',
    {},
    {
      parts: [
        { shotId: 'S1', segments: [{ segment: 'us-ios', attempt: 1 }], untilMs: AT_MS + 60_000 },
        { shotId: 'S2', segments: [{ segment: 'br-ios', attempt: 2 }], untilMs: AT_MS + 90_000 },
      ],
    },
  );
  expect(text(two)).toContain(
    'iOS has time until (23:31:00 UTC) (us-ios), (23:31:30 UTC) (br-ios (only what was not sent)).',
  );
});

test('a word of the provider is foreign text', () => {
  expect(text(told('ios', { reason: '<!channel> *x*' }))).toContain(
    'pushes end without an answer (*&lt;!channel&gt; *x**)',
  );
});

test('its end says how long, and what becomes of whoever waited', () => {
  const end = (how: WeatherEnd['how'], left = 0, uncertain = 0) =>
    weatherOverMessage(launch, told('ios'), { how, afterMs: 12_000, left, uncertain });
  expect(end('fair').text).toBe('APNs takes pushes again after 12 s: us-ios');
  expect(JSON.stringify(end('fair').blocks)).toContain(
    'Up to 1,500 devices at a time were held back meanwhile, and go out now.',
  );
  expect(end('late').text).toBe('The time of iOS is over; APNs had taken no pushes for 12 s: us-ios');
  expect(JSON.stringify(end('late').blocks)).toContain('What was not sent is held, not lost');
  expect(JSON.stringify(end('closed', 40).blocks)).toContain('*40 devices can still be sent to*');
  expect(JSON.stringify(end('closed', 0, 7).blocks)).toContain(
    'Nobody is left to send to. 7 devices may or may not have got it.',
  );
  expect(end('done').text).toBe('APNs took pushes again, and the shot is closed after 12 s: us-ios');
  expect(JSON.stringify(end('done', 2).blocks)).toContain('have gone out since. *2 devices can still be sent to*');
  expect(JSON.stringify(end('done').blocks)).toMatch(/:white_check_mark:.*have gone out since/);
  expect(
    weatherOverMessage(launch, told('ios', { stopped: 0, state: 'slow' }), {
      how: 'fair',
      afterMs: 4_000,
      left: 0,
      uncertain: 0,
    }).text,
  ).toBe('APNs takes all pushes again after 4 s: us-ios');
  expect(weatherNote(launch, told('ios'))).toBe(
    'APNs takes no pushes just now (us-ios), since 2026-02-07 23:30:00 UTC: it answers TooManyRequests on 2 of 2 workers. 2,400 of 3,000 devices had no answer yet.',
  );
  expect(weatherOverNote(launch, told('ios'), { how: 'closed', afterMs: 12_000, left: 40, uncertain: 0 })).toBe(
    'The shot was closed; APNs had taken no pushes for 12 s (us-ios). Since 2026-02-07 23:30:00 UTC it answered TooManyRequests on 2 of 2 workers, 41 times. 40 devices can still be sent to: /go fire goes to exactly those, with a second person.',
  );
});

test('one line for figures that are brought up to date', () => {
  const { weather } = told('ios');
  expect(weatherLine(weather, AT_MS + 4_000)).toBe(
    ':thunder_cloud_and_rain: *APNs takes no pushes just now*: it answers *TooManyRequests* on 2 of 2 workers for 4 s, 41 times; 1,200 devices wait, next try in 5 s',
  );
  expect(weatherLine({ ...weather, nextTryAtMs: null }, AT_MS)).toContain('the next push is a single try');
  expect(sickLine({ platform: 'android', connections: 1, of: 8, workers: 1, reason: 'Http502' })).toBe(
    '1 connection to FCM given up as sick and replaced (1 worker, 8 held; last: Http502)',
  );
});
