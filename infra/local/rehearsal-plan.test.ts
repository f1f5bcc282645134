import { expect, test } from 'vitest';
import { measuredAt, sampleRunbook, Scene, slackVia, T0_MS } from '../../test/properties/scene.ts';
import { canArm, roundsOf } from './rehearsal-cast.ts';
import { armedNow } from './rehearsal-fire.ts';
import { planKept, planLines } from './rehearsal-plan.ts';

const MIN = 60_000;
const kept = (scene: Scene, isPlayed = true) => planKept(scene.state, scene.entries, isPlayed);

test('the report says what began by itself and how late, what was missed, refused and left for people', () => {
  const scene = Scene.ready(
    sampleRunbook({
      phases: [
        {
          id: 'p',
          title: 'P',
          steps: [
            {
              id: 'up',
              title: 'Workers up',
              at: 'T-40m',
              deadline: 'T-20m',
              do: { kind: 'scale', target: 'workers', to: 2 },
            },
            { id: 'tell', title: 'Tell all', at: 'T-30m', do: { kind: 'remind', say: 'soon' } },
            { id: 'list', title: 'The list', at: 'T-20m', catch_up_within: '0s', do: { kind: 'checklist' } },
            { id: 'down', title: 'Workers down', at: 'T+1h', do: { kind: 'scale', target: 'workers', to: 0 } },
          ],
        },
      ],
    }),
  );
  expect(planLines(kept(scene))).toEqual([
    '  steps      0 of 4 began by themselves at their time',
    '  gates      all 4 green or waived at every GO',
  ]);
  scene.nowMs = T0_MS - 40 * MIN + 50;
  scene.does({ kind: 'start-step', step: 'up' });
  scene.nowMs = T0_MS - 30 * MIN + 2_500;
  scene.does({ kind: 'start-step', step: 'tell' });
  scene.does({ kind: 'finish-step', step: 'tell', say: 'nobody is there', refused: true });
  scene.nowMs = T0_MS - 20 * MIN;
  scene.does({ kind: 'miss-step', step: 'up', measured: [] });
  scene.does({ kind: 'put-step', step: 'list', why: 'it never starts by itself' });
  expect(kept(scene)).toMatchObject({ begun: 2, latest: { title: 'Tell all', lateMs: 2_500 } });
  const [steps, ...rows] = planLines(kept(scene));
  expect(steps).toBe('  steps      2 of 4 began by themselves at their time, the latest 2.5 s late (Tell all)');
  expect(rows).toEqual([
    '             not verified by their deadline: Workers up',
    '             refused: Tell all',
    '             left for a person: The list',
    '  gates      all 4 green or waived at every GO',
  ]);
  expect(planLines(kept(scene, false))).toEqual([
    '  plan       not played: its fleets were ordered at once, and no market was armed for its own moment; --compress N plays it',
    '  gates      all 4 green or waived at every GO',
  ]);
});

test('a gate that was red at a GO is named', () => {
  const scene = Scene.ready();
  const order = scene.asked();
  const measured = measuredAt(scene.nowMs, { queues: { status: 'red', value: 3, say: '3 wait' } });
  scene.does(scene.press(order, 'mia', { measured, via: slackVia('mia') }));
  expect(planLines(kept(scene)).at(-1)).toBe('  gates      not green at GO: Queues are empty');
});

test("a market's own moment is armed while there is time for two people, and T and what is near are pressed", () => {
  const scene = Scene.ready(
    sampleRunbook({
      target: '2027-02-07 18:30 America/New_York',
      targets: { us: '2027-02-07 18:00 America/New_York' },
    }),
  );
  const rounds = roundsOf(scene.state);
  expect(rounds.map(({ segments, isOwn }) => [segments, isOwn])).toEqual([
    [['us-ios', 'us-android'], true],
    [['br-ios'], false],
  ]);
  const [us, rest] = rounds;
  const atMs = us?.atMs ?? 0;
  expect([canArm(us!, atMs - 20_000), canArm(us!, atMs - 19_000), canArm(rest!, atMs - MIN)]).toEqual([
    true,
    false,
    false,
  ]);
});

test('an armed order waits for its moment, then is a shot, or held for a press, or void', () => {
  const scene = Scene.ready();
  const momentMs = scene.nowMs + 10 * MIN;
  const armed = (segments: string[]) => {
    const order = scene.asked(segments, { momentMs });
    scene.gives('FireArmed', scene.press(order));
    return order.id;
  };
  const [goes, held, ended] = [armed(['us-ios']), armed(['us-android']), armed(['br-ios'])];
  expect(armedNow(scene.state, goes)).toBe('waits');
  scene.nowMs = momentMs;
  scene.does({
    kind: 'release-fire',
    orderId: goes,
    measured: measuredAt(momentMs),
    observedHaltEpoch: 0,
    observedHalted: false,
  });
  scene.does({ kind: 'hold-fire', orderId: held, reason: 'nobody was there' });
  scene.does({ kind: 'decline-fire', by: 'ben', orderId: ended, reason: '' });
  expect(armedNow(scene.state, goes)).toMatchObject({ orderId: goes, pressedAtMs: momentMs });
  expect([held, ended].map((id) => armedNow(scene.state, id))).toEqual(['held', 'void']);
});
