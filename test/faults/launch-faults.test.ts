import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../infra/local/scripted-person.ts';
import { startHoldingProxy, type HoldingProxy } from './holding-proxy.ts';
import { openWarRoom, outcomeOf, type WarRoom } from './war-room.ts';

/** Faults in the middle of a launch, one after the other in one war room; each test fires a market of its own. */

let room: WarRoom;
let proxy: HoldingProxy;
beforeAll(async () => {
  room = await openWarRoom({ markets: { killed: 600, pressed: 600 } });
  proxy = await startHoldingProxy(room.stack.localCloud.url);
}, 60_000);
afterAll(async () => {
  await room.stop();
  await proxy.close();
}, 30_000);

describe('a launch under faults', { timeout: 60_000 }, () => {
  test('a bot that is killed between the approval and its wake-ups leaves a shot that goes out exactly once', async () => {
    const { stack } = room;
    await stack.parts.bot.stop(0);
    const held = await stack.parts.startBot({ AWS_ENDPOINT_URL: proxy.url });
    const go = await room.ask('fire killed-ios');
    proxy.hold(/^AmazonSQS\.SendMessage/);
    await room.ben.press(go);
    const shot = await until('the approval', 10_000, () => room.shotOf('killed-ios'));
    await until('the held wake-up', 10_000, async () => proxy.held > 0);
    expect((await room.counts(shot.id)).received).toBe(0);
    process.kill(held.pid, 'SIGKILL');
    await held.ended;
    proxy.hold(null);
    await stack.parts.startBot();
    const closed = await room.closed('killed-ios');
    expect(outcomeOf(closed)).toMatchObject({ accepted: 600, uncertain: 0, sum: 600 });
    expect(await room.counts(shot.id)).toMatchObject({ received: 600, distinctDevices: 600, duplicates: 0 });
    expect(await room.repeated()).toEqual([]);
  });
});
