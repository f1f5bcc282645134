import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OwnTask } from './own-task.ts';

let say: { status: number; body: string } | null;
let asked: string[];
const server = createServer(({ url }, response) => {
  asked.push(url ?? '');
  // Null: silent.
  if (say !== null) response.writeHead(say.status, { 'content-type': 'application/json' }).end(say.body);
});
beforeAll(async () => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

const task = (limitMs?: number) => {
  asked = [];
  const warned: string[] = [];
  const own = new OwnTask({
    metadataUri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v4/c0ffee`,
    log: { warn: (_, words) => warned.push(words) },
    ...(limitMs === undefined ? {} : { limitMs }),
  });
  return { own, warned };
};
const GOOD = {
  status: 200,
  body: JSON.stringify({
    Cluster: 'c',
    TaskARN: 'arn:aws:ecs:us-east-1:1:task/c/1',
    Family: 'superbowl-bot',
    Revision: '7',
  }),
};

test('a task knows its definition by its agent, which is asked once', async () => {
  say = GOOD;
  const { own } = task();
  expect([await own.definition(), await own.definition()]).toEqual(['superbowl-bot:7', 'superbowl-bot:7']);
  expect(asked).toEqual(['/v4/c0ffee/task']);
});

test('what is no task asks nobody', async () => {
  asked = [];
  const own = new OwnTask({ metadataUri: null, log: { warn: () => expect.unreachable() } });
  expect(await own.definition()).toBeNull();
  expect(asked).toEqual([]);
});

test.each<[string, typeof say]>([
  ['is silent', null],
  ['refuses', { status: 500, body: 'no' }],
  ['says something else', { status: 200, body: '{"Family":"x"}' }],
])('an agent that %s is asked again at the next look, and nothing fails by it', async (_, answered) => {
  say = answered;
  const { own, warned } = task(answered === null ? 50 : undefined);
  expect(await own.definition()).toBeNull();
  expect(warned).toHaveLength(1);
  say = GOOD;
  await expect.poll(() => own.definition()).toBe('superbowl-bot:7');
});
