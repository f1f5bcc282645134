import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestAgent } from '../infra/aws/ecs-agent-for-tests.ts';
import type { TestAgent } from '../infra/aws/ecs-agent-for-tests.ts';
import { until } from '../infra/local/slack/for-tests.ts';
import { readyLaunch, startRig } from '../test/bot-rig.ts';
import type { Rig } from '../test/bot-rig.ts';

let agent: TestAgent;
let rig: Rig;
beforeAll(async () => {
  agent = await startTestAgent();
  rig = await startRig({ agentUri: agent.uri });
  await readyLaunch(rig);
});
afterAll(async () => {
  await rig.stop();
  await agent.stop();
});

it('the bot that leads is protected from scaling in while an order waits, and no longer', async () => {
  expect(agent.calls).toEqual([]);
  await rig.ask(rig.ana, 'fire us-ios');
  await until('the protection', async () => agent.isProtected());
  expect(await (await fetch(`http://127.0.0.1:${rig.bot.port}/health`)).json()).toMatchObject({
    protection: { on: true, problem: null },
  });
  await rig.ask(rig.mia, 'decline because the link is dead');
  await until('its end', async () => !agent.isProtected());
  expect(agent.calls).toEqual([30, 'free']);
});
