import { isIP } from 'node:net';
import type { OnReadOpts, Socket } from 'node:net';
import { connect, createSecureContext } from 'node:tls';
import type { ConnectionOptions, SecureContext, TLSSocket } from 'node:tls';
import { waitsForTurn } from './gathered-reads.ts';

export interface Endpoint {
  /** A name, or an IP address without brackets. */
  host: string;
  port: number;
  /** Extra CA, PEM; null: the system's. */
  ca: string | null;
}

/** How it is reached: one of the name's addresses (default: looked up), or a tunnel that is open already. */
export type Path = { address: string } | { tunnel: Socket };

/**
 * All connections of a thread read into this one buffer, again and again: no allocation, no stream machinery (8 to 15 % of
 * the CPU time). What was read is consumed before the next read. Node hands over what it decrypts in pieces of 16 KiB at most.
 */
const READ_BUFFER = Buffer.allocUnsafeSlow(16 * 1024);

interface Trust {
  context: SecureContext;
  /** The newest of each server: whoever comes back with it skips certificates and key exchange (RFC 8446 section 2.2). */
  sessions: Map<string, Buffer>;
}

/** By CA, shared by all connections that trust it: each would otherwise hold certificates of its own. */
const trusts = new Map<string | null, Trust>();

function trustIn(ca: string | null): Trust {
  const trust = trusts.get(ca) ?? {
    context: createSecureContext({ minVersion: 'TLSv1.2', ...(ca === null ? {} : { ca }) }),
    sessions: new Map<string, Buffer>(),
  };
  trusts.set(ca, trust);
  return trust;
}

/** `https://host[:port]` as an endpoint. */
export function endpointOf(url: string, ca: string | null): Endpoint {
  const { hostname, port } = new URL(url);
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port || 443), ca };
}

/**
 * TLS 1.2 or later with HTTP/2 agreed on, resumed where the server has given a session before. Rejects after `timeoutMs`.
 * What a `data` event carries is only valid during the event.
 */
export function connectTls(
  { host, port, ca }: Endpoint,
  timeoutMs: number,
  path: Path = { address: host },
): Promise<TLSSocket> {
  const { context, sessions } = trustIn(ca);
  const server = `${host}:${port}`;
  return new Promise((resolve, reject) => {
    // What comes between the handshake and the first listener.
    const early: Buffer[] = [];
    const onread: OnReadOpts = {
      buffer: READ_BUFFER,
      callback(bytes, buffer) {
        const chunk = Buffer.from(buffer.buffer, buffer.byteOffset, bytes);
        if (socket.listenerCount('data') > 0) socket.emit('data', chunk);
        else early.push(Buffer.from(chunk));
        return !waitsForTurn(socket);
      },
    };
    const session = sessions.get(server);
    const options: ConnectionOptions & { onread?: OnReadOpts } = {
      ...('tunnel' in path ? { socket: path.tunnel } : { host: path.address, port, onread }),
      // An address is not sent as a name (RFC 6066 section 3), but the certificate must name it all the same.
      ...(isIP(host) === 0 ? { servername: host } : { host }),
      ALPNProtocols: ['h2'],
      secureContext: context,
      ...(session === undefined ? {} : { session }),
    };
    const socket = connect(options);
    const fail = (why: string, cause?: Error) => {
      clearTimeout(timer);
      socket.destroy();
      // Should it be the session that the server minds, the next one comes without.
      if (sessions.get(server) === session) sessions.delete(server);
      reject(
        new Error(
          `LANE_CONNECT ${server}${'tunnel' in path || path.address === host ? '' : ` (${path.address})`} ${why}`,
          { cause },
        ),
      );
    };
    const timer = setTimeout(() => fail(`gave no TLS connection within ${timeoutMs} ms`), timeoutMs);
    const onError = (error: Error) => fail(error.message, error);
    socket.once('error', onError);
    socket.once('secureConnect', () => {
      if (socket.alpnProtocol !== 'h2') return fail(`speaks ${String(socket.alpnProtocol)}, expected h2`);
      clearTimeout(timer);
      socket.off('error', onError);
      socket.setNoDelay(true);
      resolve(socket);
    });
    socket.on('session', (newest: Buffer) => sessions.set(server, newest));
    socket.on('newListener', (name) => {
      if (name === 'data' && early.length > 0)
        queueMicrotask(() => {
          for (const chunk of early.splice(0)) socket.emit('data', chunk);
        });
    });
  });
}
