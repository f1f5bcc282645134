import { expect, test } from 'vitest';
import type { Figures, ShotFigures } from '../../../contract/figures.ts';
import { MemoryContext } from '../../../test/memory-context.ts';
import { LAUNCH_ID, measuredAt, slackVia } from '../../../test/properties/scene.ts';
import { FACT, keepFact } from '../facts.ts';
import { FailingWatch } from './failing-watch.ts';

/** When people are told that a provider takes next to nothing. In the room, with reports: figures/live-shots.test.ts. */

async function fired() {
  const memory = await MemoryContext.ready();
  const order = await memory.asksForGo();
  if (order.kind !== 'FireRequested') throw new Error(order.kind);
  const shot = await memory.does({
    kind: 'approve-fire',
    by: 'mia',
    orderId: order.orderId,
    shownHash: order.shownHash,
    pressedAtMs: memory.nowMs,
    measured: measuredAt(memory.nowMs),
    via: slackVia('mia'),
    observedHaltEpoch: 0,
    observedHalted: false,
  });
  if (shot.kind !== 'FireApproved') throw new Error(shot.kind);
  const ios = (more: Partial<Figures>) =>
    ({ accepted: 0, failed: 0, uncertain: 0, reasons: {}, devices: 700, ...more }) as Figures;
  const state = { now: ios({}) as Figures | undefined };
  const figures = async () =>
    ({ platforms: state.now === undefined ? {} : { ios: state.now } }) as unknown as ShotFigures;
  const watch = (bot = memory.bot()) => new FailingWatch(bot, figures);
  const look = async (of = watch()) => of.look(await memory.launch());
  return { memory, state, ios, look, watch, shotId: shot.shotId };
}

test('from a hundred answers on, or all of a smaller shot, with next to none accepted; once, whoever looks and whatever was lost', async () => {
  const { memory, state, ios, look } = await fired();
  await look();
  state.now = ios({ failed: 99, reasons: { BadTopic: 99 } });
  await look();
  state.now = ios({ accepted: 90, failed: 10, reasons: { BadTopic: 10 } });
  await look();
  state.now = undefined;
  await look();
  expect(await memory.notes()).toEqual([]);
  state.now = ios({ failed: 100, reasons: { BadTopic: 100 } });
  await look();
  await look();
  memory.facts.clear();
  await look();
  expect(await memory.notes()).toEqual([
    expect.stringMatching(
      /^iOS is hardly being reached .*: 100 of 100 pushes so far were refused.* goes to exactly those/,
    ),
  ]);
});

test('all of a shot of three is enough; bad tokens alone leave nobody to send to again', async () => {
  const { memory, state, ios, look } = await fired();
  state.now = ios({ devices: 3, failed: 2, uncertain: 1, reasons: { BadDeviceToken: 2 } });
  await look();
  const [note = ''] = await memory.notes();
  expect(note).toContain('1 were never answered and may have arrived');
  expect(note).not.toContain('goes to exactly those');
});

test('what was answered by nobody is said so', async () => {
  const { memory, state, ios, look } = await fired();
  state.now = ios({ uncertain: 100 });
  await look();
  expect((await memory.notes())[0]).toContain('none of 100 pushes so far was answered; they may have arrived');
});

test('while the room has its own message of it, or the launch takes no note, nothing is said, and it is said later', async () => {
  const { memory, state, ios, look, watch, shotId } = await fired();
  state.now = ios({ failed: 100, reasons: { BadTopic: 100 } });
  for (const name of [FACT.stopped(shotId, 'ios'), FACT.weather('ios')]) {
    await keepFact(memory.context, LAUNCH_ID, name, '{}');
    await look();
    expect(await memory.notes()).toEqual([]);
    await keepFact(memory.context, LAUNCH_ID, name, '');
  }
  const deaf = { ...memory.bot(), execute: async () => ({ ok: false as const, code: 'NO', say: '' }) };
  await look(watch(deaf));
  expect(await memory.notes()).toEqual([]);
  await look();
  expect(await memory.notes()).toHaveLength(1);
});
