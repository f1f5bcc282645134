import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { pino } from 'pino';
import { generate } from 'selfsigned';
import { afterEach, expect, test, vi } from 'vitest';
import { FrameReader } from '../../h2/frame-reader.ts';
import { FRAME, pingFrame, settingsFrame } from '../../h2/frames.ts';
import { Dialer } from './h2/dialer.ts';
import { GatheredReads } from './h2/gathered-reads.ts';
import { startTlsServer } from './h2/tls-server-for-tests.ts';
import { WirePool } from './wire-pool.ts';
import type { PoolOwner } from './wire-pool.ts';

const pems = generate([{ name: 'commonName', value: 'localhost' }], {
  keyType: 'ec',
  algorithm: 'sha256',
  extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
});
const cleanup: (() => unknown)[] = [];
afterEach(() => {
  for (const stop of cleanup.splice(0).toReversed()) stop();
});

function poolOver(
  dialer: Dialer,
  connections: number,
  ping = { everyMs: 60_000, deadlineMs: 5_000 },
  reads?: GatheredReads,
) {
  const closed: string[] = [];
  const pauses: number[] = [];
  const pool = new WirePool<null>({
    dialer,
    connections,
    maxStreams: 10,
    answerDeadlineMs: 10_000,
    ping,
    ...(reads === undefined ? {} : { reads }),
    log: pino(
      { level: 'warn' },
      { write: (line: string) => pauses.push((JSON.parse(line) as { backOffMs: number }).backOffMs) },
    ),
    owner(events) {
      let isOpen = false;
      const owner: PoolOwner<null> = {
        connection: null,
        isSick: false,
        job: null,
        index: 0,
        template: {
          authority: '',
          path: '',
          headers: [],
          tokenIn: 'path',
          body: Buffer.alloc(0),
          bodyRest: Buffer.alloc(0),
        },
        token: '',
        take: () => false,
        mayFinish: () => 'never',
        answered: () => undefined,
        refused: () => undefined,
        lost: () => undefined,
        alive: () => undefined,
        room() {
          if (isOpen || owner.connection?.state !== 'open') return;
          isOpen = true;
          events.opened();
        },
        draining: (_connection, why) => events.draining(why),
        closed(_connection, why) {
          closed.push(why);
          events.closed(why);
        },
      };
      return owner;
    },
  });
  return { pool, closed, pauses };
}

/** A peer that says its SETTINGS (but for the first `silent` connections) and then only answers PINGs, as long as it `answers`, or hangs up; and a pool of one connection to it. */
async function setUp({
  silent = 0,
  hangsUp = false,
  reads,
}: { silent?: number; hangsUp?: boolean; reads?: GatheredReads } = {}) {
  const { private: key, cert } = await pems;
  const peer = { answers: true, pings: 0, connections: 0 };
  const sockets = new Set<TLSSocket>();
  const server = createServer({ key, cert, ALPNProtocols: ['h2'] }, (socket) => {
    peer.connections += 1;
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    if (peer.connections > silent) socket.write(settingsFrame([]));
    if (hangsUp) socket.end();
    const reader = new FrameReader((type, _flags, _streamId, bytes, start, end) => {
      if (type !== FRAME.ping) return;
      peer.pings += 1;
      if (peer.answers) socket.write(pingFrame(bytes.subarray(start, end), true));
    });
    // The 24 bytes of the connection preface come first.
    let preface = 24;
    socket.on('data', (chunk: Buffer) => {
      const skipped = Math.min(preface, chunk.length);
      preface -= skipped;
      reader.push(chunk.subarray(skipped));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const opened = poolOver(
    new Dialer({
      endpoint: { host: 'localhost', port: (server.address() as AddressInfo).port, ca: cert },
      proxy: null,
    }),
    1,
    { everyMs: 250, deadlineMs: 200 },
    reads,
  );
  cleanup.push(() => {
    opened.pool.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await opened.pool.open(new AbortController().signal);
  return { peer, ...opened };
}

test('a peer that answers PINGs keeps its connection', async () => {
  const { peer, pool, closed } = await setUp();
  const [connection] = pool.live;
  await vi.waitFor(() => expect(peer.pings).toBeGreaterThan(3));
  expect([closed, peer.connections, pool.live[0] === connection]).toEqual([[], 1, true]);
});

test('a peer that has died unnoticed is found by its silence and its connection replaced', async () => {
  const { peer, pool, closed } = await setUp();
  peer.answers = false;
  await vi.waitFor(() => expect(closed).toEqual(['PingTimeout']), { interval: 5 });
  peer.answers = true;
  await vi.waitFor(() => expect(pool.live.map(({ state }) => state)).toEqual(['open']));
  expect(peer.connections).toBe(2);
});

test('a peer that never says its SETTINGS holds up the opening for the deadline alone, and is tried again', async () => {
  const { peer, pool, closed } = await setUp({ silent: 1 });
  expect(closed).toEqual(['SettingsTimeout']);
  await vi.waitFor(() => expect(pool.live.map(({ state }) => state)).toEqual(['open']));
  expect(peer.connections).toBe(2);
});

test('a peer that hangs up again and again is tried after longer and longer pauses', async () => {
  const { peer, pauses } = await setUp({ hangsUp: true });
  await vi.waitFor(() => expect(pauses.length).toBeGreaterThanOrEqual(4));
  expect(peer.connections).toBeLessThanOrEqual(pauses.length + 1);
  for (const [fails, pauseMs] of pauses.entries()) {
    expect(pauseMs).toBeGreaterThanOrEqual(50 * 2 ** fails);
    expect(pauseMs).toBeLessThanOrEqual(100 * 2 ** fails);
  }
});

test('what an address loses that was good for long goes back to it', async () => {
  const first = await startTlsServer({ bytes: settingsFrame([]) });
  const second = await startTlsServer({ address: '127.0.0.2', port: first.port, bytes: settingsFrame([]) });
  const { pool } = poolOver(
    new Dialer({
      endpoint: { host: 'push.test', port: first.port, ca: first.ca },
      proxy: null,
      start: 0,
      lookUp: () => Promise.resolve(['127.0.0.1', '127.0.0.2']),
    }),
    6,
  );
  cleanup.push(
    () => void first.stop(),
    () => void second.stop(),
    () => pool.close(),
  );
  await pool.open(new AbortController().signal);
  await vi.waitFor(() => expect([first.seen.length, second.seen.length]).toEqual([3, 3]));
  const own = performance.now.bind(performance);
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => own() + 11_000);
  cleanup.push(() => clock.mockRestore());
  second.cut();
  await vi.waitFor(() => expect([first.seen.length, second.seen.length]).toEqual([3, 6]));
});

test('an address whose connections are no good is left to rest, and the others have all', async () => {
  const good = await startTlsServer({ bytes: settingsFrame([]) });
  const bad = await startTlsServer({ address: '127.0.0.2', port: good.port, bytes: settingsFrame([]), hangsUp: true });
  const { pool } = poolOver(
    new Dialer({
      endpoint: { host: 'push.test', port: good.port, ca: good.ca },
      proxy: null,
      start: 0,
      lookUp: () => Promise.resolve(['127.0.0.1', '127.0.0.2']),
    }),
    6,
  );
  cleanup.push(
    () => void good.stop(),
    () => void bad.stop(),
    () => pool.close(),
  );
  await pool.open(new AbortController().signal);
  await vi.waitFor(() => expect(good.seen).toHaveLength(6));
  await vi.waitFor(() => expect(pool.live.map(({ state }) => state)).toEqual(Array(6).fill('open')));
  // Those of the first turn.
  expect(bad.seen).toHaveLength(3);
});

test('reads of a connection may be gathered once it has been let use its streams, but not while it is pinged or drains', async () => {
  const reads = new GatheredReads({ turn: () => undefined, isBusy: () => true });
  const joined = vi.spyOn(reads, 'join');
  const { peer, pool } = await setUp({ reads });
  const [connection] = pool.live;
  const mayWait = joined.mock.calls[0]?.[1];
  expect(mayWait?.()).toBe(false);
  connection?.unlock();
  await vi.waitFor(() => expect([connection?.silentSinceMs, mayWait?.()]).toEqual([null, true]), {
    interval: 2,
  });
  peer.answers = false;
  connection?.ping(performance.now());
  expect([connection?.state, mayWait?.()]).toEqual(['open', false]);
  const another = await setUp({ reads });
  const [draining] = another.pool.live;
  const drainingMayWait = joined.mock.calls.at(-1)?.[1];
  draining?.unlock();
  await vi.waitFor(() => expect(drainingMayWait?.()).toBe(true), { interval: 2 });
  draining?.retire('Succeeded');
  expect(drainingMayWait?.()).toBe(false);
});
