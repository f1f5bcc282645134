import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { DelayWheel } from './delay-wheel.ts';
import type { Desk } from './desk.ts';
import { newRecord } from './exchange.ts';
import type { ConnectionRecord, Exchange, Site } from './exchange.ts';
import { Connection } from './h2/connection.ts';
import type { Host } from './h2/connection.ts';
import { Flusher } from './h2/output.ts';
import { answerHttp1 } from './http1.ts';
import { Weather } from './weather.ts';
import type { WeatherState } from './weather.ts';

export interface ServerState extends WeatherState {
  connections: number;
  connectionsEver: number;
  openStreams: number;
  refusedStreams: number;
  goaways: number;
}

export interface ProviderServer {
  port: number;
  state(): ServerState;
  /** The newest HTTP/2 connections, oldest first. */
  connections(): ConnectionRecord[];
  /** GOAWAY on every HTTP/2 connection; how many. */
  goaway(): number;
  /** Forgets what the weather was, and the connections that are over. */
  reset(): void;
  stop(): Promise<void>;
}

/** How often idle connections are looked for, ms. */
const idleLookMs = 100;

/** While nothing is answered, what waits is looked at so often, ms. */
const silentLookMs = 20;

/** Of so many connections that are over, the newest, a record is kept. */
const mostRecords = 1_000;

/** A step of answers is at most this part of the mean latency. */
const stepPart = 5;

export interface SiteOptions {
  desk: Desk;
  keep: () => void;
  key: string;
  cert: string;
  /** Wished; 0: any free one. */
  port: number;
  /** Of loopback, all with the same port. */
  addresses: readonly [first: string, ...more: string[]];
}

/** Serves one provider's rules over TLS on loopback; the port is a free one if the wished one is taken. */
export async function serveSite(
  site: Site,
  { desk, keep, key, cert, port, addresses }: SiteOptions,
): Promise<ProviderServer> {
  const { behaviour } = desk;
  const weather = new Weather(site, desk);
  const wheel = new DelayWheel<Exchange>((exchange) => {
    deliver(exchange);
  });
  const deliver = (exchange: Exchange): void => {
    if (behaviour.silent) wheel.hold(exchange, silentLookMs, performance.now());
    else {
      weather.answers(exchange);
      exchange.carrier.deliver(exchange);
    }
  };
  const flusher = new Flusher();
  const connections = new Set<Connection>();
  const records: ConnectionRecord[] = [];
  let accepted = 0;
  const sockets = new Set<TLSSocket>();
  const state = { connectionsEver: 0, refusedStreams: 0, goaways: 0 };

  const host: Host = {
    site,
    keep,
    decide(exchange, bytes, from, to, nowMs) {
      weather.decide(exchange, bytes, from, to, nowMs);
    },
    isMute: (record) => weather.isMute(record),
    release(exchange, nowMs) {
      if (exchange.reply?.atOnce === true) {
        deliver(exchange);
        return;
      }
      const delayMs =
        behaviour.latencyMs +
        (behaviour.latencySpreadMs === 0 ? 0 : (Math.random() * 2 - 1) * behaviour.latencySpreadMs);
      const stepMs = Math.max(1, Math.min(behaviour.latencyStepMs, Math.floor(behaviour.latencyMs / stepPart)));
      if (delayMs > 0) wheel.hold(exchange, delayMs, nowMs, stepMs);
      else deliver(exchange);
    },
    flushSoon(output) {
      flusher.add(output);
    },
    goawayAfterRequests: () => behaviour.goawayAfterRequests,
    refused() {
      state.refusedStreams += 1;
    },
    left() {
      state.goaways += 1;
    },
    closed(connection) {
      connections.delete(connection);
    },
  };

  const http1 = createHttpServer((request, response) => {
    answerHttp1(request, response, host);
  });
  const servers = addresses.map(() =>
    createTlsServer(
      { key, cert, ALPNProtocols: [...site.protocols], minVersion: 'TLSv1.2', noDelay: true },
      (socket) => {
        sockets.add(socket);
        socket.on('close', () => sockets.delete(socket));
        state.connectionsEver += 1;
        if (socket.alpnProtocol === 'h2')
          connections.add(new Connection(socket, host, remember(socket.localAddress ?? '')));
        else if (site.protocols.includes('http/1.1')) http1.emit('connection', socket);
        else socket.destroy();
      },
    ),
  );
  // A client that gives up amid the handshake is its own affair.
  for (const server of servers)
    server.on('tlsClientError', (_error, socket) => {
      socket.destroy();
    });
  const remember = (address: string): ConnectionRecord => {
    accepted += 1;
    const record = newRecord(accepted, address, Date.now());
    records.push(record);
    if (records.length - connections.size > mostRecords)
      records.splice(
        records.findIndex(({ closedAtMs }) => closedAtMs !== null),
        1,
      );
    return record;
  };

  const idleWatch = setInterval(() => {
    if (behaviour.idleMs === 0) return;
    const before = Date.now() - behaviour.idleMs;
    for (const connection of connections)
      if (connection.openStreams === 0 && connection.lastActiveMs < before) connection.goaway('IdleTimeout');
  }, idleLookMs);
  idleWatch.unref();

  const boundPort = await listenOnAll(servers, port, addresses);
  return {
    port: boundPort,
    connections: () => records.map((record) => ({ ...record })),
    reset() {
      weather.reset();
      const open = records.filter(({ closedAtMs }) => closedAtMs === null);
      records.splice(0, records.length, ...open);
    },
    state: () => ({
      ...state,
      ...weather.state(),
      connections: sockets.size,
      openStreams: [...connections].reduce((sum, connection) => sum + connection.openStreams, 0),
    }),
    goaway() {
      const leaving = [...connections];
      for (const connection of leaving) connection.goaway('Shutdown');
      return leaving.length;
    },
    async stop() {
      clearInterval(idleWatch);
      wheel.stop();
      const closed = Promise.all(servers.map((server) => once(server, 'close')));
      for (const server of servers) server.close();
      for (const connection of connections) connection.destroy();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** The first may get another port than it wished for; the others must have that one too. */
async function listenOnAll(
  servers: readonly Server[],
  port: number,
  addresses: SiteOptions['addresses'],
): Promise<number> {
  let bound = port;
  for (const [at, server] of servers.entries()) {
    const address = addresses[at] ?? addresses[0];
    if (at === 0) {
      await listenOnLoopback(server, port, address);
      bound = (server.address() as AddressInfo).port;
    } else {
      server.listen(bound, address);
      await once(server, 'listening');
    }
  }
  return bound;
}

/** On this address alone; on any free port if the wished one is taken. Throws what `listen` says else. */
export async function listenOnLoopback(server: Server, port: number, address = '127.0.0.1'): Promise<void> {
  try {
    server.listen(port, address);
    await once(server, 'listening');
  } catch (error) {
    if (port === 0 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    await listenOnLoopback(server, 0, address);
  }
}
