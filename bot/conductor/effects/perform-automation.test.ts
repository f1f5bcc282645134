import { expect, test } from 'vitest';
import type { AutomationStarted } from '../../../infra/aws/automations.ts';
import { stepNamed } from '../../../runbooks/launch/steps.ts';
import { MemoryContext } from '../../../test/memory-context.ts';
import { sampleRunbook } from '../../../test/properties/scene.ts';
import { startAutomation } from './perform-automation.ts';

const act = { kind: 'automation', document: 'warm', version: 3, parameters: { Cluster: 'edge', Markets: ['us', 1] } };
const steps = [{ id: 's', title: 'Warm the cache', at: 'T-1h', do: act }];

/** The step has begun; `tries` is what its effect does, by whichever bot. */
async function begun(answer: AutomationStarted) {
  const memory = await MemoryContext.ready(sampleRunbook({ phases: [{ id: 'p', title: 'P', steps }] }));
  const asked: object[] = [];
  memory.context.cloud.automations = {
    start: async (run) => {
      asked.push(run);
      return answer;
    },
    look: () => Promise.reject(new Error('nobody looks here')),
  };
  await memory.does({ kind: 'start-step', step: 's' });
  const launch = await memory.launch();
  const found = stepNamed(launch.runbook, 's')?.do;
  if (found?.kind !== 'automation') throw new Error('unexpected');
  return { memory, asked, tries: () => startAutomation(memory.context, launch, 's', found) };
}

test('a document is started with version and parameters as AWS takes them, and not again by whoever takes over', async () => {
  const { memory, asked, tries } = await begun({ ok: true, executionId: 'e1' });
  expect([await tries(), await tries()]).toEqual([null, null]);
  expect(asked).toEqual([
    {
      launchId: (await memory.launch()).id,
      step: 's',
      document: 'warm',
      version: '3',
      parameters: { Cluster: ['edge'], Markets: ['us', '1'] },
    },
  ]);
});

test('what may go through later is tried again for five minutes, and refused then', async () => {
  const { memory, tries } = await begun({ ok: false, again: true, say: 'too many at once' });
  await expect(tries()).rejects.toThrow('AUTOMATION_NOT_STARTED s: too many at once');
  memory.nowMs += 299_999;
  await expect(tries()).rejects.toThrow('AUTOMATION_NOT_STARTED');
  memory.nowMs += 1;
  expect(await tries()).toEqual({ say: 'too many at once', refused: true });
});

test('what AWS refuses for good is refused at once', async () => {
  const { tries } = await begun({ ok: false, again: false, say: 'there is no such document' });
  expect(await tries()).toEqual({ say: 'there is no such document', refused: true });
});
