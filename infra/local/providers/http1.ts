import type { IncomingMessage, ServerResponse } from 'node:http';
import { Exchange, Head, headFields, newRecord } from './exchange.ts';
import type { Carrier, Peer } from './exchange.ts';
import type { Host } from './h2/connection.ts';
import { bodyText, silence } from './reply.ts';

const largestBody = 65_536;
const noPeer: Peer = { record: newRecord(0, '', 0), credential: '', credentialSinceMs: 0 };

/** Answers one request of an HTTP/1.1 client by the host's rules: the slow path, for OAuth and single sends. */
export function answerHttp1(request: IncomingMessage, response: ServerResponse, host: Host): void {
  const carrier: Carrier = {
    deliver(exchange) {
      host.keep();
      write(exchange, response);
    },
  };
  const exchange = new Exchange(noPeer, carrier, 0);
  const head = new Head();
  for (const [name, field] of Object.entries(headFields)) {
    const value = request.headers[name];
    if (typeof value === 'string') head[field] = value;
  }
  head.method = request.method ?? '';
  head.scheme = 'https';
  exchange.head = head;
  exchange.pathBytes = Buffer.from(request.url ?? '', 'latin1');
  exchange.pathTo = exchange.pathBytes.length;
  const parts: Buffer[] = [];
  let bytes = 0;
  request.on('data', (part: Buffer) => {
    bytes += part.length;
    if (bytes <= largestBody) parts.push(part);
  });
  request.on('error', () => {
    response.destroy();
  });
  request.on('end', () => {
    const body = Buffer.concat(parts);
    host.decide(exchange, body, 0, body.length, Date.now());
    host.release(exchange, performance.now());
  });
}

function write(exchange: Exchange, response: ServerResponse): void {
  const { reply } = exchange;
  if (reply === null || reply === silence || response.destroyed) return;
  exchange.tally?.answered(reply.key);
  if (reply.status === 0) {
    response.destroy();
    return;
  }
  const body = bodyText(reply);
  response
    .writeHead(reply.status, { ...Object.fromEntries(reply.headers), 'content-length': Buffer.byteLength(body) })
    .end(body);
}
