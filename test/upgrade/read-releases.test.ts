import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { batchMessage, unreadable } from '../../contract/orders.ts';
import { workerReport } from '../../contract/report.ts';
import { rollItem } from '../../contract/roll.ts';
import { messageHash } from '../../infra/aws/channel-message.ts';
import { looseKeyring, publicHalf } from '../../infra/aws/keyring.ts';
import { entryHash } from '../../infra/aws/seal.ts';
import { verifyChannel } from '../../infra/aws/verify-channel.ts';
import { verifyRecord, verifyWithRules } from '../../infra/aws/verify-record.ts';
import { vouch } from '../../infra/aws/vouched.ts';
import type { Vouched } from '../../infra/aws/vouched.ts';
import { localCloudForTests } from '../../infra/local/cloud/for-tests.ts';
import { ENTRY_VERSION } from '../../runbooks/launch/entries.ts';
import type { Entry } from '../../runbooks/launch/entries.ts';
import { BY_NEWER } from '../../runbooks/launch/fold-error.ts';
import { signedText } from '../../runbooks/launch/signers.ts';
import { ENTRY_BODIES } from '../../runbooks/record/entry-schema.ts';
import { orderIn } from '../../workers/dispatch/orders.ts';
import { RollWatch } from '../../workers/send/roll-watch.ts';
import { NEW_WORKER_KEY } from '../docs/sample-launch.ts';
import { BOT_KEY, botKeyring, WORKER_KEY, workerKeyring } from '../keys.ts';

/** What earlier releases have written (record-release.test.ts) is read by this one: entries, orders, batches, reports and the roll. */

interface Release {
  launchId: string;
  entries: Entry[];
  messages: { queue: string; body: string }[];
  reports: string[];
  /** As its leader has signed it; absent: from before there was one. */
  roll?: Vouched;
}

const RELEASES = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.json'));
const readRelease = (name: string) => JSON.parse(readFileSync(join(import.meta.dirname, name), 'utf8')) as Release;

test('at least one release is written down', () => expect(RELEASES.length).toBeGreaterThan(0));

describe.each(RELEASES)('%s', (name) => {
  const { launchId, entries, messages, reports, roll } = readRelease(name);
  const isRich = name.includes('-rich');

  test('its record verifies, is decided anew the same, and folds to the shots that were closed', () => {
    expect(verifyRecord(launchId, entries, botKeyring())).toEqual({ ok: true, signed: true });
    const folded = verifyWithRules(launchId, entries, botKeyring());
    expect(folded).toMatchObject({ ok: true });
    const shots = Object.values((folded.ok ? folded.launch : null)?.shots ?? {});
    const accepted = shots
      .flatMap(({ totals }) => totals ?? [])
      .map((one) => [one.segment, one.totals.accepted] as const);
    expect(accepted.toSorted(([a, x], [b, y]) => a.localeCompare(b) || x - y)).toEqual(
      isRich
        ? [
            ['android', 20],
            ['ios', 0],
            ['ios', 60],
          ]
        : [
            ['android', 20],
            ['ios', 40],
          ],
    );
  });

  test.runIf(isRich)('variants, halt and lift, second attempt, correction and armed order stand as they were', () => {
    const folded = verifyWithRules(launchId, entries, botKeyring());
    if (!folded.ok || folded.launch === null) throw new Error('RELEASE_BROKEN');
    const { shots, orders, halt, campaign } = folded.launch;
    const [halted, second, armed] = Object.values(shots);
    expect(campaign.variants?.map(({ id }) => id)).toEqual(['a', 'b']);
    expect([halt.active, halted?.haltedAtMs === null, halted?.closed?.cause]).toEqual([false, false, 'halt']);
    expect(second?.segments).toEqual([expect.objectContaining({ segment: 'ios', attempt: 2 })]);
    // One of them was uncertain until its account came.
    expect(second?.totals?.[0]).toMatchObject({
      totals: { accepted: 60, uncertain: 0 },
      variants: [
        { variant: 'a', devices: 31 },
        { variant: 'b', devices: 29 },
      ],
    });
    const order = Object.values(orders).find((one) => one.shown.moment !== undefined);
    expect(order).toMatchObject({ state: 'approved', armed: { by: 'mia' } });
    expect(armed?.pressedAtMs).toBeGreaterThanOrEqual(order?.shown.moment?.atMs ?? Number.POSITIVE_INFINITY);
  });

  test('its orders and batches are understood; one with a field that we do not know is not taken for ours', () => {
    const orders = messages.filter(({ queue }) => queue === 'segments.fifo');
    const batches = messages.filter(({ queue }) => queue.startsWith('batches'));
    expect([orders.length, batches.length]).toEqual(isRich ? [3, 10] : [2, 6]);
    for (const { body } of orders) expect(orderIn(body)).toMatchObject({ launchId });
    for (const { body } of batches) expect(batchMessage.parse(JSON.parse(body))).toMatchObject({ launchId });
    const newer = (body: string) => JSON.stringify({ ...(JSON.parse(body) as object), later: true });
    for (const { body } of orders) expect(orderIn(newer(body))).toBeNull();
    const later = (body: string) => JSON.stringify({ ...(JSON.parse(body) as object), v: 2 });
    for (const { body } of orders) expect(unreadable(later(body), 'order')).toContain(BY_NEWER);
    for (const { body } of batches) expect(unreadable(later(body), 'batch')).toContain(BY_NEWER);
    for (const { body } of batches) expect(batchMessage.safeParse(JSON.parse(newer(body))).success).toBe(false);
  });

  test('its reports are read, and fields of a newer one are passed over', async () => {
    for (const text of reports) expect(workerReport.safeParse(JSON.parse(text)).error?.issues ?? []).toEqual([]);
    const local = await localCloudForTests();
    try {
      const [text = ''] = reports;
      const report = workerReport.parse(JSON.parse(text));
      const newer = {
        ...report,
        later: { of: 'a newer version' },
        lanes: report.lanes.map((lane) => ({ ...lane, later: 1 })),
      };
      await local.cloud.live.putReport(newer, null);
      const { reports: found, unreadable } = await local.cloud.live.provenReports(launchId);
      expect([found.map((one) => one.report.bootId), unreadable]).toEqual([[report.bootId], []]);
    } finally {
      await local.stop();
    }
  });

  test.skipIf(roll === undefined)(
    'its roll is taken by the worker that stands on it; one of a newer release is named as such, and the last one stands',
    async () => {
      const folded = verifyWithRules(launchId, entries, botKeyring());
      const report = workerReport.parse(JSON.parse(reports[0] ?? ''));
      let stored = roll ?? null;
      const said: string[] = [];
      const { atMs } = rollItem.parse(JSON.parse(roll?.text ?? ''));
      const watch = new RollWatch({
        live: { roll: () => Promise.resolve(stored) },
        launchId,
        bootId: report.bootId,
        launch: () => (folded.ok ? folded.launch : null),
        trusted: workerKeyring().trusted,
        clock: { nowMs: () => atMs + 100 },
        log: pino({}, { write: (line: string) => void said.push(line) }),
      });
      await watch.look();
      expect([watch.view.size, said]).toEqual([1, []]);
      // As the only one on it, after having been seen so for as long as others may go by another.
      const options = { planned: 4, batchSize: 10, sendWithinMs: 5_000 };
      expect(watch.view.share(1_000, atMs + 100, options)).toEqual({ perSecond: 1_000, active: true });

      const later = { ...(JSON.parse(roll?.text ?? '') as object), v: 2, workers: 'abcdefgh'.repeat(9) };
      stored = vouch('roll', JSON.stringify(later), botKeyring().signer);
      await watch.look();
      expect(watch.view.size).toBe(1);
      expect(said.join('')).toContain('it was written by a newer one. Update this process');
    },
  );

  test('had a newer release written its last entry, that is said, and nothing of it is believed', () => {
    const last = entries.at(-1);
    if (last === undefined) throw new Error('RELEASE_EMPTY');
    const { hash: _hash, sig: _sig, ...rest } = { ...last, v: ENTRY_VERSION + 1 } as unknown as Entry;
    const hash = entryHash(rest as Entry);
    const { signer } = workerKeyring();
    const newer = { ...rest, key: signer?.key ?? '', hash, sig: signer?.sign(signedText(hash)) ?? '' } as Entry;
    expect(verifyRecord(launchId, [...entries.slice(0, -1), newer], botKeyring())).toEqual({
      ok: false,
      seq: last.seq,
      why: expect.stringContaining('it was written by a newer one. Update this process') as string,
    });
  });
});

const KINDS = readdirSync(join(import.meta.dirname, 'kinds'));

describe.each(KINDS)('the record of %s with every kind of entry', (name) => {
  const entries = JSON.parse(readFileSync(join(import.meta.dirname, 'kinds', name), 'utf8')) as Entry[];
  const [{ launchId } = { launchId: '' }] = entries;

  test('verifies, is decided anew the same, and folds', () => {
    const reader = looseKeyring(null, { bot: [publicHalf(BOT_KEY)], worker: [publicHalf(WORKER_KEY), NEW_WORKER_KEY] });
    expect(verifyRecord(launchId, entries, reader)).toMatchObject({ ok: true, signed: true });
    expect(verifyWithRules(launchId, entries, reader)).toMatchObject({ ok: true });
    expect(new Set(entries.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(58);
  });

  test('has the fields that an export promises', () => {
    for (const entry of entries)
      expect(ENTRY_BODIES[entry.kind].safeParse(entry).error?.issues, entry.kind).toBeUndefined();
  });
});

test('a chain of channel messages from before threads and finds holds, and goes on with newer ones', () => {
  const older = {
    ts: '1704604884.175949',
    user: 'U1',
    text: 'hold it',
    atMs: 1_704_604_884_176,
    edits: null,
    deleted: false,
    permalink: null,
    files: ['plan.pdf'],
  };
  const newer = { ...older, ts: '1704604885.000000', thread: older.ts, found: true as const };
  const hash = 'b5bdd22c48c4b20202471f787523f2ca97c555f8e906f6b825f3b6ca36ff9e97';
  expect(messageHash('sb', 1, '', older)).toBe(hash);
  const chain = [
    { ...older, seq: 1, hash },
    { ...newer, seq: 2, hash: messageHash('sb', 2, hash, newer) },
  ];
  expect(verifyChannel('sb', chain, [])).toEqual({ ok: true, sealed: 0 });
});
