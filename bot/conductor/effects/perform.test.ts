import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { queueNames } from '../../../contract/queue-names.ts';
import type { Cloud } from '../../../infra/aws/cloud.ts';
import { effectsOf } from '../../../runbooks/launch/effects.ts';
import type { Effect } from '../../../runbooks/launch/effects.ts';
import type { Entry, EntryOf } from '../../../runbooks/launch/entries.ts';
import { startRig } from '../../../test/conductor-rig.ts';
import type { Rig } from '../../../test/conductor-rig.ts';
import { MemoryContext } from '../../../test/memory-context.ts';
import { LAUNCH_ID, sampleRunbook, segmentTotals, T0_MS } from '../../../test/properties/scene.ts';
import type { Context } from '../context.ts';
import { performCloud } from './perform.ts';
import { performUrgent } from './urgent.ts';

describe('what a started step does', () => {
  const runbook = sampleRunbook({
    phases: [
      {
        id: 'p',
        title: 'P',
        steps: [
          { id: 'up', title: 'Up', at: 'T-1h', do: { kind: 'scale', target: 'workers', to: 2 } },
          { id: 'sale', title: 'Sale', at: 'T-1h', do: { kind: 'switch', switch: 'sale', value: true } },
          { id: 'remind', title: 'Remind', at: 'T-1h', do: { kind: 'remind', say: 'one hour' } },
          { id: 'arm', title: 'Arm', at: 'T-1h', do: { kind: 'remind', say: 'arm it', unless: 'armed' } },
        ],
      },
    ],
  });

  async function started(step: string) {
    const memory = await MemoryContext.ready(runbook);
    memory.nowMs = T0_MS - 3_600_000;
    const entry = await memory.does({ kind: 'start-step', step });
    const effect = effectsOf(entry, await memory.launch()).find(({ kind }) => kind === 'do-step');
    if (effect === undefined) throw new Error('NO_EFFECT');
    const again = async () => performCloud(memory.context, effect, await memory.launch());
    const done = async () =>
      (await memory.entries()).flatMap((one) => (one.kind === 'StepDone' ? [[one.say, one.refused === true]] : []));
    return { memory, again, done };
  }

  test('a scale step orders once, however often it is performed', async () => {
    const { memory, again } = await started('up');
    expect([await again(), await again()]).toEqual(['ordered', 'ordered already']);
    expect((await memory.launch()).scale['workers']).toMatchObject({ desired: 2, step: 'up' });
    expect((await memory.entries()).filter(({ kind }) => kind === 'ScaleOrdered')).toHaveLength(1);
  });

  test('a switch step sets the switch and ends, and is over then', async () => {
    const { memory, again, done } = await started('sale');
    expect([await again(), await again()]).toEqual(['done', 'the step is over']);
    expect((await memory.launch()).switches['sale']?.value).toBe(true);
    expect(await done()).toEqual([['switched', false]]);
  });

  test('a switch that stands so already is no refusal', async () => {
    const { memory, again, done } = await started('sale');
    await memory.does({ kind: 'set-switch', by: 'ana', switch: 'sale', value: true, reason: 'early' });
    await again();
    expect(await done()).toEqual([['switched', false]]);
  });

  test('a reminder ends with its post', async () => {
    const { again, done } = await started('remind');
    expect(await again()).toBe('done');
    expect(await done()).toEqual([['told the channel', false]]);
  });

  test('one that nobody needs any more ends with why', async () => {
    const { memory, again, done } = await started('arm');
    memory.nowMs = T0_MS + 1_000;
    await again();
    expect(await done()).toEqual([['not needed: all of it is past its moment', false]]);
  });
});

test('what belongs into the channel is not performed here', async () => {
  const memory = await MemoryContext.ready();
  const effect: Effect = {
    kind: 'post-board',
    id: '1/post-board',
    launchId: LAUNCH_ID,
    seq: 1,
    urgent: false,
    lane: 'slack',
  };
  await expect(performCloud(memory.context, effect, await memory.launch())).rejects.toThrow('EFFECT_NOT_OF_CLOUD');
});

describe('orders', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await startRig();
    await rig.create();
  });
  afterEach(() => rig.stop());

  const contextOf = (cloud: Cloud = rig.cloud): Context => ({
    ...memory.context,
    cloud,
    journal: rig.journal,
    execute: (launchId, command) => rig.journal.append(launchId, command),
    nowMs: Date.now,
  });
  let memory: MemoryContext;
  beforeEach(async () => {
    memory = await MemoryContext.ready();
  });

  const fired = async (lift = false): Promise<EntryOf<'FireApproved'>> =>
    rig.appendAs('FireApproved', rig.approval(await rig.request('all', lift)));
  const effectOf = async (entry: Entry, kind: Effect['kind']): Promise<Effect> => {
    const found = effectsOf(entry, await rig.launch()).find((effect) => effect.kind === kind);
    if (found === undefined) throw new Error(`NO_EFFECT ${kind}`);
    return found;
  };
  const inQueue = async () =>
    (
      await rig.cloud.queues.receive(queueNames('gobutton-workers').segments, {
        max: 10,
        waitSeconds: 0,
        visibilitySeconds: 60,
      })
    ).map(({ body }) => (JSON.parse(body) as { segment: string; shotId: string }).segment);

  test('of a shot go to the queue, one a segment, and once it is closed no more', async () => {
    const entry = await fired();
    const effect = await effectOf(entry, 'send-segment-orders');
    const running = await rig.launch();
    await rig.append({
      kind: 'close-shot',
      shotId: entry.shotId,
      cause: 'complete',
      segments: (running.shots[entry.shotId]?.audience.segments ?? []).map(({ id, devices }) =>
        segmentTotals(id, 1, devices),
      ),
    });
    expect(await performCloud(contextOf(), effect, await rig.launch())).toBe('the shot is over');
    expect(await inQueue()).toEqual([]);
    expect(await performCloud(contextOf(), effect, running)).toBe('done');
    expect((await inQueue()).toSorted()).toEqual(['br-ios', 'us-android', 'us-ios']);
  });

  test('urgent ones are said to be done if they are, and marked so for the leader', async () => {
    const entry = await fired();
    const done = await performUrgent(contextOf(), await rig.launch(), entry);
    expect(done.toSorted()).toEqual([`${entry.seq}/note-head`, `${entry.seq}/send-segment-orders`]);
    for (const id of done) expect(await rig.cloud.live.effectResult(rig.launchId, id)).not.toBeNull();
    expect(await inQueue()).toHaveLength(3);
  });

  test('one that fails keeps no other from going out, and stays for the leader', async () => {
    const entry = await fired();
    const switches = { ...rig.cloud.switches, noteHead: () => Promise.reject(new Error('no answer')) };
    const done = await performUrgent(contextOf({ ...rig.cloud, switches }), await rig.launch(), entry);
    expect(done).toEqual([`${entry.seq}/send-segment-orders`]);
    expect(await rig.cloud.live.effectResult(rig.launchId, `${entry.seq}/note-head`)).toBeNull();
  });

  test('a lift is through before an order goes out: who reads an old halt refuses the order', async () => {
    expect(await rig.cloud.switches.halt(rig.launchId)).toMatchObject({ halted: true, haltEpoch: 1 });
    await rig.append({ kind: 'set-halt', by: 'ben', source: 'slack', epoch: 1, reason: 'x', pressedAtMs: Date.now() });
    const order = await rig.request('all', true);
    const entry = await rig.appendAs('FireApproved', {
      ...rig.approval(order),
      observedHaltEpoch: 1,
      observedHalted: true,
    } as Parameters<Rig['append']>[0]);
    const seen: boolean[] = [];
    const queues: Cloud['queues'] = {
      ...rig.cloud.queues,
      sendFifo: async (...args) => {
        seen.push((await rig.cloud.switches.read(rig.launchId, { consistent: true }))?.halted === true);
        return rig.cloud.queues.sendFifo(...args);
      },
    };
    await performUrgent(contextOf({ ...rig.cloud, queues }), await rig.launch(), entry);
    expect(seen).toEqual([false]);
  });

  test('the switch item has the halts of the record with its first write, as in a region that takes a launch over, and a newer one stays', async () => {
    await rig.append({ kind: 'set-halt', by: 'ben', source: 'slack', epoch: 2, reason: 'x', pressedAtMs: Date.now() });
    const write = async (value: number) => {
      const entry = await rig.append({ kind: 'set-switch', by: 'ana', switch: 'pace.ios', value, reason: 'x' });
      return performCloud(contextOf(), await effectOf(entry, 'write-switches'), await rig.launch());
    };
    const item = () => rig.cloud.switches.read(rig.launchId, { consistent: true });
    expect(await write(100)).toBe('done');
    expect(await item()).toMatchObject({ halted: true, haltEpoch: 2 });
    await rig.cloud.switches.halt(rig.launchId);
    expect(await write(200)).toBe('done');
    expect(await item()).toMatchObject({ halted: true, haltEpoch: 3 });
  });
});
