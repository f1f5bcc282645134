import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HealthServer { port: number; close(): Promise<void> }

/** GET /health: 200 while `state()` says ready, else 503; the body is its JSON either way. Throws what `listen` throws. */
export async function serveHealth(options: { host: string; port: number; state: () => { ready: boolean } & Record<string, unknown> }): Promise<HealthServer> {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/health') {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"only GET /health is here"}');
      return;
    }
    const state = options.state();
    response.writeHead(state.ready ? 200 : 503, { 'content-type': 'application/json' }).end(JSON.stringify(state));
  });
  server.listen(options.port, options.host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
