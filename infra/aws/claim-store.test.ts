import { afterAll, beforeAll, expect, test } from 'vitest';
import { localCloudForTests } from '../local/cloud/for-tests.ts';
import { type ClaimStore, createClaimStore } from './claim-store.ts';
import { createClients } from './clients.ts';
import { createCloud } from './create-cloud.ts';
import { type Fault, loseAnswers, loseRequests, withFault } from './faults-for-tests.ts';

let local: Awaited<ReturnType<typeof localCloudForTests>>;
let claims: ClaimStore;
beforeAll(async () => {
  local = await localCloudForTests();
  claims = local.cloud.claims;
});
afterAll(async () => { await local.stop(); });

const holder = (token: string) => ({ bootId: 'boot', token, claimedAtMs: 1_000, sendUntilMs: 6_000 });
const accepted = { states: Uint8Array.of(1, 2, 3), reasons: {} };
const uncertain = { states: Uint8Array.of(9), reasons: { timeout: 1 } };

function claimsWith(fault: Fault): ClaimStore {
  const clients = createClients(local.config);
  withFault(clients.dynamo, fault);
  return createClaimStore({ dynamo: clients.dynamo, table: 'gobutton-claims' });
}

test('of fifty claims to one batch exactly one wins, and the others see its holder', async () => {
  const instances = Array.from({ length: 5 }, () => createCloud(local.config));
  const results = await Promise.all(Array.from({ length: 50 }, async (_, at) => instances[at % 5]?.claims.claim('race', holder(`t${at}`))));
  expect(results.filter((result) => result?.won === true)).toHaveLength(1);
  const winner = `t${results.findIndex((result) => result?.won === true)}`;
  for (const result of results) if (result?.won === false) expect(result.holder).toMatchObject({ token: winner, state: 'claimed', sendUntilMs: 6_000, account: null });
  for (const instance of instances) instance.close();
});

test('a claim whose answers are lost is ours', async () => {
  expect(await claimsWith(loseAnswers('PutItemCommand', 1)).claim('lost-1', holder('mine'))).toEqual({ won: true });
  expect(await claimsWith(loseAnswers('PutItemCommand', 3)).claim('lost-3', holder('mine'))).toEqual({ won: true });
});

test('a claim that never arrives rejects', async () => {
  await expect(claimsWith(loseRequests('PutItemCommand', 3)).claim('gone', holder('mine'))).rejects.toMatchObject({ code: 'CLAIMS_UNAVAILABLE' });
});

test('when sixty claims lose their first two tries together, each still gets its third', async () => {
  const stalled = claimsWith(async (send, call) => {
    const key = (call.input as { Item?: { k: { S: string } } }).Item?.k.S ?? '';
    tries.set(key, (tries.get(key) ?? 0) + 1);
    if ((tries.get(key) ?? 0) <= 2) throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    return send();
  });
  const tries = new Map<string, number>();
  const results = await Promise.all(Array.from({ length: 60 }, (_, at) => stalled.claim(`stall/${at}`, holder('mine'))));
  expect(results.every((result) => result.won)).toBe(true);
});

test('only the token of the claim can account, and only once', async () => {
  await claims.claim('acc', holder('mine'));
  expect(await claims.account('acc', 'other', accepted)).toEqual({ ok: false });
  expect(await claims.account('acc', 'mine', accepted)).toEqual({ ok: true, wasClosed: null });
  // The same account again is the same success; a different one is none.
  expect(await claims.account('acc', 'mine', accepted)).toEqual({ ok: true, wasClosed: null });
  expect(await claims.account('acc', 'mine', uncertain)).toEqual({ ok: false });
  expect((await claims.read(['acc'], true)).get('acc')).toMatchObject({ state: 'accounted', account: accepted });
});

test('an account whose answer is lost is a success', async () => {
  await claims.claim('acc-lost', holder('mine'));
  expect(await claimsWith(loseAnswers('UpdateItemCommand', 3)).account('acc-lost', 'mine', accepted)).toEqual({ ok: true, wasClosed: null });
});

test('an account after a close tells what the closer had written, also when its answer is lost', async () => {
  await claims.claim('late', holder('mine'));
  expect(await claims.close('late', uncertain, 'claimed')).toEqual({ won: true });
  expect(await claimsWith(loseAnswers('UpdateItemCommand', 1)).account('late', 'mine', accepted)).toEqual({ ok: true, wasClosed: uncertain });
  expect((await claims.read(['late'], true)).get('late')).toMatchObject({ state: 'accounted', account: accepted });
});

test('a closed batch that nobody had claimed can neither be claimed nor accounted for', async () => {
  expect(await claims.close('never', uncertain, 'unclaimed')).toEqual({ won: true });
  expect(await claims.claim('never', holder('mine'))).toMatchObject({ won: false, holder: { state: 'closed', account: uncertain } });
  expect(await claims.account('never', 'mine', accepted)).toEqual({ ok: false });
});

test('a close meets what it expected or leaves it alone', async () => {
  await claims.claim('meanwhile', holder('mine'));
  expect(await claims.close('meanwhile', uncertain, 'unclaimed')).toMatchObject({ won: false, claim: { state: 'claimed', token: 'mine' } });
  await claims.account('meanwhile', 'mine', accepted);
  expect(await claims.close('meanwhile', uncertain, 'claimed')).toMatchObject({ won: false, claim: { state: 'accounted', account: accepted } });
  expect(await claims.close('meanwhile', uncertain)).toMatchObject({ won: false, claim: { state: 'accounted' } });
});

test('of ten closers one wins, and one whose answer is lost knows its own write', async () => {
  const results = await Promise.all(Array.from({ length: 10 }, () => claims.close('closers', uncertain)));
  expect(results.filter((result) => result.won)).toHaveLength(1);
  expect(await claimsWith(loseAnswers('UpdateItemCommand', 3)).close('closer-lost', uncertain)).toEqual({ won: true });
});

test('any number of keys is read, doubles and strangers included', async () => {
  const keys = Array.from({ length: 230 }, (_, at) => `many/${at}`);
  for (let at = 0; at < keys.length; at += 40) await Promise.all(keys.slice(at, at + 40).map((key) => claims.claim(key, holder(key))));
  const found = await claims.read([...keys, ...keys, 'nobody'], true);
  expect(found.size).toBe(230);
  expect(found.get('many/229')?.token).toBe('many/229');
});

test('keys that DynamoDB leaves unprocessed are asked for again', async () => {
  const keys = ['un/1', 'un/2', 'un/3'];
  await Promise.all(keys.map((key) => claims.claim(key, holder(key))));
  const thrifty = claimsWith(async (send, call) => {
    if (call.command !== 'BatchGetItemCommand' || call.nth > 1) return send();
    const answer = await send();
    const output = answer.output as { Responses: Record<string, { k: { S: string } }[]>; UnprocessedKeys: unknown };
    const items = output.Responses['gobutton-claims'] ?? [];
    const left = items.splice(1);
    output.UnprocessedKeys = { 'gobutton-claims': { Keys: left.map((item) => ({ k: item.k })), ConsistentRead: true } };
    return answer;
  });
  expect((await thrifty.read(keys, true)).size).toBe(3);
});
