import { describe, expect, test } from 'vitest';
import { people, sampleRunbook, Scene } from '../../test/properties/scene.ts';
import type { Plan } from '../playbook/schema.ts';
import type { Command } from './commands.ts';
import { firersOf, namesOf, twoFirers } from './fire-policy.ts';
import { planOf } from './plan-changes.ts';

const groups = [{ id: 'desk', title: 'Desk', people: ['ben', 'olu'] }];
const ids = (fire: object, act: 'ask' | 'approve') =>
  firersOf({ people, runbook: { groups, fire } }, act).map(({ id }) => id);

const changeTo = (plan: Plan): Command => ({
  kind: 'change-runbook',
  by: 'ana',
  plan,
  runbookHash: '',
  lines: [],
  reason: 'r',
});

describe('who may', () => {
  test('roles alone decide where the runbook says nothing', () => {
    expect(ids({}, 'ask')).toEqual(['ana', 'mia', 'ben']);
    expect(firersOf({ people, runbook: {} }, 'approve').map(({ id }) => id)).toEqual(['ana', 'mia', 'ben']);
  });

  test('of a role, a group and people those who are named, and never an observer', () => {
    expect(ids({ may_ask: ['marketer'] }, 'ask')).toEqual(['mia', 'ben']);
    expect(ids({ may_ask: ['marketer'] }, 'approve')).toEqual(['ana', 'mia', 'ben']);
    expect(ids({ may_ask: ['desk'] }, 'ask')).toEqual(['ben']);
    expect(ids({ may_approve: ['ana', 'olu'] }, 'approve')).toEqual(['ana']);
  });

  test('two are found if there are two, whoever comes first', () => {
    const two = (fire: object) => twoFirers({ people, runbook: { fire } })?.map(({ id }) => id) ?? null;
    expect(two({})).toEqual(['ana', 'mia']);
    expect(two({ may_approve: ['ana'] })).toEqual(['mia', 'ana']);
    expect(two({ may_ask: ['ana'], may_approve: ['ana'] })).toBeNull();
    expect(two({ may_ask: ['olu'] })).toBeNull();
    expect(namesOf([])).toBe('nobody on the roster');
  });
});

describe('a launch whose runbook says who may', () => {
  const fire = { may_ask: ['mia', 'ben'], may_approve: ['on-call', 'ben'] };
  const ready = () => Scene.ready(sampleRunbook({ fire }));

  test('takes an ask and a press of those alone; the refusal names them', () => {
    const scene = ready();
    expect(scene.refuses(scene.request('ana'))).toEqual({
      code: 'FIRE_POLICY',
      say: 'In this launch Mia Chen or Ben Okafor may ask for fire: its runbook says who (`fire.may_ask`). Ask one of them, or have two people change the runbook with /go runbook.',
    });
    const { orderId } = scene.gives('FireRequested', scene.request('ben'));
    const order = scene.order(orderId);
    expect(scene.refuses(scene.press(order, 'mia'))).toMatchObject({
      code: 'FIRE_POLICY',
      say: expect.stringContaining('Ana Ortiz or Ben Okafor may press GO'),
    });
    // Named or not, who asked is no second person.
    expect(scene.refuses(scene.press(order, 'ben'))).toMatchObject({
      code: 'SAME_PERSON',
      say: expect.stringContaining('a second person must press GO: Ana Ortiz may.'),
    });
    scene.gives('FireApproved', scene.press(order, 'ana'));
    const one = Scene.ready(sampleRunbook({ fire: { may_ask: ['mia'] } }));
    expect(one.refuses(one.request('ben')).say).toContain(
      'Mia Chen may ask for fire: its runbook says who (`fire.may_ask`). Ask them,',
    );
  });

  test('is armed by those alone, too', () => {
    const scene = ready();
    const momentMs = scene.nowMs + 600_000;
    const { orderId } = scene.gives('FireRequested', scene.request('mia', 'all', { momentMs }));
    const order = scene.order(orderId);
    expect(scene.refuses(scene.press(order, 'mia')).code).toBe('SAME_PERSON');
    const other = Scene.ready(sampleRunbook({ fire: { may_approve: ['ben'] } }));
    const its = other.asked('all', { momentMs });
    expect(other.refuses(other.press(its, 'mia')).code).toBe('FIRE_POLICY');
    other.gives('FireArmed', other.press(its, 'ben'));
    scene.gives('FireArmed', scene.press(order, 'ben'));
  });

  test('keeps two who can: neither roster nor runbook is changed so that one is left, or the same for both', () => {
    const scene = ready();
    const roster = { kind: 'request-roster-change', by: 'ana', reason: 'shift' } as const;
    const few = people.map((one) => (one.id === 'mia' ? one : { ...one, roles: ['on-call' as const] }));
    scene.does({ ...roster, people: few });
    const alone = people.map((one) => (one.id === 'ana' ? { ...one, id: 'eve', name: 'Eve Novak' } : one));
    const none = Scene.ready(sampleRunbook({ fire: { may_ask: ['mia'], may_approve: ['ana'] } }));
    expect(none.refuses({ ...roster, people: alone })).toMatchObject({
      code: 'ROSTER_INVALID',
      say: expect.stringContaining('Mia Chen could ask and nobody on the roster approve'),
    });
    const plan = { ...planOf(scene.state.runbook), fire: { may_ask: ['ana'], may_approve: ['ana'] } };
    const change = changeTo(plan);
    expect(scene.refuses(change).code).toBe('ROSTER_INVALID');
  });

  test('voids by a change of it what was asked or armed by who may no more, and no other order', () => {
    const scene = ready();
    const mia = scene.gives('FireRequested', scene.request('mia', ['us-ios'])).orderId;
    const ben = scene.gives('FireRequested', scene.request('ben', ['us-android'])).orderId;
    const plan = { ...planOf(scene.state.runbook), fire: { ...fire, may_ask: ['ben'] } };
    const change = changeTo(plan);
    const { changeId } = scene.gives('RunbookChangeRequested', change);
    const { voids } = scene.gives('RunbookChanged', { kind: 'approve-runbook-change', by: 'mia', changeId });
    expect(voids.orders).toEqual([mia]);
    expect([scene.order(mia).state, scene.order(ben).state]).toEqual(['void', 'open']);
    // Who armed it may approve no more; who is in a group decides as well.
    const armed = Scene.ready(sampleRunbook({ groups, fire: { may_approve: ['desk'] } }));
    const order = armed.asked('all', { momentMs: armed.nowMs + 600_000 });
    armed.gives('FireArmed', armed.press(order, 'ben'));
    const emptied = { ...planOf(armed.state.runbook), groups: [{ id: 'desk', title: 'Desk', people: ['mia'] }] };
    const asked = armed.gives('RunbookChangeRequested', changeTo(emptied));
    const done = armed.gives('RunbookChanged', { kind: 'approve-runbook-change', by: 'mia', changeId: asked.changeId });
    expect(done.voids.orders).toEqual([order.id]);
  });
});
