import { expect, test } from 'vitest';
import { MemoryContext } from '../../../test/memory-context.ts';
import { LAUNCH_ID } from '../../../test/properties/scene.ts';
import { askCompile } from './compiles.ts';

test('what was asked of a closed launch, and forgotten by the index, is looked at once somebody asks again', async () => {
  const memory = await MemoryContext.ready();
  await memory.does({ kind: 'close-launch', by: 'ana', reason: '' });
  const open: boolean[] = [];
  let isAway = true;
  Object.assign(memory.context.cloud, {
    live: {
      claimEffect: async () => ({ mine: true }),
      finishEffect: async () => undefined,
      async putLaunch({ closed }: { closed: boolean }) {
        if (isAway) throw new Error('gone');
        open.push(!closed);
      },
    },
  });
  const ask = () => askCompile(memory.context, LAUNCH_ID, { by: 'ana', outcomes: true });
  await expect(ask()).rejects.toThrow('gone');
  isAway = false;
  expect(await ask()).toBeNull();
  expect(open).toEqual([true]);
});
