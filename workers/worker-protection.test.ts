import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTestAgent } from '../infra/aws/ecs-agent-for-tests.ts';
import { startStage } from '../test/worker-stage.ts';
import type { Stage } from '../test/worker-stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterAll(async () => {
  await stage.stop();
});

test('a worker asks ECS to leave it alone from the order to the close; one whose agent is silent sends all the same, and says why it is not protected', async () => {
  const [agent, silent] = await Promise.all([startTestAgent(), startTestAgent()]);
  silent.mood = 'silent';
  try {
    const launch = await stage.newLaunch({ ios: 400, android: 0 });
    const worker = await launch.worker({ agentUri: agent.uri });
    const other = await launch.worker({ agentUri: silent.uri });
    expect([worker, other].map((one) => one.report().protection)).toEqual([
      { on: false, problem: null },
      { on: false, problem: null },
    ]);
    const order = await launch.request();
    await vi.waitFor(() => expect(agent.isProtected()).toBe(true));
    await vi.waitFor(() => expect(silent.calls).toEqual([30]));
    const shot = await launch.approve(order);
    const { totals } = await launch.closed(shot.id);
    expect(totals?.[0]?.totals).toMatchObject({ accepted: 400, uncertain: 0 });
    await vi.waitFor(() => expect(agent.calls).toEqual([30, 'free']));
    expect(other.report().protection?.on).toBe(false);
    await stage.stopWorkers();
  } finally {
    await Promise.all([agent.stop(), silent.stop()]);
  }
});
