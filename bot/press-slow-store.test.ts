import { afterEach, expect, it } from 'vitest';
import { until } from '../infra/local/slack/for-tests.ts';
import { buttonsOf, readyLaunch, startRig } from '../test/bot-rig.ts';
import type { Rig } from '../test/bot-rig.ts';
import { startHoldingProxy } from '../test/faults/holding-proxy.ts';
import type { HoldingProxy } from '../test/faults/holding-proxy.ts';
import { goValue } from './actions/fire.ts';

/** A store that is slow, and no more than that, costs a press its own time and never the press. */

let rig: Rig | null = null;
let proxy: HoldingProxy | null = null;
afterEach(async () => {
  await rig?.stop();
  await proxy?.close();
});

it('GO is taken while every read of one item takes 350 ms or 600 ms', async () => {
  const one = (rig = await startRig({
    cloudAt: async (url) => {
      proxy = await startHoldingProxy(url);
      return proxy.url;
    },
  }));
  const slow = proxy as HoldingProxy | null;
  if (slow === null) throw new Error('no proxy');
  await readyLaunch(one);
  const press = async (segment: string, fault: () => void) => {
    await one.ask(one.ana, `fire ${segment}`);
    // By its order: the button of the order before stands until its message is drawn anew, which this press may overtake.
    const order = await until('an order', async () =>
      Object.values((await one.launch()).orders).find(({ shown }) =>
        shown.segments.some((part) => part.segment === segment),
      ),
    );
    const go = await until('its GO button', async () =>
      buttonsOf(await one.ben.messages(), 'fire.go').find(
        ({ value }) => goValue.parse(JSON.parse(value)).orderId === order.id,
      ),
    );
    fault();
    expect(await one.ben.press(go.ts, 'fire.go', { block_id: go.blockId, value: go.value })).toMatchObject({
      ok: true,
    });
    const shot = await until('a shot', async () =>
      Object.values((await one.launch()).shots).find(({ segments }) =>
        segments.some((part) => part.segment === segment),
      ),
    );
    expect(shot.approvedBy).toBe('ben');
    slow.delay(null, 0);
  };
  await press('us-ios', () => slow.delay(/^DynamoDB_20120810\.GetItem/, 350));
  // Longer than a poll may take.
  await press('us-android', () => slow.delay(/^DynamoDB_20120810\.GetItem/, 600));
});
