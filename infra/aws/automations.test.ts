import { afterAll, beforeAll, expect, test } from 'vitest';
import { localCloudForTests } from '../local/cloud/for-tests.ts';
import { LOCAL_ACCOUNT } from '../local/principals.ts';
import { policyOf } from './access/policy.ts';
import { createAutomations } from './automations.ts';
import type { AutomationRun, Automations } from './automations.ts';
import { createClients } from './clients.ts';
import type { Clients } from './clients.ts';

let local: Awaited<ReturnType<typeof localCloudForTests>>;
let nowMs = Date.now();
const made: Clients[] = [];
const automationsAs = (endpoint: string): Automations => {
  const clients = createClients({ ...local.config, endpoint });
  made.push(clients);
  return createAutomations(clients.ssm);
};
let automations: Automations;
beforeAll(async () => {
  const account = { ...LOCAL_ACCOUNT, automations: { documents: ['warm'], roles: ['arn:aws:iam::0:role/warmer'] } };
  local = await localCloudForTests({
    nowMs: () => nowMs,
    principals: [{ accessKeyId: 'bot-key', name: 'bot', statements: policyOf('bot', account) }],
    automations: [
      {
        name: 'warm',
        versions: 2,
        parameters: { Cluster: true, AutomationAssumeRole: false },
        steps: ['a', 'b'],
        stepMs: 1_000,
      },
      { name: 'secret', steps: ['a'], stepMs: 0 },
    ],
  });
  automations = automationsAs(local.url);
});
afterAll(async () => {
  for (const clients of made) clients.destroy();
  await local.stop();
});

const parameters = { Cluster: ['edge'] };
const runOf = (step: string, more: Partial<AutomationRun> = {}): AutomationRun => ({
  launchId: 'l',
  step,
  document: 'warm',
  version: null,
  parameters,
  ...more,
});
async function begun(run: AutomationRun): Promise<string> {
  const started = await automations.start(run);
  if (!started.ok) throw new Error(started.say);
  return started.executionId;
}

test('a step starts its document once, however often it asks, and another step starts it anew', async () => {
  const before = local.localCloud.automation.executions().length;
  const [first, again, other] = [await begun(runOf('a')), await begun(runOf('a')), await begun(runOf('b'))];
  expect(again).toBe(first);
  expect(other).not.toBe(first);
  expect(local.localCloud.automation.executions().slice(before)).toMatchObject([
    { document: 'warm', version: '2', parameters },
    { document: 'warm' },
  ]);
});

test('it is followed step by step until AWS says that it succeeded', async () => {
  const id = await begun(runOf('followed', { version: '1' }));
  expect(await automations.look(id)).toEqual({
    state: 'running',
    status: 'InProgress',
    steps: [
      { name: 'a', phase: 'running' },
      { name: 'b', phase: 'waiting' },
    ],
    say: null,
  });
  nowMs += 1_000;
  expect((await automations.look(id)).steps.map(({ phase }) => phase)).toEqual(['done', 'running']);
  nowMs += 1_000;
  expect(await automations.look(id)).toMatchObject({ state: 'done', status: 'Success', say: null });
});

test.each(['Failed', 'TimedOut', 'Cancelled'] as const)('an end as %s is a failure, with its step', async (ends) => {
  local.localCloud.automation.become('warm', { ends, step: 'a' });
  const id = await begun(runOf(ends));
  expect(await automations.look(id)).toMatchObject({ state: 'running' });
  nowMs += 1_000;
  expect(await automations.look(id)).toMatchObject({
    state: 'failed',
    status: ends,
    say: `Step a ended with ${ends}.`,
    steps: [{ phase: 'failed' }, { phase: 'waiting' }],
  });
  local.localCloud.automation.become('warm', { ends: 'Success' });
});

test.each([
  [{ document: 'cold' }, 'there is no automation document cold in this account and Region'],
  [{ version: '7' }, 'the automation document warm has no version 7'],
  [{ parameters: { Fleet: ['edge'] } }, 'warm does not take these parameters: '],
])('what AWS knows is wrong is said, and not tried again: %o', async (more, say) => {
  expect(await automations.start(runOf('wrong', more))).toEqual({
    ok: false,
    again: false,
    say: expect.stringContaining(say) as string,
  });
});

test('a right that the bot lacks is named, with what it is for', async () => {
  const bot = automationsAs(local.localCloud.urlFor('bot'));
  expect(
    await bot.start(
      runOf('own', { parameters: { ...parameters, AutomationAssumeRole: ['arn:aws:iam::0:role/warmer'] } }),
    ),
  ).toMatchObject({ ok: true });
  expect(await bot.start(runOf('other', { document: 'secret', parameters: {} }))).toEqual({
    ok: false,
    again: false,
    say: 'the bot lacks the right ssm:StartAutomationExecution on arn:aws:ssm:us-east-1:000000000000:document/secret. Deploy its policy with this runbook, or add it',
  });
  const role = { ...parameters, AutomationAssumeRole: ['arn:aws:iam::0:role/admin'] };
  expect(await bot.start(runOf('role', { parameters: role }))).toMatchObject({
    ok: false,
    say: expect.stringContaining('the right iam:PassRole on arn:aws:iam::0:role/admin') as string,
  });
});

test('too many at once is tried again, and an execution that AWS does not know is unseen, not failed', async () => {
  local.localCloud.automation.refuse('AutomationExecutionLimitExceededException', 1);
  expect(await automations.start(runOf('quota'))).toMatchObject({
    ok: false,
    again: true,
    say: expect.stringContaining("the account's quota") as string,
  });
  expect(await automations.start(runOf('quota'))).toMatchObject({ ok: true });
  expect(await automations.look('00000000-0000-4000-8000-000000000000')).toMatchObject({
    state: 'unseen',
    say: 'AWS knows no such execution',
  });
});
