import { expect, test } from 'vitest';
import { DOCTOR_CHECKS } from '../../../runbooks/playbook/fields/probes/doctor.ts';
import { judgeFcmQuota } from './fcm-quota.ts';
import type { Asked } from './line.ts';
import type { Need } from './need.ts';
import { judgeFifo, judgeQuotas } from './quotas.ts';
import type { FoundQuota } from './quotas.ts';
import { judgeWarm } from './tables.ts';

const TARGET_MS = Date.UTC(2027, 1, 14, 23, 30);
const DAY_MS = 86_400_000;
const need: Need = {
  name: 'Super Bowl',
  targetAtMs: TARGET_MS,
  devices: { ios: 3_000_000, android: 3_000_000 },
  seconds: 5,
  perSecond: { ios: 600_000, android: 600_000 },
  batchSize: 500,
  tasks: 15,
  vcpusPerTask: 4,
  connections: 900,
  claimUnits: 2_400,
  readUnits: 3_000,
  segments: 14,
  fcm: { pacePerSecond: 50_000, eventQuota: null, notAfterMs: 600_000 },
};
const none: Asked<FoundQuota[]> = { ok: true, value: [] };
const account = (code: string, value: number, adjustable = true): FoundQuota[] => [
  { code, name: `quota ${code}`, value, adjustable },
];
const judged = (found: FoundQuota[], provisioned = { writes: 90_000, reads: 40_000 }) =>
  judgeQuotas({ fargate: none, ecs: none, dynamodb: { ok: true, value: found } }, need, {
    region: 'eu-west-1',
    isSpot: false,
    provisioned,
  });

test('an account that may not provision what its tables have is told by how much, and asks for exactly that', () => {
  for (const [id, code, unit, wanted] of [
    ['quotas.account-writes', 'L-34F8CCC8', 'write', 90_000],
    ['quotas.account-reads', 'L-34F6A552', 'read', 40_000],
  ] as const) {
    const line = (value: number, adjustable = true) =>
      judged(account(code, value, adjustable)).find((one) => one.id === id);
    expect(line(wanted)).toMatchObject({ state: 'ok' });
    expect(line(wanted - 1)).toMatchObject({
      state: 'wrong',
      found: `${(wanted - 1).toLocaleString('en-US')} ${unit} units a second`,
      needed: `${wanted.toLocaleString('en-US')} ${unit} units a second`,
      fix: `aws service-quotas request-service-quota-increase --region eu-west-1 --service-code dynamodb --quota-code ${code} --desired-value ${wanted}`,
      request: {
        to: 'AWS Support',
        subject: expect.stringContaining(`to ${wanted.toLocaleString('en-US')}`) as string,
        text: expect.stringContaining('on 2027-02-14 (UTC)') as string,
      },
    });
    expect(line(1, false)?.fix).toContain("It can't be raised");
  }
});

test('a FIFO queue without high throughput is enough for few calls, and wrong for more than it takes', () => {
  const line = (isHigh: boolean | null, tasks: number) => judgeFifo(isHigh, { ...need, tasks }, 20);
  expect(line(false, 15)).toMatchObject({ state: 'ok', found: '300 calls a second', needed: '15 calls a second' });
  expect(line(false, 5_720)).toMatchObject({ state: 'ok', needed: '300 calls a second' });
  expect(line(false, 5_721)).toMatchObject({
    state: 'wrong',
    needed: '301 calls a second',
    fix: 'Set DeduplicationScope messageGroup and FifoThroughputLimit perMessageGroupId',
  });
  expect(line(true, 5_721)).toMatchObject({ state: 'ok', found: 'high throughput' });
  expect(line(null, 15)).toMatchObject({ state: 'unknown' });
  expect(judgeFifo(false, null, 20)).toMatchObject({ state: 'unknown' });
});

test('the letter to Google has the figures of this launch, and says when it is too late', () => {
  const line = judgeFcmQuota(need, TARGET_MS - 20 * DAY_MS);
  expect(line).toMatchObject({ state: 'wrong', needed: '3,000,000 messages a minute' });
  expect(line.request).toMatchObject({
    to: 'Firebase Support',
    subject: 'FCM event quota: 3,000,000 messages a minute on 2027-02-14',
  });
  expect(line.request?.text).toMatch(
    /"Super Bowl" we ask for a temporary quota of 3,000,000 messages a minute .*on 2027-02-14 \(UTC\)/,
  );
  expect(line.request?.text).toContain('3,000,000 Android devices get one message each, at 50,000 a second');
  expect(line.request?.text).toContain('15 days ahead: by 2027-01-30,');
  expect(judgeFcmQuota(need, TARGET_MS - 10 * DAY_MS).request?.text).toContain(
    'by 2027-01-30, which is over: call your contact at Google',
  );
});

test('a quota that Google granted counts once it is put down who confirmed it, and when', () => {
  const granted = (confirmed: { by: string; on: string } | null) =>
    judgeFcmQuota(
      { ...need, fcm: { ...need.fcm, eventQuota: { reference: 'case 1', perSecond: 50_000, confirmed } } },
      TARGET_MS,
    );
  expect(granted({ by: 'ana', on: '2027-01-20' })).toMatchObject({
    state: 'ok',
    found: '3,000,000 a minute, "case 1", confirmed by ana on 2027-01-20',
  });
  expect(granted(null)).toMatchObject({
    state: 'unknown',
    found: '3,000,000 a minute, "case 1", and nobody has put down who confirmed it, and when',
    fix: 'Put `confirmed_by` and `confirmed_on` beside its `reference` in the runbook',
  });
});

test('every check that a gate of kind `doctor` can name is a line of the doctor', () => {
  const quotas = [true, false].flatMap((isSpot) =>
    judgeQuotas({ fargate: none, ecs: none, dynamodb: none }, need, {
      region: 'eu-west-1',
      isSpot,
      provisioned: { writes: 1, reads: 1 },
    }),
  );
  const lines = [
    ...quotas,
    judgeFifo(true, need, 20),
    judgeWarm('claims', 1, { ok: true, value: null }),
    judgeFcmQuota(need, TARGET_MS),
  ];
  expect(new Set(lines.map(({ id }) => id))).toEqual(new Set(DOCTOR_CHECKS));
});
