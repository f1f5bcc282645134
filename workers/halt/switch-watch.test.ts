import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createClients } from '../../infra/aws/clients.ts';
import { createStoreClock } from '../../infra/aws/store-clock.ts';
import { tableNames } from '../../infra/aws/tables.ts';
import { localCloudForTests } from '../../infra/local/cloud/for-tests.ts';
import { A_WAIT, secondTry } from '../../test/run/second-try.ts';
import { startStallProxy } from '../../test/stall-proxy.ts';
import type { StallProxy } from '../../test/stall-proxy.ts';
import { PAUSE_AFTER_MS, SwitchView, createSwitchMemory, sharedNowMs, writeReading } from './switch-view.ts';
import { watchSwitches } from './switch-watch.ts';

const NO_SWITCHES = { pace: { ios: 0, android: 0 }, zombie: false, custom: {} };

let local: Awaited<ReturnType<typeof localCloudForTests>>;
let proxy: StallProxy;
beforeAll(async () => {
  local = await localCloudForTests();
  proxy = await startStallProxy(local.url);
});
afterAll(async () => {
  await proxy.close();
  await local.stop();
});

test('a halt reaches the sending thread, a lift lets the shot that lifts it go, and an older shot stays ended', async () => {
  const watch = watchSwitches({ config: local.config, launchId: 'a', log: pino({ level: 'silent' }) });
  try {
    expect(watch.view.stop(0)).toBe('paused');
    await local.cloud.switches.apply('a', 1, NO_SWITCHES);
    await vi.waitFor(() => expect(watch.view.stop(0)).toBeNull());
    await local.cloud.switches.halt('a');
    await vi.waitFor(() => expect(watch.view.stop(0)).toBe('halted'));
    // The shot that is approved to lift epoch 1 waits until the lift is there.
    expect(watch.view.stop(1)).toBe('paused');
    await local.cloud.switches.lift('a', 1);
    await vi.waitFor(() => expect(watch.view.stop(1)).toBeNull());
    expect(watch.view.stop(0)).toBe('halted');
    await local.cloud.switches.apply('a', 7, { pace: { ios: 50, android: 9 }, zombie: false, custom: {} });
    await vi.waitFor(() => expect([watch.view.pace('ios'), watch.view.pace('android')]).toEqual([50, 9]));
  } finally {
    await watch.stop();
  }
});

test("the answers that the thread gets tell the store's time to the main thread", secondTry(A_WAIT), async () => {
  const clock = createStoreClock({ wallMs: () => Date.now() + 30_000 });
  const watch = watchSwitches({
    config: local.config,
    launchId: 'c',
    log: pino({ level: 'silent' }),
    onAnswer: clock.answered,
  });
  try {
    await vi.waitFor(() => expect(Math.abs(clock.nowMs() - Date.now())).toBeLessThan(600));
    expect(clock.offset()?.aheadMs).toBeGreaterThan(29_000);
  } finally {
    await watch.stop();
  }
});

test(
  'without a confirmed read for 800 ms it pauses, and goes on when reads come through again',
  secondTry(A_WAIT),
  async () => {
    const watch = watchSwitches({
      config: { ...local.config, endpoint: proxy.url },
      launchId: 'b',
      log: pino({ level: 'silent' }),
    });
    try {
      await local.cloud.switches.apply('b', 1, NO_SWITCHES);
      await vi.waitFor(() => expect(watch.view.stop(0)).toBeNull());
      proxy.stall(true);
      await vi.waitFor(() => expect(watch.view.stop(0)).toBe('paused'), { interval: 10 });
      expect(watch.view.readAgoMs()).toBeLessThan(PAUSE_AFTER_MS + 400);
      proxy.stall(false);
      await vi.waitFor(() => expect(watch.view.stop(0)).toBeNull());
    } finally {
      proxy.stall(false);
      await watch.stop();
    }
  },
);

test('a switch item that is lost is no lift: the worker pauses until it is written again', async () => {
  await local.cloud.switches.apply('c', 1, NO_SWITCHES);
  await local.cloud.switches.halt('c');
  const watch = watchSwitches({ config: local.config, launchId: 'c', log: pino({ level: 'silent' }) });
  const clients = createClients(local.config);
  try {
    await vi.waitFor(() => expect(watch.view.stop(0)).toBe('halted'));
    await clients.dynamo.send(
      new DeleteItemCommand({
        TableName: tableNames(local.config.tablePrefix).switches,
        Key: { launchId: { S: 'c' } },
      }),
    );
    await vi.waitFor(() => expect(watch.view.readAgoMs()).toBeGreaterThan(PAUSE_AFTER_MS));
    expect([watch.view.stop(0), watch.view.stop(1)]).toEqual(['halted', 'paused']);
    await local.cloud.switches.apply('c', 2, NO_SWITCHES);
    await vi.waitFor(() => expect(watch.view.stop(1)).toBeNull());
  } finally {
    clients.destroy();
    await watch.stop();
  }
});

test('a reading counts from when the read was begun', () => {
  const memory = createSwitchMemory();
  const view = new SwitchView(memory);
  writeReading(memory, { haltEpoch: 2, halted: false, pace: { ios: 0, android: 0 } }, sharedNowMs() - 900);
  expect(view.stop(2)).toBe('paused');
  expect(view.stop(1)).toBe('halted');
  writeReading(memory, { haltEpoch: 2, halted: false, pace: { ios: 0, android: 0 } }, sharedNowMs());
  expect(view.stop(2)).toBeNull();
});

test('a pace that no slot can hold is the fastest one, not none', () => {
  const memory = createSwitchMemory();
  writeReading(memory, { haltEpoch: 0, halted: false, pace: { ios: 5_000_000_000, android: 7 } }, sharedNowMs());
  const view = new SwitchView(memory);
  expect([view.pace('ios'), view.pace('android')]).toEqual([2_147_483_647, 7]);
});

test('a worker that has run for a month reads its switches as on the first day', secondTry(A_WAIT), () => {
  const { shared } = createSwitchMemory();
  const memory = { shared, originMs: sharedNowMs() - 31 * 86_400_000 };
  const view = new SwitchView(memory);
  writeReading(memory, { haltEpoch: 0, halted: false, pace: { ios: 0, android: 0 } }, sharedNowMs());
  expect(view.readAgoMs()).toBeLessThan(100);
  expect(view.stop(0)).toBeNull();
});
