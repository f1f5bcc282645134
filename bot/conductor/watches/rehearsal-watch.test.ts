import { afterEach, beforeEach, expect, test } from 'vitest';
import { GROUP, startRig, until } from '../../../test/conductor-rig.ts';
import type { Rig } from '../../../test/conductor-rig.ts';
import { MemoryContext } from '../../../test/memory-context.ts';
import { measuredAt, sampleRunbook, T0_MS } from '../../../test/properties/scene.ts';
import { A_WAIT, secondTry } from '../../../test/run/second-try.ts';
import { rehearsalWatch } from './rehearsal-watch.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(async () => {
  await rig.stop();
});

const HOUR = 3_600_000;
const group = { id: 'group', kind: 'auto-scaling-group', group: GROUP, title: 'Backends', if_changed: 'tell' } as const;
const runbook = sampleRunbook({
  scale_targets: [group, { id: 'workers', kind: 'auto-scaling-group', group: 'pool' }],
  gates: [
    { id: 'edge', title: 'Backends stand', probe: { kind: 'scaled', target: 'group' } },
    { id: 'copy-read', title: 'The copy was read' },
  ],
  phases: [
    {
      id: 'p',
      title: 'P',
      steps: [{ id: 'up', title: 'Backends up', at: 'T-4h', do: { kind: 'scale', target: 'group', to: 3 } }],
    },
  ],
});
const begin = async () => {
  await rig.create({ runbook, targetAtMs: Date.now() + 24 * HOUR });
  return (await rig.cloud.scaling.observe(group)).desired;
};

test(
  'fleets rise, and once all is ready they go back to what was found; the report stands in the room and the record',
  secondTry(A_WAIT),
  async () => {
    const before = await begin();
    await rig.append({ kind: 'begin-rehearsal', by: 'ana' });
    const { conductor } = rig.conductor('first');
    await conductor.start();
    const ended = await until('the end', async () => (await rig.entries('RehearsalEnded'))[0]);
    expect(ended.report).toMatchObject({ outcome: 'ready', fleets: [{ target: 'group', to: 3 }] });
    expect(ended.report.fleets[0]?.tookMs).toBeGreaterThanOrEqual(0);
    expect(await rig.cloud.scaling.observe(group)).toMatchObject({ desired: before });
    expect((await rig.entries('ScaleOrdered')).map(({ desired }) => desired)).toEqual([3, before]);
    expect(await rig.entries('FireRequested')).toEqual([]);
    await rig.seen('Nothing is sent.');
    await rig.seen('Rehearsal report: infrastructure, all that was asked for');
  },
);

test('another leader goes on with one that was begun, and a launch that is closed takes its fleets back', async () => {
  const before = await begin();
  await rig.append({ kind: 'begin-rehearsal', by: 'ana' });
  // The fleets never come, so that it stays on its way.
  const scaling = { ...rig.cloud.scaling, observe: async () => ({ desired: 3, running: 1, pending: 2, say: '' }) };
  const first = rig.conductor('first', { cloud: { ...rig.cloud, scaling } });
  await first.conductor.start();
  await until('what was found', async () => (await rig.entries('ScaleFound'))[0]);
  await first.conductor.stop();
  await rig.append({ kind: 'close-launch', by: 'ana', reason: 'the day is off' });
  const second = rig.conductor('second');
  await second.conductor.start();
  const ended = await until('the end', async () => (await rig.entries('RehearsalEnded'))[0]);
  expect(ended.report).toMatchObject({ outcome: 'stopped', why: 'the launch was closed' });
  expect(await rig.cloud.scaling.observe(group)).toMatchObject({ desired: before });
});

test('a measurement that nobody has signed makes no rehearsal ready', async () => {
  const memory = await MemoryContext.ready();
  memory.nowMs = T0_MS - 30 * HOUR;
  const { context } = memory;
  const look = async () => rehearsalWatch(context, await memory.launch());
  await memory.does({ kind: 'begin-rehearsal', by: 'ana' });
  await look();
  await memory.does({ kind: 'report-scale', target: 'workers', desired: 2, tookMs: 1, stands: 2 });
  const turned = async () => (await memory.entries()).filter(({ kind }) => kind === 'RehearsalTurned').length;
  const written = { text: '', key: '', sig: '' };
  context.cloud.live.gates = async (_, isOurs = () => true) => (isOurs(written) ? measuredAt(memory.nowMs) : []);
  await look();
  expect(await turned()).toBe(0);
  context.cloud.live.gates = async () => measuredAt(memory.nowMs);
  await look();
  expect(await turned()).toBe(1);
});
