import type { IncomingMessage, ServerResponse } from 'node:http';
import { Exchange, exchangeFields } from './exchange.ts';
import type { Carrier, Peer } from './exchange.ts';
import type { Host } from './h2/connection.ts';
import { freshMessageId, messageIdPlace, silence } from './reply.ts';

const largestBody = 65_536;
const noPeer: Peer = { credential: '', credentialSinceMs: 0, updates: 0 };

/** Answers one request of an HTTP/1.1 client by the host's rules: the slow path, for OAuth and single sends. */
export function answerHttp1(request: IncomingMessage, response: ServerResponse, host: Host): void {
  const carrier: Carrier = {
    deliver(exchange) {
      host.keep();
      write(exchange, response);
    },
  };
  const exchange = new Exchange(noPeer, carrier, 0);
  for (const [name, field] of Object.entries(exchangeFields)) {
    const value = request.headers[name];
    if (typeof value === 'string') exchange[field] = value;
  }
  exchange.method = request.method ?? '';
  exchange.path = request.url ?? '';
  exchange.scheme = 'https';
  const parts: Buffer[] = [];
  let bytes = 0;
  request.on('data', (part: Buffer) => {
    bytes += part.length;
    if (bytes <= largestBody) parts.push(part);
  });
  request.on('error', () => { response.destroy(); });
  request.on('end', () => {
    host.site.decide(exchange, Buffer.concat(parts), Date.now());
    host.release(exchange);
  });
}

function write(exchange: Exchange, response: ServerResponse): void {
  const { reply } = exchange;
  if (reply === null || reply === silence || response.destroyed) return;
  exchange.tally?.answered(reply.key);
  const body = reply.id === 'message-name' ? reply.body.toString('utf8').replace(messageIdPlace, freshMessageId()) : reply.body;
  response.writeHead(reply.status, { ...Object.fromEntries(reply.headers), 'content-length': Buffer.byteLength(body) }).end(body);
}
