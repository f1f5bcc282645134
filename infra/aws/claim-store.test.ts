import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MemoryClaims } from '../../test/memory-claims.ts';
import { localCloudForTests } from '../local/cloud/for-tests.ts';
import type { Claim, Holder } from './claim-item.ts';
import { createClaimStore } from './claim-store.ts';
import type { ClaimStore } from './claim-store.ts';
import { createClients } from './clients.ts';
import type { CloudConfig } from './cloud-config.ts';
import { faultProxy, loseAnswersOf, loseRequestsOf } from './fault-proxy-for-tests.ts';
import type { WireFault } from './fault-proxy-for-tests.ts';

let local: Awaited<ReturnType<typeof localCloudForTests>>;
let claims: ClaimStore;
let claimsBySdk: ClaimStore;
const stops: (() => unknown)[] = [];
beforeAll(async () => {
  local = await localCloudForTests();
  claims = local.cloud.claims;
  claimsBySdk = storeOn({ ...local.config, calls: 'sdk' });
});
afterAll(async () => {
  for (const stop of stops) await stop();
  await local.stop();
});

function storeOn(config: CloudConfig): ClaimStore {
  const clients = createClients(config);
  stops.push(() => clients.destroy());
  return createClaimStore({ calls: clients.dynamoCalls, table: 'gobutton-claims' });
}

const holder = (token: string, mark?: number): Holder => ({
  bootId: `boot of ${token}`,
  token,
  claimedAtMs: 1_000,
  sendUntilMs: 6_000,
  ...(mark === undefined ? {} : { mark }),
});
const accepted = { states: Uint8Array.of(1, 2, 3), reasons: {}, goneAt: Uint8Array.of(7, 8) };
const uncertain = { states: Uint8Array.of(9), reasons: { timeout: 1 } };

const memory = new MemoryClaims();

/** What searches and tests build on in memory must be what DynamoDB does. */
describe.each<[string, () => ClaimStore]>([
  ['DynamoDB', () => claims],
  ['DynamoDB, called by the SDK', () => claimsBySdk],
  ['memory', () => memory],
])('the contract of claims, kept by %s', (name, store) => {
  let turn = 0;
  const newKey = () => `${name}/${(turn += 1)}`;
  const standing = async (key: string): Promise<Claim> => {
    const claim = (await store().read([key], true)).get(key);
    if (claim === undefined) throw new Error('it is not there');
    return claim;
  };
  const claimed = async (token: string, mark?: number): Promise<{ key: string; seen: Claim }> => {
    const key = newKey();
    expect(await store().claim(key, holder(token, mark))).toMatchObject({ won: true });
    return { key, seen: await standing(key) };
  };

  test('of fifty claims to one batch exactly one wins, and the others see its holder', async () => {
    const key = newKey();
    const results = await Promise.all(Array.from({ length: 50 }, (_, at) => store().claim(key, holder(`t${at}`))));
    expect(results.filter(({ won }) => won)).toHaveLength(1);
    const winner = `t${results.findIndex(({ won }) => won)}`;
    for (const result of results)
      if (!result.won)
        expect(result.holder).toMatchObject({
          token: winner,
          state: 'claimed',
          sendUntilMs: 6_000,
          mark: Number.POSITIVE_INFINITY,
          account: null,
          parts: [],
        });
    expect(await store().claim(key, holder(winner))).toMatchObject({ won: true, claim: { sendUntilMs: 6_000 } });
  });

  test('only the token of the claim can account, and only once', async () => {
    const { key } = await claimed('mine');
    expect(await store().account(key, 'other', accepted)).toEqual({ ok: false });
    expect(await store().account(key, 'mine', accepted)).toEqual({ ok: true, wasClosed: null, holder: 1 });
    // The same account again is the same success; a different one is none.
    expect(await store().account(key, 'mine', accepted)).toEqual({ ok: true, wasClosed: null, holder: 1 });
    expect(await store().account(key, 'mine', uncertain)).toEqual({ ok: false });
    expect(await standing(key)).toMatchObject({ state: 'accounted', account: accepted, closedAccount: null });
  });

  test('accounts that differ only in since when tokens are gone are two', async () => {
    const { states, reasons } = accepted;
    const others = [
      { states, reasons },
      { ...accepted, goneAt: Uint8Array.of(7) },
    ];
    const { key } = await claimed('mine');
    await store().account(key, 'mine', accepted);
    for (const other of others) expect(await store().account(key, 'mine', other)).toEqual({ ok: false });
    const over = await claimed('old', 2);
    await store().takeOver(over.key, over.seen, uncertain, holder('new'));
    await store().account(over.key, 'old', { states, reasons });
    expect(await store().account(over.key, 'old', accepted)).toEqual({ ok: false });
    expect((await standing(over.key)).parts[0]?.account).toEqual({ states, reasons });
    expect(await store().account(over.key, 'new', { states, reasons })).toMatchObject({ ok: true });
    expect((await standing(over.key)).account).toEqual({ states, reasons });
  });

  test('a lease grows for its holder alone, and while it holds', async () => {
    const { key } = await claimed('mine', 2);
    expect(await store().renew(key, 'mine', { sendUntilMs: 9_000, mark: 3 })).toBe(true);
    expect(await store().renew(key, 'other', { sendUntilMs: 10_000, mark: 3 })).toBe(false);
    expect(await standing(key)).toMatchObject({ sendUntilMs: 9_000, mark: 3, state: 'claimed' });
    expect(await store().renew(key, 'mine', { sendUntilMs: 9_500, mark: Number.POSITIVE_INFINITY })).toBe(true);
    expect(await standing(key)).toMatchObject({ sendUntilMs: 9_500, mark: Number.POSITIVE_INFINITY });
    await store().account(key, 'mine', accepted);
    expect(await store().renew(key, 'mine', { sendUntilMs: 12_000, mark: 3 })).toBe(false);
  });

  test('a renewal that comes through after a later one shortens nothing', async () => {
    const { key } = await claimed('mine', 2);
    await store().renew(key, 'mine', { sendUntilMs: 9_000, mark: 5 });
    for (const late of [
      { sendUntilMs: 8_000, mark: 5 },
      { sendUntilMs: 9_000, mark: 4 },
    ])
      expect(await store().renew(key, 'mine', late)).toBe(false);
    expect(await standing(key)).toMatchObject({ sendUntilMs: 9_000, mark: 5 });
    expect(await store().renew(key, 'mine', { sendUntilMs: 9_000, mark: Number.POSITIVE_INFINITY })).toBe(true);
    expect(await store().renew(key, 'mine', { sendUntilMs: 9_000, mark: 5 })).toBe(false);
    expect(await standing(key)).toMatchObject({ mark: Number.POSITIVE_INFINITY });
  });

  test('what was handed on twice is not what it was after the first time, though both leases ended with the window', async () => {
    const { key } = await claimed('first');
    await store().handOn(key, 'first', accepted);
    const open = await standing(key);
    await store().takeOver(key, open, null, holder('second'));
    await store().handOn(key, 'second', uncertain);
    expect(await store().takeOver(key, open, null, holder('third'))).toMatchObject({ won: false });
    expect(await store().close(key, uncertain, open)).toMatchObject({ won: false });
    expect(await standing(key)).toMatchObject({ state: 'open', parts: [{ token: 'first' }, { token: 'second' }] });
  });

  test("a batch that is taken over belongs to the new holder, and the old one's account is a late one", async () => {
    const { key, seen } = await claimed('old', 2);
    expect(await store().takeOver(key, seen, uncertain, holder('new'))).toMatchObject({
      won: true,
      claim: { sendUntilMs: 6_000, parts: [{ token: 'old' }] },
    });
    // Its own answer was lost: the same again is the same success.
    expect(await store().takeOver(key, seen, uncertain, { ...holder('new'), sendUntilMs: 8_000 })).toMatchObject({
      won: true,
      claim: { sendUntilMs: 6_000, parts: [{ token: 'old' }] },
    });
    // So does a claim under the same token: its devices are those that the ones before have left.
    expect(await store().claim(key, holder('new'))).toMatchObject({
      won: true,
      claim: { parts: [{ closedAccount: uncertain }] },
    });
    expect(await store().takeOver(key, seen, uncertain, holder('third'))).toMatchObject({
      won: false,
      claim: { token: 'new' },
    });
    expect(await standing(key)).toMatchObject({
      state: 'claimed',
      token: 'new',
      bootId: 'boot of new',
      parts: [{ token: 'old', bootId: 'boot of old', account: null, closedAccount: uncertain }],
    });
    expect(await store().renew(key, 'old', { sendUntilMs: 9_000, mark: 9 })).toBe(false);
    expect(await store().handOn(key, 'old', accepted)).toBe(false);
    expect(await store().account(key, 'old', accepted)).toEqual({ ok: true, wasClosed: uncertain, holder: 1 });
    expect(await store().account(key, 'old', accepted)).toEqual({ ok: true, wasClosed: uncertain, holder: 1 });
    expect(await store().account(key, 'old', uncertain)).toEqual({ ok: false });
    expect(await store().account(key, 'new', accepted)).toEqual({ ok: true, wasClosed: null, holder: 2 });
    expect(await standing(key)).toMatchObject({
      state: 'accounted',
      account: accepted,
      parts: [{ account: accepted, closedAccount: uncertain }],
    });
  });

  test.each<[string, (key: string) => Promise<unknown>]>([
    ['its lease has grown', (key) => store().renew(key, 'old', { sendUntilMs: 7_000, mark: 2 })],
    ['its mark has risen', (key) => store().renew(key, 'old', { sendUntilMs: 6_000, mark: 3 })],
    ['it is accounted for', (key) => store().account(key, 'old', accepted)],
    ['it was handed on', (key) => store().handOn(key, 'old', accepted)],
  ])('nobody takes over or closes what is not as it was seen: %s', async (_what, happen) => {
    const { key, seen } = await claimed('old', 2);
    await happen(key);
    expect(await store().takeOver(key, seen, uncertain, holder('new'))).toMatchObject({ won: false });
    expect(await store().close(key, uncertain, seen)).toMatchObject({ won: false });
    expect((await standing(key)).token).not.toBe('new');
  });

  test('what is handed on is open to one other holder, or to a closer', async () => {
    const { key } = await claimed('first', 2);
    expect(await store().handOn(key, 'first', accepted)).toBe(true);
    expect(await store().handOn(key, 'first', accepted)).toBe(true);
    const open = await standing(key);
    expect(open).toMatchObject({
      state: 'open',
      token: '',
      parts: [{ token: 'first', account: accepted, closedAccount: null }],
    });
    expect(await store().claim(key, holder('second'))).toMatchObject({ won: false, holder: { state: 'open' } });
    const results = await Promise.all(
      ['second', 'third'].map((token) => store().takeOver(key, open, null, holder(token))),
    );
    expect(results.filter(({ won }) => won)).toHaveLength(1);
    expect((await standing(key)).parts).toHaveLength(1);

    const other = await claimed('first', 2);
    await store().handOn(other.key, 'first', accepted);
    const left = await standing(other.key);
    expect(await store().close(other.key, uncertain, left)).toEqual({ won: true });
    expect(await store().takeOver(other.key, left, null, holder('late'))).toMatchObject({
      won: false,
      claim: { state: 'closed' },
    });
    expect(await standing(other.key)).toMatchObject({
      state: 'closed',
      account: uncertain,
      closedAccount: uncertain,
      parts: [{ account: accepted }],
    });
  });

  test('an account after a close tells what the closer had written', async () => {
    const { key, seen } = await claimed('mine');
    expect(await store().close(key, uncertain, seen)).toEqual({ won: true });
    expect(await store().account(key, 'mine', accepted)).toEqual({ ok: true, wasClosed: uncertain, holder: 1 });
    expect(await standing(key)).toMatchObject({ state: 'accounted', account: accepted, closedAccount: uncertain });
  });

  test('a closed batch that nobody had claimed can neither be claimed nor accounted for', async () => {
    const key = newKey();
    expect(await store().close(key, uncertain, null)).toEqual({ won: true });
    expect(await store().claim(key, holder('mine'))).toMatchObject({
      won: false,
      holder: { state: 'closed', account: uncertain },
    });
    expect(await store().account(key, 'mine', accepted)).toEqual({ ok: false });
    expect(await store().close(key, uncertain, null)).toMatchObject({ won: false, claim: { state: 'closed' } });
  });

  test('a close meets what it expected or leaves it alone', async () => {
    const { key, seen } = await claimed('mine');
    expect(await store().close(key, uncertain, null)).toMatchObject({
      won: false,
      claim: { state: 'claimed', token: 'mine' },
    });
    const results = await Promise.all(Array.from({ length: 10 }, () => store().close(key, uncertain, seen)));
    expect(results.filter(({ won }) => won)).toHaveLength(1);
  });

  test('any number of keys is read, doubles and strangers included', async () => {
    const keys = Array.from({ length: 230 }, newKey);
    for (let at = 0; at < keys.length; at += 40)
      await Promise.all(keys.slice(at, at + 40).map((key) => store().claim(key, holder(key))));
    const found = await store().read([...keys, ...keys, 'nobody'], true);
    expect(found.size).toBe(230);
    expect(found.get(keys[229] ?? '')?.token).toBe(keys[229]);
  });
});

test('claims from before leases are understood: no mark is all of the batch, and they are taken over like others', async () => {
  await putOld('old-claim', { state: { S: 'claimed' } });
  const seen = (await claims.read(['old-claim'], true)).get('old-claim');
  expect(seen).toMatchObject({ state: 'claimed', token: 'old', mark: Number.POSITIVE_INFINITY, parts: [] });
  if (seen === undefined) return;
  expect(await claims.takeOver('old-claim', seen, uncertain, holder('new'))).toMatchObject({ won: true });
  await putOld('old-closed', {
    state: { S: 'accounted' },
    states: { B: accepted.states },
    reasons: { S: '{}' },
    closedStates: { B: uncertain.states },
    closedReasons: { S: '{"timeout":1}' },
  });
  expect((await claims.read(['old-closed'], true)).get('old-closed')).toMatchObject({
    state: 'accounted',
    account: { states: accepted.states, reasons: {} },
    closedAccount: uncertain,
    parts: [],
  });
  expect((await claims.read(['old-closed'], true)).get('old-closed')?.account).not.toHaveProperty('goneAt');
});

test("a claim that a newer version wrote is named, and is nobody's to take or to close", async () => {
  await putOld('newer', { state: { S: 'sealed' } });
  const named = {
    code: 'CLAIM_UNKNOWN',
    message: expect.stringMatching(/newer has state "sealed", and this version .* Update this process/) as string,
  };
  await expect(claims.read(['newer'], true)).rejects.toMatchObject(named);
  await expect(claims.claim('newer', holder('mine'))).rejects.toMatchObject(named);
});

async function putOld(key: string, more: Record<string, AttributeValue>): Promise<void> {
  const item = {
    k: { S: key },
    bootId: { S: 'b' },
    token: { S: 'old' },
    claimedAtMs: { N: '1' },
    sendUntilMs: { N: '2' },
    ...more,
  };
  await createClients(local.config).dynamo.send(new PutItemCommand({ TableName: 'gobutton-claims', Item: item }));
}

describe.each(['direct', 'sdk'] as const)('claims on a network that loses things, calls made %s', (way) => {
  const at = (name: string) => `${way}/${name}`;
  async function claimsWith(fault: WireFault): Promise<ClaimStore> {
    const proxy = await faultProxy(local.config, fault);
    stops.push(() => proxy.stop());
    return storeOn({ ...proxy.config, calls: way });
  }

  test("a lost answer is told from somebody else's write at every step", async () => {
    const seenOf = async (key: string): Promise<Claim> => {
      await claims.claim(key, holder('mine', 2));
      const claim = (await claims.read([key], true)).get(key);
      if (claim === undefined) throw new Error('it is not there');
      return claim;
    };
    const losing = () => claimsWith(loseAnswersOf('UpdateItem', 3));
    expect(
      await (await losing()).takeOver(at('lost/over'), await seenOf(at('lost/over')), uncertain, holder('new')),
    ).toMatchObject({ won: true, claim: { parts: [{ token: 'mine' }] } });
    await seenOf(at('lost/on'));
    expect(await (await losing()).handOn(at('lost/on'), 'mine', accepted)).toBe(true);
    expect(await (await losing()).close(at('lost/close'), uncertain, await seenOf(at('lost/close')))).toEqual({
      won: true,
    });
    await claims.takeOver(at('lost/part'), await seenOf(at('lost/part')), uncertain, holder('new'));
    expect(await (await losing()).account(at('lost/part'), 'mine', accepted)).toEqual({
      ok: true,
      wasClosed: uncertain,
      holder: 1,
    });
    // Whether a renewal is in must be known: the holder would write by it.
    await seenOf(at('lost/renew'));
    await expect(
      (await losing()).renew(at('lost/renew'), 'mine', { sendUntilMs: 9_000, mark: 3 }),
    ).rejects.toMatchObject({ code: 'CLAIMS_UNAVAILABLE' });
    const gone = await claimsWith(loseRequestsOf('UpdateItem', 3));
    await expect(gone.handOn(at('lost/renew'), 'mine', accepted)).rejects.toMatchObject({ code: 'CLAIMS_UNAVAILABLE' });
  });

  test('a claim whose answers are lost is ours', async () => {
    expect(await (await claimsWith(loseAnswersOf('PutItem', 1))).claim(at('lost-1'), holder('mine'))).toMatchObject({
      won: true,
    });
    expect(await (await claimsWith(loseAnswersOf('PutItem', 3))).claim(at('lost-3'), holder('mine'))).toMatchObject({
      won: true,
    });
  });

  test('a claim that never arrives rejects', async () => {
    await expect(
      (await claimsWith(loseRequestsOf('PutItem', 3))).claim(at('gone'), holder('mine')),
    ).rejects.toMatchObject({ code: 'CLAIMS_UNAVAILABLE' });
  });

  test('when sixty claims lose their first two tries together, each still gets its third', async () => {
    const tries = new Map<string, number>();
    const stalled = await claimsWith(({ input }) => {
      const key = (input as { Item?: { k: { S: string } } }).Item?.k.S ?? '';
      tries.set(key, (tries.get(key) ?? 0) + 1);
      return (tries.get(key) ?? 0) <= 2 ? 'lose-request' : 'pass';
    });
    const results = await Promise.all(
      Array.from({ length: 60 }, (_, index) => stalled.claim(at(`stall/${index}`), holder('mine'))),
    );
    expect(results.every((result) => result.won)).toBe(true);
  });

  test('an account whose answer is lost is a success', async () => {
    await claims.claim(at('acc-lost'), holder('mine'));
    expect(await (await claimsWith(loseAnswersOf('UpdateItem', 3))).account(at('acc-lost'), 'mine', accepted)).toEqual({
      ok: true,
      wasClosed: null,
      holder: 1,
    });
  });

  test('keys that DynamoDB leaves unprocessed are asked for again', async () => {
    const keys = [at('un/1'), at('un/2'), at('un/3')];
    await Promise.all(keys.map((key) => claims.claim(key, holder(key))));
    const thrifty = await claimsWith(({ operation, nth }) =>
      operation !== 'BatchGetItem' || nth > 1
        ? 'pass'
        : {
            change(output: { Responses: Record<string, { k: { S: string } }[]>; UnprocessedKeys: unknown }) {
              const items = output.Responses['gobutton-claims'] ?? [];
              const left = items.splice(1);
              output.UnprocessedKeys = {
                'gobutton-claims': { Keys: left.map((item) => ({ k: item.k })), ConsistentRead: true },
              };
            },
          },
    );
    expect((await thrifty.read(keys, true)).size).toBe(3);
  });
});
