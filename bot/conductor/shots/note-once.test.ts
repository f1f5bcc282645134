import { pino } from 'pino';
import { expect, test, vi } from 'vitest';
import { MemoryContext } from '../../../test/memory-context.ts';
import { LAUNCH_ID } from '../../../test/properties/scene.ts';
import { noteOnce } from './note-once.ts';

test('a finding is noted once, whoever looks and whatever was lost beside the record', async () => {
  const memory = await MemoryContext.ready();
  await noteOnce(memory.context, await memory.launch(), 'Sick: ', 'ten of them');
  memory.facts.clear();
  await noteOnce(memory.bot(), await memory.launch(), 'Sick: ', 'twenty of them');
  expect(await memory.notes()).toEqual(['Sick: ten of them']);
});

test("other findings, and a person's words that begin alike, are no such note", async () => {
  const memory = await MemoryContext.ready();
  await memory.does({ kind: 'note', by: 'ana', text: 'Sick: I have seen it' });
  await noteOnce(memory.context, await memory.launch(), 'Lost: ', 'as said of Sick: before');
  await noteOnce(memory.context, await memory.launch(), 'Sick: ', 'ten of them');
  expect(await memory.notes()).toEqual(['Lost: as said of Sick: before', 'Sick: ten of them']);
});

test('what can not be asked is noted later', async () => {
  const memory = await MemoryContext.ready();
  const launch = await memory.launch();
  memory.record.isReadable = () => false;
  await expect(noteOnce(memory.bot(), launch, 'Sick: ', 'ten of them')).rejects.toThrow();
  memory.record.isReadable = () => true;
  expect(await memory.notes()).toEqual([]);
  await noteOnce(memory.bot(), launch, 'Sick: ', 'ten of them');
  expect(await memory.notes()).toEqual(['Sick: ten of them']);
});

test('one that the launch does not take is told in the log, and one that it takes is not', async () => {
  const memory = await MemoryContext.ready();
  const lines: object[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as object) });
  const context = { ...memory.context, log };
  await noteOnce(context, await memory.launch(), 'Sick: ', 'ten of them');
  expect(lines).toEqual([]);
  await noteOnce(context, await memory.launch(), 'Lost: ', 'x'.repeat(100_000));
  expect(lines).toMatchObject([
    { level: 40, launchId: LAUNCH_ID, head: 'Lost: ', code: 'VALUE_INVALID', msg: 'a finding could not be noted' },
  ]);
  expect(await memory.notes()).toEqual(['Sick: ten of them']);
});

test('who has told it, or has seen that it was told, does not read the whole record for it again', async () => {
  const memory = await MemoryContext.ready();
  const [first, second] = [memory.bot(), memory.bot()];
  for (const bot of [first, second]) {
    const reads = vi.spyOn(bot.journal, 'entries');
    for (let look = 0; look < 3; look += 1)
      expect(await noteOnce(bot, await memory.launch(), 'Sick: ', 'ten of them')).toBe(true);
    expect(reads).toHaveBeenCalledTimes(1);
    await noteOnce(bot, await memory.launch(), 'Lost: ', 'another one');
    expect(reads).toHaveBeenCalledTimes(2);
  }
  expect(await memory.notes()).toEqual(['Sick: ten of them', 'Lost: another one']);
});
