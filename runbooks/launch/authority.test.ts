import { describe, expect, test } from 'vitest';
import { LAUNCH_ID, people, sampleRunbook, Scene, T0_MS } from '../../test/properties/scene.ts';
import type { Role } from '../playbook/schema.ts';
import { doing, may, mayFire, unmetPrecondition } from './authority.ts';
import type { Command, CommandKind } from './commands.ts';

/** Who may do what, a second time and independently of the table: who is left out here may not. `system`: no person may. */
const MAY: Record<CommandKind, 'on-call' | 'duty' | 'everybody' | 'system'> = {
  'create-launch': 'on-call',
  'move-target': 'on-call',
  'set-campaign': 'duty',
  'set-audience': 'duty',
  'set-skip-list': 'duty',
  'stand-down': 'on-call',
  'close-launch': 'on-call',
  'request-fire': 'duty',
  'approve-fire': 'duty',
  'decline-fire': 'duty',
  'renew-order': 'duty',
  'request-lift': 'duty',
  'approve-lift': 'duty',
  'request-waiver': 'on-call',
  'grant-waiver': 'duty',
  'change-runbook': 'on-call',
  'approve-runbook-change': 'duty',
  'request-roster-change': 'on-call',
  'approve-roster-change': 'duty',
  'request-key-change': 'on-call',
  'approve-key-change': 'duty',
  'take-over': 'duty',
  'set-switch': 'on-call',
  'approve-switch': 'duty',
  'set-halt': 'everybody',
  'tick-gate': 'duty',
  'answer-step': 'duty',
  'request-test': 'duty',
  'run-step': 'on-call',
  'skip-step': 'on-call',
  'order-scale': 'on-call',
  'measure-surge': 'duty',
  'begin-rehearsal': 'on-call',
  'turn-rehearsal': 'on-call',
  'end-rehearsal': 'system',
  note: 'everybody',
  'be-here': 'everybody',
  'record-outcomes': 'on-call',
  'answer-as-guest': 'system',
  'answer-question': 'everybody',
  'set-action': 'everybody',
  'close-action': 'everybody',
  'turn-postmortem': 'on-call',
  'remove-person': 'system',
  'report-gate': 'system',
  'expire-order': 'system',
  'expire-change': 'system',
  'release-fire': 'system',
  'hold-fire': 'system',
  'close-shot': 'system',
  'correct-shot': 'system',
  'report-timing': 'system',
  'report-test': 'system',
  'turn-switch': 'system',
  'start-step': 'system',
  'hold-step': 'system',
  'put-step': 'system',
  'miss-step': 'system',
  'finish-step': 'system',
  'report-scale-found': 'system',
  'report-scale': 'system',
  'report-mirror': 'system',
  'report-scale-changed': 'system',
  'report-scale-late': 'system',
  checkpoint: 'system',
};
const ROLES: Record<(typeof MAY)[CommandKind], Role[]> = {
  'on-call': ['on-call'],
  duty: ['on-call', 'marketer'],
  everybody: ['on-call', 'marketer', 'observer'],
  system: [],
};
const kinds = Object.keys(MAY) as CommandKind[];

describe('who may do what', () => {
  test.each(kinds.map((kind) => ({ kind, roles: ROLES[MAY[kind]] })))('$kind: $roles', ({ kind, roles }) => {
    const all: Role[] = ['on-call', 'marketer', 'observer'];
    expect(all.filter((role) => may({ roles: [role] }, kind))).toEqual(roles);
    expect(may({ roles: [] }, kind)).toBe(false);
  });

  test('a person with two roles may what either of them may, in whatever order they are named', () => {
    for (const roles of [
      ['observer', 'marketer'],
      ['marketer', 'observer'],
    ] satisfies Role[][]) {
      expect(may({ roles }, 'approve-fire')).toBe(true);
      expect(may({ roles }, 'order-scale')).toBe(false);
    }
  });

  test('on-call and marketers may be one of the two behind a fire, observers may not', () => {
    const fire = (...roles: Role[]) => mayFire({ roles });
    expect([fire('on-call'), fire('marketer'), fire('observer'), fire('observer', 'marketer'), fire()]).toEqual([
      true,
      true,
      false,
      true,
      false,
    ]);
  });
});

describe('before any other rule', () => {
  const { state: launch } = Scene.ready();
  const note = (by: string | null): Command => ({ kind: 'note', by, text: 'x' });
  const create = (by: string): Command => ({
    kind: 'create-launch',
    by,
    launchId: LAUNCH_ID,
    name: 'x',
    channelId: 'C',
    runbook: sampleRunbook(),
    runbookHash: '',
    targetAtMs: T0_MS,
    compress: 1,
  });

  test('without a launch there is only creating one, by those whom its runbook names', () => {
    expect(unmetPrecondition(null, note('ana'))).toMatchObject({
      code: 'NO_LAUNCH',
      say: expect.stringContaining('/go create'),
    });
    expect(unmetPrecondition(null, { kind: 'checkpoint', channelSeq: 0, channelHash: '' })?.code).toBe('NO_LAUNCH');
    expect(unmetPrecondition(null, create('ana'))).toBeNull();
    expect(unmetPrecondition(null, create('eve'))?.code).toBe('NOT_ON_ROSTER');
  });

  test('what nobody does, or the system itself, needs no role', () => {
    expect(unmetPrecondition(launch, note(null))).toBeNull();
    expect(unmetPrecondition(launch, { kind: 'expire-order', orderId: 'F1' })).toBeNull();
  });

  test('nobody does in their own name what only the system does', () => {
    expect(
      unmetPrecondition(launch, { kind: 'expire-order', orderId: 'F1', by: 'ana' } as unknown as Command)?.say,
    ).toBe('Ana Ortiz is on-call here; expire-order needs the system itself. Ask nothing.');
  });

  test('a refusal names the roles of the person, what they were about to do, and who can', () => {
    const two = { ...launch, people: people.map((one) => ({ ...one, roles: [...one.roles, 'observer'] as Role[] })) };
    const scale: Command = { kind: 'order-scale', by: 'mia', target: 'workers', desired: 1, step: null, reason: '' };
    expect(unmetPrecondition(two, scale)).toMatchObject({
      code: 'ROLE_MISSING',
      say: 'Mia Chen is marketer and observer here; scaling needs on-call. Ask Ana Ortiz.',
    });
    expect(unmetPrecondition(launch, { kind: 'request-lift', by: 'eve', reason: '' })?.say).toBe(
      "You are not on this launch's roster. Ask Ana Ortiz, Mia Chen or Ben Okafor, or have two people on the roster add you.",
    );
  });

  const LATER = kinds.filter((kind) => unmetPrecondition({ ...launch, closed: true }, { kind } as Command) === null);
  test('a closed launch takes late accounts, talk, its postmortem, capacity down, the end of a rehearsal, and a new launch; nothing else', () => {
    expect(LATER.toSorted()).toEqual(
      [
        'answer-as-guest',
        'answer-question',
        'checkpoint',
        'close-action',
        'correct-shot',
        'create-launch',
        'end-rehearsal',
        'note',
        'order-scale',
        'record-outcomes',
        'report-scale',
        'report-mirror',
        'report-scale-found',
        'report-scale-late',
        'report-timing',
        'set-action',
        'turn-postmortem',
        'turn-rehearsal',
      ].toSorted(),
    );
    expect(unmetPrecondition({ ...launch, closed: true }, create('ana'))).toBeNull();
  });
});

describe('what somebody was about to do', () => {
  const NAMED: [Partial<Command> & { kind: CommandKind }, string][] = [
    [{ kind: 'approve-fire', orderId: 'F12' }, 'pressing GO on F12'],
    [{ kind: 'decline-fire', orderId: 'F12' }, 'declining an order F12'],
    [{ kind: 'set-switch', switch: 'pace.ios' }, 'setting a switch (pace.ios)'],
    [{ kind: 'tick-gate', gate: 'copy-read' }, 'ticking a gate (copy-read)'],
    [{ kind: 'run-step', step: 'remind' }, 'running a step (remind)'],
    [{ kind: 'order-scale', step: 'scale-up', target: 'workers' }, 'scaling (scale-up)'],
    [{ kind: 'order-scale', step: null, target: 'workers' }, 'scaling (workers)'],
    [{ kind: 'set-halt' }, 'halting'],
    [{ kind: 'note' }, 'note'],
  ];
  test.each(NAMED)('%j: %s', (command, say) => expect(doing(command as Command)).toBe(say));
});
