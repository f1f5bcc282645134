import { expect, test } from 'vitest';
import { gateLines } from '../../../runbooks/launch/gates.ts';
import { sampleRunbook, Scene } from '../../../test/properties/scene.ts';
import { reportOf } from '../for-tests.ts';
import { clocksNow } from './clock-probe.ts';

const NOW_MS = 1_800_000_000_000;
const launch = Scene.ready().state;
const exact = { aheadMs: 4, errorMs: 20 };
const worker = (boot: string, change: Parameters<typeof reportOf>[3]) =>
  reportOf(launch, boot, NOW_MS - 500, { host: 'ip-10-0-0-1', pid: 123, ...change });

test('a worker and a bot that are off are named, with how far, how exactly, and what to do', () => {
  expect(
    clocksNow(
      [worker('one', { clock: exact }), worker('two', { clock: { aheadMs: 30_020, errorMs: 40 } })],
      exact,
      NOW_MS,
      1_000,
    ),
  ).toMatchObject({
    status: 'red',
    value: 30_000,
    say: "worker ip-10-0-0-1 (process 123, boot two) is 30.0 s ahead of the store's clock (± 0.1 s). Set its clock (chrony or NTP); until then all time is taken from the store",
  });
  expect(
    clocksNow(
      [worker('one', { clock: { aheadMs: 1_100, errorMs: 40 } })],
      { aheadMs: -600_000, errorMs: 30 },
      NOW_MS,
      1_000,
    ).say,
  ).toMatch(
    /^the bot on \S+ \(process \d+\) is 600\.0 s behind the store's clock \(± 0\.1 s\); worker ip-10-0-0-1 .* is 1\.1 s ahead/,
  );
});

test('up to the limit it is green, either way', () => {
  expect(clocksNow([worker('one', { clock: { aheadMs: -990, errorMs: 500 } })], exact, NOW_MS, 1_000)).toMatchObject({
    status: 'green',
    say: "2 clocks within 1.0 s of the store's",
  });
  expect(clocksNow([worker('one', { clock: { aheadMs: -990, errorMs: 500 } })], exact, NOW_MS, 500).status).toBe('red');
});

test('a worker of an older version is given away by what it dates ahead; one that is gone says nothing', () => {
  expect(clocksNow([worker('old', { atMs: NOW_MS + 30_000 })], exact, NOW_MS, 1_000)).toMatchObject({
    status: 'red',
    say: expect.stringContaining("boot old) is 30.0 s ahead of the store's clock. Set") as string,
  });
  const off = { clock: { aheadMs: 30_000, errorMs: 10 } };
  expect(
    clocksNow(
      [worker('gone', { state: 'gone', ...off }), worker('silent', { atMs: NOW_MS - 6_000, ...off })],
      exact,
      NOW_MS,
      1_000,
    ).status,
  ).toBe('green');
  expect(clocksNow([worker('new', { clock: null })], null, NOW_MS, 1_000).status).toBe('unknown');
});

test('of many only the worst are named', () => {
  const many = Array.from({ length: 5 }, (_, at) =>
    worker(`w${at}`, { clock: { aheadMs: 2_000 + at * 1_000, errorMs: 10 } }),
  );
  expect(clocksNow(many, exact, NOW_MS, 1_000).say).toMatch(
    /boot w4.*boot w3.*boot w2.*, and 2 more\. Set their clocks/,
  );
});

const measuredAt = (nowMs: number, status: 'red' | 'green') => [
  { gate: 'clocks-agree', atMs: nowMs, status, value: 30_000, say: 'worker x is off' },
];
const clocksLine = (scene: Scene, measured: Parameters<typeof gateLines>[1]) =>
  gateLines(scene.state, measured, scene.nowMs, 'all').find(({ id }) => id === 'clocks-agree');

test('a launch whose runbook asks nothing about clocks has the gate as long as one is off, and a waiver covers it', () => {
  const scene = Scene.ready();
  expect(clocksLine(scene, measuredAt(scene.nowMs, 'green'))).toBeUndefined();
  expect(clocksLine(scene, [])).toBeUndefined();
  expect(clocksLine(scene, measuredAt(scene.nowMs - 60_000, 'red'))).toBeUndefined();
  expect(clocksLine(scene, measuredAt(scene.nowMs, 'red'))).toMatchObject({
    status: 'red',
    hard: false,
    say: 'worker x is off',
  });
  scene.does({
    kind: 'request-waiver',
    by: 'ana',
    gate: 'clocks-agree',
    segments: 'all',
    worst: 30_000,
    reason: 'its NTP is being mended',
    endsAtMs: scene.nowMs + 60_000,
  });
  scene.does({ kind: 'grant-waiver', by: 'mia', waiverId: Object.keys(scene.state.waivers)[0] ?? '' });
  expect(clocksLine(scene, measuredAt(scene.nowMs, 'red'))?.status).toBe('waived');
});

test('one whose runbook does has that one alone', () => {
  const scene = Scene.created(
    sampleRunbook({ gates: [{ id: 'mine', title: 'M', probe: { kind: 'clocks', within: '2s' } }] }),
  );
  const lines = gateLines(
    scene.state,
    [...measuredAt(scene.nowMs, 'red'), { gate: 'mine', atMs: scene.nowMs, status: 'green', value: 0, say: '' }],
    scene.nowMs,
    'all',
  );
  expect(lines.map(({ id }) => id)).toEqual(['mine']);
});
