import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';
import { afterEach, expect, test, vi } from 'vitest';
import { connectTls } from './connect.ts';
import { GatheredReads, LONGEST_TURN_MS, turnMs } from './gathered-reads.ts';

const pems = generate([{ name: 'commonName', value: 'localhost' }], {
  keyType: 'ec',
  algorithm: 'sha256',
  extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
});
const cleanup: (() => void)[] = [];
afterEach(() => {
  vi.useRealTimers();
  for (const stop of cleanup.splice(0)) stop();
});

/** Turns only come when the test lets time pass; sockets are real. */
async function setUp(options: { isBusy?: () => boolean; mayWait?: () => boolean } = {}) {
  const { private: key, cert } = await pems;
  const peers: TLSSocket[] = [];
  const server = createServer({ key, cert, ALPNProtocols: ['h2'] }, (socket) => {
    peers.push(socket.on('error', () => socket.destroy()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanup.push(() => server.close());
  const turns: string[] = [];
  const heard = ['', ''];
  const reads = new GatheredReads({ turn: () => turns.push(heard.join(' ')), isBusy: options.isBusy ?? (() => true) });
  const sockets: TLSSocket[] = [];
  for (const at of [0, 1]) {
    const socket = await connectTls(
      { host: 'localhost', port: (server.address() as AddressInfo).port, ca: cert },
      5_000,
    );
    cleanup.push(() => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      heard[at] += chunk.toString();
    });
    reads.join(socket, options.mayWait ?? (() => true));
    sockets.push(socket);
  }
  await vi.waitFor(() => expect(peers).toHaveLength(2));
  for (const peer of peers) peer.write('-');
  await vi.waitFor(() => expect(heard).toEqual(['-', '-']));
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  reads.look({ answers: 1, inFlight: 6_000, connections: 60 });
  /** The peers say it, and it has come through if anybody reads. */
  const say = async (text: string) => {
    for (const peer of peers)
      await new Promise<void>((resolve) => {
        peer.write(text, () => resolve());
      });
    for (let times = 0; times < 200; times += 1)
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
  };
  return { reads, heard, turns, say, sockets, peers };
}

test('what comes after a read waits for the turn, which is one for all', async () => {
  const { heard, turns, say } = await setUp();
  await say('a');
  await say('b');
  await say('c');
  expect([heard, turns]).toEqual([['-a', '-a'], []]);
  vi.advanceTimersByTime(LONGEST_TURN_MS);
  expect(turns).toEqual(['-a -a']);
  await say('');
  expect(heard).toEqual(['-abc', '-abc']);
  await say('d');
  expect(heard).toEqual(['-abc', '-abc']);
  vi.advanceTimersByTime(LONGEST_TURN_MS);
  await say('');
  expect([heard, turns.length]).toEqual([['-abcd', '-abcd'], 2]);
});

test('nobody waits with nothing to send, nor a connection of which the next answer is waited for', async () => {
  for (const options of [{ isBusy: () => false }, { mayWait: () => false }]) {
    const { heard, say } = await setUp(options);
    await say('a');
    await say('b');
    expect(heard).toEqual(['-ab', '-ab']);
    vi.useRealTimers();
  }
});

test('a connection that is lost, and a lane that is closed, while reads wait are no trouble', async () => {
  const { heard, turns, say, sockets, peers, reads } = await setUp();
  await say('a');
  await say('b');
  sockets[0]?.destroy();
  peers[1]?.end();
  const ended = once(sockets[1] as TLSSocket, 'end');
  vi.advanceTimersByTime(LONGEST_TURN_MS);
  await ended;
  expect([heard, turns.length]).toEqual([['-a', '-ab'], 1]);
  reads.turnComes();
  reads.close();
  vi.advanceTimersByTime(LONGEST_TURN_MS);
  expect([turns.length, reads.turnComes()]).toEqual([1, false]);
});

test('a turn is a sixth of what an answer takes, and only where it pays', () => {
  // 60 connections with 100 streams at 100 ms, answers one by one: 60,000 a second.
  const seen = { answers: 3_000, reads: 2_500, ms: 50, inFlight: 6_000, connections: 60 };
  expect(turnMs(seen)).toBe(16);
  expect(turnMs({ ...seen, inFlight: 1_800 })).toBe(5);
  // As long as a second: the turn does not grow with it.
  expect(turnMs({ ...seen, inFlight: 60_000 })).toBe(LONGEST_TURN_MS);
  // Answers that take 10 ms come as they come.
  expect(turnMs({ ...seen, inFlight: 600 })).toBe(0);
  // Reads that bring dozens, a handful of connections, silence.
  expect(turnMs({ ...seen, reads: 100 })).toBe(0);
  expect(turnMs({ ...seen, connections: 7 })).toBe(0);
  expect(turnMs({ ...seen, answers: 0, reads: 0 })).toBe(0);
});
