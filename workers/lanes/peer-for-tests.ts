import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import type { Http2SecureServer, IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { generate } from 'selfsigned';

/** A bare HTTP/2 peer whose behaviour a test writes itself, request by request. */
export interface TestPeer {
  url: string;
  ca: string;
  sessions: Set<ServerHttp2Session>;
  server: Http2SecureServer;
  stop(): Promise<void>;
}

export interface TestRequest {
  stream: ServerHttp2Stream;
  session: ServerHttp2Session;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

const pems = generate([{ name: 'commonName', value: 'localhost' }], {
  keyType: 'ec',
  algorithm: 'sha256',
  extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
});

export async function startPeer(options: {
  streams?: number;
  onRequest: (request: TestRequest) => void;
}): Promise<TestPeer> {
  const { private: key, cert } = await pems;
  const server = createSecureServer({ key, cert, settings: { maxConcurrentStreams: options.streams ?? 100 } });
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    session.on('error', () => session.destroy());
    session.on('stream', (stream, headers) => {
      let body = '';
      stream.on('error', () => stream.destroy());
      stream.on('data', (part: Buffer) => {
        body += part.toString();
      });
      stream.on('end', () => options.onRequest({ stream, session, path: String(headers[':path']), headers, body }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    ca: cert,
    sessions,
    server,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      for (const session of sessions) session.destroy();
      await closed;
    },
  };
}

export function answer(request: TestRequest, status = 200, body: object | null = null): void {
  if (request.stream.destroyed) return;
  request.stream.respond({ ':status': status }, { endStream: body === null });
  if (body !== null) request.stream.end(JSON.stringify(body));
}
