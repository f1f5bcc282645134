import { createServer, request } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CloudConfig } from './cloud-config.ts';

/** What becomes of one try of a call. `pass` carries it out and gives its answer; the other two end the connection without one. */
type Happening = 'pass' | 'lose-request' | 'lose-answer' | { change: (output: never) => void };
/** `nth` counts the tries of each operation from 1. */
export type WireFault = (call: { operation: string; input: Record<string, unknown>; nth: number }) => Happening;

/** Something between a client and the cloud that loses and changes what it carries, whatever the client is made of. */
export async function faultProxy(
  config: CloudConfig,
  fault: WireFault,
): Promise<{ config: CloudConfig; stop(): Promise<void> }> {
  const cloud = new URL(config.endpoint ?? '');
  const tries = new Map<string, number>();
  const server = createServer((incoming, outgoing) => {
    carry(incoming, outgoing).catch(() => outgoing.destroy());
  });

  async function carry(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await whole(incoming);
    const operation = String(incoming.headers['x-amz-target']).split('.').at(-1) ?? '';
    const nth = (tries.get(operation) ?? 0) + 1;
    tries.set(operation, nth);
    const happening = fault({ operation, input: JSON.parse(body.toString()) as Record<string, unknown>, nth });
    if (happening === 'lose-request') return void outgoing.destroy();
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      request(
        {
          host: cloud.hostname,
          port: cloud.port,
          method: incoming.method,
          path: incoming.url,
          headers: incoming.headers,
        },
        resolve,
      )
        .on('error', reject)
        .end(body);
    });
    let text = await whole(answer);
    if (happening === 'lose-answer') return void outgoing.destroy();
    if (happening !== 'pass') {
      const output = JSON.parse(text.toString()) as never;
      happening.change(output);
      text = Buffer.from(JSON.stringify(output));
    }
    const { 'x-amz-crc32': _, ...headers } = answer.headers;
    outgoing.writeHead(answer.statusCode ?? 502, { ...headers, 'content-length': text.length }).end(text);
  }

  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = new URL(cloud);
  address.port = String((server.address() as AddressInfo).port);
  return {
    config: { ...config, endpoint: address.href },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The write has happened, the answer never arrives: for the first `times` tries of that operation. */
export const loseAnswersOf =
  (operation: string, times: number): WireFault =>
  (call) =>
    call.operation === operation && call.nth <= times ? 'lose-answer' : 'pass';

/** The request never arrives. */
export const loseRequestsOf =
  (operation: string, times: number): WireFault =>
  (call) =>
    call.operation === operation && call.nth <= times ? 'lose-request' : 'pass';

async function whole(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
