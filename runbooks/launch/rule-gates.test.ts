import { describe, expect, test } from 'vitest';
import { audience, sampleRunbook, Scene, T0_MS } from '../../test/properties/scene.ts';
import { gateLines, orderGates } from './gates.ts';
import { foundByRule, isMeasured } from './rule-gates.ts';

const gates = [
  { id: 'quarter', title: 'Not near a quarter hour', probe: { kind: 'quarter-hours' } },
  { id: 'there', title: 'People are there', owner: 'mia', probe: { kind: 'people-present', within: '30m' } },
];
const MIN = 60_000;
const ready = (some = gates) =>
  Scene.ready(sampleRunbook({ gates: [...some, { id: 'copy-read', title: 'The copy was read' }] }));
const only = (id: string) => gates.filter((gate) => gate.id === id);
const lineOf = (scene: Scene, gate: string, segments: string[] | 'all' = 'all', atMs = scene.nowMs) =>
  gateLines(scene.state, [], scene.nowMs, segments, atMs).find(({ id }) => id === gate);

test('a gate is measured by its probe, unless a rule answers it; one that people tick has neither', () => {
  const scene = ready();
  const gate = (probe?: object) => ({ ...scene.state.runbook.gates[0], id: 'g', title: 'G', probe }) as never;
  const [quarter, there] = gates.map(({ probe }) => gate(probe));
  expect([undefined, { kind: 'credentials' }].map((probe) => isMeasured(gate(probe)))).toEqual([false, true]);
  expect([quarter, there].map((one) => isMeasured(one as never))).toEqual([false, false]);
  const times = { nowMs: T0_MS, goesAtMs: T0_MS };
  for (const probe of [undefined, { kind: 'credentials' }])
    expect(foundByRule(scene.state, gate(probe), 'all', times)).toBeNull();
});

test.each([
  [{ kind: 'backups-assigned' }, /hangs on|second person/],
  [{ kind: 'rehearsed', what: 'devices', within: 60_000, same_audience: true }, /was not rehearsed yet/],
  [{ kind: 'surge' }, /no numbers yet/],
])('of %j its own rule says what there is to say', (probe, say) => {
  const scene = ready();
  const gate = { ...scene.state.runbook.gates[0], probe } as never;
  expect(foundByRule(scene.state, gate, 'all', { nowMs: T0_MS, goesAtMs: T0_MS })?.say).toMatch(say);
});

describe('near a quarter hour', () => {
  test.each([
    [0, 'red', 120],
    [119_999, 'red', 1],
    [120_000, 'green', 0],
    [780_000, 'green', 0],
    [780_001, 'red', 1],
    [899_000, 'red', 119],
  ])('%d ms after one it is %s, by %d s', (ms, status, value) => {
    const scene = ready();
    expect(lineOf(scene, 'quarter', 'all', T0_MS + ms)).toMatchObject({ status, value });
  });

  test('it says which one, and from when on it is fine; nothing to Android is never too near', () => {
    const scene = ready();
    expect(lineOf(scene, 'quarter', ['us-android'], T0_MS - 30_000)?.say).toBe(
      '23:29:30 UTC is 30 s before 23:30:00 UTC; FCM asks for 2 min from a quarter hour, which is from 23:32:00 UTC on',
    );
    expect(lineOf(scene, 'quarter', ['us-android'], T0_MS + 30_000)?.say).toContain(
      '23:30:30 UTC is 30 s after 23:30:00 UTC;',
    );
    expect(lineOf(scene, 'quarter', ['us-android'], T0_MS)?.say).toContain('0 ms after 23:30:00 UTC;');
    expect(lineOf(scene, 'quarter', ['us-ios', 'br-ios'], T0_MS)).toMatchObject({
      status: 'green',
      say: 'nothing to Android',
    });
    const segments = audience.segments.filter(({ platform }) => platform === 'ios');
    scene.does({
      kind: 'set-audience',
      by: 'ana',
      audience: { ...audience, hash: 'b'.repeat(64), segments, devices: 700, locales: { en: 700 } },
    });
    expect(lineOf(scene, 'quarter', 'all', T0_MS)?.status).toBe('green');
  });

  test('as long as there is no audience it may go to Android', () => {
    const scene = Scene.created(ready().state.runbook);
    expect(lineOf(scene, 'quarter', 'all', T0_MS)?.status).toBe('red');
  });

  test('an order with a moment is judged by that moment, now and before its second person', () => {
    const scene = ready(only('quarter'));
    expect(scene.refuses(scene.request('ana', ['us-android'], { momentMs: T0_MS })).code).toBe('GATES_RED');
    scene.nowMs = T0_MS - 15 * MIN;
    expect(scene.refuses(scene.request('ana', ['us-android'])).code).toBe('GATES_RED');
    const order = scene.asked(['us-android'], { momentMs: T0_MS + 5 * MIN });
    const line = () =>
      orderGates(scene.state, scene.order(order.id), [], scene.nowMs).find(({ id }) => id === 'quarter');
    expect(line()?.status).toBe('green');
    scene.nowMs = T0_MS + 5 * MIN;
    scene.does({ kind: 'hold-fire', orderId: order.id, reason: 'x' });
    scene.nowMs = T0_MS + 14 * MIN;
    expect(line()?.status).toBe('red');
  });

  test('it may be waived ahead, by the seconds', () => {
    const scene = ready(only('quarter'));
    const waive = (worst: number | null) =>
      ({
        kind: 'request-waiver',
        by: 'ana',
        gate: 'quarter',
        segments: 'all',
        worst,
        reason: 'midnight',
        endsAtMs: T0_MS + MIN,
      }) as const;
    expect(scene.refuses(waive(null))).toMatchObject({
      code: 'VALUE_INVALID',
      say: expect.stringContaining('goes by a figure, seconds too near'),
    });
    const { waiverId } = scene.gives('WaiverRequested', waive(120));
    scene.does({ kind: 'grant-waiver', by: 'mia', waiverId });
    expect(scene.asked(['us-android'], { momentMs: T0_MS }).shown.moment?.atMs).toBe(T0_MS);
  });
});

describe('people present', () => {
  test('those on call and the owners of gates must have said so within the time; others need not', () => {
    const scene = ready(only('there'));
    expect(lineOf(scene, 'there')).toMatchObject({
      status: 'red',
      value: 2,
      say: 'not heard of within 30 min: Ana Ortiz and Mia Chen',
    });
    expect(scene.gives('PersonPresent', { kind: 'be-here', by: 'ana' }).by).toEqual({ person: 'ana' });
    scene.nowMs += 10 * MIN;
    scene.does({ kind: 'be-here', by: 'mia' });
    expect(lineOf(scene, 'there')).toMatchObject({ status: 'green', value: 0 });
    scene.nowMs += 20 * MIN;
    expect(lineOf(scene, 'there')?.status).toBe('green');
    scene.nowMs += 1;
    expect(lineOf(scene, 'there')).toMatchObject({ value: 1, say: 'not heard of within 30 min: Ana Ortiz' });
    expect(scene.refuses(scene.request()).code).toBe('GATES_RED');
  });

  test('or exactly those that the runbook names; somebody who is not on the roster any more is not waited for', () => {
    const scene = ready([
      { ...gates[1], probe: { kind: 'people-present', within: '30m', people: ['ben', 'olu'] } } as never,
    ]);
    scene.does({ kind: 'be-here', by: 'olu' });
    expect(lineOf(scene, 'there')?.say).toBe('not heard of within 30 min: Ben Okafor');
    scene.does({ kind: 'remove-person', person: 'ben', reason: 'left' });
    expect(lineOf(scene, 'there')?.status).toBe('green');
  });

  test('two taps within a minute are one', () => {
    const scene = ready();
    scene.does({ kind: 'be-here', by: 'ana' });
    scene.nowMs += MIN - 1;
    expect(scene.refuses({ kind: 'be-here', by: 'ana' }).code).toBe('ALREADY_SO');
    scene.nowMs += 1;
    scene.does({ kind: 'be-here', by: 'ana' });
  });
});
