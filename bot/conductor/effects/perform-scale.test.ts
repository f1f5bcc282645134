import { expect, test } from 'vitest';
import { CloudError } from '../../../infra/aws/cloud-error.ts';
import type { CloudErrorCode } from '../../../infra/aws/cloud-error.ts';
import type { Cloud } from '../../../infra/aws/cloud.ts';
import { effectsOf } from '../../../runbooks/launch/effects.ts';
import type { Effect } from '../../../runbooks/launch/effects.ts';
import { MemoryContext } from '../../../test/memory-context.ts';
import { scale } from './perform-scale.ts';

type ScaleEffect = Extract<Effect, { kind: 'scale' }>;

async function ordered(memory: MemoryContext, desired: number): Promise<ScaleEffect> {
  const entry = await memory.does({
    kind: 'order-scale',
    by: 'ana',
    target: 'workers',
    desired,
    step: null,
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

/** A scale order where AWS answers so, tried twice. */
async function refused(memory: MemoryContext, code: CloudErrorCode, say: string): Promise<void> {
  const effect = await ordered(memory, (await memory.launch()).scale['workers']?.desired === 2 ? 3 : 2);
  const scaling: Partial<Cloud['scaling']> = { find: () => Promise.reject(new CloudError(code, say)) };
  const queues: Partial<Cloud['queues']> = { ensurePool: () => Promise.resolve() };
  const live: Partial<Cloud['live']> = { assignPool: () => Promise.resolve() };
  const context = { ...memory.context, cloud: { ...memory.context.cloud, scaling, queues, live } as unknown as Cloud };
  for (let i = 0; i < 2; i += 1) await expect(scale(context, await memory.launch(), effect)).rejects.toThrow(say);
}

test('a target that is not there, or that AWS refuses to change, is told once an order', async () => {
  const memory = await MemoryContext.ready();
  await refused(memory, 'SCALE_TARGET_MISSING', 'no such service');
  await refused(memory, 'SCALE_REFUSED', 'AccessDenied');
  await refused(memory, 'SCALE_REFUSED', 'AccessDenied');
  expect(await memory.notes()).toEqual([
    'workers (workers) is not scaled: no such service.',
    'workers (workers) is not scaled: AWS refuses: AccessDenied.',
    'workers (workers) is not scaled: AWS refuses: AccessDenied.',
  ]);
});

test('what is only under way is tried again without a word, a limit of the account is told', async () => {
  const memory = await MemoryContext.ready();
  await refused(memory, 'SCALE_BUSY', 'an activity is in progress');
  expect(await memory.notes()).toEqual([]);
  await refused(memory, 'SCALE_BUSY', 'LimitExceeded: quota');
  expect(await memory.notes()).toEqual([expect.stringContaining('AWS refuses: LimitExceeded')]);
});
