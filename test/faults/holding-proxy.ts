import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An HTTP proxy in front of the local cloud that keeps chosen calls to itself, for ever (they never arrive) or for some time. */
export interface HoldingProxy {
  url: string;
  /** From now on, calls whose `<x-amz-target> <body>` matches; null: none. Held ones stay held. */
  hold(what: RegExp | null): void;
  /** From now on, calls whose `<x-amz-target> <body>` matches arrive so much later; null: none. */
  delay(what: RegExp | null, ms: number): void;
  /** How many were held. */
  readonly held: number;
  close(): Promise<void>;
}

export async function startHoldingProxy(targetUrl: string): Promise<HoldingProxy> {
  const { hostname, port, username } = new URL(targetUrl);
  let holding: RegExp | null = null;
  let held = 0;
  let delaying: { what: RegExp; ms: number } | null = null;
  const waiting = new Set<ServerResponse>();
  const server = createServer((from, to) => {
    const parts: Buffer[] = [];
    from.on('data', (part: Buffer) => parts.push(part));
    from.on('error', () => to.destroy());
    from.on('end', () => {
      const body = Buffer.concat(parts);
      const said = `${String(from.headers['x-amz-target'])} ${body.toString('latin1')}`;
      if (holding?.test(said) === true) {
        held += 1;
        waiting.add(to);
        return;
      }
      const pass = () => {
        passOn(body);
      };
      if (delaying?.what.test(said) === true) setTimeout(pass, delaying.ms);
      else pass();
    });

    function passOn(body: Buffer): void {
      const onward = request(
        { hostname, port, method: from.method, path: from.url, headers: from.headers },
        (answer) => {
          to.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(to);
        },
      );
      onward.on('error', () => to.destroy());
      // A caller that gives up is one that has gone away, for the cloud too.
      to.on('close', () => onward.destroy());
      onward.end(body);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://${username}@127.0.0.1:${(server.address() as AddressInfo).port}`,
    hold: (what) => {
      holding = what;
    },
    delay: (what, ms) => {
      delaying = what === null ? null : { what, ms };
    },
    get held() {
      return held;
    },
    async close() {
      for (const response of waiting) response.destroy();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
