import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { connectTls } from '../../workers/lanes/h2/connect.ts';
import { apnsTemplate, Recorder } from '../../workers/lanes/h2/recorder-for-tests.ts';
import { answer, startPeer } from '../../workers/lanes/peer-for-tests.ts';
import type { WireLane } from '../../workers/lanes/wire-lane.ts';
import { binaryOf, GONE, lackOf, startForeign } from './foreign-servers.ts';
import type { ForeignServer, ServerName } from './foreign-servers.ts';
import { apnsToken, openLane, sendAll } from './lane-for-tests.ts';

/**
 * The lane against servers that nobody here wrote, over TLS. A server that is not installed is skipped by name;
 * each one's own log is the other side of the account.
 */
const cleanup: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of cleanup.splice(0).toReversed()) await stop();
});

async function start(name: ServerName, ...own: string[]): Promise<ForeignServer> {
  const server = await startForeign(name, { own });
  cleanup.push(() => server.stop());
  return server;
}

async function laneTo(server: { url: string; ca: string }, connections: number): Promise<WireLane> {
  const lane = await openLane(server, connections);
  cleanup.push(() => lane.close());
  return lane;
}

async function recorderTo(
  server: ForeignServer,
  count: number,
  template = apnsTemplate(),
  token = apnsToken,
): Promise<Recorder> {
  const socket = await connectTls({ host: server.host, port: server.port, ca: server.ca }, 5_000);
  const recorder = new Recorder(socket, count, {}, { ...template, authority: `${server.host}:${server.port}` }, token);
  cleanup.push(() => Promise.resolve(recorder.connection.destroy('test over')));
  return recorder;
}

const settled = (recorder: Recorder, count: number) =>
  vi.waitFor(() => expect(recorder.fate.size).toBeGreaterThanOrEqual(count), { interval: 5 });

/** What the server says that it processed, against what the lane says: nothing lost, nothing twice, statuses alike. What is uncertain may have been processed, or not. */
async function expectSameAccount(server: ForeignServer, lane: WireLane, byToken: Map<string, string>): Promise<void> {
  // Apache logs the last streams of a connection when something else happens on it, its end for instance.
  await lane.close();
  const certain = [...byToken].filter(([, fate]) => fate !== 'uncertain');
  // Logs are written behind the answers, and Apache does not finish its own when it is ended.
  await vi.waitFor(async () => expect((await server.seen()).length).toBeGreaterThanOrEqual(certain.length), {
    interval: 20,
  });
  await server.end();
  const seen = await server.seen();
  const tokenOf = (line: string): string => line.split(' ')[0] ?? '';
  expect(new Set(seen.map(tokenOf)).size).toBe(seen.length);
  const expected = certain.map(([token, fate]) => `${token} ${fate === 'accepted' ? 200 : 410}`);
  expect(seen.filter((line) => byToken.get(tokenOf(line)) !== 'uncertain').toSorted()).toEqual(expected.toSorted());
}

const missing = (name: ServerName): boolean => lackOf(name) !== null;
const on = (name: ServerName): string => (missing(name) ? `${name} (${lackOf(name)})` : name);

test.skipIf(binaryOf('lighttpd') === null)('lighttpd whose TLS was not installed with it is left out by name', () => {
  expect(lackOf('lighttpd', ['/nowhere'])).toBe('without mod_openssl');
});

/** Where a connection ends after some number of requests otherwise. */
const ENDLESS: Partial<Record<ServerName, readonly string[]>> = {
  nginx: ['keepalive_requests 100000;'],
  lighttpd: ['server.max-keep-alive-requests = 100000'],
};

/** Our SETTINGS ask them to give their header table up, and no size update ever says that they have. */
const KEEP_THEIR_TABLE: ReadonlySet<ServerName> = new Set(['h2o', 'lighttpd']);

describe.each(['nginx', 'caddy', 'apache2', 'h2o', 'haproxy', 'lighttpd'] as const)('%s', (name) => {
  test.skipIf(missing(name))(`${on(name)} answers one connection: every status and error body is read`, async () => {
    const server = await start(name, ...(ENDLESS[name] ?? []));
    const recorder = await recorderTo(server, 3_000);
    await settled(recorder, 3_000);
    expect(recorder.counts()).toEqual({ 200: 2_700, 410: 300 });
    expect(recorder.bodies.get(3)).toBe(GONE);
    expect([recorder.closedWhy, recorder.connection.hasNoTable]).toEqual([null, !KEEP_THEIR_TABLE.has(name)]);
  });

  test.skipIf(missing(name))(`${on(name)} takes up a TLS session where it was left`, async () => {
    const server = await start(name);
    await settled(await recorderTo(server, 1), 1);
    await vi.waitFor(async () => {
      const socket = await connectTls({ host: server.host, port: server.port, ca: server.ca }, 5_000);
      cleanup.push(() => Promise.resolve(void socket.destroy()));
      expect(socket.isSessionReused()).toBe(true);
    });
  });

  test.skipIf(missing(name))(`${on(name)} and the lane agree on every one of 6,000 devices`, async () => {
    const server = await start(name);
    const lane = await laneTo(server, 4);
    const { counts, byToken, twice } = await sendAll(lane, 6_000, { token: apnsToken });
    expect(counts).toEqual({ accepted: 5_400, Unregistered: 600 });
    expect(twice).toEqual([]);
    await expectSameAccount(server, lane, byToken);
  });

  test.skipIf(missing(name))(`${on(name)} takes bodies of 4 KB`, async () => {
    const server = await start(name);
    const lane = await laneTo(server, 2);
    const { counts, byToken } = await sendAll(lane, 2_000, { token: apnsToken, bodyBytes: 4_000 });
    expect(counts).toEqual({ accepted: 1_800, Unregistered: 200 });
    await expectSameAccount(server, lane, byToken);
  });
});

describe('nginx with settings of its own', () => {
  test.skipIf(missing('nginx'))(`${on('nginx')} allowing three streams never sees a fourth`, async () => {
    const server = await start('nginx', 'http2_max_concurrent_streams 3;', 'keepalive_requests 100000;');
    const recorder = await recorderTo(server, 2_000);
    await settled(recorder, 1);
    expect(recorder.connection.limit).toBe(3);
    await settled(recorder, 2_000);
    // It refuses what is too many, and a refused one would have been counted.
    expect(recorder.counts()).toEqual({ 200: 1_800, 410: 200 });
  });

  test.skipIf(missing('nginx'))(
    `${on('nginx')} that ends each connection after 200 requests: what was not processed is sent again, over new ones`,
    async () => {
      const server = await start('nginx', 'keepalive_requests 200;');
      const lane = await laneTo(server, 3);
      const { counts, byToken, twice } = await sendAll(lane, 20_000, { token: apnsToken });
      expect(counts).toEqual({ accepted: 18_000, Unregistered: 2_000 });
      expect(twice).toEqual([]);
      await expectSameAccount(server, lane, byToken);
    },
  );

  test.skipIf(missing('nginx'))(
    `${on('nginx')} that is killed while sending: what it processed is accepted or uncertain, and nothing is settled twice`,
    async () => {
      const server = await start('nginx', 'keepalive_requests 100000;');
      const lane = await laneTo(server, 2);
      lane.pace(5_000);
      const sending = sendAll(lane, 4_000, { token: apnsToken });
      await vi.waitFor(async () => expect((await server.seen()).length).toBeGreaterThan(500), { interval: 5 });
      server.signal('SIGKILL');
      await server.end();
      // Let some time pass without a server: nothing may be settled that was not written.
      await setTimeout(100);
      await lane.close();
      const { byToken, twice, counts } = await sending;
      expect(twice).toEqual([]);
      expect(byToken.size).toBe(4_000);
      const seen = (await server.seen()).map((line) => line.split(' ')[0] ?? '');
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen.filter((token) => byToken.get(token) === 'held')).toEqual([]);
      expect(counts.held).toBeGreaterThan(1_000);
    },
  );
});

describe('nghttpd', () => {
  const ok = (number: number): string => `ok?${number}`;

  test.skipIf(missing('nghttpd'))(
    `${on('nghttpd')} with 5 streams, windows of 1,023 bytes and no header table: 2,000 bodies of 3 KB arrive in pieces`,
    async () => {
      const server = await start('nghttpd', '--max-concurrent-streams=5', '--window-bits=10', '--header-table-size=0');
      const recorder = await recorderTo(server, 2_000, apnsTemplate('x'.repeat(3_000)), ok);
      await settled(recorder, 2_000);
      expect(recorder.connection.limit).toBe(5);
      expect(recorder.counts()).toEqual({ 200: 2_000 });
      await server.end();
      expect(new Set(await server.seen()).size).toBe(2_000);
    },
  );

  test.skipIf(missing('nghttpd'))(
    `${on('nghttpd')} that keeps the connection window at 1,023 bytes does not stall us`,
    async () => {
      const server = await start('nghttpd', '--connection-window-bits=10');
      const recorder = await recorderTo(server, 500, apnsTemplate('x'.repeat(2_000)), ok);
      await settled(recorder, 500);
      expect(recorder.counts()).toEqual({ 200: 500 });
    },
  );

  test.skipIf(missing('nghttpd'))(
    `${on('nghttpd')} with padding, trailers and answers of 40 KB: all are read, and the connection's window is opened again`,
    async () => {
      const server = await start('nghttpd', '--padding=200', '--trailer=x-checked: yes');
      const recorder = await recorderTo(server, 600, apnsTemplate(), (number) =>
        number % 3 === 0 ? `long?${number}` : number % 3 === 1 ? ok(number) : `nothing-${number}`,
      );
      await settled(recorder, 600);
      expect(recorder.counts()).toEqual({ 200: 400, 404: 200 });
      expect(recorder.bodies.get(2)).toContain('404');
    },
  );

  test.skipIf(missing('nghttpd'))(`${on('nghttpd')} and the lane agree on every one of 10,000 devices`, async () => {
    const server = await start('nghttpd', '--max-concurrent-streams=100');
    const lane = await laneTo(server, 4);
    const { counts, byToken, twice } = await sendAll(lane, 10_000, { token: ok });
    expect(counts).toEqual({ accepted: 10_000 });
    expect(twice).toEqual([]);
    await server.end();
    const seen = (await server.seen()).map((line) => line.split(' ')[0] ?? '');
    expect(seen).toHaveLength(10_000);
    expect(new Set(seen)).toEqual(new Set(byToken.keys()));
  });
});

describe('apache2 with settings of its own', () => {
  test.skipIf(missing('apache2'))(`${on('apache2')} allowing two streams never sees a third`, async () => {
    const server = await start('apache2', 'H2MaxSessionStreams 2', 'H2WindowSize 2000');
    const recorder = await recorderTo(server, 1_000, apnsTemplate('x'.repeat(3_000)));
    await settled(recorder, 1_000);
    expect(recorder.connection.limit).toBe(2);
    expect(recorder.counts()).toEqual({ 200: 900, 410: 100 });
  });

  test.skipIf(missing('apache2'))(
    `${on('apache2')} that is restarted gracefully while sending loses and doubles nothing`,
    async () => {
      const server = await start('apache2');
      const lane = await laneTo(server, 3);
      lane.pace(4_000);
      const sending = sendAll(lane, 6_000, { token: apnsToken });
      await vi.waitFor(async () => expect((await server.seen()).length).toBeGreaterThan(1_000), {
        interval: 10,
        timeout: 20_000,
      });
      server.signal('SIGUSR1');
      const { counts, byToken, twice } = await sending;
      // A process of it that ends resets a connection to which something was written meanwhile; the reset may overtake answers to all that
      // was in flight there: on three connections, a hundred streams each.
      const { accepted = 0, Unregistered: gone = 0, uncertain = 0 } = counts;
      expect(accepted + gone + uncertain).toBe(6_000);
      expect(uncertain).toBeLessThanOrEqual(300);
      expect(twice).toEqual([]);
      await expectSameAccount(server, lane, byToken);
    },
  );
});

describe('node:http2 over TLS', () => {
  test('connections that are ended every 300 requests, with stream limits and windows that change: nothing is lost or doubled', async () => {
    const received = new Map<string, number>();
    const perSession = new Map<unknown, number>();
    const peer = await startPeer({
      streams: 40,
      onRequest(request) {
        const { session, stream } = request;
        const count = (perSession.get(session) ?? 0) + 1;
        perSession.set(session, count);
        if (count === 50) session.settings({ maxConcurrentStreams: 1, initialWindowSize: 500, headerTableSize: 0 });
        if (count === 100)
          session.settings({ maxConcurrentStreams: 60, initialWindowSize: 65_535, headerTableSize: 4_096 });
        // Above the last stream id nothing is processed: what this server still hands us of it does not count.
        if (count > 300) return;
        if (count === 300) session.goaway(0, stream.id ?? 0);
        const token = request.path.slice('/3/device/'.length);
        received.set(token, (received.get(token) ?? 0) + 1);
        answer(request, token.endsWith('gone') ? 410 : 200, token.endsWith('gone') ? { reason: 'Unregistered' } : null);
      },
    });
    cleanup.push(() => peer.stop());
    const lane = await laneTo(peer, 3);
    const { counts, twice } = await sendAll(lane, 6_000, { token: apnsToken, bodyBytes: 900 });
    expect(counts).toEqual({ accepted: 5_400, Unregistered: 600 });
    expect(twice).toEqual([]);
    expect([...received.values()].every((times) => times === 1)).toBe(true);
    expect(received.size).toBe(6_000);
  });
});
