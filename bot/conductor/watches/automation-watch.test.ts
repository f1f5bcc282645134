import { expect, test } from 'vitest';
import type { AutomationSeen } from '../../../infra/aws/automations.ts';
import { startRig, until } from '../../../test/conductor-rig.ts';
import { MemoryContext } from '../../../test/memory-context.ts';
import { LAUNCH_ID, sampleRunbook } from '../../../test/properties/scene.ts';
import { UpdateBudget } from '../../slack/update-budget.ts';
import { FACT, keepFact } from '../facts.ts';
import { Room } from '../room/room.ts';
import { Standings } from '../room/standing.ts';
import { AutomationWatch } from './automation-watch.ts';

const act = { kind: 'automation', document: 'warm', within: '10m' };
const steps = [{ id: 's', title: 'Warm the cache', at: 'T-1h', do: act }];
const RUNS: AutomationSeen = {
  state: 'running',
  status: 'InProgress',
  steps: [
    { name: 'fill', phase: 'done' },
    { name: 'check', phase: 'running' },
  ],
  say: null,
};

/** The step has begun; what AWS answers is the test's. */
async function begun() {
  const memory = await MemoryContext.ready(sampleRunbook({ phases: [{ id: 'p', title: 'P', steps }] }));
  const aws = { seen: RUNS };
  memory.context.cloud.automations = {
    start: () => Promise.reject(new Error('nobody starts it here')),
    look: async () => aws.seen,
  };
  await memory.does({ kind: 'start-step', step: 's' });
  const standings = new Standings(memory.context, new Room(memory.context, LAUNCH_ID), new UpdateBudget(() => 0));
  const watch = new AutomationWatch(memory.context, standings);
  return {
    memory,
    aws,
    starts: () => keepFact(memory.context, LAUNCH_ID, FACT.automation('s'), 'e1'),
    looks: async () => watch.look(await memory.launch()),
    step: async () => (await memory.launch()).steps['s'],
  };
}

test('its step is done once AWS says that it succeeded, and not before', async () => {
  const { memory, aws, starts, looks, step } = await begun();
  await looks();
  await starts();
  await looks();
  expect((await step())?.state).toBe('started');
  memory.nowMs += 120_000;
  aws.seen = { ...RUNS, state: 'done', status: 'Success' };
  await looks();
  expect(await step()).toMatchObject({ state: 'done', say: '2 steps in 2 min, execution e1' });
  expect((await step())?.refused).toBeUndefined();
});

test('a failure turns its step red, with the step of the document and what AWS says', async () => {
  const { aws, starts, looks, step } = await begun();
  await starts();
  const failed = [
    { name: 'fill', phase: 'done' },
    { name: 'check', phase: 'failed' },
  ] as const;
  aws.seen = { state: 'failed', status: 'TimedOut', steps: [...failed], say: 'no answer from the cache' };
  await looks();
  expect(await step()).toMatchObject({
    refused: true,
    say: 'refused: AWS ended it as TimedOut, in its step check: no answer from the cache (execution e1)',
  });
});

test('what takes too long is red while AWS goes on with it; also what nobody can look at', async () => {
  for (const [seen, told] of [
    [RUNS, ', in its step check'],
    [{ state: 'unseen', status: 'unknown', steps: [], say: 'the bot lacks a right' }, ', the bot lacks a right'],
  ] as const) {
    const { memory, aws, starts, looks, step } = await begun();
    aws.seen = { ...seen, steps: [...seen.steps] };
    await starts();
    memory.nowMs += 599_999;
    await looks();
    expect((await step())?.state).toBe('started');
    memory.nowMs += 1;
    await looks();
    expect(await step()).toMatchObject({
      refused: true,
      say: `refused: it has not ended within 10 min${told}. AWS goes on with it: execution e1`,
    });
  }
});

test('the room sees its steps in one message, which says at last how it ended; only a failure is a message more', async () => {
  const rig = await startRig({ automations: [{ name: 'warm', steps: ['fill', 'check'], stepMs: 0 }] });
  try {
    rig.localCloud.automation.become('warm', { ends: 'hangs' });
    const plan = [{ id: 's', title: 'Warm the cache', at: 'T-1m', do: { kind: 'automation', document: 'warm' } }];
    const phases = [{ id: 'p', title: 'P', steps: plan }];
    await rig.create({ runbook: sampleRunbook({ phases }), targetAtMs: Date.now() + 59_000, ready: false });
    const { conductor } = rig.conductor('first', { timings: { automationMs: 50 } });
    await conductor.start();
    const running = await rig.seen('its automation runs');
    const edited = async () => (await rig.messages('')).find(({ ts }) => ts === running.ts);
    await until('its first step is done', async () => {
      const text = JSON.stringify((await edited())?.blocks);
      return text.includes(':white_check_mark: fill') && text.includes('1 of 2 steps done');
    });
    rig.localCloud.automation.become('warm', { ends: 'Failed', say: 'the cache is cold' });
    await rig.seen('Warm the cache was refused: AWS ended it as Failed, in its step check: the cache is cold');
    await until('the message says so, too', async () =>
      JSON.stringify((await edited())?.blocks).includes(':red_circle: *Warm the cache*'),
    );
    expect(rig.localCloud.automation.executions()).toHaveLength(1);
    const [ended] = await rig.entries('StepDone');
    expect(ended?.aws?.map(({ call }) => call)).toEqual(['SSM StartAutomationExecution']);
  } finally {
    await rig.stop();
  }
});
