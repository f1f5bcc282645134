import { describe, expect, test } from 'vitest';
import { ANA, people, sampleRunbook, Scene, slackVia } from '../../test/properties/scene.ts';
import type { Person } from '../playbook/schema.ts';
import { personOf } from './people.ts';
import { rosterProblem } from './roster.ts';

const change = (to: Person[], by = 'ana') => ({
  kind: 'request-roster-change' as const,
  by,
  people: to,
  reason: 'shift change',
});
const person = (id: string): Person => {
  const found = people.find((one) => one.id === id);
  if (found === undefined) throw new Error(id);
  return found;
};

test('a Slack id and a key of one human are one person', () => {
  const { state } = Scene.created();
  for (const key of [{ slackId: ANA.slack }, { slackId: ANA.secondSlack }, { publicKey: ANA.key }])
    expect(personOf(state, key)?.id).toBe('ana');
  expect(personOf(state, { slackId: 'UNOBODY' })).toBeNull();
});

describe('a roster', () => {
  test('needs an on-call, two people who may fire, and one person per name, account and key', () => {
    const scene = Scene.created();
    const mia2 = { ...person('mia'), id: 'mia2', name: 'Mia C.', operator_keys: [] };
    for (const [to, found] of [
      [[person('mia'), person('ben')], 'Nobody is on-call'],
      [[person('ana'), person('olu')], 'Only Ana Ortiz could fire'],
      [[...people, mia2], 'The Slack account U0MARKET1 stands for two people'],
      [[...people, { ...mia2, slack: [], operator_keys: person('mia').operator_keys }], 'The operator key'],
      [[...people, { ...person('mia'), id: 'mia2', slack: [], operator_keys: [] }], 'The name mia chen'],
      [[...people, { ...mia2, id: 'mia', slack: [] }], 'The id mia'],
    ] satisfies [Person[], string][]) {
      expect(scene.refuses(change(to))).toMatchObject({ code: 'ROSTER_INVALID', say: expect.stringContaining(found) });
    }
    const runbook = sampleRunbook({ people: people.slice(1) });
    expect(
      new Scene().refuses({
        kind: 'create-launch',
        by: 'mia',
        launchId: 'x',
        name: 'x',
        channelId: 'C',
        runbook,
        runbookHash: '',
        targetAtMs: 1,
        compress: 1,
      }).code,
    ).toBe('ROLE_MISSING');
  });

  test('is changed by two people, for a reason', () => {
    const scene = Scene.created();
    expect(scene.refuses({ ...change(people), reason: ' ' }).code).toBe('REASON_MISSING');
    expect(scene.refuses(change(people, 'mia')).code).toBe('ROLE_MISSING');
    const { changeId } = scene.gives(
      'RosterChangeRequested',
      change([...people, { ...person('ben'), id: 'eve', name: 'Eve', slack: ['U0EVE'] }]),
    );
    expect(personOf(scene.state, { slackId: 'U0EVE' })).toBeNull();
    expect(scene.refuses({ kind: 'approve-roster-change', by: 'ana', changeId }).code).toBe('SAME_PERSON');
    scene.does({ kind: 'approve-roster-change', by: 'ben', changeId });
    expect(personOf(scene.state, { slackId: 'U0EVE' })?.id).toBe('eve');
    expect(scene.refuses({ kind: 'approve-roster-change', by: 'mia', changeId }).code).toBe('NO_SUCH_REQUEST');
  });

  test("a change that gives the requester's account another name does not make them two people", () => {
    const scene = Scene.ready();
    // Ana gives up her second account to a new person, and so could answer her own question.
    const twin: Person = { ...person('ben'), id: 'ana-b', name: 'A. Ortiz', slack: [ANA.secondSlack] };
    const { changeId } = scene.gives(
      'RosterChangeRequested',
      change([{ ...person('ana'), slack: [ANA.slack] }, person('mia'), twin]),
    );
    const { waiverId } = scene.gives('WaiverRequested', {
      kind: 'request-waiver',
      by: 'ana',
      gate: 'workers',
      segments: 'all',
      worst: 1,
      reason: 'x',
      endsAtMs: scene.nowMs + 1e6,
    });
    const { requestId } = scene.gives('SwitchRequested', {
      kind: 'set-switch',
      by: 'ana',
      switch: 'dark',
      value: true,
      reason: 'x',
    });
    scene.halt();
    const order = scene.asked(['us-ios'], { lift: true });
    const { liftId } = scene.gives('LiftRequested', { kind: 'request-lift', by: 'ana', reason: '' });
    scene.does({ kind: 'approve-roster-change', by: 'mia', changeId });
    const via = { kind: 'slack' as const, slackId: ANA.secondSlack };
    expect(scene.refuses(scene.press(order, 'ana-b', { via })).code).toBe('ORDER_NOT_OPEN');
    expect(scene.refuses({ kind: 'grant-waiver', by: 'ana-b', waiverId }).code).toBe('NO_SUCH_WAIVER');
    expect(scene.refuses({ kind: 'approve-switch', by: 'ana-b', requestId }).code).toBe('NO_SUCH_REQUEST');
    expect(scene.refuses({ kind: 'approve-lift', by: 'ana-b', liftId }).code).toBe('HALTED');
  });
});

describe('a person who is removed in Slack', () => {
  test('can do nothing from then on, and what they asked for is over', () => {
    const scene = Scene.ready();
    const mine = scene.gives('FireRequested', scene.request('mia', ['us-ios']));
    const others = scene.asked(['br-ios']);
    scene.does({ kind: 'remove-person', person: 'mia', reason: 'deactivated' });
    expect(scene.refuses(scene.press(scene.order(mine.orderId), 'ben'))).toMatchObject({
      code: 'ORDER_NOT_OPEN',
      say: expect.stringContaining('Mia Chen was removed'),
    });
    expect(scene.refuses(scene.press(others, 'mia', { via: slackVia('mia') })).code).toBe('NOT_ON_ROSTER');
    expect(scene.decide(scene.press(others, 'ben')).ok).toBe(true);
    expect(scene.refuses({ kind: 'remove-person', person: 'mia', reason: '' }).say).toContain(
      'Mia Chen is not on the roster',
    );
  });

  test('does not come back by a roster change from before', () => {
    const scene = Scene.ready();
    const { changeId } = scene.gives('RosterChangeRequested', change(people));
    scene.does({ kind: 'remove-person', person: 'mia', reason: 'deactivated' });
    expect(scene.refuses({ kind: 'approve-roster-change', by: 'ben', changeId }).code).toBe('NO_SUCH_REQUEST');
  });
});

describe('what a roster may not be', () => {
  const bot = Scene.created().state.keys.find(({ role }) => role === 'bot')?.key ?? '';

  test.each([
    ['as it is', bot],
    ['spelled with blanks', ` ${bot}\n`],
  ])("a person with the bot's own key, %s: a machine could speak for them", (_how, key) => {
    const ben = { ...person('ben'), operator_keys: [...person('mia').operator_keys.slice(1), key] };
    const to = people.map((one) => (one.id === 'ben' ? ben : one));
    const say = "The operator key of Ben Okafor is the bot's own, so that a machine could speak for a person.";
    expect(Scene.created().refuses(change(to)).say).toBe(`${say} Correct the roster and ask again.`);
    expect(rosterProblem(to, [], {})).toBeNull();
  });

  test('fewer than two who may fire; two are enough', () => {
    expect(rosterProblem([person('ana'), person('mia')], [], {})).toBeNull();
    expect(rosterProblem([person('ana'), person('olu')], [], {})).toContain('Only Ana Ortiz could fire');
  });

  test('a change that is not there, or without a reason', () => {
    const scene = Scene.created();
    expect(scene.refuses({ ...change(people.slice(0, 3)), reason: ' ' }).code).toBe('REASON_MISSING');
    expect(scene.refuses({ kind: 'approve-roster-change', by: 'mia', changeId: 'P99' }).say).toContain(
      'There is no roster change P99.',
    );
    const { changeId, seq } = scene.gives('RosterChangeRequested', change(people.slice(0, 3)));
    expect(changeId).toBe(`P${seq}`);
  });

  test('one who was removed is so by Slack, and cannot be removed again', () => {
    const scene = Scene.created();
    const remove = { kind: 'remove-person', person: 'ben', reason: 'left' } as const;
    expect(scene.gives('PersonRemoved', remove)).toMatchObject({ by: { system: 'slack' }, reason: 'left' });
    expect(scene.refuses(remove)).toMatchObject({ code: 'ALREADY_SO', say: expect.stringContaining('Ben Okafor') });
  });
});
