import type { IncomingMessage, ServerResponse } from 'node:http';

/** How a process stands. `state` is what `/health` shows. */
export interface Health {
  /** It does what it is there for, or nothing is to be done: for load balancers and deployments. */
  ready: boolean;
  /** For people and alarms. */
  healthy: boolean;
  state: object;
}

/**
 * What bot and worker say of themselves over HTTP: GET and HEAD, JSON. All three come from the main thread, so that a process
 * whose main thread hangs answers none of them.
 *
 * `/live`: 200 as long as the process works. ECS kills what answers otherwise (docs/facts.md#ecs-health-check).
 * `/ready`: 200 while it is ready, else 503. Red for no reason that a replacement would not mend: not because Slack is away,
 * nor because there is no launch.
 * `/health`: the whole state; 200 while it is healthy, else 503.
 */
export function answerHealth(request: IncomingMessage, response: ServerResponse, state: () => Health): void {
  const path = request.url?.split('?')[0] ?? '';
  const isAsked = request.method === 'GET' || request.method === 'HEAD';
  const { status, body } = isAsked ? answerAt(path, state) : nothingHere;
  response
    .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(JSON.stringify(body));
}

const nothingHere = { status: 404, body: { error: 'only GET /live, /ready and /health are here' } };
const upOrNot = (isUp: boolean) => (isUp ? 200 : 503);

function answerAt(path: string, state: () => Health): { status: number; body: object } {
  switch (path) {
    case '/live':
      return { status: 200, body: { live: true } };
    case '/ready': {
      const { ready } = state();
      return { status: upOrNot(ready), body: { ready } };
    }
    case '/health': {
      const { healthy, state: body } = state();
      return { status: upOrNot(healthy), body };
    }
    default:
      return nothingHere;
  }
}
