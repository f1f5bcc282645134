import { expect, test } from 'vitest';
import { MemoryContext } from '../../test/memory-context.ts';
import { LAUNCH_ID } from '../../test/properties/scene.ts';
import { fact, keepFact } from './facts.ts';

test('a fact that this process knew, by its own hand or by reading it, survives the loss of its table', async () => {
  const { context, facts } = await MemoryContext.ready();
  await keepFact(context, LAUNCH_ID, 'kept', 'a');
  await facts.put(LAUNCH_ID, 'read', 'b');
  expect(await fact(context, LAUNCH_ID, 'read')).toBe('b');
  facts.clear();
  expect([await fact(context, LAUNCH_ID, 'kept'), await fact(context, LAUNCH_ID, 'read')]).toEqual(['a', 'b']);
  // And for the next process.
  expect([await facts.get(LAUNCH_ID, 'kept'), await facts.get(LAUNCH_ID, 'read')]).toEqual(['a', 'b']);
});

test('the store has the last word, and what it never had is none', async () => {
  const { context, facts } = await MemoryContext.ready();
  await keepFact(context, LAUNCH_ID, 'kept', 'ours');
  await facts.put(LAUNCH_ID, 'kept', 'theirs');
  expect(await fact(context, LAUNCH_ID, 'kept')).toBe('theirs');
  expect(await fact(context, LAUNCH_ID, 'other')).toBeNull();
  expect(await fact(context, 'another-launch', 'kept')).toBeNull();
  expect(await facts.get(LAUNCH_ID, 'other')).toBeNull();
});

test('an empty fact is a fact: what is over stays over', async () => {
  const { context, facts } = await MemoryContext.ready();
  await keepFact(context, LAUNCH_ID, 'trouble', 'archived');
  await keepFact(context, LAUNCH_ID, 'trouble', '');
  facts.clear();
  expect(await fact(context, LAUNCH_ID, 'trouble')).toBe('');
});

test('what the store did not take is not believed', async () => {
  const { context, facts } = await MemoryContext.ready();
  facts.takes = false;
  await expect(keepFact(context, LAUNCH_ID, 'kept', 'a')).rejects.toThrow('MEMORY_PUT_FAILED');
  facts.takes = true;
  expect(await fact(context, LAUNCH_ID, 'kept')).toBeNull();
});
