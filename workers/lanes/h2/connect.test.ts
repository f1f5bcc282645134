import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';
import { generate } from 'selfsigned';
import { expect, test } from 'vitest';
import { connectTls } from './connect.ts';

const pems = generate([{ name: 'commonName', value: 'localhost' }], {
  keyType: 'ec',
  algorithm: 'sha256',
  extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
});

async function tlsServer(protocols: string[], bytes: Buffer) {
  const { private: key, cert } = await pems;
  const server = createTlsServer({ key, cert, ALPNProtocols: protocols }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.write(bytes);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: { host: 'localhost', port: (server.address() as AddressInfo).port, ca: cert },
    stop: () =>
      new Promise((resolve) => {
        server.close(resolve);
      }),
  };
}

test('whatever the server says before anyone listens is heard, in order, and so is the rest', async () => {
  const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, at) => at % 251));
  const { endpoint, stop } = await tlsServer(['h2'], bytes);
  const socket = await connectTls(endpoint, 5_000);
  // Time for the first bytes to come.
  await setTimeout(50);
  const parts: Buffer[] = [];
  let received = 0;
  await new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      parts.push(Buffer.from(chunk));
      received += chunk.length;
      if (received === bytes.length) resolve();
    });
  });
  expect(Buffer.concat(parts).equals(bytes)).toBe(true);
  socket.destroy();
  await stop();
});

test('a server without HTTP/2 is refused', async () => {
  const { endpoint, stop } = await tlsServer(['http/1.1'], Buffer.alloc(0));
  await expect(connectTls(endpoint, 5_000)).rejects.toThrow(/LANE_CONNECT localhost/);
  await stop();
});

test('a server that never answers the handshake is given up after the time-out', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy()).resume();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  await expect(
    connectTls({ host: 'localhost', port: (server.address() as AddressInfo).port, ca: null }, 100),
  ).rejects.toThrow('within 100 ms');
  await new Promise((resolve) => {
    server.close(resolve);
  });
});
