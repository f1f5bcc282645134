import { describe, expect, test } from 'vitest';
import { measuredAt, sampleRunbook, Scene, T0_MS, totals as totalsOf } from '../../test/properties/scene.ts';
import type { Probe } from '../playbook/schema.ts';
import type { RehearsalReport } from './entries.ts';
import { wantedText } from './gate-figures.ts';
import type { Launch } from './launch.ts';
import { infrastructureReport, rehearsedGate } from './rehearsal-report.ts';
import { openRehearsal, rehearsalMoves } from './rehearsals.ts';

const HOUR = 3_600_000;
const BEFORE_MS = T0_MS - 30 * HOUR;
const found = { desired: 1, min: null, max: null, targets: [], indexes: {} };

/** Long before the plan begins, with an audience. */
function ready(more: Record<string, unknown> = {}): Scene {
  const scene = Scene.ready(sampleRunbook(more));
  scene.nowMs = BEFORE_MS;
  return scene;
}
const movesOf = (scene: Scene, red: Parameters<typeof measuredAt>[1] = {}) =>
  rehearsalMoves(scene.state, measuredAt(scene.nowMs, red), scene.nowMs);
const begun = (scene: Scene) => scene.gives('RehearsalBegun', { kind: 'begin-rehearsal', by: 'ana' });

/** What the conductor does of it. */
function follow(scene: Scene): void {
  for (const move of movesOf(scene)) {
    if (move.kind === 'scale') {
      const { target, to, rehearsalId, isBack } = move;
      scene.does({
        kind: 'order-scale',
        by: null,
        target,
        desired: to,
        step: null,
        reason: '',
        rehearsal: rehearsalId,
        ...(isBack ? { lower: true } : {}),
      });
    } else if (move.kind === 'turn') scene.does({ ...move, kind: 'turn-rehearsal', by: null });
  }
}
const orders = (rehearsal: string, desired: number) =>
  ({ kind: 'order-scale', by: null, target: 'workers', desired, step: null, reason: '', rehearsal }) as const;
const arrives = (scene: Scene, desired: number, tookMs: number) =>
  scene.does({ kind: 'report-scale', target: 'workers', desired, tookMs, stands: desired });

describe('a rehearsal of the infrastructure', () => {
  test('raises each fleet to what the plan orders at most, waits until all is ready, and puts back what was found', () => {
    const scene = ready();
    const { rehearsalId, fleets } = begun(scene);
    expect(fleets).toEqual([{ target: 'workers', to: 2 }]);
    expect(movesOf(scene)).toEqual([{ kind: 'scale', rehearsalId, target: 'workers', to: 2, isBack: false }]);
    follow(scene);
    scene.does({ kind: 'report-scale-found', target: 'workers', found });
    expect(movesOf(scene)).toEqual([]);
    arrives(scene, 2, 90_000);
    scene.nowMs += 100_000;
    expect(movesOf(scene, { workers: { status: 'red' } })).toEqual([]);
    // Queues say nothing of it.
    expect(movesOf(scene, { queues: { status: 'red' } })).toEqual([
      { kind: 'turn', rehearsalId, outcome: 'ready', why: '' },
    ]);
    follow(scene);
    expect(movesOf(scene)).toEqual([{ kind: 'scale', rehearsalId, target: 'workers', to: 1, isBack: true }]);
    follow(scene);
    expect(movesOf(scene)).toEqual([]);
    arrives(scene, 1, 30_000);
    expect(movesOf(scene)).toMatchObject([{ kind: 'report', rehearsalId }]);
    const rehearsal = openRehearsal(scene.state);
    const report = infrastructureReport(scene.state, rehearsal as NonNullable<typeof rehearsal>, scene.entries);
    expect(report).toMatchObject({
      outcome: 'ready',
      readyMs: 100_000,
      devices: 1_000,
      fleets: [{ target: 'workers', to: 2, tookMs: 90_000 }],
    });
    scene.does({ kind: 'end-rehearsal', rehearsalId, report });
    expect(openRehearsal(scene.state)).toBeUndefined();
    expect(scene.refuses({ kind: 'end-rehearsal', rehearsalId, report }).code).toBe('ALREADY_SO');
    expect([scene.state.orders, scene.state.shots]).toEqual([{}, {}]);
  });

  test('that is not ready in time goes back and says what was missing', () => {
    const scene = ready({ rehearsal: { ready_within: '1h' } });
    const { rehearsalId } = begun(scene);
    follow(scene);
    scene.nowMs += HOUR - 1;
    expect(movesOf(scene, { workers: { status: 'red', say: '0 of 2 ready' } })).toEqual([]);
    scene.nowMs += 1;
    expect(movesOf(scene, { workers: { status: 'red', say: '0 of 2 ready' } })).toEqual([
      {
        kind: 'turn',
        rehearsalId,
        outcome: 'late',
        why: 'workers has not come to 2 and “Workers are ready”: 0 of 2 ready',
      },
    ]);
  });

  test('is stopped by on-call, and by the end of the launch', () => {
    const scene = ready();
    const { rehearsalId } = begun(scene);
    const stop = { kind: 'turn-rehearsal', rehearsalId, outcome: 'ready', why: 'enough' } as const;
    expect(scene.refuses({ ...stop, by: 'mia' }).code).toBe('ROLE_MISSING');
    expect(scene.gives('RehearsalTurned', { ...stop, by: 'ana' })).toMatchObject({ outcome: 'stopped', why: 'enough' });
    expect(scene.refuses({ ...stop, by: 'ana' }).code).toBe('ALREADY_SO');
    expect(scene.refuses({ ...stop, rehearsalId: 'R1', by: 'ana' }).code).toBe('NO_SUCH_REHEARSAL');
    const closed = ready();
    begun(closed);
    closed.does({ kind: 'close-launch', by: 'ana', reason: '' });
    expect(movesOf(closed)).toMatchObject([{ kind: 'turn', outcome: 'stopped', why: 'the launch was closed' }]);
    follow(closed);
    expect(closed.state.rehearsals).toMatchObject({
      [Object.keys(closed.state.rehearsals)[0] ?? '']: { turned: { outcome: 'stopped' } },
    });
  });

  test('takes down nothing that a person or the plan has ordered since, and nothing before it knows what stood there', () => {
    const scene = ready();
    const { rehearsalId } = begun(scene);
    follow(scene);
    scene.does({ kind: 'turn-rehearsal', by: 'ana', rehearsalId, outcome: 'stopped', why: '' });
    expect(movesOf(scene)).toEqual([]);
    scene.does({ kind: 'report-scale-found', target: 'workers', found });
    expect(movesOf(scene)).toMatchObject([{ kind: 'scale', isBack: true }]);
    scene.does({ kind: 'order-scale', by: 'ana', target: 'workers', desired: 3, step: null, reason: '' });
    expect(movesOf(scene)).toMatchObject([{ kind: 'report', rehearsalId }]);
  });

  test('puts back a fleet that ran larger before, too, and orders nothing twice', () => {
    const scene = ready();
    const { rehearsalId } = begun(scene);
    follow(scene);
    const up = {
      kind: 'order-scale',
      by: null,
      target: 'workers',
      desired: 2,
      step: null,
      reason: '',
      rehearsal: rehearsalId,
    } as const;
    expect(scene.refuses(up).code).toBe('ALREADY_SO');
    scene.does({ kind: 'report-scale-found', target: 'workers', found: { ...found, desired: 2 } });
    arrives(scene, 2, 1_000);
    follow(scene);
    follow(scene);
    expect(scene.state.scale['workers']).toMatchObject({ desired: 2, lowers: true, state: 'moving' });
    expect(scene.refuses({ ...up, lower: true }).code).toBe('ALREADY_SO');
    arrives(scene, 2, 1_000);
    expect(scene.state.scaleFound).toEqual({});
    expect(movesOf(scene)).toMatchObject([{ kind: 'report', rehearsalId }]);
  });
});

describe('a push that is fired meanwhile', () => {
  test('keeps the fleets, whichever way they go', () => {
    for (const isTurned of [false, true]) {
      const scene = ready();
      const { rehearsalId } = begun(scene);
      follow(scene);
      scene.does({ kind: 'report-scale-found', target: 'workers', found });
      arrives(scene, 2, 1_000);
      if (isTurned) follow(scene);
      const ahead = movesOf(scene)[0];
      scene.fired(['us-ios']);
      expect(scene.refuses({ ...orders(rehearsalId, 1), lower: true }).code).toBe('NO_SUCH_REHEARSAL');
      expect(ahead).toMatchObject(isTurned ? { kind: 'scale', isBack: true } : { kind: 'turn', outcome: 'ready' });
      if (!isTurned) {
        expect(movesOf(scene)).toMatchObject([{ kind: 'turn', outcome: 'stopped', why: 'a push was fired' }]);
        follow(scene);
      }
      expect(movesOf(scene)).toMatchObject([{ kind: 'report', rehearsalId }]);
      expect(scene.state.scale['workers']).toMatchObject({ desired: 2, lowers: false });
    }
  });
});

test('a bot that is behind raises nothing that goes back already, nor after the end', () => {
  const scene = ready();
  const { rehearsalId } = begun(scene);
  const up = orders(rehearsalId, 2);
  expect(scene.refuses({ ...orders(rehearsalId, 1), lower: true }).code).toBe('NO_SUCH_REHEARSAL');
  follow(scene);
  scene.does({ kind: 'report-scale-found', target: 'workers', found });
  scene.does({ kind: 'turn-rehearsal', by: 'ana', rehearsalId, outcome: 'stopped', why: '' });
  follow(scene);
  expect(scene.refuses(up).code).toBe('NO_SUCH_REHEARSAL');
  arrives(scene, 1, 1_000);
  const rehearsal = openRehearsal(scene.state);
  const report = infrastructureReport(scene.state, rehearsal as NonNullable<typeof rehearsal>, scene.entries);
  scene.does({ kind: 'end-rehearsal', rehearsalId, report });
  expect(scene.refuses(up).code).toBe('NO_SUCH_REHEARSAL');
});

describe('it is refused', () => {
  const refusal = (scene: Scene) => scene.refuses({ kind: 'begin-rehearsal', by: 'ana' });

  test('beside another one, an order, or a fleet that is up', () => {
    const two = ready();
    begun(two);
    expect(refusal(two)).toMatchObject({
      code: 'REHEARSAL_NOT_NOW',
      say: expect.stringContaining('/go rehearse stop'),
    });
    const ordered = ready();
    ordered.asked('all');
    expect(refusal(ordered).say).toContain('waits to be fired');
    const armed = ready();
    armed.gives('FireArmed', armed.press(armed.asked('all', { momentMs: armed.nowMs + 600_000 })));
    expect(refusal(armed).say).toContain('is armed and goes by itself; nobody rehearses beside that');
    const raised = ready();
    raised.does({ kind: 'report-scale-found', target: 'workers', found });
    expect(refusal(raised).say).toContain('has raised workers already');
    expect(refusal(raised).say).toContain(
      `Put it back first, by \`/go scale workers ${found.desired}\`, then rehearse.`,
    );
  });

  test('when the plan raises a fleet before it may be over, without an audience, and where the plan has no fleet', () => {
    const late = ready();
    late.nowMs = T0_MS - 7 * HOUR + 1;
    expect(refusal(late)).toMatchObject({
      code: 'REHEARSAL_NOT_NOW',
      say: expect.stringContaining('“Start the workers” is due'),
    });
    late.nowMs -= 1;
    begun(late);
    const empty = Scene.created(sampleRunbook());
    empty.nowMs = BEFORE_MS;
    expect(refusal(empty).code).toBe('NO_AUDIENCE');
    const steps = [{ id: 'a', title: 'A', at: 'T', do: { kind: 'checklist' } }];
    expect(refusal(ready({ phases: [{ id: 'p', title: 'P', steps }] })).say).toContain('raises no fleet');
  });

  test('beside an order, a shot or a fleet that is up also where it sends in a launch of its own, and in a launch that is over', () => {
    const refusedFor = (scene: Scene) => scene.refuses({ kind: 'begin-rehearsal', by: 'ana', sentIn: 'r' }).code;
    const ordered = ready();
    ordered.asked('all');
    expect(refusedFor(ordered)).toBe('REHEARSAL_NOT_NOW');
    const shot = ready();
    shot.fired(['us-ios']);
    expect(refusedFor(shot)).toBe('SHOT_RUNNING');
    const raised = ready();
    raised.does({ kind: 'report-scale-found', target: 'workers', found });
    expect(refusedFor(raised)).toBe('REHEARSAL_NOT_NOW');
    const off = ready();
    off.does({ kind: 'stand-down', by: 'ana', reason: '' });
    expect(refusedFor(off)).toBe('STOOD_DOWN');
  });

  test('to whoever is not on call', () => {
    expect(ready().refuses({ kind: 'begin-rehearsal', by: 'mia' }).code).toBe('ROLE_MISSING');
  });
});

describe('the gate', () => {
  const probe = { what: 'infrastructure', within: 24 * HOUR, same_audience: true } as const;
  const rehearsed = (outcome: 'ready' | 'late') => {
    const scene = ready();
    const { rehearsalId } = begun(scene);
    scene.does({
      kind: 'turn-rehearsal',
      by: null,
      rehearsalId,
      outcome,
      why: outcome === 'late' ? 'edge has not come' : '',
    });
    const rehearsal = openRehearsal(scene.state);
    const report = infrastructureReport(scene.state, rehearsal as NonNullable<typeof rehearsal>, scene.entries);
    scene.does({ kind: 'end-rehearsal', rehearsalId, report });
    return scene;
  };
  const gate = (scene: Scene, atMs = scene.nowMs) => rehearsedGate(scene.state, probe, atMs);

  test('is red without a rehearsal, and with one that was too slow', () => {
    expect(gate(ready())).toMatchObject({
      status: 'red',
      value: 1,
      say: 'The infrastructure was not rehearsed yet: /go rehearse infrastructure',
    });
    expect(gate(rehearsed('late'))).toMatchObject({
      status: 'red',
      value: 1,
      say: expect.stringContaining('it was not ready in 3 h (edge has not come)'),
    });
  });

  test('is green with a new one of the same audience, and counts what is wrong', () => {
    const scene = rehearsed('ready');
    expect(gate(scene)).toMatchObject({ status: 'green', value: 0 });
    expect(gate(scene, scene.nowMs + 24 * HOUR + 1)).toMatchObject({ status: 'red', value: 1 });
    const audience = scene.state.audience;
    if (audience === null) throw new Error('no audience');
    scene.does({
      kind: 'set-audience',
      by: 'ana',
      audience: { ...audience, hash: 'b'.repeat(64), manifestKey: `audiences/${'b'.repeat(64)}/manifest.json` },
    });
    expect(gate(scene, scene.nowMs + 24 * HOUR + 1)).toMatchObject({
      status: 'red',
      value: 2,
      say: expect.stringContaining('the audience is another one since'),
    });
  });
});

test('a skip list that has only grown since is no other audience, one in its place is, where the gate asks for the same', () => {
  const scene = Scene.ready();
  const list = (hash: string, adds?: string | null) =>
    scene.does({
      kind: 'set-skip-list',
      by: 'ana',
      skipList: { hash, key: hash, tokens: 3 },
      ...(adds === undefined ? {} : { adds }),
    });
  const gate = (more: Partial<RehearsalReport>, sameAudience = true) => {
    const { audience } = scene.state;
    const report = { what: 'limited', outcome: 'ready', why: '', totals: null, refused: 0, timing: null, ...more };
    const one = {
      id: 'r',
      what: 'limited',
      endedAtMs: scene.nowMs,
      report: { ...report, audienceHash: audience?.hash },
    };
    const rehearsals = { r: one as unknown as Launch['rehearsals'][string] };
    const probe = { what: 'limited', within: HOUR, same_audience: sameAudience } as const;
    return rehearsedGate({ ...scene.state, rehearsals }, probe, scene.nowMs);
  };
  list('one', null);
  expect(gate({ skipListHash: null })).toMatchObject({ status: 'green' });
  list('two', 'one');
  for (const skipListHash of [null, 'one', 'two']) expect(gate({ skipListHash })).toMatchObject({ status: 'green' });
  list('three');
  expect(gate({ skipListHash: 'two' })).toMatchObject({
    status: 'red',
    value: 1,
    say: expect.stringContaining('the skip list was replaced since') as string,
  });
  expect(gate({ skipListHash: 'two' }, false)).toMatchObject({ status: 'green' });
  // Of a rehearsal before 0.4.0 nobody knows.
  expect(gate({})).toMatchObject({ status: 'green' });
});

test('one that sends must have reached as many devices as are asked for, or half of an audience that has not twice as many', () => {
  const scene = Scene.ready();
  const probe = { what: 'limited' as const, within: 86_400_000, same_audience: false };
  const gate = (accepted: number, atLeast?: number) => {
    const totals = totalsOf({ accepted });
    const report = { what: 'limited', outcome: 'ready', why: '', totals, refused: 0, timing: null } as RehearsalReport;
    const one = { id: 'r', what: 'limited', report, endedAtMs: scene.nowMs } as Launch['rehearsals'][string];
    return rehearsedGate({ ...scene.state, rehearsals: { r: one } }, { ...probe, at_least: atLeast }, scene.nowMs);
  };
  expect(gate(1, 300)).toMatchObject({
    status: 'red',
    say: expect.stringContaining('it reached 1 device, 300 asked for') as string,
  });
  expect(gate(300, 300)).toMatchObject({ status: 'green' });
  // To all 1,000 none may go.
  expect(gate(499, 1_000)).toMatchObject({
    status: 'red',
    say: expect.stringContaining('it reached 499 devices, 500 asked for') as string,
  });
  expect(gate(500, 1_000)).toMatchObject({ status: 'green' });
  // A runbook of before it was asked for.
  expect(gate(1)).toMatchObject({ status: 'green' });
  const old = { kind: 'rehearsed', ...probe } as unknown as Probe;
  expect(wantedText(scene.state, old)).toBe('within 24 h, and as the runbook asks for');
  expect(wantedText(scene.state, { ...old, at_least: 300 } as Probe)).toContain('300 devices');
});
