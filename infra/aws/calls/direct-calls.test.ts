import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { crc32 } from 'node:zlib';
import { Hash } from '@smithy/core/serde';
import { SignatureV4 } from '@smithy/signature-v4';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createClients } from '../clients.ts';
import type { Clients } from '../clients.ts';

/** What the direct calls do with any answer is what the SDK does with it: both are asked, by a server that answers as it is told. */

interface Asked {
  headers: IncomingHttpHeaders;
  body: string;
}
let server: Server;
let asked: Asked[];
let answer: (response: ServerResponse, nth: number) => void;
const made: Clients[] = [];

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        asked.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
        answer(response, asked.length);
      });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
});
afterEach(async () => {
  for (const clients of made.splice(0)) clients.destroy();
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
});

const endpoint = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

function clientsFor(calls: 'direct' | 'sdk', onAnswer?: Parameters<typeof createClients>[1]): Clients {
  const clients = createClients(
    { endpoint: endpoint(), region: 'eu-west-1', tablePrefix: 'x', bucket: 'x', calls },
    onAnswer,
  );
  made.push(clients);
  return clients;
}

const put = ({ dynamoCalls }: Clients) => dynamoCalls('PutItem', { TableName: 't', Item: { k: { S: 'ä' } } });
const receive = ({ sqsCalls }: Clients) => sqsCalls('ReceiveMessage', { QueueUrl: `${endpoint()}/000000000000/q` });

async function outcome(work: Promise<unknown>): Promise<object> {
  asked = [];
  try {
    return { output: await work, tries: asked.length };
  } catch (error) {
    const { name, message, $fault, $metadata } = error as Error & {
      $fault?: string;
      $metadata?: { httpStatusCode?: number; attempts?: number };
    };
    return {
      name,
      message,
      $fault,
      status: $metadata?.httpStatusCode,
      attempts: $metadata?.attempts,
      tries: asked.length,
    };
  }
}

const json =
  (status: number, body: object, headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    response
      .writeHead(status, { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': 'R', ...headers })
      .end(JSON.stringify(body));
const DYNAMO = 'com.amazonaws.dynamodb.v20120810#';

describe('a refusal is the same by either way: name, status, words and number of tries', () => {
  test.each<[string, number, ReturnType<typeof json>]>([
    [
      'a condition that failed',
      1,
      json(400, { __type: `${DYNAMO}ConditionalCheckFailedException`, message: 'The conditional request failed' }),
    ],
    [
      'throughput exceeded',
      3,
      json(400, { __type: `${DYNAMO}ProvisionedThroughputExceededException`, message: 'slow down' }),
    ],
    ['an account that is throttled', 3, json(400, { __type: `${DYNAMO}RequestLimitExceeded`, message: 'slow down' })],
    [
      'throttling',
      3,
      json(400, { __type: 'com.amazon.coral.availability#ThrottlingException', Message: 'Rate exceeded' }),
    ],
    ['an error of theirs', 3, json(500, { __type: `${DYNAMO}InternalServerError`, message: 'oops' })],
    [
      'a table that is not there',
      1,
      json(400, { __type: `${DYNAMO}ResourceNotFoundException`, message: 'no such table' }),
    ],
    [
      'a request that is wrong',
      1,
      json(400, { __type: 'com.amazon.coral.validate#ValidationException', message: 'bad' }),
    ],
    [
      'what is not allowed',
      1,
      json(400, { __type: 'com.amazon.coral.service#AccessDeniedException', Message: 'not yours' }),
    ],
    [
      'credentials that have ended',
      1,
      json(400, { __type: 'com.amazon.coral.service#ExpiredTokenException', message: 'expired' }),
    ],
    [
      'a signature that has ended',
      3,
      json(400, {
        __type: 'com.amazon.coral.service#InvalidSignatureException',
        message: 'Signature expired: 1 is now earlier than 2',
      }),
    ],
    [
      'a type with an address behind it',
      1,
      json(400, { __type: `${DYNAMO}ValidationException:http://internal.amazon.com/coral/`, message: 'bad' }),
    ],
    ['a type in a header', 3, json(400, { message: 'slow' }, { 'x-amzn-errortype': 'ThrottlingException' })],
    ['429', 3, json(429, { __type: 'Whatever', message: 'slow' })],
  ])('%s', async (_what, tries, answers) => {
    answer = answers;
    const bySdk = await outcome(put(clientsFor('sdk')));
    expect(await outcome(put(clientsFor('direct')))).toEqual(bySdk);
    expect(bySdk).toMatchObject({ tries, attempts: tries });
  });

  test.each<[string, number, ReturnType<typeof json>]>([
    [
      'a queue that is not there',
      1,
      json(
        400,
        { __type: 'com.amazonaws.sqs#QueueDoesNotExist', message: 'no such queue' },
        { 'x-amzn-query-error': 'AWS.SimpleQueueService.NonExistentQueue;Sender' },
      ),
    ],
    [
      'throttling',
      3,
      json(
        403,
        { __type: 'com.amazonaws.sqs#RequestThrottled', message: 'slow' },
        { 'x-amzn-query-error': 'RequestThrottled;Sender' },
      ),
    ],
    [
      'too much in flight',
      1,
      json(
        403,
        { __type: 'com.amazonaws.sqs#OverLimit', message: 'too many' },
        { 'x-amzn-query-error': 'OverLimit;Sender' },
      ),
    ],
    [
      'an error of theirs',
      3,
      json(
        500,
        { __type: 'com.amazonaws.sqs#InternalFailure', message: 'oops' },
        { 'x-amzn-query-error': 'InternalFailure;Receiver' },
      ),
    ],
  ])('of a queue: %s', async (_what, tries, answers) => {
    answer = answers;
    const bySdk = await outcome(receive(clientsFor('sdk')));
    expect(await outcome(receive(clientsFor('direct')))).toEqual(bySdk);
    expect(bySdk).toMatchObject({ tries });
  });
});

describe('what is no whole answer is tried again', () => {
  const good = (response: ServerResponse) => json(200, { Attributes: { n: { N: '1' } } })(response);
  test.each<[string, (response: ServerResponse) => unknown]>([
    ['a connection that is closed', (response) => response.destroy()],
    [
      'half an answer',
      (response) => {
        response.writeHead(200, { 'content-length': 100 }).write('{');
        setTimeout(() => response.destroy(), 5);
      },
    ],
    ["a front end's page", (response) => response.writeHead(503, { 'content-type': 'text/html' }).end('<html>')],
    ['an answer that its checksum does not fit', (response) => json(200, {}, { 'x-amz-crc32': '1' })(response)],
  ])('%s', async (_what, bad) => {
    answer = (response, nth) => void (nth <= 2 ? bad(response) : good(response));
    expect(await outcome(put(clientsFor('direct')))).toEqual({ output: { Attributes: { n: { N: '1' } } }, tries: 3 });
    answer = (response) => void bad(response);
    expect(await outcome(put(clientsFor('direct')))).toMatchObject({ tries: 3, name: expect.any(String) as string });
  });

  test('and one with the right checksum is taken', async () => {
    const body = JSON.stringify({ Attributes: { s: { S: 'ä' } } });
    answer = (response) => response.writeHead(200, { 'x-amz-crc32': String(crc32(Buffer.from(body))) }).end(body);
    expect(await put(clientsFor('direct'))).toEqual({ Attributes: { s: { S: 'ä' } } });
  });

  test('a try that takes too long is ended, its connection closed, and another one made', async () => {
    let closed = 0;
    answer = (response, nth) =>
      void (nth === 1
        ? response.on('close', () => {
            closed += 1;
          })
        : good(response));
    const clients = clientsFor('direct');
    const receiving = clients.dynamoCalls('PutItem', { TableName: 't', Item: {} }, { timeoutMs: 60 });
    expect(await receiving).toMatchObject({ Attributes: {} });
    expect({ closed, tries: asked.length }).toEqual({ closed: 1, tries: 2 });
  });

  test('an aborted call ends at once and is not tried again', async () => {
    const abort = new AbortController();
    let closed = 0;
    answer = (response) => {
      response.on('close', () => {
        closed += 1;
      });
      abort.abort(new Error('enough'));
    };
    const call = clientsFor('direct').sqsCalls(
      'ReceiveMessage',
      { QueueUrl: `${endpoint()}/1/q` },
      { signal: abort.signal },
    );
    await expect(call).rejects.toMatchObject({ name: 'AbortError', cause: { message: 'enough' } });
    await expect.poll(() => closed).toBe(1);
    expect(asked).toHaveLength(1);
    await expect(
      clientsFor('direct').sqsCalls('ReceiveMessage', { QueueUrl: `${endpoint()}/1/q` }, { signal: abort.signal }),
    ).rejects.toMatchObject({ name: 'AbortError' });
    expect(asked).toHaveLength(1);
  });
});

describe('a request', () => {
  test("is signed as the SDK's own signer signs it", async () => {
    answer = json(200, {});
    const clients = clientsFor('direct');
    const credentials = {
      accessKeyId: 'AKIDEXAMPLE',
      secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
      sessionToken: 'a/long+token==',
    };
    for (const client of [clients.dynamo, clients.sqs]) client.config.credentials = async () => credentials;
    await put(clients);
    await receive(clients);
    for (const [at, service] of ['dynamodb', 'sqs'].entries()) {
      const { headers, body } = asked[at] ?? { headers: {}, body: '' };
      const date = String(headers['x-amz-date']);
      const names = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '')?.[1]?.split(';') ?? [];
      expect(names).toEqual(
        expect.arrayContaining(['host', 'content-type', 'x-amz-date', 'x-amz-target', 'x-amz-security-token']),
      );
      const signed = await new SignatureV4({
        credentials,
        region: 'eu-west-1',
        service,
        sha256: Hash.bind(null, 'sha256') as never,
        applyChecksum: false,
      }).sign(
        {
          method: 'POST',
          protocol: 'http:',
          hostname: '127.0.0.1',
          path: '/',
          query: {},
          body,
          headers: Object.fromEntries(names.map((name) => [name, String(headers[name])])),
        },
        { signingDate: new Date(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z')) },
      );
      expect(headers.authorization).toBe(signed.headers['authorization']);
    }
  });

  test("carries what the SDK's carries, bytes as Base64", async () => {
    answer = json(200, {});
    const input = {
      TableName: 't',
      Key: { k: { S: 'x' } },
      UpdateExpression: 'SET a = :a',
      ExpressionAttributeValues: {
        ':a': { B: Uint8Array.of(0, 255, 1) },
        ':l': { L: [{ M: { b: { B: Buffer.from('xy') } } }] },
        ':n': { N: '1' },
      },
    };
    for (const calls of ['direct', 'sdk'] as const) await clientsFor(calls).dynamoCalls('UpdateItem', input);
    const [direct, sdk] = asked;
    expect(JSON.parse(direct?.body ?? '')).toEqual(JSON.parse(sdk?.body ?? ''));
    for (const name of ['content-type', 'x-amz-target', 'host']) expect(direct?.headers[name]).toBe(sdk?.headers[name]);
  });

  test('brings bytes back as bytes, wherever they stand', async () => {
    const item = { b: { B: 'AP8B' }, l: { L: [{ M: { c: { B: 'eHk=' } } }] } };
    answer = (response, nth) =>
      json(200, nth % 2 === 1 ? { Attributes: item } : { Responses: { t: [item] } })(response);
    for (const calls of ['direct', 'sdk'] as const) {
      const { dynamoCalls } = clientsFor(calls);
      const { Attributes: found } = await dynamoCalls('UpdateItem', { TableName: 't', Key: { k: { S: 'x' } } });
      expect([...(found?.['b']?.B ?? [])]).toEqual([0, 255, 1]);
      expect(Buffer.from(found?.['l']?.L?.[0]?.M?.['c']?.B ?? []).toString()).toBe('xy');
      const { Responses: all } = await dynamoCalls('BatchGetItem', { RequestItems: { t: { Keys: [] } } });
      expect([...(all?.['t']?.[0]?.['b']?.B ?? [])]).toEqual([0, 255, 1]);
    }
  });

  test('uses a socket again, and opens more only for what is asked at the same time', async () => {
    answer = json(200, {});
    let sockets = 0;
    server.on('connection', () => {
      sockets += 1;
    });
    const clients = clientsFor('direct');
    for (let at = 0; at < 20; at++) await put(clients);
    // One may be spare, because a next call can come before its socket is known to be free again.
    expect(sockets).toBeLessThanOrEqual(2);
    await Promise.all(
      Array.from({ length: 5 }, async () => {
        for (let at = 0; at < 50; at++) await put(clients);
      }),
    );
    expect(sockets).toBeLessThanOrEqual(10);
  });

  test("tells the store's time by every answer, refusals included", async () => {
    const dates: number[] = [];
    answer = (response, nth) =>
      json(nth === 1 ? 500 : 200, {}, { date: new Date(1_800_000_000_000 + nth * 1_000).toUTCString() })(response);
    const clients = clientsFor('direct', ({ dateMs, sentAtMs, answeredAtMs }) => {
      dates.push(dateMs);
      expect(answeredAtMs).toBeGreaterThanOrEqual(sentAtMs);
    });
    await put(clients);
    expect(dates).toEqual([1_800_000_001_000, 1_800_000_002_000]);
  });

  test("that a far clock has signed is signed anew by the service's time, and the client knows it from then on", async () => {
    const FAR_MS = 3_600_000;
    answer = (response, nth) =>
      json(
        nth === 1 ? 400 : 200,
        nth === 1
          ? { __type: 'com.amazon.coral.service#InvalidSignatureException', message: 'Signature not yet current' }
          : {},
        { date: new Date(Date.now() - FAR_MS).toUTCString() },
      )(response);
    const clients = clientsFor('direct');
    const askedAtMs = performance.now();
    await put(clients);
    const tookMs = performance.now() - askedAtMs;
    expect(asked).toHaveLength(2);
    const hours = asked.map(({ headers }) => Number(String(headers['x-amz-date']).slice(9, 11)));
    expect(((hours[0] ?? 0) - (hours[1] ?? 0) + 24) % 24).toBe(1);
    // Behind by what the date leaves out of its second, and by the way here.
    const behindMs = -FAR_MS - clients.dynamo.config.systemClockOffset;
    expect(behindMs).toBeGreaterThanOrEqual(-5);
    expect(behindMs).toBeLessThan(1_005 + tookMs);
  });

  test('whose messages SQS has in other words than we do is refused, received or sent', async () => {
    answer = json(200, {
      Messages: [{ MessageId: 'm1', Body: 'whole', MD5OfBody: 'b5d5cc0de0ef2ecf5b2d7f5a6a1e1f6b', ReceiptHandle: 'r' }],
    });
    for (const calls of ['direct', 'sdk'] as const)
      await expect(receive(clientsFor(calls))).rejects.toThrow('Invalid MD5 checksum on messages: m1');
    answer = json(200, {
      Successful: [{ Id: '0', MessageId: 'm2', MD5OfMessageBody: 'b5d5cc0de0ef2ecf5b2d7f5a6a1e1f6b' }],
    });
    const send = ({ sqsCalls }: Clients) =>
      sqsCalls('SendMessageBatch', { QueueUrl: `${endpoint()}/1/q`, Entries: [{ Id: '0', MessageBody: 'whole' }] });
    for (const calls of ['direct', 'sdk'] as const)
      await expect(send(clientsFor(calls))).rejects.toThrow('Invalid MD5 checksum on messages: m2');
  });
});
