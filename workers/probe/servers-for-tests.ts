import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import type { Server as HttpServer } from 'node:http';
import { createSecureServer } from 'node:http2';
import type { ServerHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import { createServer as createHttps } from 'node:https';
import { connect, createServer as createTcp } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTls } from 'node:tls';
import type { TlsOptions, TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';

/** Servers as they should not be, each a real one on a free port of loopback. All of them count what they were asked. */
export interface BadServer {
  port: number;
  url: string;
  requests: string[];
  /** From now on it hands every connection on to this port. */
  forwardTo(port: number): void;
  stop(): Promise<void>;
}

async function listen(server: Server, requests: string[] = []): Promise<BadServer> {
  const sockets = new Set<Socket>();
  for (const name of ['connection', 'secureConnection']) {
    server.on(name, (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => sockets.delete(socket));
    });
  }
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `https://localhost:${port}`,
    requests,
    forwardTo(to) {
      server.removeAllListeners('connection');
      server.on('connection', (socket: Socket) => {
        const onward = connect(to, '127.0.0.1');
        for (const [one, other] of [
          [socket, onward],
          [onward, socket],
        ] as const) {
          sockets.add(one);
          one.on('error', () => other.destroy()).on('close', () => other.destroy());
          one.pipe(other);
        }
      });
    },
    async stop() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

export interface Pem {
  key: string;
  cert: string;
}

/** For `name`, by itself: whoever trusts it names it as the CA. */
export async function certificateFor(name: string, validity: { fromMs?: number; toMs?: number } = {}): Promise<Pem> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: name }] }],
    notBeforeDate: new Date(validity.fromMs ?? Date.now() - 86_400_000),
    notAfterDate: new Date(validity.toMs ?? Date.now() + 86_400_000),
  });
  return { key, cert };
}

/** Plain TCP. */
export const tcpServer = (on: (socket: Socket) => void): Promise<BadServer> => listen(createTcp(on));

/** `onConnect`: what it does as a proxy, asked for `host:port`. */
export async function plainHttp(onConnect?: (socket: Socket, target: string) => unknown): Promise<BadServer> {
  const requests: string[] = [];
  const server: HttpServer = createHttp((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    response.end('hello');
  });
  if (onConnect !== undefined) server.on('connect', (request, socket: Socket) => onConnect(socket, request.url ?? ''));
  return listen(server, requests);
}

/** HTTP/1.1 over TLS. `alpn`: what it offers; none: it takes no part in ALPN. */
export async function http1({ key, cert }: Pem, alpn?: string[]): Promise<BadServer> {
  const requests: string[] = [];
  return listen(
    createHttps(
      { key, cert, ...(alpn === undefined ? { ALPNCallback: undefined } : { ALPNProtocols: alpn }) },
      (request, response) => {
        requests.push(`${request.method} ${request.url}`);
        response.end('hello');
      },
    ),
    requests,
  );
}

/** TLS that agrees on h2 and then does as it is told. */
export const tlsServer = (
  { key, cert }: Pem,
  on: (socket: TLSSocket) => void,
  options: TlsOptions = {},
): Promise<BadServer> => listen(createTls({ key, cert, ALPNProtocols: ['h2'], ...options }, on));

/** A whole HTTP/2 server. `on`: null answers nothing. */
export async function http2(
  { key, cert }: Pem,
  on: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
): Promise<BadServer> {
  const requests: string[] = [];
  const server = createSecureServer({ key, cert, settings: { maxConcurrentStreams: 1, initialWindowSize: 70_000 } });
  server.on('session', (session) => {
    session.on('error', () => session.destroy());
    session.on('stream', (stream, headers) => {
      requests.push(`${headers[':method']} ${headers[':path']}`);
      stream.on('error', () => stream.destroy());
      stream.resume().on('end', () => on(stream, headers));
    });
  });
  return listen(server as unknown as Server, requests);
}

/** One answer for all. */
export const answering = (
  pem: Pem,
  status: number,
  body: string,
  headers: Record<string, string> = {},
): Promise<BadServer> =>
  http2(pem, (stream) => {
    stream.respond({ ':status': status, ...headers });
    stream.end(body);
  });
