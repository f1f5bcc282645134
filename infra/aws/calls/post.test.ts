import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createPost } from './post.ts';

let server: Server;
let bodies: string[];
let answers: ServerResponse[];
let posting: ReturnType<typeof createPost>;

beforeEach(async () => {
  bodies = [];
  answers = [];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        bodies.push(Buffer.concat(chunks).toString());
        answers.push(response);
      });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  posting = createPost({ sockets: 1, connectTimeoutMs: 1_000 });
});
afterEach(async () => {
  posting.destroy();
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
});

const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const post = (body: string, { timeoutMs = 5_000, signal }: { timeoutMs?: number; signal?: AbortSignal } = {}) =>
  posting.post({ origin: origin(), path: '/', headers: {}, body }, { timeoutMs, signal });

test('a request that waits for a socket until its time is over, or until it is aborted, is never written', async () => {
  const first = post('first');
  await expect.poll(() => bodies).toEqual(['first']);
  const abort = new AbortController();
  const waiting = [post('too late', { timeoutMs: 30 }), post('aborted', { signal: abort.signal }), post('last')];
  await expect(waiting[0]).rejects.toMatchObject({ name: 'TimeoutError' });
  abort.abort();
  await expect(waiting[1]).rejects.toMatchObject({ name: 'AbortError' });
  answers[0]?.end('one');
  expect((await first).body.toString()).toBe('one');
  await expect.poll(() => bodies).toEqual(['first', 'last']);
  answers[1]?.end('two');
  expect((await waiting[2])?.body.toString()).toBe('two');
});

test('an answer that comes in pieces is whole', async () => {
  const answered = post('x');
  await expect.poll(() => answers).toHaveLength(1);
  answers[0]?.writeHead(207, { 'x-a': 'b' }).write('ä'.repeat(50_000));
  setTimeout(() => answers[0]?.end('end'), 10);
  const { status, headers, body } = await answered;
  expect([status, headers['x-a'], body.toString() === `${'ä'.repeat(50_000)}end`]).toEqual([207, 'b', true]);
});

test('nobody there is no answer, and so is a client that is closed', async () => {
  const refused = posting.post(
    { origin: 'http://127.0.0.1:1', path: '/', headers: {}, body: '' },
    { timeoutMs: 5_000, signal: undefined },
  );
  await expect(refused).rejects.toMatchObject({ name: 'NoAnswerError', cause: { code: 'ECONNREFUSED' } });
  const pending = post('x');
  await expect.poll(() => bodies).toEqual(['x']);
  posting.destroy();
  await expect(pending).rejects.toMatchObject({ name: 'NoAnswerError' });
});
