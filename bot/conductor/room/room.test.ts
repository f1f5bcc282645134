import { ErrorCode } from '@slack/web-api';
import { expect, test } from 'vitest';
import { MemoryContext } from '../../../test/memory-context.ts';
import { LAUNCH_ID } from '../../../test/properties/scene.ts';
import type { SlackPort } from '../../slack/slack-port.ts';
import { Room, roomTrouble } from './room.ts';

/** When the channel counts as shut. With a real workspace: slack-faults.test.ts. */

const refused = (error: string) =>
  Object.assign(new Error(error), { code: ErrorCode.PlatformError, data: { ok: false, error } });
const archived = refused('is_archived');

async function shutting(memory?: MemoryContext) {
  const of = memory ?? (await MemoryContext.ready());
  const told: string[] = [];
  const state = { isAway: false };
  const slack = {
    postMessage: async (channel: string) => {
      if (state.isAway) throw new Error('away');
      told.push(channel);
      return 'ts';
    },
  } as unknown as SlackPort;
  const room = new Room({ ...of.bot(), slack }, LAUNCH_ID);
  await room.open();
  return { memory: of, room, told, state, launch: await of.launch(), noted: () => roomTrouble(of.context, LAUNCH_ID) };
}

test('a channel that Slack refuses is shut: on-call people are told directly, once, and it is tried ever more rarely', async () => {
  const { memory, room, told, launch, noted } = await shutting();
  expect([room.mayTry(), room.trouble, await noted()]).toEqual([true, null, null]);
  const sinceMs = memory.nowMs;
  for (const pauseMs of [500, 1_000, 2_000, 4_000, 5_000, 5_000]) {
    expect(await room.failed(launch, archived, 'post')).toBe(true);
    expect(room.mayTry()).toBe(false);
    memory.nowMs += pauseMs - 1;
    expect(room.mayTry()).toBe(false);
    memory.nowMs += 1;
    expect(room.mayTry()).toBe(true);
  }
  expect(told).toEqual(['U0ONCALL']);
  expect(room.trouble).toEqual({ code: 'is_archived', sinceMs, refusesPosts: true });
  expect(await noted()).toEqual(room.trouble);
});

test('what is wrong with one message, or with the way to Slack, shuts nothing', async () => {
  const { room, told, launch } = await shutting();
  for (const error of [refused('invalid_blocks'), refused('internal_error'), new Error('away')])
    expect(await room.failed(launch, error, 'post')).toBe(false);
  expect([room.trouble, room.mayTry(), told]).toEqual([null, true, []]);
});

test('it is open again with what Slack takes; an edit proves nothing about posts', async () => {
  const { memory, room, launch, noted } = await shutting();
  const startMs = memory.nowMs;
  await room.failed(launch, archived, 'edit');
  expect(room.trouble?.refusesPosts).toBe(false);
  await room.failed(launch, archived, 'post');
  await room.failed(launch, archived, 'edit');
  await room.worked('edit');
  expect(room.trouble?.refusesPosts).toBe(true);
  expect(room.troubleSince(startMs)).toMatchObject({ code: 'is_archived' });
  memory.nowMs += 1_000;
  await room.worked('post');
  expect([room.trouble, room.mayTry(), await noted()]).toEqual([null, true, null]);
  expect(room.troubleSince(memory.nowMs)).toMatchObject({ code: 'is_archived' });
  expect(room.troubleSince(memory.nowMs + 1)).toBeNull();
  // The next time begins with a short pause.
  await room.failed(launch, archived, 'edit');
  memory.nowMs += 500;
  expect(room.mayTry()).toBe(true);
  await room.worked('edit');
  expect(room.trouble).toBeNull();
});

test('the next leader knows it, and tells nobody again; who could not be told holds up nothing', async () => {
  const first = await shutting();
  first.state.isAway = true;
  expect(await first.room.failed(first.launch, archived, 'post')).toBe(true);
  const second = await shutting(first.memory);
  expect(second.room.trouble).toMatchObject({ code: 'is_archived' });
  await second.room.failed(second.launch, archived, 'post');
  expect([first.told, second.told]).toEqual([[], []]);
});

test('a channel that is archived after the launch is put away, not shut', async () => {
  const { memory, room, launch } = await shutting();
  expect(room.isPutAway(launch, archived)).toBe(false);
  await memory.does({ kind: 'close-launch', by: 'ana', reason: '' });
  const closed = await memory.launch();
  expect([room.isPutAway(closed, archived), room.isPutAway(closed, refused('channel_not_found'))]).toEqual([
    true,
    false,
  ]);
});
