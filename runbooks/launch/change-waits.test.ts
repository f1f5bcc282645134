import { describe, expect, test } from 'vitest';
import { people, Scene } from '../../test/properties/scene.ts';
import { overChanges, waitingChanges } from './change-waits.ts';
import type { Command } from './commands.ts';
import { decide } from './decide.ts';
import type { Entry } from './entries.ts';
import { fold } from './evolve.ts';
import { planOf } from './plan-changes.ts';
import { vouchProblem } from './vouch.ts';

const LIFETIME_MS = 900_000;

const CHANGES: Record<
  'runbook' | 'roster',
  { ask: (scene: Scene) => Command; approve: (changeId: string) => Command }
> = {
  runbook: {
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
    ask: () => ({ kind: 'request-roster-change', by: 'ana', people: people.slice(0, 3), reason: 'shift' }),
    approve: (changeId) => ({ kind: 'approve-roster-change', by: 'mia', changeId }),
  },
};

function asked(what: 'runbook' | 'roster'): { scene: Scene; changeId: string; endMs: number } {
  const scene = Scene.ready();
  const entry = scene.does(CHANGES[what].ask(scene));
  if (!('changeId' in entry) || entry.changeId === null) throw new Error(entry.kind);
  return { scene, changeId: entry.changeId, endMs: scene.nowMs + LIFETIME_MS };
}

describe.each(['runbook', 'roster'] as const)('a change of the %s', (what) => {
  const { approve } = CHANGES[what];

  test('may be approved up to the end of its lifetime, which its entry and the launch say', () => {
    const { scene, changeId, endMs } = asked(what);
    expect(scene.entries.at(-1)).toMatchObject({ expiresAtMs: endMs });
    expect(waitingChanges(scene.state, endMs)).toMatchObject([{ id: changeId, what, expiresAtMs: endMs }]);
    scene.nowMs = endMs;
    expect(scene.decide(approve(changeId)).ok).toBe(true);
  });

  test('is refused a millisecond later, whether or not the record says by then that it expired', () => {
    const { scene, changeId, endMs } = asked(what);
    scene.nowMs = endMs + 1;
    const late = {
      code: 'REQUEST_EXPIRED',
      say: `The change of the ${what} that Ana Ortiz asked for waited until 22:45:00 UTC, and nothing was changed. Ask for it again with ${what === 'runbook' ? '/go runbook change' : '/go people'}.`,
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
    expect(scene.refuses(approve(changeId)).code).toBe('NO_SUCH_REQUEST');
  });

  test('of an entry of before version 7 waits without an end, and is what the rules of then give', () => {
    const { scene } = asked(what);
    const now = scene.entries.at(-1);
    const before = fold(scene.entries.slice(0, -1));
    if (now === undefined || before === null) throw new Error('nothing was asked');
    const { expiresAtMs: _end, ...rest } = now as Entry & { expiresAtMs?: number };
    const then: Entry = { ...(rest as Entry), v: 6 };
    const sha256 = () => '';
    expect(vouchProblem(before, then, sha256)).toBeNull();
    expect(vouchProblem(before, { ...then, v: 7 }, sha256)).toBe('it is not what the rules give');
    const launch = fold([...scene.entries.slice(0, -1), then].map((entry): Entry => ({ ...entry, v: 6 })));
    const years = { nowMs: scene.nowMs + 1e11, sha256 };
    const changeId = (then as Entry & { changeId: string }).changeId;
    expect(decide(launch, approve(changeId), years).ok).toBe(true);
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
