import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { foreignRequest } from '../loopback.ts';
import { behaviourChange } from './behaviour.ts';
import type { Behaviour } from './behaviour.ts';
import type { ConnectionRecord } from './exchange.ts';
import type { Judge } from './judge.ts';
import type { Last } from './last.ts';
import type { Phones } from './phones.ts';
import { listenOnLoopback } from './server.ts';

/** What the control API shows and moves. */
export interface Controlled {
  behaviour: Behaviour;
  judge: Judge;
  phones: Phones;
  last: Last;
  /** Connections, refusals and such, over all launches. */
  state(): object;
  reset(): void;
  /** Ends connections of one provider gracefully; how many. */
  goaway(provider: 'apns' | 'fcm'): number;
  connections(provider: 'apns' | 'fcm'): ConnectionRecord[];
}

export interface ControlServer {
  port: number;
  stop(): Promise<void>;
}

interface Answer {
  status: number;
  body: object;
}
const largestBody = 65_536;

/**
 * The control API: plain HTTP on loopback, JSON, under `/<token>/`, which only who started us knows. Throws what `listen` throws.
 * - GET /counts?launch=ID[&shot=ID]: Counts; without a launch: {launches, apns, fcm} with connections, refusals and the weather (ServerState)
 * - GET /connections?provider=apns|fcm: ConnectionRecord[], which says what each got and what a sick one took
 * - GET /last?n=20: LastPush[]; GET /phones: Phone[]; GET /events: server-sent `notification` events (PhoneEvent)
 * - GET /config: Behaviour; POST /config with some of its fields: changes them, or 400 {error} and nothing changes
 * - POST /reset: forgets counts, phones and limits; POST /goaway?provider=apns|fcm: ends its connections gracefully
 */
export async function serveControl(controlled: Controlled, wishedPort: number, token: string): Promise<ControlServer> {
  const watchers = new Set<ServerResponse>();
  let port = 0;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const foreign = foreignRequest(request, port) ?? (url.pathname.startsWith(`/${token}/`) ? null : 'token_missing');
    if (foreign !== null) return answer(response, 403, { error: foreign });
    url.pathname = url.pathname.slice(token.length + 1);
    if (request.method === 'GET' && url.pathname === '/events') {
      watchers.add(response);
      streamEvents(controlled, response, () => watchers.delete(response));
      return;
    }
    route(controlled, request, url).then(
      ({ status, body }) => {
        answer(response, status, body);
      },
      (error: unknown) => {
        answer(response, 500, { error: error instanceof Error ? error.message : String(error) });
      },
    );
  });
  await listenOnLoopback(server, wishedPort);
  port = (server.address() as AddressInfo).port;
  return {
    port,
    async stop() {
      for (const watcher of watchers) watcher.end();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function route(controlled: Controlled, request: IncomingMessage, url: URL): Promise<Answer> {
  const { judge, phones, last, behaviour } = controlled;
  switch (`${request.method ?? ''} ${url.pathname}`) {
    case 'GET /counts': {
      const launch = url.searchParams.get('launch');
      if (launch === null) return { status: 200, body: { launches: judge.launches(), ...controlled.state() } };
      return { status: 200, body: judge.counts(launch, url.searchParams.get('shot')) };
    }
    case 'GET /last': {
      const count = Number(url.searchParams.get('n') ?? 20);
      return Number.isInteger(count) && count >= 0
        ? { status: 200, body: last.take(count) }
        : { status: 400, body: { error: `n: found ${url.searchParams.get('n')}, expected a whole number` } };
    }
    case 'GET /phones':
      return { status: 200, body: phones.all() };
    case 'GET /config':
      return { status: 200, body: behaviour };
    case 'POST /config': {
      const change = behaviourChange.safeParse(await jsonBody(request));
      if (!change.success)
        return {
          status: 400,
          body: { error: change.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ') },
        };
      Object.assign(behaviour, change.data);
      return { status: 200, body: behaviour };
    }
    case 'POST /reset':
      controlled.reset();
      return { status: 200, body: { ok: true } };
    case 'POST /goaway':
      return ofProvider(url, (provider) => ({ connections: controlled.goaway(provider) }));
    case 'GET /connections':
      return ofProvider(url, (provider) => controlled.connections(provider));
    default:
      return { status: 404, body: { error: `nothing is at ${request.method ?? ''} ${url.pathname}` } };
  }
}

function ofProvider(url: URL, body: (provider: 'apns' | 'fcm') => object): Answer {
  const provider = url.searchParams.get('provider');
  if (provider !== 'apns' && provider !== 'fcm')
    return { status: 400, body: { error: `provider: found ${String(provider)}, expected apns or fcm` } };
  return { status: 200, body: body(provider) };
}

/** Undefined for what is no JSON, which no schema accepts. */
async function jsonBody(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > largestBody) return undefined;
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch {
    return undefined;
  }
}

function streamEvents({ phones }: Controlled, response: ServerResponse, gone: () => void): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(': phones\n\n');
  const deaf = phones.listen((event) => {
    // A reader that stopped reading must not fill the memory.
    if (response.writableLength < 1_000_000) response.write(`event: notification\ndata: ${JSON.stringify(event)}\n\n`);
  });
  response.on('close', () => {
    deaf();
    gone();
  });
}
