import { createSecureServer } from 'node:http2';
import type { Http2Session, ServerHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { Exchange, exchangeFields } from './exchange.ts';
import type { Carrier, Peer, Site } from './exchange.ts';
import { DelayWheel } from './delay-wheel.ts';
import { freshMessageId, freshUuid, messageIdPlace, silence } from './reply.ts';
import type { Behaviour } from './behaviour.ts';

export interface ProviderServer { port: number; stop(): Promise<void> }

export async function serveSite(site: Site, { behaviour, key, cert, port }: { behaviour: Behaviour; key: string; cert: string; port: number }): Promise<ProviderServer> {
  const wheel = new DelayWheel<Exchange>((exchange) => exchange.carrier.deliver(exchange));
  const sessions = new Set<Http2Session>();
  const server = createSecureServer({ key, cert, allowHTTP1: false, settings: { maxConcurrentStreams: site.firstStreamLimit() } });
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => session.destroy());
    session.on('close', () => sessions.delete(session));
    const peer: Peer = { credential: '', credentialSinceMs: 0, updates: 0 };
    let limit = site.firstStreamLimit();
    session.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
      const carrier: Carrier = { deliver(exchange) {
        const { reply } = exchange;
        if (reply === null || reply === silence || stream.destroyed) return;
        const wanted = reply.streams === 'keep' ? null : site.streamLimit(reply.streams);
        if (wanted !== null && wanted !== limit) { limit = wanted; session.settings({ maxConcurrentStreams: wanted }); }
        exchange.tally?.answered(reply.key);
        const out: Record<string, string | number> = { ':status': reply.status };
        for (const [name, value] of reply.headers) out[name] = value;
        if (reply.id === 'apns-id') out['apns-id'] = exchange.apnsId === '' ? freshUuid() : exchange.apnsId;
        stream.respond(out, { endStream: reply.body.length === 0 });
        if (reply.body.length > 0) stream.end(reply.id === 'message-name' ? reply.body.toString().replace(messageIdPlace, freshMessageId()) : reply.body);
      } };
      const exchange = new Exchange(peer, carrier, stream.id ?? 0);
      for (const [name, field] of Object.entries(exchangeFields)) exchange[field] = String(headers[name] ?? '');
      const parts: Buffer[] = [];
      stream.on('error', () => stream.destroy());
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => {
        site.decide(exchange, Buffer.concat(parts), Date.now());
        const delayMs = behaviour.latencyMs + (Math.random() * 2 - 1) * behaviour.latencySpreadMs;
        if (delayMs > 0) wheel.hold(exchange, delayMs);
        else carrier.deliver(exchange);
      });
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      wheel.stop();
      for (const session of sessions) session.destroy();
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}
