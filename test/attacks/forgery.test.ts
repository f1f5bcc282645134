import { sign } from 'node:crypto';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { createCloud } from '../../infra/aws/create-cloud.ts';
import { publicHalf, signerOf } from '../../infra/aws/keyring.ts';
import type { Signer } from '../../infra/aws/keyring.ts';
import { sha256 } from '../../infra/aws/sha256.ts';
import { decide } from '../../runbooks/launch/decide.ts';
import type { Entry, EntryOf, NewEntry, Via } from '../../runbooks/launch/entries.ts';
import { fold } from '../../runbooks/launch/evolve.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { proofText } from '../../runbooks/launch/proof.ts';
import { shownFor, shownHash } from '../../runbooks/launch/shown.ts';
import { Worker } from '../../workers/worker.ts';
import { BOT_KEY, testKey, WORKER_KEY } from '../keys.ts';
import { startStage } from '../worker-stage.ts';
import type { Stage, StagedLaunch } from '../worker-stage.ts';
import { decided, fireOf, TableWriter } from './table-writer.ts';

/**
 * What somebody can do who writes the record's table and the queues by hand: nothing. Every attack runs against a real worker
 * (dispatcher, sender, lanes) and real providers, which must not see a single push. The first test shows that the same
 * wake-ups send everything when two people have fired.
 */

let stage: Stage;
let writer: TableWriter;
let worker: Worker;
beforeAll(async () => {
  stage = await startStage();
});
afterEach(async () => {
  writer.stop();
  await stage.stopWorkers();
});
afterAll(async () => {
  await stage.stop();
});

const DEVICES = 300;
const ANA_KEY = testKey(11);
const MIA_KEY = testKey(12);
const operatorKeys = { ana: publicHalf(ANA_KEY), mia: publicHalf(MIA_KEY) };

async function target(): Promise<StagedLaunch> {
  const launch = await stage.newLaunch({ ios: DEVICES, android: 0, operatorKeys });
  writer = new TableWriter(stage, launch);
  worker = await launch.worker();
  return launch;
}

/** Wakes a worker for this shot in every way, waits until it has refused, and then a moment for whatever might still come. */
async function mustSendNothing(launch: StagedLaunch, shotId: string, why: RegExp): Promise<void> {
  await writer.wakeAll(shotId);
  await vi.waitFor(() => expect(worker.report().say).toMatch(why));
  await vi
    .waitFor(async () => expect((await stage.cloud.queues.depth(`${launch.pool}-batches-ios`)).visible).toBe(0))
    .catch(() => undefined);
  expect(launch.counts()).toMatchObject({ received: 0, distinctDevices: 0 });
}

/** Request and approval as the rules would give them on this record, in the names of Ana and Mia, with the given proofs. */
async function forgedFire(
  via: (
    who: 'ana' | 'mia',
    launch: Launch,
    order: { id: string; shown: EntryOf<'FireRequested'>['shown']; shownHash: string } | null,
  ) => Via,
): Promise<[NewEntry, (request: Entry) => NewEntry]> {
  const nowMs = Date.now();
  const launch = fold(await writer.read());
  if (launch === null) throw new Error('no launch');
  const asked = decide(
    launch,
    { kind: 'request-fire', by: 'ana', segments: ['ios'], measured: [], via: via('ana', launch, null), lift: false },
    { nowMs, sha256 },
  );
  if (!asked.ok) throw new Error(asked.say);
  return [
    asked.entry,
    (request) => {
      const after = fold([...entriesSeen, request]);
      if (after === null || request.kind !== 'FireRequested') throw new Error('no order');
      const order = { id: request.orderId, shown: request.shown, shownHash: request.shownHash };
      const approved = decide(
        after,
        {
          kind: 'approve-fire',
          by: 'mia',
          orderId: order.id,
          shownHash: order.shownHash,
          pressedAtMs: nowMs,
          measured: [],
          via: via('mia', after, order),
          observedHaltEpoch: 0,
          observedHalted: false,
        },
        { nowMs, sha256 },
      );
      if (!approved.ok) throw new Error(approved.say);
      return approved.entry;
    },
  ];
}
let entriesSeen: Entry[] = [];

/** Puts a forged fire at the end of the record; the shot's id. */
async function forge(requestSigner: Signer | null, approvalSigner: Signer | null = requestSigner): Promise<string> {
  entriesSeen = await writer.read();
  const [request, approve] = await forgedFire((who) => ({
    kind: 'slack',
    slackId: who === 'ana' ? 'U0ONCALL' : 'U0MARKET1',
  }));
  const put = await writer.append(request, requestSigner);
  const approval = approve(put);
  await writer.append(approval, approvalSigner);
  return approval.kind === 'FireApproved' ? approval.shotId : '';
}

test('the same wake-ups send everything once two people have fired', async () => {
  const launch = await target();
  const shot = await launch.fire({ wake: false });
  await writer.wakeAll(shot.id);
  await launch.closed(shot.id);
  expect(launch.counts()).toMatchObject({ received: DEVICES, duplicates: 0 });
});

test('a fire written without a key sends nothing', async () => {
  const launch = await target();
  await mustSendNothing(launch, await forge(null), /nobody has signed it/);
});

test("a fire signed with a key of the writer's own sends nothing", async () => {
  const launch = await target();
  await mustSendNothing(launch, await forge(signerOf(testKey(66))), /a key that this record does not know/);
});

test("a fire that names the bot's key without having it sends nothing", async () => {
  const launch = await target();
  const liar: Signer = { key: publicHalf(BOT_KEY), sign: (text) => signerOf(testKey(66)).sign(text) };
  await mustSendNothing(launch, await forge(liar), /its signature does not fit/);
});

test("a worker's key can't ask and can't approve", async () => {
  const asked = await target();
  await mustSendNothing(asked, await forge(signerOf(WORKER_KEY)), /a worker's key can't write FireRequested/);
  writer.stop();
  const approved = await target();
  await mustSendNothing(
    approved,
    await forge(signerOf(BOT_KEY), signerOf(WORKER_KEY)),
    /a worker's key can't write FireApproved/,
  );
});

test('entries that were signed in one launch are worth nothing in another', async () => {
  const other = await stage.newLaunch({ ios: DEVICES, android: 0, operatorKeys });
  await other.fire({ wake: false });
  const launch = await target();
  const { request, approval } = fireOf(await writer.read(other.id));
  await writer.put(request);
  await writer.put(approval);
  await mustSendNothing(launch, approval.shotId, /it belongs to/);
  writer.stop();
  const renamed = await target();
  for (const entry of [request, approval]) await writer.put({ ...entry, launchId: renamed.id });
  await mustSendNothing(renamed, approval.shotId, /does not chain|was changed/);
});

test.each([
  ["the writer's keys", false],
  ["the writer's keys until they are changed to the real ones", true],
])('a record whose first entry names %s sends nothing, however well it is signed', async (_, changesBack) => {
  const launch = await target();
  const own = signerOf(testKey(66));
  const real = (await writer.read())[0];
  await launch.fire({ wake: false });
  const { approval } = fireOf(await writer.read());
  await writer.rewrite(
    (entry) =>
      entry.kind === 'LaunchCreated'
        ? {
            ...decided(entry),
            keys: [
              { role: 'bot', key: own.key },
              { role: 'worker', key: publicHalf(WORKER_KEY) },
            ],
          }
        : decided(entry),
    own,
  );
  if (changesBack) {
    const nowMs = Date.now();
    const asked = await writer.append(
      {
        kind: 'KeyChangeRequested',
        changeId: `K${approval.seq + 1}`,
        keys: real?.kind === 'LaunchCreated' ? (real.keys ?? []) : [],
        reason: 'new keys',
        atMs: nowMs,
        by: { person: 'ana' },
      },
      own,
    );
    await writer.append({ kind: 'KeysChanged', changeId: `K${asked.seq}`, atMs: nowMs, by: { person: 'mia' } }, own);
  }
  // A worker that has read nothing yet waits for a record that it may believe.
  const config = launch.config();
  const fresh = new Worker({
    config,
    cloud: createCloud(config.cloud),
    log: pino({ level: 'silent' }),
    metricsLine: null,
  });
  void fresh.start();
  await writer.wakeAll(approval.shotId);
  await vi.waitFor(() => expect(fresh.report().say).toMatch(/not told to trust/));
  expect(fresh.isReady).toBe(false);
  expect(launch.counts()).toMatchObject({ received: 0 });
  await fresh.stop();
});

/** A shot that is closed, with its close cut off the record; the head was noted in the switch item. A worker that has read nothing of what is gone. */
async function cutShort(): Promise<{ launch: StagedLaunch; shotId: string }> {
  const launch = await target();
  await stage.stopWorkers();
  const shot = await launch.fire({ wake: false });
  const totals = { accepted: 0, failed: 0, uncertain: 0, halted: 0, late: DEVICES, skipped: 0, reasons: {} };
  const closed = await stage.journal.append(launch.id, {
    kind: 'close-shot',
    shotId: shot.id,
    cause: 'not-after',
    segments: [{ segment: 'ios', attempt: 1, devices: DEVICES, totals }],
  });
  if (!closed.ok) throw new Error(closed.say);
  expect(await stage.cloud.switches.noteHead(launch.id, closed.entry)).toBe(true);
  await writer.remove(closed.entry.seq);
  worker = await launch.worker();
  return { launch, shotId: shot.id };
}

test('a record whose tail was cut off sends nothing: its head was noted in the switch item', async () => {
  const { launch, shotId } = await cutShort();
  await mustSendNothing(launch, shotId, /the record was cut off: it ends at entry \d+/);
  // And one that has read it.
  await expect(stage.journal.launch(launch.id)).rejects.toMatchObject({ code: 'RECORD_BROKEN' });
});

test('nor is a batch sent by such a record, without any order', async () => {
  const { launch, shotId } = await cutShort();
  await writer.wakeBatches(shotId);
  await vi.waitFor(async () =>
    expect(await stage.cloud.queues.depth(`${launch.pool}-batches-ios`)).toMatchObject({ visible: 0, inFlight: 0 }),
  );
  expect(launch.counts()).toMatchObject({ received: 0 });
});

/** Nothing of it can have been signed by those who may: only they have the keys. */
test.each<[string, (entries: readonly Entry[]) => (Entry | object)[]]>([
  [
    'a hard gate made soft',
    (entries) =>
      entries.map((entry) =>
        entry.kind === 'LaunchCreated'
          ? { ...decided(entry), runbook: { ...entry.runbook, gates: [] } }
          : decided(entry),
      ),
  ],
  ['entries in another order, each as it was signed', (entries) => swapped(entries)],
  ['entries in another order, chained anew', (entries) => swapped(entries).map(decided)],
  ['an entry left out, the rest as it was signed', (entries) => entries.filter(({ kind }) => kind !== 'GateTicked')],
  ['an entry left out, chained anew', (entries) => entries.filter(({ kind }) => kind !== 'GateTicked').map(decided)],
])('a fired record with %s sends nothing', async (_, change) => {
  const launch = await target();
  await stage.stopWorkers();
  await launch.fire({ wake: false });
  const entries = await writer.read();
  const { approval } = fireOf(entries);
  await writer.replace(change(entries));
  // One that has read nothing of it before: it gets no further than to look.
  const config = launch.config();
  const fresh = new Worker({
    config,
    cloud: createCloud(config.cloud),
    log: pino({ level: 'silent' }),
    metricsLine: null,
  });
  void fresh.start();
  await writer.wakeAll(approval.shotId);
  await vi.waitFor(() => expect(fresh.report().say).toMatch(/RECORD_BROKEN|is broken at entry/));
  expect(fresh.isReady).toBe(false);
  expect(launch.counts()).toMatchObject({ received: 0 });
  await fresh.stop();
});

/** The tick of the gate goes behind the request, in whose place it stood. */
function swapped(entries: readonly Entry[]): Entry[] {
  const at = entries.findIndex(({ kind }) => kind === 'FireRequested');
  const [request, before] = [entries[at], entries[at - 1]];
  if (request === undefined || before === undefined) throw new Error('NO_REQUEST');
  return [...entries.slice(0, at - 1), request, before, ...entries.slice(at + 1)];
}

test("one person's own key can't be both people", async () => {
  const launch = await target();
  entriesSeen = await writer.read();
  const [ana, mia] = [signerOf(ANA_KEY), signerOf(MIA_KEY)];
  const proof = (
    who: 'ana' | 'mia',
    purpose: 'request' | 'approve',
    at: Launch,
    shown: EntryOf<'FireRequested'>['shown'],
    shownHash: string,
    orderId: string,
  ): Via => {
    const nowMs = Date.now();
    const fields = {
      purpose,
      launchId: at.id,
      orderId,
      segments: shown.segments,
      shownHash,
      notAfterMs: shown.notAfterMs,
      expiresAtMs: nowMs + 60_000,
      nonce: `${who}-${'n'.repeat(20)}`,
    };
    const key = who === 'ana' ? ANA_KEY : MIA_KEY;
    // Mia's signature is Ana's: she has no other key.
    return {
      kind: 'operator',
      publicKey: publicHalf(key),
      signature: sign(null, Buffer.from(proofText(fields)), ANA_KEY).toString('base64'),
      nonce: fields.nonce,
      signedAtMs: nowMs,
      expiresAtMs: fields.expiresAtMs,
    };
  };
  const [request, approve] = await forgedFire((who, at, order) => {
    const shown = order?.shown ?? shownFor(at, [{ segment: 'ios', attempt: 1 }]);
    return proof(
      who,
      order === null ? 'request' : 'approve',
      at,
      shown,
      order?.shownHash ?? shownHash(shown, sha256),
      order?.id ?? '',
    );
  });
  const put = await writer.append(request, ana);
  const approval = approve(put);
  if (approval.kind !== 'FireApproved') throw new Error('no approval');
  await writer.append(approval, ana);
  await mustSendNothing(launch, approval.shotId, /ana's own key in the name of somebody else/);
  expect(mia.key).not.toBe(ana.key);
});

test("one person's own key can't change the roster or press twice", async () => {
  const launch = await target();
  const ana = signerOf(ANA_KEY);
  const zed = {
    id: 'zed',
    name: 'Zed',
    roles: ['marketer'],
    slack: [],
    operator_keys: [publicHalf(testKey(77))],
    devices: [],
  };
  const before = fold(await writer.read());
  await writer.append(
    {
      kind: 'RosterChangeRequested',
      changeId: 'P5',
      people: [...(before?.people ?? []), zed] as Launch['people'],
      reason: 'night shift',
      atMs: Date.now(),
      by: { person: 'ana' },
    },
    ana,
  );
  const shotId = await forge(ana);
  await mustSendNothing(launch, shotId, /ana's own key, which can't write RosterChangeRequested/);
});
