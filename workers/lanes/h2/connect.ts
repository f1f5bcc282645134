import { connect, type TLSSocket } from 'node:tls';

export interface Endpoint {
  host: string;
  port: number;
  /** Extra CA, PEM; null: the system's. */
  ca: string | null;
}

/** TLS 1.2 or later with HTTP/2 agreed on. The name is looked up anew for every connection, as Apple asks. Rejects after `timeoutMs`. */
export function connectTls({ host, port, ca }: Endpoint, timeoutMs: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, servername: host, ALPNProtocols: ['h2'], minVersion: 'TLSv1.2', ...(ca === null ? {} : { ca }) });
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
  });
}
