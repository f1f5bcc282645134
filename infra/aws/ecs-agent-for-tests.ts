import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

/** As the agent reads it: other fields are refused. */
const request = z.strictObject({
  ProtectionEnabled: z.boolean(),
  ExpiresInMinutes: z.number().int().min(1).max(2_880).optional(),
});

/** What the agent answers next; `silent`: nothing. */
export type AgentMood = 'ok' | 'throttled' | 'denied' | 'blocked' | 'page' | 'silent';

export interface TestAgent {
  /** What ECS would give a container as ECS_AGENT_URI. */
  uri: string;
  mood: AgentMood;
  /** Each call: protect (with its minutes) or free. */
  calls: (number | 'free')[];
  /** When each came, monotonic. */
  callsAtMs: number[];
  /** Whether ECS would leave the task alone now. */
  isProtected: () => boolean;
  stop(): Promise<void>;
}

const ARN = 'arn:aws:ecs:eu-west-1:111122223333:task/gobutton/0123456789abcdef0123456789abcdef';

/**
 * The part of the ECS agent that a container speaks to for its protection: paths, bodies and status codes as in AWS's own agent
 * (aws/amazon-ecs-agent, ecs-agent/tmds/handlers/taskprotection). `minuteMs`: how long its minutes are.
 */
export async function startTestAgent({ minuteMs = 60_000 }: { minuteMs?: number } = {}): Promise<TestAgent> {
  let untilMs = 0;
  const server: Server = createServer((incoming, response) => {
    const answer = (status: number, body: unknown) =>
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(typeof body === 'string' ? body : JSON.stringify(body));
    const error = (status: number, Code: string, Message: string) =>
      answer(status, { requestID: 'r', error: { Arn: ARN, Code, Message } });
    void text(incoming).then((body) => {
      if (incoming.method !== 'PUT' || incoming.url !== '/api/c0ffee/task-protection/v1/state')
        return error(404, 'ResourceNotFoundException', 'Failed to find a task for the request');
      const parsed = request.safeParse(JSON.parse(body));
      if (!parsed.success) return error(400, 'InvalidParameterException', 'failed to decode request');
      const { ProtectionEnabled, ExpiresInMinutes = 120 } = parsed.data;
      agent.callsAtMs.push(performance.now());
      agent.calls.push(ProtectionEnabled ? ExpiresInMinutes : 'free');
      switch (agent.mood) {
        case 'silent':
          return undefined;
        case 'page':
          return answer(502, '<html>Bad Gateway</html>');
        case 'throttled':
          return error(400, 'ThrottlingException', 'Rate exceeded');
        case 'denied':
          return error(403, 'AccessDeniedException', 'not authorized to perform: ecs:UpdateTaskProtection');
        case 'blocked':
          return answer(200, { failure: { Arn: ARN, Detail: null, Reason: 'DEPLOYMENT_BLOCKED' } });
        case 'ok':
          untilMs = ProtectionEnabled ? performance.now() + ExpiresInMinutes * minuteMs : 0;
          return answer(200, { protection: { ProtectionEnabled, ExpirationDate: null, TaskArn: ARN } });
        default:
          return agent.mood satisfies never;
      }
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const agent: TestAgent = {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/c0ffee`,
    mood: 'ok',
    calls: [],
    callsAtMs: [],
    isProtected: () => performance.now() < untilMs,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return agent;
}
