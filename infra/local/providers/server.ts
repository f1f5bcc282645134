import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import type { Behaviour } from './behaviour.ts';
import { DelayWheel } from './delay-wheel.ts';
import type { Exchange, Site } from './exchange.ts';
import { Connection } from './h2/connection.ts';
import type { Host } from './h2/connection.ts';
import { Flusher } from './h2/output.ts';
import { answerHttp1 } from './http1.ts';

export interface ServerState { connections: number; connectionsEver: number; openStreams: number; refusedStreams: number; goaways: number }

export interface ProviderServer {
  port: number;
  state(): ServerState;
  /** GOAWAY on every HTTP/2 connection; how many. */
  goaway(): number;
  stop(): Promise<void>;
}

/** How often idle connections are looked for, ms. */
const idleLookMs = 100;

/** While nothing is answered, what waits is looked at so often, ms. */
const silentLookMs = 20;

/** A step of answers is at most this part of the mean latency. */
const stepPart = 5;

/** Serves one provider's rules over TLS on loopback; the port is a free one if the wished one is taken. */
export async function serveSite(site: Site, { behaviour, keep, key, cert, port }: { behaviour: Behaviour; keep: () => void; key: string; cert: string; port: number }): Promise<ProviderServer> {
  const wheel = new DelayWheel<Exchange>((exchange) => { deliver(exchange); });
  const deliver = (exchange: Exchange): void => {
    if (behaviour.silent) wheel.hold(exchange, silentLookMs, performance.now());
    else exchange.carrier.deliver(exchange);
  };
  const flusher = new Flusher();
  const connections = new Set<Connection>();
  const sockets = new Set<TLSSocket>();
  const state = { connectionsEver: 0, refusedStreams: 0, goaways: 0 };

  const host: Host = {
    site, keep,
    release(exchange, nowMs) {
      const delayMs = behaviour.latencyMs + (behaviour.latencySpreadMs === 0 ? 0 : (Math.random() * 2 - 1) * behaviour.latencySpreadMs);
      const stepMs = Math.max(1, Math.min(behaviour.latencyStepMs, Math.floor(behaviour.latencyMs / stepPart)));
      if (delayMs > 0) wheel.hold(exchange, delayMs, nowMs, stepMs);
      else deliver(exchange);
    },
    flushSoon(output) { flusher.add(output); },
    goawayAfterRequests: () => behaviour.goawayAfterRequests,
    refused() { state.refusedStreams += 1; },
    left() { state.goaways += 1; },
    closed(connection) { connections.delete(connection); },
  };

  const http1 = createHttpServer((request, response) => { answerHttp1(request, response, host); });
  const server = createTlsServer({ key, cert, ALPNProtocols: [...site.protocols], minVersion: 'TLSv1.2', noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    state.connectionsEver += 1;
    if (socket.alpnProtocol === 'h2') connections.add(new Connection(socket, host));
    else if (site.protocols.includes('http/1.1')) http1.emit('connection', socket);
    else socket.destroy();
  });
  // A client that gives up amid the handshake is its own affair.
  server.on('tlsClientError', (_error, socket) => { socket.destroy(); });

  const idleWatch = setInterval(() => {
    if (behaviour.idleMs === 0) return;
    const before = Date.now() - behaviour.idleMs;
    for (const connection of connections) if (connection.openStreams === 0 && connection.lastActiveMs < before) connection.goaway('IdleTimeout');
  }, idleLookMs);
  idleWatch.unref();

  await listenOnLoopback(server, port);
  return {
    port: (server.address() as AddressInfo).port,
    state: () => ({ ...state, connections: sockets.size, openStreams: [...connections].reduce((sum, connection) => sum + connection.openStreams, 0) }),
    goaway() {
      const leaving = [...connections];
      for (const connection of leaving) connection.goaway('Shutdown');
      return leaving.length;
    },
    async stop() {
      clearInterval(idleWatch);
      wheel.stop();
      const closed = once(server, 'close');
      server.close();
      for (const connection of connections) connection.destroy();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** On 127.0.0.1 alone; on any free port if the wished one is taken. Throws what `listen` says else. */
export async function listenOnLoopback(server: Server, port: number): Promise<void> {
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch (error) {
    if (port === 0 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    await listenOnLoopback(server, 0);
  }
}
