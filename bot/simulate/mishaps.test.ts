import { expect, test } from 'vitest';
import { sampleRunbook } from '../../test/properties/scene.ts';
import { readMishaps } from './mishaps.ts';

const NOTHING_TYPED = { fail: [], gate: [], move: [], rehearse: [], audience: [], standDown: [] };
const read = (more: Partial<Parameters<typeof readMishaps>[1]>) =>
  readMishaps(sampleRunbook(), { ...NOTHING_TYPED, ...more });
const MIN = 60_000;

test('what goes wrong is read as it is typed', () => {
  expect(
    read({
      fail: ['fleet:workers', 'fleet:workers@T-1d..T-20h', 'bot:T-2h..T-30m', 'bot:T+1h'],
      gate: ['workers:red@T-1h', 'copy-read:unknown@T-10m..T'],
      move: ['20m@T-1h', '+20m@T-30m', '-10m@T-5m'],
      rehearse: ['T-1d', 'T-20h'],
      audience: ['T-1d'],
      standDown: ['T+20m'],
    }),
  ).toEqual({
    ok: true,
    mishaps: {
      fleets: [
        { fleet: 'workers', fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY },
        { fleet: 'workers', fromMs: -1_440 * MIN, toMs: -1_200 * MIN },
      ],
      automations: [],
      bot: [
        { fromMs: -120 * MIN, toMs: -30 * MIN },
        { fromMs: 60 * MIN, toMs: Number.POSITIVE_INFINITY },
      ],
      gates: [
        { gate: 'workers', status: 'red', fromMs: -60 * MIN, toMs: Number.POSITIVE_INFINITY },
        { gate: 'copy-read', status: 'unknown', fromMs: -10 * MIN, toMs: 0 },
      ],
      moves: [
        { atMs: -60 * MIN, byMs: 20 * MIN },
        { atMs: -30 * MIN, byMs: 20 * MIN },
        { atMs: -5 * MIN, byMs: -10 * MIN },
      ],
      rehearsals: [-1_440 * MIN, -1_200 * MIN],
      audiences: [-1_440 * MIN],
      standDownMs: 20 * MIN,
    },
  });
});

test('an automation that fails is named by its step, and offered only where there is one', () => {
  const step = { id: 'warm', title: 'W', at: 'T-1h', do: { kind: 'automation', document: 'lingo-warm-cache' } };
  const plan = sampleRunbook({ phases: [{ id: 'p', title: 'P', steps: [step] }] });
  const fails = (found: string) => readMishaps(plan, { ...NOTHING_TYPED, fail: [found] });
  expect(fails('automation:warm')).toMatchObject({ ok: true, mishaps: { automations: ['warm'] } });
  expect(fails('automation:up')).toMatchObject({
    ok: false,
    expected:
      'fleet: and one of workers, for a while fleet:workers@T-1d..T-20h; automation: and one of warm; or bot:T-2h..T-30m',
  });
});

test.each([
  ['fail', { fail: ['fleet:nope'] }, 'workers'],
  ['fail', { fail: ['bot:T-30m..T-2h'] }, 'bot:T-2h..T-30m'],
  ['fail', { fail: ['rain'] }, 'fleet: and one of'],
  ['gate', { gate: ['nope:red@T-1h'] }, 'credentials'],
  ['gate', { gate: ['workers:green@T-1h'] }, 'edge:red@T-1h'],
  ['gate', { gate: ['workers:red@soon'] }, 'edge:red@T-1h'],
  ['move-target', { move: ['20@T-1h'] }, '20m@T-1h'],
  ['move-target', { move: ['20m'] }, '20m@T-1h'],
  ['fail', { fail: ['fleet:workers@soon'] }, 'fleet:workers@T-1d..T-20h'],
  ['fail', { fail: ['bot:T-2h@T-1h'] }, 'bot:T-2h..T-30m'],
  ['rehearse', { rehearse: ['a day before'] }, 'T-1d'],
  ['change-audience', { audience: ['tomorrow'] }, 'T-1d'],
  ['stand-down', { standDown: ['never'] }, 'T-1d'],
])('--%s %o is no mishap, and says what is one', (option, typed, expected) => {
  const found = Object.values(typed)[0]?.[0];
  expect(read(typed)).toMatchObject({
    ok: false,
    option,
    found,
    expected: expect.stringContaining(expected) as string,
  });
});

test('a day is called off once', () => {
  expect(read({ standDown: ['T-1h', 'T'] })).toEqual({
    ok: false,
    option: 'stand-down',
    found: 'T-1h and T',
    expected: 'one time',
  });
});
