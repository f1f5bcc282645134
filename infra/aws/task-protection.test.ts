import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startTestAgent } from './ecs-agent-for-tests.ts';
import type { AgentMood, TestAgent } from './ecs-agent-for-tests.ts';
import { TaskProtection } from './task-protection.ts';
import type { ProtectionOptions } from './task-protection.ts';

let agent: TestAgent;
let protection: TaskProtection;
let warned: string[];

beforeEach(async () => {
  // What is asked for here lasts ten seconds: longer than a machine stands still.
  agent = await startTestAgent({ minuteMs: 5_000 });
  warned = [];
});
afterEach(async () => {
  await protection.stop();
  await agent.stop();
});

function start(options: Partial<ProtectionOptions> = {}): void {
  protection = new TaskProtection({
    agentUri: agent.uri,
    log: { info: () => undefined, warn: (what) => warned.push((what as { problem: string }).problem) },
    minutes: 2,
    renewAfterMs: 100,
    spreadMs: 0,
    retryMs: 20,
    retryMostMs: 60,
    limitMs: 100,
    random: () => 0.5,
    ...options,
  });
}
const until = (what: () => boolean) => vi.waitFor(() => expect(what()).toBe(true), { interval: 3 });
const isQuiet = async (forMs: number) => {
  const before = agent.calls.length;
  await new Promise((resolve) => setTimeout(resolve, forMs));
  return agent.calls.length === before;
};

test('it is asked for once, renewed before it is over, and given back', async () => {
  start();
  for (let times = 0; times < 5; times += 1) protection.want(true);
  await until(agent.isProtected);
  await until(() => {
    expect(agent.isProtected()).toBe(true);
    protection.want(true);
    return agent.calls.length >= 6;
  });
  // However often it is said.
  expect((agent.callsAtMs[5] ?? 0) - (agent.callsAtMs[0] ?? 0)).toBeGreaterThan(5 * 95);
  expect(protection.state).toEqual({ on: true, problem: null });
  protection.want(false);
  await until(() => agent.calls.at(-1) === 'free');
  expect(agent.calls.filter((call) => call !== 'free').every((call) => call === 2)).toBe(true);
  await until(() => protection.state?.on === false);
  expect(await isQuiet(200)).toBe(true);
});

test.each<[AgentMood, RegExp]>([
  ['throttled', /^ECS answered ThrottlingException \(Rate exceeded\): it is tried again$/],
  ['denied', /^ECS answered AccessDeniedException .*: give the task role ecs:UpdateTaskProtection$/],
  ['blocked', /^ECS answered DEPLOYMENT_BLOCKED: a deployment/],
  ['page', /^the ECS agent did not answer: /],
  ['silent', /^the ECS agent did not answer: .*timeout/],
])(
  'an agent that is %s: it is said once, tried again more and more seldom, and holds once it answers',
  async (mood, problem) => {
    agent.mood = mood;
    start();
    protection.want(true);
    await until(() => agent.calls.length >= 3);
    expect(protection.state).toEqual({ on: false, problem: expect.stringMatching(problem) as string });
    expect(warned).toHaveLength(1);
    agent.mood = 'ok';
    await until(agent.isProtected);
    await until(() => protection.state?.problem === null);
  },
);

test('pauses after failures grow up to the longest, and no call comes between', async () => {
  agent.mood = 'throttled';
  start({ retryMs: 20, retryMostMs: 80, random: () => 1 });
  protection.want(true);
  // Were there no longest one, the last of these pauses would be an hour.
  await until(() => agent.calls.length === 20);
  const pauses = agent.callsAtMs.slice(1).map((ms, index) => ms - (agent.callsAtMs[index] ?? 0));
  for (const [index, least] of [20, 40, 80, 80, 80].entries()) expect(pauses[index]).toBeGreaterThan(least - 8);
});

test('a renewal that fails leaves it as it is until it is over, and then says so', async () => {
  start({ minutes: 2, retryMs: 30, retryMostMs: 30 });
  protection.want(true);
  await until(agent.isProtected);
  agent.mood = 'throttled';
  await until(() => protection.state?.problem !== null);
  expect([agent.isProtected(), protection.state?.on]).toEqual([true, true]);
  agent.mood = 'ok';
  await until(() => protection.state?.problem === null);
  expect(agent.isProtected()).toBe(true);
});

test('what is no longer wanted is not asked for any more, and what was never given is not given back', async () => {
  start({ spreadMs: 60 });
  protection.want(true);
  protection.want(false);
  protection.want(true);
  protection.want(false);
  expect(await isQuiet(150)).toBe(true);
  expect(agent.calls).toEqual([]);
  expect(protection.state).toEqual({ on: false, problem: null });
});

test('a giving back that fails is tried again', async () => {
  start();
  protection.want(true);
  await until(agent.isProtected);
  agent.mood = 'throttled';
  protection.want(false);
  await until(() => agent.calls.filter((call) => call === 'free').length >= 2);
  agent.mood = 'ok';
  await until(() => !agent.isProtected());
  await until(() => protection.state?.problem === null);
});

test('outside of ECS there is none, and nobody is asked', async () => {
  start({ agentUri: null });
  protection.want(true);
  expect(protection.state).toBeNull();
  expect(await isQuiet(50)).toBe(true);
});

test('a stop does not wait for an agent that does not answer', async () => {
  agent.mood = 'silent';
  // Longer than a test may take.
  start({ limitMs: 600_000 });
  protection.want(true);
  await until(() => agent.calls.length === 1);
  await protection.stop();
  protection.want(false);
  expect(await isQuiet(50)).toBe(true);
});
