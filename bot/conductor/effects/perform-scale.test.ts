import { expect, test } from 'vitest';
import { CloudError } from '../../../infra/aws/cloud-error.ts';
import type { Cloud } from '../../../infra/aws/cloud.ts';
import { effectsOf } from '../../../runbooks/launch/effects.ts';
import type { Effect } from '../../../runbooks/launch/effects.ts';
import { MemoryContext } from '../../../test/memory-context.ts';
import { sampleRunbook } from '../../../test/properties/scene.ts';
import { boardMessage } from '../../views/board.ts';
import { entryMessage } from '../../views/entry-message.ts';
import { stepsMessage } from '../../views/steps.ts';
import { keepFact } from '../facts.ts';
import { scale, scaleTroubleOf } from './perform-scale.ts';

type ScaleEffect = Extract<Effect, { kind: 'scale' }>;

async function ordered(memory: MemoryContext, desired: number, step: string | null = null): Promise<ScaleEffect> {
  const entry = await memory.does({
    kind: 'order-scale',
    by: step === null ? 'ana' : null,
    target: 'workers',
    desired,
    step,
    reason: 'more',
    lower: true,
  });
  const effect = effectsOf(entry, await memory.launch()).find(({ kind }) => kind === 'scale');
  if (effect?.kind !== 'scale') throw new Error('NO_EFFECT');
  return effect;
}

test('only the newest order is carried out, also where an older one asked for the same count', async () => {
  const memory = await MemoryContext.ready();
  const first = await ordered(memory, 2);
  const second = await ordered(memory, 3);
  await ordered(memory, 2);
  const launch = await memory.launch();
  // Nothing that scales is there: whoever goes on would fail.
  expect(await scale(memory.context, launch, first)).toBe('a newer order stands');
  expect(await scale(memory.context, launch, second)).toBe('a newer order stands');
});

test('a target that the runbook does not have is left alone', async () => {
  const memory = await MemoryContext.ready();
  const effect = { ...(await ordered(memory, 2)), target: 'gone' };
  expect(await scale(memory.context, await memory.launch(), effect)).toBe('no such target');
});

/** AWS, or what stands for it, answers so. */
const refusing = (memory: MemoryContext, error: CloudError) => {
  const scaling: Partial<Cloud['scaling']> = { find: () => Promise.reject(error) };
  const queues: Partial<Cloud['queues']> = { ensurePool: () => Promise.resolve() };
  const live: Partial<Cloud['live']> = { assignPool: () => Promise.resolve() };
  return { ...memory.context, cloud: { ...memory.context.cloud, scaling, queues, live } as unknown as Cloud };
};

/** A scale order where AWS answers so, tried twice. */
async function refused(memory: MemoryContext, error: CloudError): Promise<void> {
  const effect = await ordered(memory, (await memory.launch()).scale['workers']?.desired === 2 ? 3 : 2);
  for (let i = 0; i < 2; i += 1)
    await expect(scale(refusing(memory, error), await memory.launch(), effect)).rejects.toThrow(error.message);
}

const denied = new CloudError('SCALE_REFUSED', 'the bot lacks the right x');

test('a target that is not there, or that AWS refuses to change, is told once an order', async () => {
  const memory = await MemoryContext.ready();
  await refused(memory, new CloudError('SCALE_TARGET_MISSING', 'no such service'));
  await refused(memory, denied);
  await refused(memory, denied);
  expect(await memory.notes()).toEqual([
    'workers (workers) is not scaled: no such service.',
    'workers (workers) is not scaled: the bot lacks the right x. It is tried again by itself.',
    'workers (workers) is not scaled: the bot lacks the right x. It is tried again by itself.',
  ]);
});

test('what could not be recorded is told at the next try', async () => {
  const memory = await MemoryContext.ready();
  const effect = await ordered(memory, 2);
  const away = { ...refusing(memory, denied), execute: () => Promise.reject(new Error('the record is away')) };
  await expect(scale(away, await memory.launch(), effect)).rejects.toThrow('the record is away');
  await expect(scale(refusing(memory, denied), await memory.launch(), effect)).rejects.toThrow(denied.message);
  expect(await memory.notes()).toHaveLength(1);
});

test('what passes by itself is tried again without a word, and told when AWS has refused it for five minutes', async () => {
  const memory = await MemoryContext.ready();
  const busy = new CloudError('SCALE_BUSY', 'Throttling: Rate exceeded', { cause: new Error('Rate exceeded') });
  const effect = await ordered(memory, 2);
  const tries = async (error: CloudError) =>
    expect(scale(refusing(memory, error), await memory.launch(), effect)).rejects.toThrow(error.message);
  await tries(busy);
  memory.nowMs += 299_000;
  await tries(busy);
  expect(await memory.notes()).toEqual([]);
  memory.nowMs += 1_000;
  // Our own earlier change is under way: nobody has refused anything, and the order's message shows how far it is.
  await tries(new CloudError('SCALE_BUSY', 'the table is being updated'));
  expect(await memory.notes()).toEqual([]);
  await tries(busy);
  expect(await memory.notes()).toEqual([
    'workers (workers) is not scaled: Throttling: Rate exceeded. It is tried again by itself.',
  ]);
  // It says now this, now that: that it is not done people know.
  await tries(new CloudError('SCALE_BUSY', 'ServiceUnavailable: later', { cause: new Error('later') }));
  await tries(busy);
  expect(await memory.notes()).toHaveLength(1);
  const trouble = async () => scaleTroubleOf(memory.context, (await memory.launch()).id, 'workers', effect.seq);
  expect(await trouble()).toBe('Throttling: Rate exceeded');
  await keepFact(memory.context, (await memory.launch()).id, `${effect.seq}/scale`, 'done');
  expect(await trouble()).toBe(null);
});

test('a refused order turns its step red, once and in place of a note, and the step is done when the count has come', async () => {
  const step = { id: 'up', title: 'Workers up', at: 'T-2h', do: { kind: 'scale', target: 'workers', to: 2 } };
  const memory = await MemoryContext.ready(sampleRunbook({ phases: [{ id: 'p', title: 'P', steps: [step] }] }));
  await memory.does({ kind: 'run-step', by: 'ana', step: 'up' });
  const effect = await ordered(memory, 2, 'up');
  for (let i = 0; i < 2; i += 1)
    await expect(scale(refusing(memory, denied), await memory.launch(), effect)).rejects.toThrow(denied.message);
  expect(await memory.notes()).toEqual([]);
  const launch = await memory.launch();
  const said = 'Workers up was refused: the bot lacks the right x. It is tried again by itself';
  const ended = (await memory.entries()).filter(({ kind }) => kind === 'StepDone');
  expect(ended.map((entry) => entryMessage(launch, entry)?.text)).toEqual([said]);
  const shown = (message: { blocks: unknown }) => JSON.stringify(message.blocks);
  expect(shown(boardMessage(launch, [], [], memory.nowMs))).toContain(`:red_circle: ${said}`);
  expect(shown(stepsMessage(launch, memory.nowMs))).toContain(':red_circle: Workers up: refused: the bot lacks');
  // Another cause is news.
  const other = new CloudError('SCALE_REFUSED', 'a quota of the account is used up');
  await expect(scale(refusing(memory, other), await memory.launch(), effect)).rejects.toThrow(other.message);
  expect(await memory.notes()).toHaveLength(1);

  await memory.does({ kind: 'finish-step', step: 'up', say: 'stands at 2' });
  const done = await memory.launch();
  expect(done.steps['up']).toEqual(expect.not.objectContaining({ refused: true }));
  expect(shown(boardMessage(done, [], [], memory.nowMs))).not.toContain('red_circle: Workers');
});
