import { GetQueueUrlCommand, PurgeQueueCommand } from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import { segmentDedupId } from '../../contract/orders.ts';
import { queueNames } from '../../contract/queue-names.ts';
import { createClients } from '../../infra/aws/clients.ts';
import { LOCAL_POOL } from '../../infra/local/principals.ts';
import { mustGo } from '../../infra/local/scripted-commands.ts';
import { until } from '../../infra/local/scripted-person.ts';
import type { Shot } from '../../runbooks/launch/launch.ts';
import { inAll } from '../in-all.ts';
import { openedForTests } from '../run/opened-for-tests.ts';
import { secondTry } from '../run/second-try.ts';
import { startHoldingProxy } from './holding-proxy.ts';
import type { HoldingProxy } from './holding-proxy.ts';
import { openWarRoom, outcomeOf } from './war-room.ts';
import type { WarRoom } from './war-room.ts';

/**
 * What becomes of a press when its wake-ups are late, lost, or lie among somebody else's, and when the store is silent.
 * Each test fires a market of its own, and is compared with what the providers counted.
 */

const names = queueNames(LOCAL_POOL);
let room: WarRoom;
let holding: HoldingProxy;
async function open(): Promise<void> {
  room = await openWarRoom({
    markets: { plain: 600, stalled: 600, blocked: 600, dull: 600, flooded: 600, taken: 600, purged: 6_000 },
    androidMarkets: { slow: 1_200 },
    workerEndpoint: async (url) => {
      holding = await startHoldingProxy(url);
      return holding.url;
    },
  });
}
openedForTests(open, async () => {
  await room.stop();
  await holding.close();
});

const pressed = async (segment: string): Promise<Shot> => until('the approval', 10_000, () => room.shotOf(segment));
const firstPushMs = async (shot: Shot): Promise<number> =>
  until(
    'the first push',
    25_000,
    async () => {
      const { firstAtMs } = await room.counts(shot.id);
      return firstAtMs === null ? null : firstAtMs - shot.pressedAtMs;
    },
    20,
  );

/** Every device of the segment got one push, says the provider as well. */
async function allSent(segment: string): Promise<void> {
  const shot = await room.closed(segment);
  const outcome = outcomeOf(shot);
  expect(outcome).toMatchObject({ accepted: outcome.devices, sum: outcome.devices, late: 0, uncertain: 0 });
  expect(await room.counts(shot.id)).toMatchObject({
    received: outcome.devices,
    distinctDevices: outcome.devices,
    duplicates: 0,
  });
}

async function plainShot(): Promise<Shot> {
  await room.ben.press(await room.ask('fire plain-ios'));
  await allSent('plain-ios');
  return pressed('plain-ios');
}

/** In each of two queues: the batch queue takes and tells a thousand in the same way, only longer. */
const FLOOD = [...inAll('a few hundred of every kind are the same trial', [1_000]), 300][0] ?? 0;

const foreignSeen = async () =>
  (await room.stack.cloud.live.reports(room.launchId)).reduce(
    (sum, { foreign }) => sum + (foreign?.orders ?? 0) + (foreign?.batches ?? 0),
    0,
  );
const boots = async () =>
  (await room.stack.cloud.live.reports(room.launchId))
    .filter(({ state }) => state !== 'gone')
    .map(({ bootId }) => bootId)
    .toSorted();
const groupOf = (segment: string) => segmentDedupId({ launchId: room.launchId, segment, attempt: 1 });

/** The time that an order takes with nothing in its way, on this machine now. */
let plainMs = 0;
/** No real order waits more than a second longer; who missed that would look two seconds later. */
const atMostMs = () => plainMs + 2_500;

const SECOND_TRY = secondTry('outages of seconds, and claims that must come within them');

describe('wake-ups', { ...SECOND_TRY, timeout: 120_000 }, () => {
  test('a press with nothing in its way', async () => {
    plainMs = await firstPushMs(await plainShot());
    expect(plainMs).toBeLessThan(1_500);
  });

  test('an order of nobody in the group of the real one, from before the press', async () => {
    const seenBefore = await foreignSeen();
    const button = await room.ask('fire blocked-ios');
    const order = { v: 1, launchId: 'somebody-elses', shotId: 'S1', segment: 'blocked-ios', attempt: 1 };
    await room.stack.cloud.queues.sendFifo(names.segments, [
      { body: JSON.stringify(order), group: groupOf('blocked-ios'), dedup: 'x' },
    ]);
    await room.ben.press(button);
    expect(await firstPushMs(await pressed('blocked-ios'))).toBeLessThan(atMostMs());
    await allSent('blocked-ios');
    await until('its count', 5_000, async () => (await foreignSeen()) === seenBefore + 1);
  });

  test('a message with the dedup id of the real order, from before the press: SQS swallows the order', async () => {
    const seenBefore = await foreignSeen();
    const button = await room.ask('fire taken-ios');
    await room.stack.cloud.queues.sendFifo(names.segments, [
      { body: 'GO', group: groupOf('taken-ios'), dedup: groupOf('taken-ios') },
    ]);
    await until('its end', 20_000, async () => (await foreignSeen()) === seenBefore + 1);
    await room.ben.press(button);
    expect(await firstPushMs(await pressed('taken-ios'))).toBeLessThan(atMostMs());
    await allSent('taken-ios');
  });

  test('hundreds of messages in the group of the real order and on the batch queue, of every kind: no worker ends, nothing is sent for them, and somebody is told', async () => {
    const alive = await boots();
    const seenBefore = await foreignSeen();
    const old = (await room.shotOf('plain-ios')) ?? (await plainShot());
    const sentBefore = (await room.counts()).received;
    const button = await room.ask('fire flooded-ios');
    const junk = (at: number, more: Record<string, unknown>): string => {
      const order = {
        v: 1,
        launchId: room.launchId,
        shotId: `S${1_000 + at}`,
        segment: 'flooded-ios',
        attempt: 1,
        ...more,
      };
      const kinds = [
        order,
        { ...order, launchId: `launch-${at}` },
        { ...order, v: 2 },
        { ...order, shotId: old.id, attempt: 7 },
        { ...order, shownHash: 'f'.repeat(64) },
        { ...order, shotId: old.id, segment: 'flooded-ios' },
        { ...order, shotId: 'x'.repeat(at < 20 ? 250_000 : 300) },
        { ...order, attempt: 1.5 },
      ];
      return at % 10 === 9 ? `GO ${at}` : JSON.stringify(kinds[at % kinds.length]);
    };
    const numbers = Array.from({ length: FLOOD }, (_, at) => at);
    const flooding = Promise.all([
      room.stack.cloud.queues.sendFifo(
        names.segments,
        numbers.map((at) => ({ body: junk(at, {}), group: groupOf('flooded-ios'), dedup: `junk-${at}` })),
      ),
      room.stack.cloud.queues.send(
        names.batches.ios,
        numbers.map((at) => junk(at, { batch: `flooded-ios.${String(1 + (at % 6)).padStart(5, '0')}` })),
      ),
    ]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await room.ben.press(button);
    const shot = await pressed('flooded-ios');
    const firstMs = await firstPushMs(shot);
    // The order itself still waits behind others in its group: its batches did not. How long that takes says more of the stand-ins, which take
    // all these messages in the process that this test runs in.
    expect((await room.stack.cloud.queues.depth(names.segments)).visible).toBeGreaterThan(0);
    expect(firstMs).toBeLessThan(15_000);
    await flooding;
    await allSent('flooded-ios');
    expect((await room.counts()).received - sentBefore).toBe(600);
    await until(
      'all of them counted',
      60_000,
      async () => {
        const seen = (await foreignSeen()) - seenBefore;
        if (seen < 2 * FLOOD)
          throw new Error(
            `${seen} of ${2 * FLOOD}: ${JSON.stringify(await Promise.all([names.segments, names.batches.ios].map((name) => room.stack.cloud.queues.depth(name))))}`,
          );
        return true;
      },
      200,
    );
    expect(await boots()).toEqual(alive);
  });

  test('a store that takes 350 ms to read an item', async () => {
    const button = await room.ask('fire dull-ios');
    holding.delay(/^DynamoDB_20120810\.GetItem/, 350);
    await room.ben.press(button);
    const shot = await pressed('dull-ios');
    await firstPushMs(shot);
    await allSent('dull-ios');
    holding.delay(null, 0);
    // The dispatcher and the sender each read once, and no claim reads an item.
    expect(await firstPushMs(shot)).toBeLessThan(plainMs + 2_000);
  });

  test('queues that are purged right after the press', async () => {
    // Slow enough that most batches still lie on the queue.
    await mustGo(room.ana, 'pace ios 2000');
    const button = await room.ask('fire purged-ios');
    const { sqs } = createClients(room.stack.cloudConfig);
    const urls = await Promise.all(
      [names.segments, names.batches.ios].map(
        async (QueueName) => (await sqs.send(new GetQueueUrlCommand({ QueueName }))).QueueUrl,
      ),
    );
    await room.ben.press(button);
    const shot = await pressed('purged-ios');
    await Promise.all(urls.map((QueueUrl) => sqs.send(new PurgeQueueCommand({ QueueUrl }))));
    await firstPushMs(shot);
    await allSent('purged-ios');
  });

  test('a DynamoDB that is silent to the workers for 8 s at GO, while another shot runs slowly', async () => {
    await mustGo(room.ana, 'pace android 150');
    await room.ben.press(await room.ask('fire slow-android'));
    const slow = await pressed('slow-android');
    await until('the slow shot', 10_000, async () => (await room.counts(slow.id)).received > 20);
    const button = await room.ask('fire stalled-ios');
    holding.hold(/^DynamoDB_20120810/);
    const silentAtMs = Date.now();
    await room.ben.press(button);
    const shot = await pressed('stalled-ios');
    await new Promise((resolve) => setTimeout(resolve, silentAtMs + 8_000 - Date.now()));
    expect((await room.counts(shot.id)).received).toBe(0);
    holding.hold(null);
    const backAtMs = Date.now();
    const firstMs = shot.pressedAtMs + (await firstPushMs(shot)) - backAtMs;
    await allSent('stalled-ios');
    expect(firstMs).toBeLessThan(2_000);
    const outcome = outcomeOf(await room.closed('slow-android', 60_000));
    expect(outcome).toMatchObject({ sum: 1_200, late: 0, halted: 0, failed: 0 });
    expect((await room.counts(slow.id)).duplicates).toBe(0);
  });
});
