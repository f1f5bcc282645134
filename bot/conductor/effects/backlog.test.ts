import { expect, test } from 'vitest';
import { effectsOf } from '../../../runbooks/launch/effects.ts';
import { evolve } from '../../../runbooks/launch/evolve.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { Scene, sampleRunbook } from '../../../test/properties/scene.ts';
import { sortBacklog } from './backlog.ts';
import type { Pending } from './pending.ts';

/** What the room would get of entries after this one, in the order of the record. */
function waiting(scene: Scene, afterSeq: number): Pending[] {
  let launch: Launch | null = null;
  const all: Pending[] = [];
  for (const entry of scene.entries) {
    const after = evolve(launch, entry);
    launch = after;
    if (entry.seq <= afterSeq) continue;
    for (const effect of effectsOf(entry, after).filter(({ lane }) => lane === 'slack'))
      all.push({
        effect,
        entry,
        after,
        id: effect.id,
        tries: 0,
        notBeforeMs: 0,
        token: null,
        again: false,
        isChecked: true,
        isPosted: false,
      });
  }
  return all;
}

const notes = (scene: Scene, many: number) => {
  for (let i = 1; i <= many; i += 1) scene.does({ kind: 'note', by: 'ana', text: `thing ${i}` });
};

const named = (pendings: readonly Pending[]) =>
  pendings.map(({ effect, entry }) => (effect.kind === 'post-entry' ? entry.kind : effect.kind));

/** Where each post goes whose entries `moves` makes, in a room that has missed much more. */
function places(moves: (scene: Scene) => void, runbook = sampleRunbook()) {
  const scene = Scene.ready(runbook);
  const from = scene.state.seq;
  moves(scene);
  const to = scene.state.seq;
  notes(scene, 20);
  const sorted = sortBacklog(waiting(scene, from), scene.state, scene.nowMs, 0);
  const of = (pendings: readonly Pending[]) => named(pendings.filter(({ effect }) => effect.seq <= to));
  return { now: of(sorted.now), folded: of(sorted.folded), rest: of(sorted.rest) };
}

const runbookWith = (step: Record<string, unknown>) =>
  sampleRunbook({
    phases: [{ id: 'p', title: 'P', steps: [{ id: 's', title: 'S', at: 'T-1h', ...step }] }],
  });

/** A step `s` that waits until something was sent, and has a deadline. */
const WAITS = runbookWith({ after: ['shot'], deadline: 'T-59m', do: { kind: 'checklist' } });
const runbookFor = (post: string) => (['StepHeld', 'StepMissed'].includes(post) ? WAITS : sampleRunbook());
const holds = (scene: Scene) => scene.does({ kind: 'hold-step', step: 's', measured: [] });

test('fewer than eight stale posts come one by one, eight as a summary', () => {
  for (const [many, folded] of [
    [7, 0],
    [8, 8],
  ] as const) {
    const scene = Scene.ready();
    const from = scene.state.seq;
    notes(scene, many);
    const sorted = sortBacklog(waiting(scene, from), scene.state, scene.nowMs, 0);
    expect([sorted.now.length, sorted.folded.length, sorted.rest.length]).toEqual([0, folded, many - folded]);
  }
});

test('what an earlier leader has begun to fold is folded, however few are left of it, and nothing later', () => {
  const scene = Scene.ready();
  const from = scene.state.seq;
  notes(scene, 12);
  const left = waiting(scene, from + 2);
  const sorted = sortBacklog(left, scene.state, scene.nowMs, from + 5);
  expect(sorted.folded.map(({ effect }) => effect.seq)).toEqual([from + 3, from + 4, from + 5]);
  expect(sorted.rest.map(({ effect }) => effect.seq)).toEqual([6, 7, 8, 9, 10, 11, 12].map((seq) => from + seq));
});

test('nothing is lost and nothing comes twice, and each part keeps the order of the record', () => {
  const scene = Scene.created();
  scene.halt();
  notes(scene, 12);
  const all = waiting(scene, 0);
  const { now, folded, rest } = sortBacklog(all, scene.state, scene.nowMs, 0);
  expect([...now, ...folded, ...rest].map(({ id }) => id).toSorted()).toEqual(all.map(({ id }) => id).toSorted());
  for (const part of [now, folded, rest]) expect(part).toEqual(all.filter((one) => part.includes(one)));
});

test.each<[string, (scene: Scene) => void, string]>([
  ['an open order', (scene) => scene.asked(), 'post-order'],
  ['a halt that stands', (scene) => scene.halt(), 'HaltSet'],
  ['a running shot', (scene) => scene.fired(), 'start-live'],
  [
    'a lift that is asked for',
    (scene) => {
      scene.halt();
      scene.does({ kind: 'request-lift', by: 'ana', reason: 'mended' });
    },
    'LiftRequested',
  ],
  [
    'a switch that is asked for',
    (scene) => scene.does({ kind: 'set-switch', by: 'ana', switch: 'dark', value: true, reason: 'now' }),
    'SwitchRequested',
  ],
  [
    'a waiver that is asked for',
    (scene) =>
      scene.does({
        kind: 'request-waiver',
        by: 'ana',
        gate: 'workers',
        segments: 'all',
        worst: null,
        reason: 'enough of them',
        endsAtMs: scene.nowMs + 600_000,
      }),
    'WaiverRequested',
  ],
  [
    'a roster change that is asked for',
    (scene) =>
      scene.does({
        kind: 'request-roster-change',
        by: 'ana',
        people: scene.state.people.filter(({ id }) => id !== 'olu'),
        reason: 'off',
      }),
    'RosterChangeRequested',
  ],
  [
    'a step that waits for a person',
    (scene) => scene.does({ kind: 'put-step', step: 'remind', why: 'late' }),
    'StepPut',
  ],
  ['the stand-down', (scene) => scene.does({ kind: 'stand-down', by: 'ana', reason: 'over' }), 'post-stand-down'],
  ['a step that waits for another', (scene) => holds(scene), 'StepHeld'],
  [
    'a deadline that was missed',
    (scene) => {
      scene.nowMs += 60_000;
      scene.does({ kind: 'miss-step', step: 's', measured: [] });
    },
    'StepMissed',
  ],
  ['the close', (scene) => scene.does({ kind: 'close-launch', by: 'ana', reason: 'over' }), 'LaunchClosed'],
])('%s comes first', (_, moves, post) => {
  const { now, folded, rest } = places(moves, runbookFor(post));
  expect(now).toContain(post);
  expect([...folded, ...rest]).not.toContain(post);
});

test.each<[string, (scene: Scene) => void, string]>([
  ['an order that was approved', (scene) => scene.fired(), 'post-order'],
  [
    'an order whose time is over',
    (scene) => {
      scene.asked();
      scene.nowMs += 3_600_000;
    },
    'post-order',
  ],
  [
    'a halt that was lifted',
    (scene) => {
      scene.halt();
      const { liftId } = scene.gives('LiftRequested', { kind: 'request-lift', by: 'ana', reason: 'mended' });
      scene.does({ kind: 'approve-lift', by: 'mia', liftId });
    },
    'HaltSet',
  ],
  [
    'a lift that was approved',
    (scene) => {
      scene.halt();
      const { liftId } = scene.gives('LiftRequested', { kind: 'request-lift', by: 'ana', reason: 'mended' });
      scene.does({ kind: 'approve-lift', by: 'mia', liftId });
    },
    'LiftRequested',
  ],
  [
    'a switch that was approved',
    (scene) => {
      const { requestId } = scene.gives('SwitchRequested', {
        kind: 'set-switch',
        by: 'ana',
        switch: 'dark',
        value: true,
        reason: 'now',
      });
      scene.does({ kind: 'approve-switch', by: 'mia', requestId });
    },
    'SwitchRequested',
  ],
  [
    'a waiver whose time is over',
    (scene) => {
      const endsAtMs = scene.nowMs + 600_000;
      scene.does({
        kind: 'request-waiver',
        by: 'ana',
        gate: 'workers',
        segments: 'all',
        worst: null,
        reason: 'enough of them',
        endsAtMs,
      });
      scene.nowMs = endsAtMs;
    },
    'WaiverRequested',
  ],
  [
    'a waiver that was granted',
    (scene) => {
      const { waiverId } = scene.gives('WaiverRequested', {
        kind: 'request-waiver',
        by: 'ana',
        gate: 'workers',
        segments: 'all',
        worst: null,
        reason: 'enough of them',
        endsAtMs: scene.nowMs + 600_000,
      });
      scene.does({ kind: 'grant-waiver', by: 'mia', waiverId });
    },
    'WaiverRequested',
  ],
  [
    'a roster change that was approved',
    (scene) => {
      const { changeId } = scene.gives('RosterChangeRequested', {
        kind: 'request-roster-change',
        by: 'ana',
        people: scene.state.people.filter(({ id }) => id !== 'olu'),
        reason: 'off',
      });
      scene.does({ kind: 'approve-roster-change', by: 'mia', changeId });
    },
    'RosterChangeRequested',
  ],
  [
    'a roster change whose time is over',
    (scene) => {
      scene.does({
        kind: 'request-roster-change',
        by: 'ana',
        people: scene.state.people.filter(({ id }) => id !== 'olu'),
        reason: 'off',
      });
      scene.nowMs += 900_001;
    },
    'RosterChangeRequested',
  ],
  [
    'a step that a person has started',
    (scene) => {
      scene.does({ kind: 'put-step', step: 'remind', why: 'late' });
      scene.does({ kind: 'run-step', by: 'ana', step: 'remind' });
    },
    'StepPut',
  ],
  [
    'a step that has waited',
    (scene) => {
      holds(scene);
      scene.does({ kind: 'run-step', by: 'ana', step: 's' });
    },
    'StepHeld',
  ],
  [
    'a deadline of a step that a person has skipped',
    (scene) => {
      scene.nowMs += 60_000;
      scene.does({ kind: 'miss-step', step: 's', measured: [] });
      scene.does({ kind: 'skip-step', by: 'ana', step: 's', reason: '' });
    },
    'StepMissed',
  ],
  ['a shot that is closed', (scene) => scene.closes(scene.fired()), 'start-live'],
  [
    'a scale order that a newer one has replaced',
    (scene) => {
      const order = (desired: number) =>
        scene.does({ kind: 'order-scale', by: 'ana', target: 'workers', desired, step: null, reason: 'more' });
      order(2);
      order(3);
    },
    'post-scale',
  ],
])('%s is part of the summary', (_, moves, post) => {
  const { now, folded } = places(moves, runbookFor(post));
  expect(folded).toContain(post);
  expect(now).not.toContain(post);
});

test('of two halts only the one that stands comes first', () => {
  const { now, folded } = places((scene) => {
    scene.halt();
    scene.halt('ben');
  });
  expect(now.filter((post) => post === 'HaltSet')).toHaveLength(1);
  expect(folded.filter((post) => post === 'HaltSet')).toHaveLength(1);
});

test.each<[string, (scene: Scene) => void, string, ReturnType<typeof sampleRunbook>]>([
  [
    "a reminder's text",
    (scene) => scene.does({ kind: 'start-step', step: 's' }),
    'StepStarted',
    runbookWith({ do: { kind: 'remind', say: 'one hour' } }),
  ],
  [
    'why a step was refused',
    (scene) => {
      scene.does({ kind: 'start-step', step: 's' });
      scene.does({ kind: 'finish-step', step: 's', say: 'no such target', refused: true });
    },
    'StepDone',
    runbookWith({ do: { kind: 'scale', target: 'workers', to: 2 } }),
  ],
  [
    'a warning of the system',
    (scene) => scene.does({ kind: 'note', by: null, text: 'iOS is hardly being reached' }),
    'Noted',
    sampleRunbook(),
  ],
  ['the end of an order', (scene) => scene.fired(), 'refresh-order', sampleRunbook()],
  ['the end of a live message', (scene) => scene.closes(scene.fired()), 'finish-live', sampleRunbook()],
  ['the result of a shot', (scene) => scene.closes(scene.fired()), 'post-summary', sampleRunbook()],
  [
    'a scale-up under way',
    (scene) =>
      scene.does({ kind: 'order-scale', by: 'ana', target: 'workers', desired: 2, step: null, reason: 'more' }),
    'post-scale',
    sampleRunbook(),
  ],
])('%s comes by itself, after the summary', (_, moves, post, runbook) => {
  const { now, folded, rest } = places((scene) => {
    scene.nowMs += 1_000;
    moves(scene);
  }, runbook);
  expect(rest).toContain(post);
  expect([...now, ...folded]).not.toContain(post);
});

test('that a step of another kind has started, or has ended as it should, is part of the summary', () => {
  const { folded } = places(
    (scene) => {
      scene.nowMs += 1_000;
      scene.does({ kind: 'start-step', step: 's' });
      scene.does({ kind: 'finish-step', step: 's', say: 'ordered' });
    },
    runbookWith({ do: { kind: 'scale', target: 'workers', to: 2 } }),
  );
  expect(folded).toEqual(expect.arrayContaining(['StepStarted', 'StepDone']));
});

test('a scale-up that is there is part of the summary, one that is late comes first', () => {
  const order = (scene: Scene) =>
    scene.does({ kind: 'order-scale', by: 'ana', target: 'workers', desired: 2, step: null, reason: 'more' });
  const there = places((scene) => {
    order(scene);
    scene.does({ kind: 'report-scale', target: 'workers', desired: 2, tookMs: 1_000, stands: 2 });
  });
  expect(there.folded).toContain('post-scale');
  const late = (scene: Scene) =>
    scene.does({ kind: 'report-scale-late', target: 'workers', desired: 2, running: 1, ready: 0, backup: '' });
  expect(
    places((scene) => {
      order(scene);
      late(scene);
    }).now,
  ).toContain('ScaleLate');
  expect(
    places((scene) => {
      order(scene);
      late(scene);
      scene.does({ kind: 'report-scale', target: 'workers', desired: 2, tookMs: 1_000, stands: 2 });
    }).folded,
  ).toContain('ScaleLate');
  // What is late of an earlier order is past, also while a later one is late as well.
  const both = places((scene) => {
    order(scene);
    late(scene);
    scene.does({ kind: 'order-scale', by: 'ana', target: 'workers', desired: 3, step: null, reason: '' });
    scene.does({ kind: 'report-scale-late', target: 'workers', desired: 3, running: 1, ready: 0, backup: '' });
  });
  expect([both.now, both.folded].map((names) => names.filter((name) => name === 'ScaleLate'))).toEqual([
    ['ScaleLate'],
    ['ScaleLate'],
  ]);
});

test('the board comes first', () => {
  const scene = Scene.created();
  expect(named(sortBacklog(waiting(scene, 0), scene.state, scene.nowMs, 0).now)).toContain('post-board');
});
