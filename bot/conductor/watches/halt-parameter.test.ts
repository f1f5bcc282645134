import { expect, test } from 'vitest';
import type { Parameter, Parameters } from '../../../infra/aws/parameters.ts';
import { MemoryContext } from '../../../test/memory-context.ts';
import { LAUNCH_ID } from '../../../test/properties/scene.ts';
import { byWhom, coverStanding, isExplained, shownValue, writeHalt } from './halt-parameter.ts';

/** Which versions of the halt parameter are ours. Parameter Store is in memory, with what it promises: versions, and no conditional write. With the real calls: parameter-watch.test.ts. */

const NAME = `/gobutton/${LAUNCH_ID}/halt`;

/** `meanwhile` runs between our look and our write. */
async function store() {
  const memory = await MemoryContext.ready();
  const versions: (Parameter & { ours: boolean })[] = [];
  const state = { meanwhile: (): void => undefined };
  const write = (value: string, ours = false) =>
    versions.push({ value, version: versions.length + 1, isSecret: false, modifiedAtMs: memory.nowMs, ours });
  const parameters: Partial<Parameters> = {
    nameOf: () => NAME,
    get: async (name, version) => {
      expect(name).toBe(NAME);
      return (version == null ? versions.at(-1) : versions[version - 1]) ?? null;
    },
    put: async (_, value, before = null) => {
      state.meanwhile();
      state.meanwhile = () => undefined;
      return write(value, before !== null && before === versions.length);
    },
    isOurs: async (_, version) => versions.length === version && versions.at(-1)?.ours === true,
    modifiedBy: async (name, version) => (name === NAME && version === 1 ? 'arn:somebody' : null),
  };
  const { context } = memory;
  const bot = { ...context, cloud: { ...context.cloud, parameters: parameters as Parameters } };
  const explained = (at = versions.length) => isExplained(bot, LAUNCH_ID, versions[at - 1] as Parameter);
  const values = () => versions.map(({ value }) => value);
  return { memory, bot, state, write, values, explained };
}

test('what we wrote is ours by its fact, what nobody can explain is somebody’s', async () => {
  const { bot, write, explained, values } = await store();
  expect(await writeHalt(bot, LAUNCH_ID, 'on')).toBe(true);
  expect(await explained()).toBe(true);
  write('on');
  expect([await explained(1), await explained(2)]).toEqual([true, false]);
  expect(values()).toEqual(['on', 'on']);
});

test('a write whose fact was never kept says itself that it is ours, and is remembered so', async () => {
  const { memory, bot, write, explained } = await store();
  write('on', true);
  expect(await explained()).toBe(true);
  write('off');
  expect(await explained(1)).toBe(true);
  memory.facts.clear();
  expect(
    await isExplained({ ...bot, cloud: { ...bot.cloud, facts: { ...memory.facts } } }, LAUNCH_ID, {
      value: 'on',
      version: 1,
      isSecret: false,
      modifiedAtMs: memory.nowMs,
    }),
  ).toBe(false);
});

test('a version that lies five minutes from its fact is another of the same number', async () => {
  const { memory, bot } = await store();
  await writeHalt(bot, LAUNCH_ID, 'on');
  const at = (modifiedAtMs: number) =>
    isExplained(
      { ...bot, cloud: { ...bot.cloud, parameters: { ...bot.cloud.parameters, isOurs: async () => false } } },
      LAUNCH_ID,
      {
        value: 'on',
        version: 1,
        isSecret: false,
        modifiedAtMs,
      },
    );
  const { nowMs } = memory;
  expect([await at(nowMs + 300_000), await at(nowMs - 300_000)]).toEqual([true, true]);
  expect([await at(nowMs + 300_001), await at(nowMs - 300_001)]).toEqual([false, false]);
});

test('our off covers no halt by hand that stands; it covers our own, and any word that is none', async () => {
  const { bot, write, values } = await store();
  write('stop');
  expect(await writeHalt(bot, LAUNCH_ID, 'off')).toBe(false);
  expect(values()).toEqual(['stop']);
  expect(await writeHalt(bot, LAUNCH_ID, 'on')).toBe(true);
  expect(await writeHalt(bot, LAUNCH_ID, 'off')).toBe(true);
  write('no');
  expect(await writeHalt(bot, LAUNCH_ID, 'off')).toBe(true);
  expect(values()).toEqual(['stop', 'on', 'off', 'no', 'off']);
});

test('the first write of all, and one over words that halt nothing, put nothing back', async () => {
  const { bot, state, write, values } = await store();
  expect(await writeHalt(bot, LAUNCH_ID, 'off')).toBe(true);
  state.meanwhile = () => void write('false');
  expect(await writeHalt(bot, LAUNCH_ID, 'off')).toBe(true);
  expect(values()).toEqual(['off', 'false', 'off']);
});

test('a halt by hand that came between our look and our off is put back, and is nobody of ours', async () => {
  const { bot, state, write, values, explained } = await store();
  write('off', true);
  state.meanwhile = () => {
    write('no');
    write('stop');
    write('off');
  };
  expect(await writeHalt(bot, LAUNCH_ID, 'off')).toBe(false);
  expect(values()).toEqual(['off', 'no', 'stop', 'off', 'off', 'stop']);
  expect(await explained()).toBe(false);
});

test('one that another of our instances has just written is waited for and not put back', async () => {
  const { memory, bot, state, write, values } = await store();
  write('off', true);
  state.meanwhile = () => {
    write('on');
    setImmediate(() => void memory.facts.put(LAUNCH_ID, 'ssm/halt/2', String(memory.nowMs)));
  };
  expect(await writeHalt(bot, LAUNCH_ID, 'off')).toBe(true);
  expect(values()).toEqual(['off', 'on', 'off']);
});

test('our on over a halt by hand is no off: it puts nothing back', async () => {
  const { bot, state, write, values } = await store();
  state.meanwhile = () => void write('stop');
  expect(await writeHalt(bot, LAUNCH_ID, 'on')).toBe(true);
  expect(values()).toEqual(['stop', 'on']);
});

test('a lift covers what stands there when it is read, unless its time was over by then', async () => {
  const { bot, write, explained } = await store();
  await coverStanding(bot, LAUNCH_ID, new AbortController().signal);
  write('stop');
  await expect(coverStanding(bot, LAUNCH_ID, AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
  expect(await explained()).toBe(false);
  await coverStanding(bot, LAUNCH_ID, new AbortController().signal);
  expect(await explained()).toBe(true);
});

test('what was found is shown on one line, cut, and never a secret; by whom, where that is known', async () => {
  const found = { value: 'a\u202E\n<b>', version: 1, isSecret: false, modifiedAtMs: 0 };
  expect(shownValue(found)).toBe('“a <b>”');
  expect(shownValue({ ...found, value: 'x'.repeat(300) }).length).toBeLessThanOrEqual(102);
  expect(shownValue({ ...found, isSecret: true })).toBe('a secret value');
  const { bot } = await store();
  expect(await byWhom(bot, LAUNCH_ID, 'halt', found)).toBe(' by arn:somebody');
  expect(await byWhom(bot, LAUNCH_ID, 'halt', { ...found, version: 2 })).toBe('');
});
