import { expect, test } from 'vitest';
import type { Line } from '../../../infra/doctor/judge/line.ts';
import { gateLines } from '../../../runbooks/launch/gates.ts';
import { MemoryContext } from '../../../test/memory-context.ts';
import { audience, LAUNCH_ID, sampleRunbook } from '../../../test/properties/scene.ts';
import type { Context } from '../context.ts';
import { FACT } from '../facts.ts';
import { LOOK_EVERY_MS } from '../gates/doctor-probe.ts';
import { measureGates } from '../gates/probes.ts';
import { doctorWatch } from './doctor-watch.ts';

const line = (id: string, state: Line['state'], more: Partial<Line> = {}): Line => ({
  id,
  title: id,
  state,
  found: 'x',
  needed: 'y',
  fix: 'z',
  ...more,
});

/** A launch with such a gate, and a doctor who finds these lines; null: it can't look. */
async function scene(checks?: string[]) {
  const probe = { kind: 'doctor', ...(checks === undefined ? {} : { checks }) };
  const gates = [
    { id: 'copy-read', title: 'C' },
    { id: 'quotas', title: 'Q', probe },
  ];
  const memory = await MemoryContext.ready(sampleRunbook({ gates }));
  const made = { lines: [] as Line[] | null, looks: 0 };
  const context: Context = {
    ...memory.context,
    examine: async () => {
      made.looks += 1;
      if (made.lines === null) throw new Error('AWS is away');
      return made.lines;
    },
  };
  const look = async () => doctorWatch(context, await memory.launch());
  const gate = async () => {
    const launch = await memory.launch();
    const measured = await measureGates(memory.context, launch, memory.nowMs);
    return gateLines(launch, measured, memory.nowMs, 'all').find(({ id }) => id === 'quotas');
  };
  return { memory, made, look, gate };
}

test('a gate that goes by the doctor is red with what was found, unknown with what was not, and green when each is well', async () => {
  const { made, look, gate, memory } = await scene();
  expect(await gate()).toMatchObject({
    status: 'unknown',
    say: expect.stringContaining('not looked at yet') as string,
  });
  const finds = async (...lines: Line[]) => {
    made.lines = lines;
    memory.nowMs += LOOK_EVERY_MS;
    await look();
    memory.nowMs += 60_000;
    return gate();
  };
  const fifo = { title: 'FIFO', found: '300 calls a second', needed: '301 calls a second' };
  expect(await finds(line('tables.warm', 'unknown'), line('quotas.fifo', 'wrong', fifo))).toMatchObject({
    status: 'red',
    value: 1,
    say: 'FIFO: 300 calls a second, needs 301 calls a second; looked at 60 s ago',
  });
  expect(await finds(line('tables.warm', 'unknown'), line('quotas.fifo', 'ok'))).toMatchObject({
    status: 'unknown',
    say: 'tables.warm: x, needs y; looked at 60 s ago',
  });
  // What is none of these checks is not this gate's.
  expect(await finds(line('quotas.fifo', 'ok'), line('slack.token', 'wrong'))).toMatchObject({ status: 'green' });
  expect(await finds(line('slack.token', 'ok'))).toMatchObject({ status: 'unknown' });
});

test('a gate with named checks goes by these alone, and a line that the doctor does not have is unknown', async () => {
  const { made, look, gate } = await scene(['quotas.fifo', 'tables.warm']);
  made.lines = [line('quotas.fifo', 'ok'), line('quotas.tasks', 'wrong')];
  await look();
  expect(await gate()).toMatchObject({
    status: 'unknown',
    say: expect.stringContaining('the doctor has no line tables.warm here') as string,
  });
});

test('the doctor looks every ten minutes, at once for another audience, and never for a launch without such a gate', async () => {
  const { made, look, gate, memory } = await scene();
  made.lines = [line('quotas.fifo', 'ok')];
  await look();
  memory.nowMs += LOOK_EVERY_MS - 1;
  await look();
  expect(made.looks).toBe(1);
  await memory.does({ kind: 'set-audience', by: 'ana', audience: { ...audience, hash: 'b'.repeat(64) } });
  expect(await gate()).toMatchObject({ status: 'unknown' });
  await look();
  memory.nowMs += LOOK_EVERY_MS;
  await look();
  expect(made.looks).toBe(3);
  const plain = await MemoryContext.ready();
  await doctorWatch({ ...plain.context, examine: () => Promise.reject(new Error('asked')) }, await plain.launch());
});

test('a doctor that can no longer look turns the gate unknown after half an hour, and a look that nobody understands does at once', async () => {
  const { made, look, gate, memory } = await scene();
  made.lines = [line('quotas.fifo', 'ok')];
  await look();
  made.lines = null;
  memory.nowMs += 3 * LOOK_EVERY_MS;
  await expect(look()).rejects.toThrow('AWS is away');
  expect(await gate()).toMatchObject({ status: 'green' });
  memory.nowMs += 1;
  expect(await gate()).toMatchObject({ status: 'unknown', say: expect.stringContaining('/go doctor') as string });
  await memory.facts.put(LAUNCH_ID, FACT.doctor, '{"atMs":1}');
  expect(await gate()).toMatchObject({
    status: 'unknown',
    say: expect.stringContaining('not looked at yet') as string,
  });
});

test('a look of a bot whose clock went far ahead counts for no longer than another', async () => {
  const { made, look, gate, memory } = await scene();
  made.lines = [line('quotas.fifo', 'ok')];
  memory.nowMs += 4 * LOOK_EVERY_MS;
  await look();
  memory.nowMs -= 4 * LOOK_EVERY_MS;
  expect(await gate()).toMatchObject({ status: 'unknown' });
  await look();
  expect(made.looks).toBe(2);
  expect(await gate()).toMatchObject({ status: 'green' });
});
