import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HealthServer {
  port: number;
  close(): Promise<void>;
}

export interface Health {
  /** It can send to its launch's devices now. */
  ready: boolean;
  /** No launch is its own yet: nothing is amiss. */
  idle: boolean;
}

/**
 * GET only, JSON.
 * `/live`: 200 as long as the process works; ECS kills what answers otherwise (docs/facts.md#ecs-health-check).
 * `/ready`: 200 when it can send, and while there is no launch to send for; else 503.
 * `/health`: the whole state; 200 when it can send, else 503.
 * Throws what `listen` throws.
 */
export async function serveHealth(options: { host: string; port: number; state: () => Health }): Promise<HealthServer> {
  const answers: Record<string, (state: Health) => { isUp: boolean; body: object }> = {
    '/live': () => ({ isUp: true, body: { live: true } }),
    '/ready': ({ ready, idle }) => ({ isUp: ready || idle, body: { ready, idle } }),
    '/health': (state) => ({ isUp: state.ready, body: state }),
  };
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0] ?? '';
    const answer = request.method === 'GET' && Object.hasOwn(answers, path) ? answers[path] : undefined;
    const { isUp, body } = answer?.(options.state()) ?? {
      isUp: null,
      body: { error: 'only GET /live, /ready and /health are here' },
    };
    response
      .writeHead(isUp === null ? 404 : isUp ? 200 : 503, { 'content-type': 'application/json' })
      .end(JSON.stringify(body));
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
