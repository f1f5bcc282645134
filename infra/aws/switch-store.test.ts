import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { A_WAIT, secondTry } from '../../test/run/second-try.ts';
import { localCloudForTests } from '../local/cloud/for-tests.ts';
import { createClients } from './clients.ts';
import { createCloud } from './create-cloud.ts';
import { loseAnswers, loseRequests, withFault } from './faults-for-tests.ts';
import type { Fault } from './faults-for-tests.ts';
import { createSwitchStore } from './switch-store.ts';
import type { SwitchStore } from './switch-store.ts';

let local: Awaited<ReturnType<typeof localCloudForTests>>;
let switches: SwitchStore;
beforeAll(async () => {
  local = await localCloudForTests();
  switches = local.cloud.switches;
});
afterAll(async () => {
  await local.stop();
});

const values = (ios: number) => ({ pace: { ios, android: 0 }, zombie: false, custom: { banner: 'on' } });

test('an item that is not there reads as null', async () => {
  expect(await switches.read('none', { consistent: true })).toBeNull();
});

test('every halt raises the epoch, and a lift works for the newest epoch alone', async () => {
  expect(await switches.halt('h')).toMatchObject({ halted: true, haltEpoch: 1 });
  expect(await switches.halt('h')).toMatchObject({ halted: true, haltEpoch: 2 });
  expect(await switches.lift('h', 1)).toBe(false);
  expect(await switches.read('h', { consistent: true })).toMatchObject({ halted: true });
  expect(await switches.lift('h', 2)).toBe(true);
  expect(await switches.read('h', { consistent: true })).toMatchObject({ halted: false, haltEpoch: 2 });
  expect(await switches.lift('nobody', 0)).toBe(false);
});

test('an item that is not there can be left so, and an epoch that was forged is put back while nothing else has changed', async () => {
  expect(await switches.haltExisting('nowhere')).toBeNull();
  expect(await switches.read('nowhere', { consistent: true })).toBeNull();
  await switches.halt('forged');
  expect(await switches.haltExisting('forged')).toMatchObject({ halted: true, haltEpoch: 2 });
  expect(await switches.resetEpoch('forged', 9, 1)).toBe(false);
  expect(await switches.resetEpoch('forged', 2, 1)).toBe(true);
  expect(await switches.read('forged', { consistent: true })).toMatchObject({ halted: true, haltEpoch: 1 });
});

test.each([
  ['words', { S: 'many' }],
  ['nothing', { NULL: true as const }],
])('a halt stands though somebody has put %s in the place of its count', async (what, haltEpoch) => {
  await put({ launchId: { S: what }, halted: { S: 'no' }, haltEpoch });
  expect(await switches.haltExisting(what)).toMatchObject({ halted: true });
  expect(await switches.read(what, { consistent: true })).toMatchObject({ halted: true });
});

test('an epoch of more digits than a number of ours has is put back too', async () => {
  await put({ launchId: { S: 'digits' }, halted: { BOOL: true }, haltEpoch: { N: '9007199254740993' } });
  const item = await switches.read('digits', { consistent: true });
  expect(await switches.resetEpoch('digits', item?.haltEpoch ?? 0, 3)).toBe(true);
  expect(await switches.read('digits', { consistent: true })).toMatchObject({ halted: true, haltEpoch: 3 });
});

async function put(item: Record<string, AttributeValue>): Promise<void> {
  const clients = createClients(local.config);
  await clients.dynamo.send(new PutItemCommand({ TableName: 'gobutton-switches', Item: item }));
  clients.destroy();
}

test('an item catches up with the halts of the record, from nothing or from fewer, once however many do it, and never falls behind its own', async () => {
  const all = (halt: { epoch: number; active: boolean }) =>
    Promise.all(Array.from({ length: 5 }, () => switches.catchUp('behind', halt)));
  expect((await all({ epoch: 2, active: true })).filter(Boolean)).toHaveLength(1);
  expect(await switches.read('behind', { consistent: true })).toMatchObject({ halted: true, haltEpoch: 2 });
  expect(await switches.catchUp('behind', { epoch: 2, active: false })).toBe(false);
  expect(await switches.catchUp('behind', { epoch: 1, active: false })).toBe(false);
  expect(await switches.read('behind', { consistent: true })).toMatchObject({ halted: true, haltEpoch: 2 });
  expect(await switches.catchUp('behind', { epoch: 4, active: false })).toBe(true);
  expect(await switches.read('behind', { consistent: true })).toMatchObject({ halted: false, haltEpoch: 4 });
});

test('the head of the record goes up only, and makes no item', async () => {
  expect(await switches.noteHead('headless', { seq: 3, hash: 'c' })).toBe(false);
  expect(await switches.read('headless', { consistent: true })).toBeNull();
  await switches.halt('head');
  expect(await switches.noteHead('head', { seq: 3, hash: 'c' })).toBe(true);
  expect(await switches.noteHead('head', { seq: 2, hash: 'b' })).toBe(false);
  expect(await switches.read('head', { consistent: true })).toMatchObject({
    halted: true,
    haltEpoch: 1,
    head: { seq: 3, hash: 'c' },
  });
});

test('halts at the same moment all count', async () => {
  await Promise.all(Array.from({ length: 20 }, () => switches.halt('many')));
  expect(await switches.read('many', { consistent: true })).toMatchObject({ haltEpoch: 20 });
});

test('an older entry never overwrites a newer one, and the halt is not touched', async () => {
  await switches.halt('a');
  expect(await switches.apply('a', 5, values(500))).toBe(true);
  expect(await switches.apply('a', 4, values(400))).toBe(false);
  expect(await switches.apply('a', 5, values(500))).toBe(true);
  expect(await switches.read('a', { consistent: true })).toEqual({
    launchId: 'a',
    halted: true,
    haltEpoch: 1,
    seq: 5,
    pace: { ios: 500, android: 0 },
    zombie: false,
    custom: { banner: 'on' },
    head: null,
  });
});

test('an apply whose answers are lost is a success; one that never arrives rejects', async () => {
  const clients = createClients(local.config);
  withFault(clients.dynamo, loseAnswers('UpdateItemCommand', 3));
  expect(
    await createSwitchStore({ reads: clients.switchReads, writes: clients.dynamo, table: 'gobutton-switches' }).apply(
      'b',
      1,
      values(1),
    ),
  ).toBe(true);
  const deaf = createClients(local.config);
  withFault(deaf.dynamo, loseRequests('UpdateItemCommand', 3));
  await expect(
    createSwitchStore({ reads: deaf.switchReads, writes: deaf.dynamo, table: 'gobutton-switches' }).apply(
      'c',
      1,
      values(1),
    ),
  ).rejects.toMatchObject({ code: 'SWITCHES_UNAVAILABLE' });
});

/** A store whose calls of one kind the service refuses for good; `calls`: what was asked of it. */
function refusing(command: 'GetItemCommand' | 'UpdateItemCommand' | null, name = 'ValidationException') {
  const clients = createClients(local.config);
  const calls: Record<string, unknown>[] = [];
  const fault: Fault = async (send, call) => {
    calls.push(call.input);
    if (call.command === command) throw Object.assign(new Error('not like this'), { name });
    return send();
  };
  withFault(clients.dynamo, fault);
  withFault(clients.switchReads, fault);
  return {
    calls,
    store: createSwitchStore({ reads: clients.switchReads, writes: clients.dynamo, table: 'gobutton-switches' }),
  };
}

test.each<[string, (store: SwitchStore) => Promise<unknown>, string]>([
  ['halt', (store) => store.halt('w'), 'cannot confirm the halt of w'],
  ['halt of what is there', (store) => store.haltExisting('w'), 'cannot confirm the halt of w'],
  ['head', (store) => store.noteHead('w', { seq: 9, hash: 'h' }), 'cannot note the head of w'],
  ['catch up', (store) => store.catchUp('w', { epoch: 3, active: true }), 'cannot bring w to halt 3'],
  ['epoch', (store) => store.resetEpoch('w', 1, 0), 'cannot reset the halt epoch of w'],
  ['lift', (store) => store.lift('w', 1), 'cannot lift the halt of w'],
  ['apply', (store) => store.apply('w', 7, values(1)), 'cannot write the switches of w'],
])('a %s that the store refuses is no answer: it rejects in words, with the cause', async (_, call, say) => {
  await switches.halt('w');
  await expect(call(refusing('UpdateItemCommand').store)).rejects.toMatchObject({
    code: 'SWITCHES_UNAVAILABLE',
    message: expect.stringContaining(say) as string,
    cause: expect.objectContaining({ message: 'not like this' }) as Error,
  });
});

test('an apply that can be neither written nor read back says both causes', async () => {
  const { store } = refusing('GetItemCommand');
  await store.halt('both');
  expect(await store.apply('both', 5, values(5))).toBe(true);
  await expect(store.apply('both', 4, values(4))).rejects.toMatchObject({
    code: 'SWITCHES_UNAVAILABLE',
    message: expect.stringContaining('cannot write or read the switches of both') as string,
    cause: {
      errors: [
        expect.objectContaining({ name: 'ConditionalCheckFailedException' }),
        expect.objectContaining({ message: 'not like this' }),
      ],
    },
  });
});

test('a poll reads what may be a little old; who has to know reads what stands, and so does every press', async () => {
  const { store, calls } = refusing(null);
  await switches.halt('polled');
  await store.read('polled');
  await store.read('polled', { consistent: true });
  await store.readWithin('polled', 1_000);
  await store.apply('polled', 2, values(2));
  await store.apply('polled', 1, values(1));
  expect(calls.map(({ ConsistentRead }) => ConsistentRead)).toEqual([false, true, true, undefined, undefined, true]);
  expect(await store.readWithin('nobody here', 1_000)).toBeNull();
});

test('a read is over when whoever asked has no use for it, and as soon as the store refuses it', async () => {
  const gone = new AbortController();
  gone.abort(new Error('no use'));
  await expect(switches.read('h', { signal: gone.signal })).rejects.toThrow();
  await expect(refusing('GetItemCommand').store.read('h')).rejects.toThrow('not like this');
});

test('a press asks again what the store refuses, until its time is over, and then no more', async () => {
  await switches.halt('asked');
  const { store, calls } = refusing('GetItemCommand');
  await expect(store.readWithin('asked', 450)).rejects.toMatchObject({
    code: 'SWITCHES_UNAVAILABLE',
    message: expect.stringContaining('cannot read the switches of asked') as string,
    cause: { code: 'TIME_LIMIT' },
  });
  const asked = calls.length;
  expect(asked).toBeGreaterThan(0);
  await sleep(350);
  expect(calls).toHaveLength(asked);
  const clients = createClients(local.config);
  withFault(clients.dynamo, async (send, { nth }) => {
    if (nth === 1) throw Object.assign(new Error('not now'), { name: 'ValidationException' });
    return send();
  });
  const later = createSwitchStore({ reads: clients.switchReads, writes: clients.dynamo, table: 'gobutton-switches' });
  expect(await later.readWithin('asked', 5_000)).toMatchObject({ halted: true });
});

test('what nobody has set reads as nothing set, of an item that a halt or an entry has made', async () => {
  const common = { launchId: 'bare', seq: 0, pace: { ios: 0, android: 0 }, zombie: false, custom: {}, head: null };
  expect(await switches.halt('bare')).toEqual({ ...common, halted: true, haltEpoch: 1 });
  expect(await switches.read('bare', { consistent: true })).toEqual({ ...common, halted: true, haltEpoch: 1 });
  const set = { pace: { ios: 1, android: 2 }, zombie: true, custom: { sale: 'off' } };
  await switches.apply('applied', 3, set);
  expect(await switches.read('applied', { consistent: true })).toEqual({
    ...common,
    ...set,
    launchId: 'applied',
    halted: false,
    haltEpoch: 0,
    seq: 3,
  });
  expect(await switches.noteHead('applied', { seq: 3, hash: 'c' })).toBe(true);
  expect(await switches.noteHead('applied', { seq: 3, hash: 'd' })).toBe(false);
  expect(await switches.noteHead('applied', { seq: 10, hash: 'j' })).toBe(true);
  expect(await switches.read('applied', { consistent: true })).toMatchObject({ seq: 3, head: { seq: 10, hash: 'j' } });
});

test(
  'a read without an answer is given up, connection and all, before the next poll but one',
  secondTry(A_WAIT),
  async () => {
    let closed: () => void;
    const aborted = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const silent = createServer((request) => {
      request.socket.once('close', () => closed());
    });
    await new Promise<void>((resolve) => {
      silent.listen(0, '127.0.0.1', resolve);
    });
    const cloud = createCloud({
      ...local.config,
      endpoint: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
    });
    const startedAtMs = performance.now();
    await expect(cloud.switches.read('x')).rejects.toThrow();
    expect(performance.now() - startedAtMs).toBeLessThan(700);
    await aborted;
    cloud.close();
    silent.close();
  },
);

test(
  'a press outlasts one read that is lost and reads that are all slow, and is over in its time',
  secondTry(A_WAIT),
  async () => {
    await switches.halt('patient');
    const storeWith = (fault: Fault) => {
      const clients = createClients(local.config);
      withFault(clients.dynamo, fault);
      return createSwitchStore({ reads: clients.switchReads, writes: clients.dynamo, table: 'gobutton-switches' });
    };
    const slow = storeWith(async (send) => {
      await sleep(350);
      return send();
    });
    expect(await slow.readWithin('patient', 1_500)).toMatchObject({ halted: true });
    const loses = storeWith(async (send, { nth }) => (nth === 1 ? Promise.withResolvers<never>().promise : send()));
    const startedAtMs = performance.now();
    expect(await loses.readWithin('patient', 1_500)).toMatchObject({ halted: true });
    expect(performance.now() - startedAtMs).toBeLessThan(900);
    const silent = storeWith(() => Promise.withResolvers<never>().promise);
    await expect(silent.readWithin('patient', 700)).rejects.toMatchObject({ code: 'SWITCHES_UNAVAILABLE' });
    expect(performance.now() - startedAtMs).toBeLessThan(2_500);
  },
);
