import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LaneWeather, ShotSnapshot, WorkerReport } from '../../../contract/report.ts';
import type { RoomMessage } from '../../../infra/local/slack/for-tests.ts';
import { startRig, until } from '../../../test/conductor-rig.ts';
import type { Rig } from '../../../test/conductor-rig.ts';
import { sampleRunbook, segmentTotals } from '../../../test/properties/scene.ts';
import { A_WAIT, secondTry } from '../../../test/run/second-try.ts';
import { countsOf, evenly, reportOf } from '../for-tests.ts';

/** The real conductor, store and room; workers' reports are written by the test. */

let rig: Rig;
const stops: (() => unknown)[] = [];
beforeEach(async () => {
  rig = await startRig();
});
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
  await rig.stop();
});

const QUICK = { stoppedMs: 800, slowMs: 800, fairMs: 300, weatherEditMs: 200 };

type Sky = Partial<Record<'apns' | 'fcm', Partial<LaneWeather>>>;

/** What two workers report of a shot, changed by the test as it goes. */
async function fired(options: { segments?: string[]; iosMs?: number; timings?: Record<string, number> } = {}) {
  await rig.create({
    runbook: sampleRunbook({ delivery: { ios_not_after: `${(options.iosMs ?? 60_000) / 1_000}s` } }),
  });
  const { conductor, journal } = rig.conductor('first', { timings: { ...QUICK, ...options.timings } });
  await conductor.start();
  const order = await rig.request(options.segments ?? 'all');
  await journal.launch(rig.launchId);
  const acted = await journal.append(rig.launchId, rig.approval(order));
  if (!acted.ok || acted.entry.kind !== 'FireApproved') throw new Error(JSON.stringify(acted));
  void conductor.perform(rig.launchId, acted.entry);
  const { shotId, pressedAtMs } = acted.entry;
  const now: { ios: number; android: number; sky: Sky; sinceMs: number; sick: number } = {
    ios: 100,
    android: 100,
    sky: {},
    sinceMs: Date.now(),
    sick: 7,
  };
  const report = (boot: string, share: number) => {
    const of = (provider: 'apns' | 'fcm'): WorkerReport['lanes'][number] => ({
      provider,
      connections: 4,
      primed: 4,
      streams: 400,
      inFlight: 0,
      credentialAgeMs: 1,
      credentialLeftMs: 3_000_000,
      sick: { connections: now.sick, reason: 'ServiceUnavailable' },
      weather:
        now.sky[provider] === undefined
          ? null
          : {
              state: 'stopped',
              reason: 'TooManyRequests',
              forMs: Date.now() - now.sinceMs,
              refused: 206,
              waiting: 120,
              againInMs: 3_000,
              ...now.sky[provider],
            },
    });
    const shot: ShotSnapshot = {
      shotId,
      platforms: {
        ios: countsOf(evenly(now.ios * share, 0, 500)),
        android: countsOf(evenly(now.android * share, 0, 500)),
      },
      firstWriteAtMs: pressedAtMs + 30,
      lastWriteAtMs: pressedAtMs + 900,
    };
    return rig.reports(
      reportOf(acted.launch, boot, Date.now(), { state: 'sending', lanes: [of('apns'), of('fcm')], shots: [shot] }),
    );
  };
  const timer = setInterval(
    () => void Promise.all([report('one', 0.5), report('two', 0.5)]).catch(() => undefined),
    100,
  );
  stops.push(() => clearInterval(timer));
  return { conductor, now, shotId, begins: (sky: Sky) => Object.assign(now, { sky, sinceMs: Date.now() }) };
}

const textOf = (message: { blocks: unknown }): string => JSON.stringify(message.blocks);
/** A message of its own that begins so, and holds that: board and live figures have a line of it too. */
const told = (head: string, holds = ''): Promise<RoomMessage> =>
  until(`${head} … ${holds}`, async () =>
    (await rig.messages()).find((message) => message.text.startsWith(head) && textOf(message).includes(holds)),
  );
const notes = async () => (await rig.entries('Noted')).map(({ text }) => text);

test('what a provider answers everybody is one message: which word, on how many workers, what waits, until when, what to do; the same one says that it is over', async () => {
  const { begins, now } = await fired();
  await rig.seen('Sending: 200');
  begins({ apns: {} });
  const alarm = await told('APNs takes no pushes just now');
  const text = textOf(alarm);
  expect(text).toContain('it answers *TooManyRequests* on 2 of 2 workers, 412 times so far');
  expect(text).toContain("600 of 700 devices have no answer yet; 240 of them are in workers' hands and wait");
  expect(text).toMatch(/The next try is at .*Whoever was refused so is unsent as before/);
  expect(text).toMatch(
    /iOS has time until .*What is not sent by then is held, not lost: once the shot is closed, `\/go fire ios` sends to exactly those/,
  );
  expect(text).toContain('/go pace ios N');
  await told('Sending: 200', '*APNs takes no pushes just now*: it answers *TooManyRequests* on 2 of 2 workers for');
  // Figures go into the same message.
  now.sky = { apns: { refused: 300 } };
  expect((await told('APNs takes no', '600 times so far')).ts).toBe(alarm.ts);
  now.ios = 400;
  now.sky = {};
  const over = await told('APNs takes pushes again after');
  expect(over.ts).toBe(alarm.ts);
  expect(textOf(over)).toContain('Up to 240 devices at a time were held back meanwhile');
  await until('both notes', async () => ((await notes()).length === 2 ? true : undefined));
  expect(await notes()).toEqual([
    expect.stringMatching(
      /^APNs takes no pushes just now \(us-ios, br-ios\), since .* UTC: it answers TooManyRequests on 2 of 2 workers\. 600 of 700 devices had no answer yet\.$/,
    ),
    expect.stringMatching(
      /^APNs takes pushes again after .* \(us-ios, br-ios\)\. Since .* UTC it answered TooManyRequests on 2 of 2 workers, 600 times\. Up to 240 devices/,
    ),
  ]);
  // A gust soon after is told in the same message, and the entries post nothing besides.
  begins({ apns: { reason: 'ServiceUnavailable' } });
  expect((await told('APNs takes no', 'it answers *ServiceUnavailable*')).ts).toBe(alarm.ts);
  expect((await rig.messages('APNs take')).filter(({ text: head }) => head.startsWith('APNs take'))).toHaveLength(1);
});

test(
  'a platform whose weather is told does not stand still besides; one that stands still already keeps its message, with the weather as its reason',
  secondTry(A_WAIT),
  async () => {
    const { begins, now } = await fired({ timings: { stillMs: 2_000 } });
    const tick = setInterval(() => {
      now.android += 1;
    }, 100);
    stops.push(() => clearInterval(tick));
    await rig.seen('iOS stands still');
    begins({ apns: {} });
    const still = await told('iOS stands still', 'APNs takes no pushes just now: it answers *TooManyRequests*');
    expect(await rig.messages('keeps up with it')).toEqual([]);
    clearInterval(tick);
    begins({ apns: {}, fcm: { reason: 'QUOTA_EXCEEDED' } });
    const alarm = await told('FCM takes no pushes just now');
    expect(textOf(alarm)).toContain('/go pace android N');
    await until('more than a standstill takes', async () => (Date.now() - now.sinceMs > 2_800 ? true : undefined));
    expect(await rig.messages('Android stands still')).toEqual([]);
    // What begins with the other platform's standstill is no standstill of this one.
    expect((await rig.messages('stands still')).map(({ ts }) => ts)).toEqual([still.ts]);
  },
);

test('an end without fair weather says who was left and how to send to exactly those; never fired segments are not among them', async () => {
  const { begins, shotId } = await fired({ segments: ['us-ios'] });
  begins({ apns: { reason: 'Http502' } });
  const alarm = await told('APNs takes no pushes just now');
  expect(textOf(alarm)).toContain('a proxy, a firewall or a wrong address');
  expect(textOf(alarm)).toContain('`/go fire us-ios`');
  await rig.append({
    kind: 'close-shot',
    shotId,
    cause: 'not-after',
    segments: [segmentTotals('us-ios', 1, 500, { late: 450 })],
  });
  const over = await told('The shot was closed; APNs had taken no pushes for');
  expect(over.ts).toBe(alarm.ts);
  expect(textOf(over)).toContain('*450 devices can still be sent to*: `/go fire us-ios` goes to exactly those');
});

test('all that was held back is sent and the shot closed before anybody can say that it is fair: that is good news', async () => {
  const { begins, now, shotId } = await fired({ segments: ['us-ios'] });
  begins({ apns: {} });
  const alarm = await told('APNs takes no pushes just now');
  // On its way out, with an answer of another kind among the good ones.
  now.sky = { apns: { state: 'slow', reason: 'InternalServerError', againInMs: 0 } };
  await told('APNs takes fewer pushes', 'InternalServerError');
  await rig.append({
    kind: 'close-shot',
    shotId,
    cause: 'complete',
    segments: [
      segmentTotals('us-ios', 1, 500, {
        failed: 4,
        reachable: 1,
        reasons: { Unregistered: 3, InternalServerError: 1 },
      }),
    ],
  });
  const over = await told(
    'APNs took pushes again, and the shot is closed after',
    'have gone out since. *1 device can still be sent to*',
  );
  expect(over.ts).toBe(alarm.ts);
  expect(textOf(over)).toContain('it answered *TooManyRequests* on 2 of 2 workers');
});

test('a gust is not told, and a lull is no end', secondTry(A_WAIT), async () => {
  const { begins, now } = await fired({ timings: { stoppedMs: 3_000, fairMs: 2_000 } });
  begins({ apns: {} });
  await new Promise((resolve) => {
    setTimeout(resolve, 600);
  });
  now.sky = {};
  await new Promise((resolve) => {
    setTimeout(resolve, 3_500);
  });
  expect(await notes()).toEqual([]);
  begins({ apns: {} });
  await told('APNs takes no pushes just now');
  now.sky = {};
  await new Promise((resolve) => {
    setTimeout(resolve, 600);
  });
  now.sky = { apns: {} };
  await new Promise((resolve) => {
    setTimeout(resolve, 1_700);
  });
  expect(await notes()).toHaveLength(1);
  now.sky = {};
  await told('APNs takes pushes again after');
});

test('slow weather calls nobody; a silent pool is no fair weather', async () => {
  const { begins, now } = await fired();
  begins({ fcm: { state: 'slow', reason: 'UNAVAILABLE', againInMs: 0 } });
  const alarm = await told('FCM takes fewer pushes than it is given');
  expect(textOf(alarm)).not.toContain('U0ONCALL');
  expect(textOf(alarm)).toContain('may have got the push: uncertain');
  for (const stop of stops.splice(0)) await stop();
  now.sky = {};
  await new Promise((resolve) => {
    setTimeout(resolve, 1_000);
  });
  expect(textOf(await told('FCM takes fewer pushes'))).not.toContain('white_check_mark');
});

test('another leader goes on with the message of the one before', async () => {
  const { begins, now, conductor } = await fired();
  begins({ apns: {} });
  const alarm = await told('APNs takes no pushes just now');
  await until('kept', async () =>
    ((await rig.cloud.facts.get(rig.launchId, 'weather/ios')) ?? '') !== '' ? true : undefined,
  );
  await conductor.stop();
  await rig.conductor('second', { timings: QUICK }).conductor.start();
  now.sky = {};
  const over = await told('APNs takes pushes again after');
  expect(over.ts).toBe(alarm.ts);
});

test('sick connections are no alarm; many of them since GO are noted, once for a shot and platform', async () => {
  const { now } = await fired({ segments: ['us-ios'] });
  await rig.seen('14 connections to APNs given up as sick and replaced');
  await told('Sending: 100');
  // Two workers with four connections each.
  now.sick = 11;
  await rig.seen('22 connections to APNs given up as sick and replaced');
  expect(await notes()).toEqual([]);
  now.sick = 12;
  const said = await rig.seen('Many connections to APNs fall sick');
  expect(said.html).toContain(
    '10 were given up and replaced since GO, where workers hold 8; the last after ServiceUnavailable',
  );
  now.sick = 60;
  const { length: reported } = await rig.entries('Noted');
  await new Promise((resolve) => {
    setTimeout(resolve, 900);
  });
  expect([reported, (await notes()).length]).toEqual([1, 1]);
});
