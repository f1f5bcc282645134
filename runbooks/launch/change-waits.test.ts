import { describe, expect, test } from 'vitest';
import { people, sampleRunbook, Scene } from '../../test/properties/scene.ts';
import { overChanges, waitingChanges } from './change-waits.ts';
import type { Command } from './commands.ts';
import { decide } from './decide.ts';
import type { Entry } from './entries.ts';
import { fold } from './evolve.ts';
import { planOf } from './plan-changes.ts';
import { vouchProblem } from './vouch.ts';

const LIFETIME_MS = 900_000;

type What = 'runbook' | 'roster' | 'lift' | 'switch';

/** `since`: the version of entries that first says when it ends; `named` and `again` as the refusal of a late press has them. */
const CHANGES: Record<
  What,
  {
    since: Entry['v'];
    named: string;
    again: string;
    ask: (scene: Scene) => Command;
    approve: (changeId: string) => Command;
  }
> = {
  runbook: {
    since: 7,
    named: 'change of the runbook',
    again: '/go runbook change',
    ask: ({ state }) => ({
      kind: 'change-runbook',
      by: 'ana',
      plan: { ...planOf(state.runbook), order_expires_after: 60_000 },
      runbookHash: 'new',
      lines: [],
      reason: 'kick-off is late',
    }),
    approve: (changeId) => ({ kind: 'approve-runbook-change', by: 'mia', changeId }),
  },
  roster: {
    since: 7,
    named: 'change of the roster',
    again: '/go people',
    ask: () => ({ kind: 'request-roster-change', by: 'ana', people: people.slice(0, 3), reason: 'shift' }),
    approve: (changeId) => ({ kind: 'approve-roster-change', by: 'mia', changeId }),
  },
  lift: {
    since: 8,
    named: 'lift of halt 1',
    again: '/go resume',
    ask: () => ({ kind: 'request-lift', by: 'ana', reason: 'the text is right' }),
    approve: (liftId) => ({ kind: 'approve-lift', by: 'mia', liftId }),
  },
  switch: {
    since: 8,
    named: 'change of sale to on',
    again: '/go switch',
    ask: () => ({ kind: 'set-switch', by: 'ana', switch: 'sale', value: true, reason: 'it begins' }),
    approve: (requestId) => ({ kind: 'approve-switch', by: 'mia', requestId }),
  },
};

function asked(what: What): { scene: Scene; changeId: string; endMs: number } {
  const { switches } = sampleRunbook();
  const two = switches.map((one) => (one.id === 'sale' ? { ...one, two_people: true } : one));
  const scene = Scene.ready(sampleRunbook({ switches: two }));
  if (what === 'lift') scene.halt('ben');
  const entry = scene.does(CHANGES[what].ask(scene));
  return { scene, changeId: idOf(entry), endMs: scene.nowMs + LIFETIME_MS };
}

function idOf(entry: Entry): string {
  const { changeId, liftId, requestId } = entry as { changeId?: string; liftId?: string; requestId?: string };
  const id = changeId ?? liftId ?? requestId;
  if (id === undefined) throw new Error(entry.kind);
  return id;
}

describe.each(['runbook', 'roster', 'lift', 'switch'] as const)('what waits for its second person: %s', (what) => {
  const { approve, named, again, since } = CHANGES[what];

  test('may be approved up to the end of its lifetime, which its entry and the launch say', () => {
    const { scene, changeId, endMs } = asked(what);
    expect(scene.entries.at(-1)).toMatchObject({ expiresAtMs: endMs });
    expect(waitingChanges(scene.state, endMs)).toMatchObject([
      { what, named, change: { id: changeId, expiresAtMs: endMs } },
    ]);
    scene.nowMs = endMs;
    expect(scene.decide(approve(changeId)).ok).toBe(true);
  });

  test('is refused a millisecond later, whether or not the record says by then that it expired', () => {
    const { scene, changeId, endMs } = asked(what);
    scene.nowMs = endMs + 1;
    const late = {
      code: 'REQUEST_EXPIRED',
      say: `The ${named} that Ana Ortiz asked for waited until 22:45:00 UTC, and nothing was changed. Ask for it again with ${again}.`,
    };
    expect(waitingChanges(scene.state, scene.nowMs)).toEqual([]);
    expect(scene.refuses(approve(changeId))).toEqual(late);
    expect(overChanges(scene.state, scene.nowMs)).toMatchObject([{ id: changeId }]);
    scene.gives('ChangeExpired', { kind: 'expire-change', changeId });
    expect(overChanges(scene.state, scene.nowMs)).toEqual([]);
    expect(scene.refuses(approve(changeId))).toEqual(late);
    expect(scene.refuses({ kind: 'expire-change', changeId }).code).toBe('NO_SUCH_REQUEST');
    expect(fold(scene.entries)).toEqual(scene.state);
  });

  test('does not expire early, nor once it was approved', () => {
    const { scene, changeId, endMs } = asked(what);
    scene.nowMs = endMs;
    expect(scene.refuses({ kind: 'expire-change', changeId }).code).toBe('TIME_INVALID');
    scene.does(approve(changeId));
    scene.nowMs = endMs + 1;
    expect(overChanges(scene.state, scene.nowMs)).toEqual([]);
    expect(scene.refuses(approve(changeId)).code).toBe(what === 'lift' ? 'NOT_HALTED' : 'NO_SUCH_REQUEST');
  });

  test('may be asked for again once it is over, whether or not the record says so by then', () => {
    const { scene, changeId, endMs } = asked(what);
    scene.nowMs = endMs + 1;
    const again = idOf(scene.does(CHANGES[what].ask(scene)));
    scene.does({ kind: 'expire-change', changeId });
    expect(waitingChanges(scene.state, scene.nowMs).map(({ change }) => change.id)).toEqual([again]);
    expect(scene.decide(approve(again)).ok).toBe(true);
  });

  test('of an entry from before it had an end waits without an end, and is what the rules of then give', () => {
    const { scene } = asked(what);
    const now = scene.entries.at(-1);
    const before = fold(scene.entries.slice(0, -1));
    if (now === undefined || before === null) throw new Error('nothing was asked');
    const { expiresAtMs: _end, ...rest } = now as Entry & { expiresAtMs?: number };
    const old = (since - 1) as Entry['v'];
    const then: Entry = { ...(rest as Entry), v: old };
    const sha256 = () => '';
    expect(vouchProblem(before, then, sha256)).toBeNull();
    // Of a switch that only apps read the rules have no say (vouch.ts).
    const problem = what === 'switch' ? null : 'it is not what the rules give';
    expect(vouchProblem(before, { ...then, v: since }, sha256)).toBe(problem);
    const launch = fold([...scene.entries.slice(0, -1), then].map((entry): Entry => ({ ...entry, v: old })));
    const years = { nowMs: scene.nowMs + 1e11, sha256 };
    expect(decide(launch, approve(idOf(then)), years).ok).toBe(true);
    if (launch !== null) expect(overChanges(launch, years.nowMs)).toEqual([]);
  });
});

test('who called the launch off is not told of a plan that nobody can change any more', () => {
  const { scene } = asked('runbook');
  scene.does(CHANGES.roster.ask(scene));
  expect(waitingChanges(scene.state, scene.nowMs).map(({ what }) => what)).toEqual(['runbook', 'roster']);
  scene.does({ kind: 'stand-down', by: 'ana', reason: 'rain' });
  expect(waitingChanges(scene.state, scene.nowMs).map(({ what }) => what)).toEqual(['roster']);
  scene.does({ kind: 'close-launch', by: 'ana', reason: 'rain' });
  expect(waitingChanges(scene.state, scene.nowMs)).toEqual([]);
});
