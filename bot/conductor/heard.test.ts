import { expect, test } from 'vitest';
import { hearCalls, tellCalls } from '../../infra/aws/hear-calls.ts';
import type { AwsCall } from '../../runbooks/launch/entries.ts';
import { MemoryContext } from '../../test/memory-context.ts';
import { LAUNCH_ID } from '../../test/properties/scene.ts';
import { FACT } from './facts.ts';
import { callsOf, keepingCalls } from './heard.ts';

type Answer = { output: { $metadata: { requestId: string } } };
type Call = (args: object) => Promise<unknown>;

/** A client of ECS as far as it is heard. */
function ecs() {
  let made: (next: () => Promise<Answer>, about: object) => Call = () => () => Promise.reject(new Error('not told'));
  tellCalls({ middlewareStack: { add: (middleware: typeof made) => void (made = middleware) } });
  return (commandName: string, requestId: string) =>
    made(async () => ({ output: { $metadata: { requestId } } }), { clientName: 'ECSClient', commandName })({});
}

test('what is asked of AWS at each try is kept for the entry to come, the last twelve of them, and looks are not', async () => {
  const { context } = await MemoryContext.ready();
  const call = ecs();
  for (let tried = 1; tried <= 14; tried += 1)
    await keepingCalls(context, LAUNCH_ID, 'scale/7', async () => {
      await call('DescribeServicesCommand', `look ${tried}`);
      await call('UpdateServiceCommand', `try ${tried}`);
    });
  await call('UpdateServiceCommand', 'of nobody');
  expect((await callsOf(context, LAUNCH_ID, 'scale/7')).map(({ call: name, requestId }) => [name, requestId])).toEqual(
    Array.from({ length: 12 }, (_, one) => ['ECS UpdateService', `try ${one + 3}`]),
  );
  expect(await callsOf(context, LAUNCH_ID, 'scale/8')).toEqual([]);
});

test('whoever hears around work that hears for itself gets it too, in the end, also where it failed', async () => {
  const call = ecs();
  const outer: AwsCall[] = [];
  const inner: AwsCall[] = [];
  const work = hearCalls(outer, async () => {
    await call('CreateServiceCommand', 'a');
    await hearCalls(inner, async () => {
      await call('UpdateServiceCommand', 'b');
      throw new Error('away');
    });
  });
  await expect(work).rejects.toThrow('away');
  expect(outer.map(({ requestId }) => requestId)).toEqual(['a', 'b']);
  expect(inner.map(({ requestId }) => requestId)).toEqual(['b']);
});

test('work that is done stays done where its requests could not be kept, and work that fails says why', async () => {
  const memory = await MemoryContext.ready();
  const call = ecs();
  memory.facts.takes = false;
  const asked = (fails: boolean) =>
    keepingCalls(memory.context, LAUNCH_ID, 'scale/7', async () => {
      await call('UpdateServiceCommand', 'a');
      if (fails) throw new Error('away');
      return 'done';
    });
  expect(await asked(false)).toBe('done');
  await expect(asked(true)).rejects.toThrow('away');
});

test.each([
  '{',
  'null',
  '[null]',
  '[{"call":7,"requestId":"a"}]',
  JSON.stringify([{ call: 'x'.repeat(300_000), requestId: '' }]),
])(
  'what somebody has put there instead (%#) goes into no entry, and what is asked next is kept again',
  async (text) => {
    const { context } = await MemoryContext.ready();
    await context.cloud.facts.put(LAUNCH_ID, FACT.awsCalls('scale/7'), text);
    expect(await callsOf(context, LAUNCH_ID, 'scale/7')).toEqual([]);
    const call = ecs();
    await keepingCalls(context, LAUNCH_ID, 'scale/7', () => call('UpdateServiceCommand', 'a'));
    expect(await callsOf(context, LAUNCH_ID, 'scale/7')).toMatchObject([{ requestId: 'a' }]);
  },
);
