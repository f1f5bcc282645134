import { afterEach, expect, test } from 'vitest';
import { answerHealth } from './health.ts';
import type { Health } from './health.ts';
import { listen } from './http-server.ts';
import type { HttpServer } from './http-server.ts';

let server: HttpServer | null = null;
afterEach(async () => {
  await server?.close();
});

/** Status and body of each path, and how often the state was asked for. */
async function answers(health: Health, method = 'GET') {
  let asked = 0;
  server = await listen('127.0.0.1', 0, (request, response) =>
    answerHealth(request, response, () => {
      asked += 1;
      return health;
    }),
  );
  const found: unknown[] = [];
  for (const path of ['/live?from=ecs', '/ready', '/health', '/constructor']) {
    const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
    const text = await answer.text();
    found.push([answer.status, text === '' ? null : (JSON.parse(text) as unknown)]);
  }
  return { found, asked };
}

const nothing = { error: 'only GET /live, /ready and /health are here' };

test('a process that is neither ready nor healthy is alive: nothing but its silence gets it killed', async () => {
  const state = { say: 'loading' };
  expect((await answers({ ready: false, healthy: false, state })).found).toEqual([
    [200, { live: true }],
    [503, { ready: false }],
    [503, state],
    [404, nothing],
  ]);
});

test('ready and healthy are apart', async () => {
  const { found, asked } = await answers({ ready: true, healthy: false, state: { slack: 'away' } });
  expect(found).toEqual([
    [200, { live: true }],
    [200, { ready: true }],
    [503, { slack: 'away' }],
    [404, nothing],
  ]);
  // To be alive is no question of state.
  expect(asked).toBe(2);
});

test('HEAD is answered as GET is, and nothing else is', async () => {
  const up = { ready: true, healthy: true, state: {} };
  expect((await answers(up, 'HEAD')).found).toEqual([
    [200, null],
    [200, null],
    [200, null],
    [404, null],
  ]);
  await server?.close();
  expect((await answers(up, 'POST')).found).toEqual(Array.from({ length: 4 }, () => [404, nothing]));
});
