import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:tls';
import type { TlsOptions } from 'node:tls';
import { generate } from 'selfsigned';

/** A certificate for the names and addresses that tests connect to. */
const pems = generate([{ name: 'commonName', value: 'localhost' }], {
  keyType: 'ec',
  algorithm: 'sha256',
  extensions: [
    {
      name: 'subjectAltName',
      altNames: [
        { type: 2, value: 'localhost' },
        { type: 2, value: 'push.test' },
        { type: 7, ip: '127.0.0.1' },
        { type: 7, ip: '::1' },
      ],
    },
  ],
});

export interface TlsServer {
  port: number;
  ca: string;
  /** Every connection, as it came: whether its session was resumed, and the name that it asked for. */
  seen: { resumed: boolean; name: string | null }[];
  /** Cuts all connections. */
  cut(): void;
  stop(): Promise<void>;
}

/** TLS with HTTP/2 offered, which says `bytes` and nothing else, and hangs up then if it `hangsUp`. */
export async function startTlsServer({
  address = '127.0.0.1',
  port = 0,
  bytes = Buffer.alloc(0),
  hangsUp = false,
  ...options
}: TlsOptions & { address?: string; port?: number; bytes?: Buffer; hangsUp?: boolean } = {}): Promise<TlsServer> {
  const { private: key, cert } = await pems;
  const sockets = new Set<Socket>();
  const seen: TlsServer['seen'] = [];
  const server = createServer({ key, cert, ALPNProtocols: ['h2'], ...options }, (socket) => {
    seen.push({
      resumed: socket.isSessionReused(),
      name: typeof socket.servername === 'string' ? socket.servername : null,
    });
    socket.on('error', () => socket.destroy()).resume();
    if (bytes.length > 0) socket.write(bytes);
    if (hangsUp) socket.end();
  });
  // Also those that are shaking hands.
  server.on('connection', (socket: Socket) => sockets.add(socket.once('close', () => sockets.delete(socket))));
  server.on('tlsClientError', () => undefined);
  server.listen(port, address);
  await once(server, 'listening');
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    ca: cert,
    seen,
    cut,
    async stop() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
