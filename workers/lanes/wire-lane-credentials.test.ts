import { pino } from 'pino';
import { afterEach, expect, test, vi } from 'vitest';
import { fixedCredential } from '../credentials/fixed-for-tests.ts';
import type { LaneJob } from './lane.ts';
import { answer, startPeer } from './peer-for-tests.ts';
import type { TestRequest } from './peer-for-tests.ts';
import { apnsProvider, fcmProvider } from './provider.ts';
import type { Provider } from './provider.ts';
import { WireLane } from './wire-lane.ts';

/* What becomes of connections and devices when a credential ends, is refused, or is replaced at a bad moment. */

const MINUTE_MS = 60_000;
const said: { msg: string; refusal?: string }[] = [];
const log = pino({ level: 'warn' }, { write: (line: string) => said.push(JSON.parse(line) as (typeof said)[number]) });
const cleanup: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of cleanup.splice(0).toReversed()) await stop();
  said.length = 0;
});

interface Setup {
  provider?: Provider;
  connections?: number;
  mayPrime?: () => boolean;
  onRequest: (request: TestRequest) => void;
}

/** A lane whose connections are primed under `bearer token-1`. */
async function setUp({ provider = apnsProvider(), connections = 1, mayPrime = () => true, onRequest }: Setup) {
  const peer = await startPeer({ streams: 10, onRequest });
  cleanup.push(() => peer.stop());
  const credential = fixedCredential();
  const lane = new WireLane({
    provider,
    url: peer.url,
    ca: peer.ca,
    connections,
    credential,
    prime: { headers: {}, body: Buffer.from('{"data":{"for":"staff"}}') },
    mayPrime: async (_token, isRenewal) => Promise.resolve(!isRenewal || mayPrime()),
    log,
    renewEveryMs: 2,
  });
  cleanup.push(() => lane.close());
  await lane.open(new AbortController().signal);
  await lane.prime([{ token: 'staff' }], new AbortController().signal);
  expect(lane.status().primed).toBe(connections);
  const shot = lane.prepare([{ headers: {}, body: Buffer.from('{"data":{"for":"all"}}') }]);
  const send = async (count = 20): Promise<string[]> => {
    const outcomes: string[] = [];
    const job: LaneJob = {
      count,
      token: (index) => `device${index}`,
      template: () => 0,
      stop: () => null,
      settle: (_index, outcome) => outcomes.push(outcome.state),
    };
    await lane.send(shot, job);
    return [...new Set(outcomes)];
  };
  return { peer, lane, credential, send };
}

const credentialOf = ({ headers }: TestRequest): string => String(headers['authorization']);
const isReal = ({ body }: TestRequest): boolean => body.includes('"all"');
/** Dozens of rounds of the renewal, and the sweeps that look for dead credentials. */
const aWhile = () =>
  new Promise((resolve) => {
    setTimeout(resolve, 150);
  });

test('under a credential in its last minute nothing is written; it goes out when there is another one', async () => {
  const seen: string[] = [];
  const { peer, lane, credential, send } = await setUp({
    connections: 2,
    onRequest: (request) => {
      if (isReal(request)) seen.push(credentialOf(request));
      answer(request);
    },
  });
  const before = [...peer.sessions];
  credential.aheadMs = 58 * MINUTE_MS;
  await aWhile();
  expect(await send()).toEqual(['accepted']);
  expect(seen.splice(0)).toContain('bearer token-1');
  credential.aheadMs = 59.5 * MINUTE_MS;
  await vi.waitFor(() => expect(lane.status().streams).toBe(0));
  const sent = send();
  await aWhile();
  // Another connection would be no better as long as there is no other credential.
  expect([seen, [...peer.sessions]]).toEqual([[], before]);
  credential.next();
  expect(await sent).toEqual(['accepted']);
  expect(new Set(seen)).toEqual(new Set(['bearer token-2']));
  await vi.waitFor(() =>
    expect([
      lane.status().streams > 0,
      peer.sessions.size,
      before.some((session) => peer.sessions.has(session)),
    ]).toEqual([true, 2, false]),
  );
});

test.each<[string, Provider, number, object]>([
  ['InvalidProviderToken', apnsProvider(), 403, { reason: 'InvalidProviderToken' }],
  // This one leaves the connection open.
  ['PERMISSION_DENIED', fcmProvider('project'), 403, { error: { status: 'PERMISSION_DENIED' } }],
])(
  '%s: a new credential that is refused is given to no connection: they send under the old one, and the status names the reason until it is taken',
  async (reason, provider, status, body) => {
    let refused = true;
    let trials = 0;
    const seen: string[] = [];
    const { peer, lane, credential, send } = await setUp({
      provider,
      connections: 2,
      onRequest: (request) => {
        if (isReal(request)) seen.push(credentialOf(request));
        else if (credentialOf(request) === 'bearer token-2') trials += 1;
        if (refused && credentialOf(request) === 'bearer token-2') answer(request, status, body);
        else answer(request);
      },
    });
    const before = [...peer.sessions];
    credential.next();
    await vi.waitFor(() => expect(lane.status()).toMatchObject({ refusal: reason, primed: 2 }));
    expect(said).toContainEqual(expect.objectContaining({ refusal: reason }));
    expect(await send()).toEqual(['accepted']);
    // Also when the old one has little time left.
    credential.aheadMs = 50 * MINUTE_MS;
    await aWhile();
    expect(await send()).toEqual(['accepted']);
    expect(new Set(seen)).toEqual(new Set(['bearer token-1']));
    // One after the other without a pause would look like an attack.
    expect([[...peer.sessions], trials]).toEqual([before, 2]);
    refused = false;
    credential.aheadMs += 11_000;
    await vi.waitFor(() => expect(lane.status()).toMatchObject({ refusal: null, primed: 2 }));
    await vi.waitFor(() =>
      expect([peer.sessions.size, before.some((session) => peer.sessions.has(session))]).toEqual([2, false]),
    );
    expect(await send()).toEqual(['accepted']);
    expect(seen.at(-1)).toBe('bearer token-2');
  },
);

test.each(['drains', 'is lost'])(
  'an old connection that %s while its successor is being primed is replaced once, not twice',
  async (how) => {
    const trials: TestRequest[] = [];
    const open: TestRequest[] = [];
    const { peer, lane, credential, send } = await setUp({
      onRequest: (request) => {
        if (isReal(request)) open.push(request);
        else if (credentialOf(request) === 'bearer token-2' && trials.length === 0) trials.push(request);
        else answer(request);
      },
    });
    const [old] = peer.sessions;
    // With something open a draining connection stays.
    const sent = send(5);
    await vi.waitFor(() => expect(open).toHaveLength(5));
    credential.next();
    await vi.waitFor(() => expect(trials).toHaveLength(1));
    if (how === 'drains') old?.close();
    else old?.destroy();
    await vi.waitFor(() => expect(peer.sessions.size).toBe(how === 'drains' ? 3 : 2));
    for (const trial of trials) answer(trial);
    await aWhile();
    for (const request of open.splice(0)) answer(request);
    expect(await sent).toEqual([how === 'drains' ? 'accepted' : 'uncertain']);
    await vi.waitFor(() => expect(peer.sessions.size).toBe(1));
    expect([trials[0]?.session.destroyed, lane.status().connections]).toEqual([true, 1]);
    await lane.prime([{ token: 'staff' }], new AbortController().signal);
    expect(lane.status()).toMatchObject({ primed: 1, streams: 10, refusal: null });
  },
);

test('an order that comes while connections are being moved stops the moving where it is, and it goes on afterwards', async () => {
  let trials = 0;
  let freeze = (): void => undefined;
  const { lane, credential } = await setUp({
    connections: 5,
    onRequest: (request) => {
      if (credentialOf(request) === 'bearer token-2') {
        trials += 1;
        freeze();
      }
      answer(request);
    },
  });
  freeze = () => lane.freezeCredential(true);
  credential.next();
  await vi.waitFor(() => expect(trials).toBe(1));
  await aWhile();
  expect([trials, lane.status().primed]).toEqual([1, 5]);
  freeze = () => undefined;
  lane.freezeCredential(false);
  await vi.waitFor(() => expect(trials).toBe(5));
  await vi.waitFor(() => expect(lane.status()).toMatchObject({ primed: 5, streams: 50 }));
});

test('a ration that is used up is asked for once a minute, not at every turn', async () => {
  let asked = 0;
  const { credential } = await setUp({
    onRequest: (request) => answer(request),
    mayPrime: () => {
      asked += 1;
      return false;
    },
  });
  credential.next();
  await aWhile();
  expect(asked).toBe(1);
  credential.aheadMs = 61_000;
  await aWhile();
  expect(asked).toBe(2);
});

test('a ration that cannot be asked for leaves connections where they are, but not under a credential that is dying', async () => {
  const trials: string[] = [];
  const { peer, lane, credential, send } = await setUp({
    connections: 2,
    onRequest: (request) => {
      if (!isReal(request)) trials.push(credentialOf(request));
      answer(request);
    },
    mayPrime: () => {
      throw new Error('store is away');
    },
  });
  const before = [...peer.sessions];
  trials.length = 0;
  credential.next();
  await vi.waitFor(() =>
    expect(said.map(({ msg }) => msg)).toContain(
      'a connection could not be moved to the new credential; it is tried again',
    ),
  );
  await aWhile();
  expect([...peer.sessions]).toEqual(before);
  credential.aheadMs = 46 * MINUTE_MS;
  await vi.waitFor(() =>
    expect([peer.sessions.size, before.some((session) => peer.sessions.has(session)), lane.status().streams]).toEqual([
      2,
      false,
      2,
    ]),
  );
  expect([trials, await send()]).toEqual([[], ['accepted']]);
});
