import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Cloud } from '../../../infra/aws/cloud.ts';
import { effectsOf } from '../../../runbooks/launch/effects.ts';
import type { Effect } from '../../../runbooks/launch/effects.ts';
import type { Entry, SwitchValue } from '../../../runbooks/launch/entries.ts';
import { startRig, until } from '../../../test/conductor-rig.ts';
import type { Rig } from '../../../test/conductor-rig.ts';
import { MemoryContext } from '../../../test/memory-context.ts';
import { sampleRunbook } from '../../../test/properties/scene.ts';
import type { Context } from '../context.ts';
import { performCloud } from './perform.ts';
import { performUrgent } from './urgent.ts';

const act = { kind: 'switch', switch: 'sale', value: true } as const;
const step = { id: 'turn', title: 'Sale is on', at: 'T-30m', do: act };
const runbook = sampleRunbook({ phases: [{ id: 'p', title: 'P', steps: [step] }] });

let rig: Rig;
let memory: MemoryContext;
beforeEach(async () => {
  rig = await startRig();
  await rig.create({ runbook });
  memory = await MemoryContext.ready();
});
afterEach(async () => {
  await rig.stop();
});

const PUT = { call: 'SSM PutParameter', requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string };

const contextOf = (cloud: Cloud = rig.cloud): Context => ({
  ...memory.context,
  cloud,
  journal: rig.journal,
  nowMs: Date.now,
  execute: (launchId, command) => rig.journal.append(launchId, command),
});

const sets = (value: SwitchValue): Promise<Entry> =>
  rig.append({ kind: 'set-switch', by: 'ana', switch: 'sale', value, reason: '' });
const halts = (): Promise<Entry> =>
  rig.append({ kind: 'set-halt', by: 'ben', source: 'slack', epoch: 1, reason: 'x', pressedAtMs: Date.now() });
const mirrors = () => rig.entries('SwitchMirrored');
const effectOf = async (entry: Entry, wanted: Effect['kind']): Promise<Effect> => {
  const found = effectsOf(entry, await rig.launch()).find(({ kind }) => kind === wanted);
  if (found === undefined) throw new Error(`NO_EFFECT ${wanted} of ${entry.kind}`);
  return found;
};
const report = async (context: Context, entry: Entry) =>
  performCloud(context, await effectOf(entry, 'report-mirror'), await rig.launch());

test('a switch, a halt and its lift each name what AWS was asked for their parameter, also where who pressed is gone', async () => {
  const halted = await halts();
  const set = await sets(true);
  await rig.append({ kind: 'request-lift', by: 'ana', reason: 'fine again' });
  const lifted = await rig.append({ kind: 'approve-lift', by: 'mia', liftId: `L${(await rig.launch()).seq}` });
  await rig.cloud.switches.halt(rig.launchId);
  await rig.conductor('first', { slack: null, timings: { urgentGraceMs: 600 } }).conductor.start();
  await until('all three', async () => (await mirrors()).length === 3);
  const found = (await mirrors()).toSorted((a, b) => a.of - b.of);
  // Late as they are, each writes what stands by then.
  expect(found).toMatchObject([
    { of: halted.seq, switch: 'halt', value: 'off', by: { system: 'conductor' }, aws: [PUT] },
    { of: set.seq, switch: 'sale', value: 'on', aws: [PUT] },
    { of: lifted.seq, switch: 'halt', value: 'off', aws: [PUT] },
  ]);
  expect(new Set(found.flatMap(({ aws = [] }) => aws.map(({ requestId }) => requestId))).size).toBe(3);
  for (const { tookMs } of found) expect(tookMs).toBeGreaterThanOrEqual(600);
});

test('whoever presses waits for the parameter and not for its report, which is recorded once', async () => {
  const entry = await halts();
  const done = await performUrgent(contextOf(), await rig.launch(), entry);
  expect(done).toContain(`${entry.seq}/mirror-halt`);
  expect(await mirrors()).toEqual([]);
  expect(await report(contextOf(), entry)).toBe('done');
  expect(await report(contextOf(), entry)).toBe('ALREADY_SO');
  expect(await mirrors()).toMatchObject([{ of: entry.seq, value: 'on', aws: [PUT] }]);
});

test('what AWS refused before is named too', async () => {
  const entry = await sets(true);
  let tries = 0;
  const parameters: Cloud['parameters'] = {
    ...rig.cloud.parameters,
    // A parameter holds a character at least.
    put: (name, value, before) => rig.cloud.parameters.put(name, (tries += 1) === 1 ? '' : value, before),
  };
  const context = contextOf({ ...rig.cloud, parameters });
  const launch = await rig.launch();
  expect(await performUrgent(context, launch, entry)).not.toContain(`${entry.seq}/mirror-sale`);
  expect(await performUrgent(context, launch, entry)).toContain(`${entry.seq}/mirror-sale`);
  expect(await report(context, entry)).toBe('done');
  const [mirrored] = await mirrors();
  expect(mirrored?.aws).toEqual([PUT, PUT]);
  expect(mirrored?.aws?.[0]).not.toEqual(mirrored?.aws?.[1]);
});

test("nothing is reported of a mirror that a version from before reports has written, nor of one that somebody's halt stands in", async () => {
  const entry = await sets(true);
  await rig.cloud.live.finishEffect(rig.launchId, `${entry.seq}/mirror-sale`, 'on');
  expect(await report(contextOf(), entry)).toBe('nothing is known to be written');
  await halts();
  await rig.append({ kind: 'request-lift', by: 'ana', reason: 'fine again' });
  const lifted = await rig.append({ kind: 'approve-lift', by: 'mia', liftId: `L${(await rig.launch()).seq}` });
  await rig.cloud.parameters.put(rig.cloud.parameters.nameOf(rig.launchId, 'halt'), 'on');
  // After the lift has covered what stood there.
  const write = await effectOf(lifted, 'mirror-switch');
  await rig.cloud.live.finishEffect(rig.launchId, write.id, await performCloud(contextOf(), write, await rig.launch()));
  expect(await report(contextOf(), lifted)).toBe('nothing is known to be written');
  expect(await mirrors()).toEqual([]);
});

test('a parameter that is written many times, as the record moves on meanwhile, has its last requests named', async () => {
  const entry = await sets(true);
  let writes = 0;
  const parameters: Cloud['parameters'] = {
    ...rig.cloud.parameters,
    put: async (name, value, before) => {
      const version = await rig.cloud.parameters.put(name, value, before);
      if ((writes += 1) < 14) await sets(writes % 2 === 0);
      return version;
    },
  };
  const context = contextOf({ ...rig.cloud, parameters });
  const write = await effectOf(entry, 'mirror-switch');
  await rig.cloud.live.finishEffect(rig.launchId, write.id, await performCloud(context, write, await rig.launch()));
  expect(writes).toBe(14);
  expect(await report(context, entry)).toBe('done');
  expect((await mirrors())[0]?.aws).toHaveLength(12);
});

test.each([{ written: 'x'.repeat(201) }, { aws: [null] }, { aws: [{ call: 'c', requestId: 'r'.repeat(300_000) }] }])(
  'a mark that somebody has written goes into no entry (%#)',
  async (forged) => {
    const entry = await sets(true);
    const mark = { written: 'on', atMs: Date.now(), aws: [], ...forged };
    await rig.cloud.live.finishEffect(rig.launchId, `${entry.seq}/mirror-sale`, JSON.stringify(mark));
    expect(await report(contextOf(), entry)).toBe('nothing is known to be written');
    expect(await mirrors()).toEqual([]);
  },
);

test('a switch that a step turns has its own, and the step names the same request', async () => {
  const { conductor } = rig.conductor('first', { slack: null });
  await conductor.start();
  await rig.append({ kind: 'run-step', by: 'ana', step: 'turn' });
  await until('its report', async () => (await mirrors()).length === 1);
  const [done] = await until('its end', async () => {
    const found = await rig.entries('StepDone');
    return found.length === 1 ? found : null;
  });
  expect((await mirrors())[0]?.aws).toEqual([PUT]);
  expect(done?.aws).toEqual((await mirrors())[0]?.aws);
});
