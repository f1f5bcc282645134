import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClients } from '../clients.ts';

/** As in production: a certificate that must be good for the name, HTTP/1.1, and few handshakes. */
let server: Server;
let protocols: (string | false | null)[];
let handshakes: number;
const usual = getCACertificates('default');
let ca: string;

beforeAll(async () => {
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    keySize: 2_048,
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] },
    ],
  });
  ca = made.cert;
  protocols = [];
  handshakes = 0;
  server = createServer(
    { key: made.private, cert: made.cert, ALPNProtocols: ['h2', 'http/1.1'] },
    (request, response) => {
      request.resume().on('end', () => response.end('{}'));
    },
  );
  server.on('secureConnection', ({ alpnProtocol }) => {
    protocols.push(alpnProtocol);
    handshakes += 1;
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
});
afterAll(async () => {
  setDefaultCACertificates(usual);
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
});

function callsTo(host: string) {
  const clients = createClients({
    endpoint: `https://${host}:${(server.address() as AddressInfo).port}`,
    region: 'eu-west-1',
    tablePrefix: 'x',
    bucket: 'x',
  });
  return { put: () => clients.dynamoCalls('PutItem', { TableName: 't', Item: {} }), stop: () => clients.destroy() };
}

test('a certificate that nobody vouches for, or of another name, is no answer; a good one is asked for once for many calls', async () => {
  const untrusted = callsTo('localhost');
  await expect(untrusted.put()).rejects.toMatchObject({
    name: 'NoAnswerError',
    cause: { code: expect.stringMatching(/SELF_SIGNED|UNABLE_TO_VERIFY/) as string },
  });
  untrusted.stop();
  expect(handshakes).toBe(0);

  setDefaultCACertificates([...usual, ca]);
  const otherName = callsTo('127.0.0.1');
  await expect(otherName.put()).rejects.toMatchObject({
    name: 'NoAnswerError',
    cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
  });
  otherName.stop();

  handshakes = 0;
  const good = callsTo('localhost');
  for (let at = 0; at < 20; at++) expect(await good.put()).toEqual({});
  expect(handshakes).toBeLessThanOrEqual(2);
  expect(protocols.at(-1)).toBe('http/1.1');
  good.stop();
});
