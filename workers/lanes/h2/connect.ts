import type { OnReadOpts } from 'node:net';
import { connect, createSecureContext, type ConnectionOptions, type SecureContext, type TLSSocket } from 'node:tls';

export interface Endpoint {
  host: string;
  port: number;
  /** Extra CA, PEM; null: the system's. */
  ca: string | null;
}

/**
 * All connections of a thread read into this one buffer, again and again: no allocation, no stream machinery (8 to 15 % of
 * the CPU time). What was read is consumed before the next read. Node hands over what it decrypts in pieces of 16 KiB at most.
 */
const READ_BUFFER = Buffer.allocUnsafeSlow(16 * 1024);

/** By CA, shared by all connections that trust it: each would otherwise hold certificates of its own. */
const contexts = new Map<string | null, SecureContext>();

function contextFor(ca: string | null): SecureContext {
  const context = contexts.get(ca) ?? createSecureContext({ minVersion: 'TLSv1.2', ...(ca === null ? {} : { ca }) });
  contexts.set(ca, context);
  return context;
}

/**
 * TLS 1.2 or later with HTTP/2 agreed on. The name is looked up anew for every connection, as Apple asks. Rejects after
 * `timeoutMs`. What a `data` event carries is only valid during the event.
 */
export function connectTls({ host, port, ca }: Endpoint, timeoutMs: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    // What comes between the handshake and the first listener.
    const early: Buffer[] = [];
    const onread: OnReadOpts = {
      buffer: READ_BUFFER,
      callback(bytes, buffer) {
        const chunk = Buffer.from(buffer.buffer, buffer.byteOffset, bytes);
        if (socket.listenerCount('data') > 0) socket.emit('data', chunk);
        else early.push(Buffer.from(chunk));
        return true;
      },
    };
    const options: ConnectionOptions & { onread: OnReadOpts } = {
      host, port, servername: host, ALPNProtocols: ['h2'], secureContext: contextFor(ca), onread,
    };
    const socket = connect(options);
    const fail = (why: string, cause?: Error) => {
      clearTimeout(timer);
      socket.destroy();
      reject(new Error(`LANE_CONNECT ${host}:${port} ${why}`, { cause }));
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
    socket.on('newListener', (name) => {
      if (name === 'data' && early.length > 0) queueMicrotask(() => { for (const chunk of early.splice(0)) socket.emit('data', chunk); });
    });
  });
}
