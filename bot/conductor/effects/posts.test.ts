import { afterEach, beforeEach, expect, test } from 'vitest';
import { effectsOf } from '../../../runbooks/launch/effects.ts';
import { startRig } from '../../../test/conductor-rig.ts';
import type { Rig } from '../../../test/conductor-rig.ts';
import { MemoryContext } from '../../../test/memory-context.ts';
import { segmentTotals } from '../../../test/properties/scene.ts';
import { UpdateBudget } from '../../slack/update-budget.ts';
import type { Context } from '../context.ts';
import { LivePosition } from '../figures/live-position.ts';
import { LiveShots } from '../figures/live-shots.ts';
import { Room } from '../room/room.ts';
import { Standings } from '../room/standing.ts';
import type { Pending } from './pending.ts';
import { Posts } from './posts.ts';

let rig: Rig;
let memory: MemoryContext;
beforeEach(async () => {
  [rig, memory] = await Promise.all([startRig(), MemoryContext.ready()]);
  await rig.create();
});
afterEach(async () => {
  rig.workspace.faults.set('*', null);
  await rig.stop();
});

function posts(): Posts {
  const context: Context = {
    ...memory.context,
    cloud: rig.cloud,
    journal: rig.journal,
    slack: rig.slack,
    nowMs: Date.now,
  };
  const [budget, looks] = [new UpdateBudget(Date.now), new UpdateBudget(Date.now, 30)];
  const room = new Room(context, rig.launchId);
  const live = new LiveShots(
    context,
    rig.launchId,
    new Standings(context, room, budget),
    new LivePosition(context, room, looks),
  );
  return new Posts(context, rig.slack, live);
}

/** The picture of a shot that is closed, as it waits at its so many-th try. */
async function chart(more: Partial<Pending> = {}): Promise<() => Promise<string>> {
  const { shotId } = await rig.appendAs('FireApproved', rig.approval(await rig.request(['us-ios'])));
  const entry = await rig.append({
    kind: 'close-shot',
    shotId,
    cause: 'complete',
    segments: [segmentTotals('us-ios', 1, 500)],
  });
  const launch = await rig.launch();
  const effect = effectsOf(entry, launch).find(({ kind }) => kind === 'post-chart');
  if (effect === undefined) throw new Error('NO_EFFECT');
  const pending: Pending = {
    effect,
    entry,
    after: launch,
    id: effect.id,
    tries: 0,
    notBeforeMs: 0,
    token: null,
    again: false,
    isChecked: true,
    isPosted: false,
    ...more,
  };
  const work = posts().prepare(pending, launch);
  if (work === null) throw new Error('NO_WORK');
  return () => work(pending);
}

test.each([0, 1])('a picture that Slack refuses is tried again after %i tries', async (tries) => {
  rig.workspace.faults.set('files.getUploadURLExternal', { kind: 'error', error: 'file_upload_disabled' });
  await expect((await chart({ tries }))()).rejects.toThrow();
  expect(await rig.messages('Delivery curve of shot')).toEqual([]);
});

test('at the third time the figures of a refused picture are posted in words', async () => {
  rig.workspace.faults.set('files.getUploadURLExternal', { kind: 'error', error: 'file_upload_disabled' });
  expect(await (await chart({ tries: 2 }))()).toBe('left out');
  const [said] = await rig.messages('Delivery curve of shot');
  expect(said?.text).toContain('500 of 500 devices');
});

test('a picture that the app may not upload is left out at once, and said in words', async () => {
  rig.workspace.faults.set('files.getUploadURLExternal', { kind: 'error', error: 'missing_scope' });
  expect(await (await chart())()).toBe('left out');
  expect(await rig.messages('Delivery curve of shot')).toHaveLength(1);
});

test('while Slack has trouble of its own no picture is given up', async () => {
  rig.workspace.faults.set('files.getUploadURLExternal', { kind: 'error', error: 'internal_error' });
  await expect((await chart({ tries: 7 }))()).rejects.toThrow();
  expect(await rig.messages('Delivery curve of shot')).toEqual([]);
});
