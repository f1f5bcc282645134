import { expect, test } from 'vitest';
import { workerKeyring } from '../../../test/keys.ts';
import { MemoryContext } from '../../../test/memory-context.ts';
import { reportOf } from '../for-tests.ts';
import { TIMINGS } from '../timings.ts';
import { ProtectionWatch } from './protection-watch.ts';

const problem = 'ECS answered AccessDeniedException: give the task role ecs:UpdateTaskProtection';

async function scene({ isAsked }: { isAsked: boolean }) {
  const memory = await MemoryContext.ready();
  if (isAsked) await memory.asksForGo();
  const watch = new ProtectionWatch(memory.context);
  const say = async (protection: { on: boolean; problem: string | null } | null) => {
    const launch = await memory.launch();
    const at = (boot: string) => reportOf(launch, boot, memory.nowMs, protection === null ? {} : { protection });
    memory.reports = [at('one'), at('two')];
    await watch.look(launch);
  };
  return { memory, say };
}

test('workers that ECS may end while an order waits are told of once, when it has lasted', async () => {
  const { memory, say } = await scene({ isAsked: true });
  await say({ on: false, problem });
  memory.nowMs += TIMINGS.unprotectedMs - 1;
  await say({ on: false, problem });
  expect(await memory.notes()).toEqual([]);
  memory.nowMs += 1;
  await say({ on: false, problem });
  await say({ on: false, problem });
  const notes = await memory.notes();
  expect(notes).toHaveLength(1);
  expect(notes[0]).toContain(`ECS may end tasks of this launch: 2 workers could not be protected`);
  expect(notes[0]).toContain(problem);
});

test('what comes right in between begins anew', async () => {
  const { memory, say } = await scene({ isAsked: true });
  await say({ on: false, problem });
  memory.nowMs += TIMINGS.unprotectedMs - 1;
  await say({ on: true, problem });
  memory.nowMs += 2;
  await say({ on: false, problem });
  expect(await memory.notes()).toEqual([]);
});

test('what nobody of the deployment has signed is told to nobody, and counts with no other', async () => {
  const { memory, say } = await scene({ isAsked: true });
  memory.reportsBy = () => null;
  await say({ on: false, problem });
  memory.nowMs += TIMINGS.unprotectedMs;
  await say({ on: false, problem });
  expect(await memory.notes()).toEqual([]);
  memory.reportsBy = ({ bootId }) => (bootId === 'one' ? workerKeyring().signer : null);
  await say({ on: false, problem });
  memory.nowMs += TIMINGS.unprotectedMs;
  await say({ on: false, problem });
  expect(await memory.notes()).toEqual([expect.stringContaining(': 1 worker could not be protected') as string]);
});

test.each([
  ['nothing is asked for yet', { isAsked: false }, { on: false, problem }],
  ['they are no tasks of ECS', { isAsked: true }, null],
  ['they are protected, though the last renewal failed', { isAsked: true }, { on: true, problem }],
  ['they have not been answered yet', { isAsked: true }, { on: false, problem: null }],
])('nothing is said while %s', async (_, asked, protection) => {
  const { memory, say } = await scene(asked);
  await say(protection);
  memory.nowMs += TIMINGS.unprotectedMs + 1_000;
  await say(protection);
  expect(await memory.notes()).toEqual([]);
});
