import { expect, test } from 'vitest';
import { MemoryContext } from '../../../test/memory-context.ts';
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
