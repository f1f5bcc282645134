import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { batchMessage } from '../../contract/orders.ts';
import { workerReport } from '../../contract/report.ts';
import { entryHash } from '../../infra/aws/seal.ts';
import { verifyRecord, verifyWithRules } from '../../infra/aws/verify-record.ts';
import { localCloudForTests } from '../../infra/local/cloud/for-tests.ts';
import { ENTRY_VERSION } from '../../runbooks/launch/entries.ts';
import type { Entry } from '../../runbooks/launch/entries.ts';
import { signedText } from '../../runbooks/launch/signers.ts';
import { orderIn } from '../../workers/dispatch/orders.ts';
import { botKeyring, workerKeyring } from '../keys.ts';

/** What earlier releases have written (record-release.test.ts) is read by this one: entries, orders, batches and reports. */

interface Release {
  launchId: string;
  entries: Entry[];
  messages: { queue: string; body: string }[];
  reports: string[];
}

const RELEASES = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.json'));
const readRelease = (name: string) => JSON.parse(readFileSync(join(import.meta.dirname, name), 'utf8')) as Release;

test('at least one release is written down', () => expect(RELEASES.length).toBeGreaterThan(0));

describe.each(RELEASES)('%s', (name) => {
  const { launchId, entries, messages, reports } = readRelease(name);

  test('its record verifies, is decided anew the same, and folds to the shot that was closed', () => {
    expect(verifyRecord(launchId, entries, botKeyring())).toEqual({ ok: true, signed: true });
    const folded = verifyWithRules(launchId, entries, botKeyring());
    expect(folded).toMatchObject({ ok: true });
    const [shot] = Object.values((folded.ok ? folded.launch : null)?.shots ?? {});
    expect(shot?.totals?.map(({ segment, totals }) => [segment, totals.accepted]).toSorted()).toEqual([
      ['android', 20],
      ['ios', 40],
    ]);
  });

  test('its orders and batches are understood; one with a field that we do not know is not taken for ours', () => {
    const orders = messages.filter(({ queue }) => queue === 'segments.fifo');
    const batches = messages.filter(({ queue }) => queue.startsWith('batches'));
    expect([orders.length, batches.length]).toEqual([2, 6]);
    for (const { body } of orders) expect(orderIn(body)).toMatchObject({ launchId, attempt: 1 });
    for (const { body } of batches) expect(batchMessage.parse(JSON.parse(body))).toMatchObject({ launchId });
    const newer = (body: string) => JSON.stringify({ ...(JSON.parse(body) as object), later: true });
    for (const { body } of orders) expect(orderIn(newer(body))).toBeNull();
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
      expect([found.map((one) => one.report.bootId), unreadable]).toEqual([[report.bootId], 0]);
    } finally {
      await local.stop();
    }
  });

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
