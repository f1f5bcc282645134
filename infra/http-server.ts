import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HttpServer {
  port: number;
  close(): Promise<void>;
}

/** Longer than a load balancer keeps an idle connection (60 s by default), or it reuses one that we are just closing. */
const KEEP_ALIVE_MS = 65_000;
/**
 * How long requests under way may take once we stop. Without it a large refused body held `app.stop()` for 6 s
 * (docs/facts.md#bolt-large-body).
 */
const STOP_WITHIN_MS = 2_000;

/** Listens, and resolves with the port that it got. `close` ends within two seconds, whatever clients do. */
export async function listen(host: string, port: number, onRequest: RequestListener): Promise<HttpServer> {
  const server = createServer(
    { requestTimeout: 15_000, headersTimeout: 5_000, keepAliveTimeout: KEEP_ALIVE_MS },
    onRequest,
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new Error(`HTTP_LISTEN_FAILED on ${host}:${port}`, { cause: error })));
    server.listen({ host, port }, resolve);
  });
  return { port: (server.address() as AddressInfo).port, close: () => close(server) };
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), STOP_WITHIN_MS);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
