import { describe, expect, test } from 'vitest';
import { sampleRunbook, Scene } from '../../test/properties/scene.ts';
import type { Gate, Plan, Step } from '../playbook/schema.ts';
import type { EntryOf } from './entries.ts';
import { fold } from './evolve.ts';
import type { Launch } from './launch.ts';
import { planOf } from './plan-changes.ts';
import { begunNow } from './runbook-change.ts';
import { dueSteps } from './schedule.ts';

const NOTHING = { orders: [], ticks: [], waivers: [], requests: [], steps: [], missed: [] };

const change = (scene: Scene, more: Partial<Plan>, by = 'ana') => ({
  kind: 'change-runbook' as const,
  by,
  plan: { ...planOf(scene.state.runbook), ...more },
  runbookHash: 'new',
  lines: ['superbowl.yaml:1'],
  reason: 'kick-off is late',
});

/** By one person, or by two where it takes two. */
function changed(scene: Scene, more: Partial<Plan>): EntryOf<'RunbookChanged'> {
  const asked = scene.does(change(scene, more));
  if (asked.kind !== 'RunbookChangeRequested') return asked as EntryOf<'RunbookChanged'>;
  return scene.gives('RunbookChanged', { kind: 'approve-runbook-change', by: 'mia', changeId: asked.changeId });
}

const gates = (scene: Scene, id: string, more: Partial<Gate>): Partial<Plan> => ({
  gates: scene.state.runbook.gates.map((gate) => (gate.id === id ? { ...gate, ...more } : gate)),
});
const steps = (scene: Scene, id: string, more: Partial<Step>): Partial<Plan> => ({
  phases: scene.state.runbook.phases.map((phase) => ({
    ...phase,
    steps: phase.steps.map((step) => (step.id === id ? { ...step, ...more } : step)),
  })),
});
const added: Gate = { id: 'calm', title: 'The room is calm', hard: false };

describe('how many people a change takes', () => {
  const scene = Scene.ready();
  const { gates: all, switches, delivery, phases } = scene.state.runbook;
  const reordered = { phases: phases.map((phase) => ({ ...phase, steps: phase.steps.toReversed() })) };
  const takes = (more: Partial<Plan>) =>
    scene.decide(change(scene, more)).ok &&
    (scene.decide(change(scene, more)) as { entry: { kind: string } }).entry.kind === 'RunbookChanged'
      ? 1
      : 2;

  test.each<[string, Partial<Plan>]>([
    ['what people read', { title: 'Big night', summary: 'One push', on_halt: 'Sit down', marks: ['eyes'] }],
    ['a gate that is added', { gates: [...all, added] }],
    ['a gate that is hardened', gates(scene, 'workers', { hard: true })],
    ['what a gate is called, and its help', gates(scene, 'workers', { title: 'All workers', help: 'Call Ben' })],
  ])('one: %s', (_what, more) => expect(takes(more)).toBe(1));

  test.each<[string, Partial<Plan>]>([
    ['a gate that is gone', { gates: all.slice(1) }],
    ['a gate that is hard no more', gates(scene, 'credentials', { hard: false })],
    ['what a gate measures', gates(scene, 'queues', { probe: { kind: 'credentials' } })],
    ['what a gate that nothing measures is called', gates(scene, 'copy-read', { title: 'Someone looked at it' })],
    ['whose gate it is', gates(scene, 'copy-read', { owner: 'ben' })],
    ['how long a tick holds', gates(scene, 'copy-read', { stale_after: 60_000 })],
    ['when a step is', steps(scene, 'remind', { at: -60_000 })],
    ['words, with another order of steps', { title: 'Big night', ...reordered }],
    ['who is in a group', { groups: [{ id: 'web', title: 'Web', people: ['ana'] }] }],
    ['how it goes out', { delivery: { ...delivery, ios_not_after: 1_000 } }],
    ['how long an order waits', { order_expires_after: 1_000 }],
    ['a switch', { switches: switches.slice(1) }],
    ['words, with anything that takes two', { title: 'Big night', order_expires_after: 1_000 }],
  ])('two: %s', (_what, more) => expect(takes(more)).toBe(2));
});

test('one person asks and another approves: then the plan is that one, and people and texts are as they were', () => {
  const scene = Scene.ready();
  const { people, campaign } = scene.state.runbook;
  const { changeId, seq } = scene.gives('RunbookChangeRequested', change(scene, { order_expires_after: 60_000 }));
  expect(changeId).toBe(`B${seq}`);
  expect(scene.state.runbook.order_expires_after).toBe(900_000);
  expect(scene.refuses({ kind: 'approve-runbook-change', by: 'ana', changeId }).code).toBe('SAME_PERSON');
  expect(scene.refuses({ kind: 'approve-runbook-change', by: 'olu', changeId }).code).toBe('ROLE_MISSING');
  expect(scene.refuses({ kind: 'approve-runbook-change', by: 'mia', changeId: 'B99' }).code).toBe('NO_SUCH_REQUEST');
  const { voids } = scene.gives('RunbookChanged', { kind: 'approve-runbook-change', by: 'mia', changeId });
  expect(voids).toEqual(NOTHING);
  expect(scene.state.runbook).toMatchObject({ order_expires_after: 60_000, people, campaign });
  expect(scene.state.runbookHash).toBe('new');
  expect(scene.refuses({ kind: 'approve-runbook-change', by: 'mia', changeId }).code).toBe('NO_SUCH_REQUEST');
  expect(fold(scene.entries)).toEqual(scene.state);
});

test('what people are told of a change is what the plans differ in, first what binds them most', () => {
  const scene = Scene.ready();
  const gate = scene.state.runbook.gates.find(({ id }) => id === 'credentials');
  const more = { title: 'Big night', order_expires_after: 60_000, ...gates(scene, 'credentials', { hard: false }) };
  const asked = scene.gives('RunbookChangeRequested', { ...change(scene, more), lines: ['a.yaml:1', 'a.yaml:2'] });
  expect(asked.changes).toEqual([
    { where: 'gates.credentials.hard', before: `${gate?.hard}`, after: 'false', line: 'a.yaml:1' },
    { where: 'order_expires_after', before: '15m', after: '1m', line: 'a.yaml:2' },
    { where: 'title', before: scene.state.runbook.title, after: 'Big night', line: '' },
  ]);
});

test('a change that waits is over once another was made, or the roster has changed', () => {
  const scene = Scene.ready();
  const { changeId } = scene.gives('RunbookChangeRequested', change(scene, { order_expires_after: 60_000 }));
  changed(scene, { title: 'Big night' });
  expect(scene.refuses({ kind: 'approve-runbook-change', by: 'mia', changeId }).code).toBe('NO_SUCH_REQUEST');
  const again = scene.gives('RunbookChangeRequested', change(scene, { order_expires_after: 60_000 })).changeId;
  scene.does({ kind: 'remove-person', person: 'ana', reason: 'left the workspace' });
  expect(scene.refuses({ kind: 'approve-runbook-change', by: 'mia', changeId: again }).code).toBe('NO_SUCH_REQUEST');
});

test('without a reason, without a difference, and by who is not on call nothing is changed', () => {
  const scene = Scene.ready();
  const title = { title: 'Big night' };
  expect(scene.refuses({ ...change(scene, title), reason: ' ' }).code).toBe('REASON_MISSING');
  expect(scene.refuses(change(scene, title, 'mia')).code).toBe('ROLE_MISSING');
  expect(scene.refuses(change(scene, {})).code).toBe('ALREADY_SO');
});

test('a plan that the people of the launch do not fit is refused as a roster is', () => {
  const scene = Scene.ready();
  expect(scene.refuses(change(scene, { fire: { may_ask: ['mia'], may_approve: ['mia'] } }))).toMatchObject({
    code: 'ROSTER_INVALID',
    say: expect.stringMatching(/Correct the runbook and ask again\.$/),
  });
});

test('a launch that was called off, and a rehearsal, keep the plan that they have', () => {
  const scene = Scene.ready();
  const { changeId } = scene.gives('RunbookChangeRequested', change(scene, { order_expires_after: 60_000 }));
  scene.does({ kind: 'stand-down', by: 'ana', reason: 'rain' });
  expect(scene.refuses(change(scene, { title: 'Big night' })).code).toBe('STOOD_DOWN');
  expect(scene.refuses({ kind: 'approve-runbook-change', by: 'mia', changeId }).code).toBe('STOOD_DOWN');
  const rehearsal = Scene.ready();
  const rehearses = { launchId: 'day', name: 'The day' } as unknown as Launch['rehearses'];
  rehearsal.launch = { ...rehearsal.state, rehearses };
  expect(rehearsal.refuses(change(rehearsal, { title: 'Big night' }))).toMatchObject({
    code: 'RUNBOOK_FIXED',
    say: expect.stringContaining('is a rehearsal'),
  });
});

describe('what stays as it is', () => {
  test.each<[string, (plan: Plan) => Partial<Plan>]>([
    ['id', () => ({ id: 'other' })],
    ['pool.workers', ({ pool }) => ({ pool: { ...pool, workers: 3 } })],
    ['audience.segment_by', () => ({ audience: { segment_by: ['market'] } })],
    ['regions', () => ({ regions: { home: 'us-east-1', standby: 'us-west-2' } })],
    ['target', () => ({ target: { atMs: 0, zone: 'UTC' } })],
  ])('%s, and the refusal names it', (where, make) => {
    const scene = Scene.created();
    const { code, say } = scene.refuses(change(scene, make(planOf(scene.state.runbook))));
    expect(code).toBe('RUNBOOK_FIXED');
    expect(say).toContain(`${where} (`);
  });

  test('a step that waits for somebody has not begun: it goes by what stands there when it does', () => {
    const scene = Scene.ready();
    const late = steps(scene, 'ask', { title: 'Ask them', deadline: -60_000 });
    scene.nowMs = scene.state.targetAtMs - 1_800_000 + 1;
    scene.does({ kind: 'put-step', step: 'ask', why: 'late' });
    expect(begunNow(scene.state, change(scene, late).plan)).toEqual([]);
  });

  test('what a running shot, a step that has begun, a raised fleet or a set switch goes by', () => {
    const scene = Scene.ready();
    const { delivery, switches, scale_targets: fleets } = scene.state.runbook;
    const refused = (more: Partial<Plan>, why: string) =>
      expect(scene.refuses(change(scene, more))).toMatchObject({
        code: 'RUNBOOK_IN_USE',
        say: expect.stringContaining(why),
      });
    const slower = { delivery: { ...delivery, ios_not_after: 90_000 } };
    const shot = scene.fired();
    refused(slower, `shot ${shot.id}`);
    scene.closes(shot);
    changed(scene, slower);

    scene.nowMs += 60_000;
    const late = steps(scene, 'ask', { title: 'Ask them', deadline: -60_000 });
    scene.does({ kind: 'run-step', by: 'ana', step: 'ask' });
    refused(steps(scene, 'ask', { do: { kind: 'remind', say: 'other' } }), 'the step ask');
    expect(begunNow(scene.state, change(scene, late).plan)).toEqual(['ask']);
    expect(begunNow(scene.state, change(scene, steps(scene, 'remind', { at: -60_000 })).plan)).toEqual([]);
    expect(begunNow(scene.state, change(scene, steps(scene, 'ask', { title: 'Ask' })).plan)).toEqual([]);
    changed(scene, late);

    const order = { kind: 'order-scale', by: 'ana', target: 'workers', desired: 4, step: null, reason: '' } as const;
    scene.does(order);
    refused({ scale_targets: fleets.map((one) => ({ ...one, service: 'other' }) as typeof one) }, 'the fleet workers');

    scene.does({ kind: 'set-switch', by: 'ana', switch: 'sale', value: true, reason: '' });
    refused({ switches: switches.filter(({ id }) => id !== 'sale') }, 'the switch sale');
    changed(scene, { switches: switches.filter(({ id }) => id !== 'dark') });
  });

  test('a running shot fixes only how it is sent', () => {
    const scene = Scene.ready();
    scene.fired();
    expect(changed(scene, { title: 'Big night' }).changes).toHaveLength(1);
  });

  test('a fleet is fixed from its first scaling until it is back where it was found; its title never', () => {
    const scene = Scene.ready();
    const [fleet] = scene.state.runbook.scale_targets;
    const other = { scale_targets: [{ ...fleet, service: 'other' } as NonNullable<typeof fleet>] };
    const decided = () => scene.decide(change(scene, other));
    expect(decided()).toMatchObject({ ok: true });

    const found = {
      desired: 2,
      running: 2,
      max: null,
      taskDefinition: null,
    } as unknown as Launch['scaleFound'][string];
    const at = (state: string) => ({ workers: { state } }) as unknown as Launch['scale'];
    const inUse = { code: 'RUNBOOK_IN_USE' };
    const free = { ok: true };
    for (const [scale, scaleFound, gives] of [
      [{}, { workers: found }, inUse],
      [at('reached'), { workers: found }, inUse],
      [at('ordered'), {}, inUse],
      [at('reached'), {}, free],
    ] as const) {
      scene.launch = { ...scene.state, scale, scaleFound };
      expect(decided()).toMatchObject(gives);
    }
    scene.launch = { ...scene.state, scale: at('ordered') };
    const named = { scale_targets: [{ ...fleet, title: 'Senders' } as NonNullable<typeof fleet>] };
    expect(scene.decide(change(scene, named))).toMatchObject(free);
    // A gate that is called as the fleet is another thing.
    expect(scene.decide(change(scene, gates(scene, 'workers', { hard: true })))).toMatchObject(free);
  });

  test('a switch may have other values, if the one that it stands at is among them', () => {
    const scene = Scene.ready();
    scene.does({ kind: 'set-switch', by: 'ana', switch: 'sale', value: true, reason: '' });
    const { switches } = scene.state.runbook;
    const sale = (more: object): Partial<Plan> => ({
      switches: switches.map((one) => (one.id === 'sale' ? ({ ...one, ...more } as typeof one) : one)),
    });
    expect(scene.decide(change(scene, sale({ two_people: true })))).toMatchObject({ ok: true });
    expect(scene.decide(change(scene, sale({ values: [true, 'half'] })))).toMatchObject({ ok: true });
    expect(scene.refuses(change(scene, sale({ values: ['half', 'off'] }))).code).toBe('RUNBOOK_IN_USE');
  });

  test('a step that has begun is not taken out of the plan', () => {
    const scene = Scene.ready();
    scene.nowMs += 60_000;
    scene.does({ kind: 'run-step', by: 'ana', step: 'ask' });
    const phases = scene.state.runbook.phases.map((one) => ({
      ...one,
      steps: one.steps.filter(({ id }) => id !== 'ask'),
    }));
    expect(scene.refuses(change(scene, { phases }))).toMatchObject({
      code: 'RUNBOOK_IN_USE',
      say: expect.stringContaining('the step ask has begun'),
    });
  });

  test('also when it was asked for before it was in use', () => {
    const scene = Scene.ready();
    const { delivery } = scene.state.runbook;
    const { changeId } = scene.gives(
      'RunbookChangeRequested',
      change(scene, { delivery: { ...delivery, ios_not_after: 90_000 } }),
    );
    scene.fired();
    expect(scene.refuses({ kind: 'approve-runbook-change', by: 'mia', changeId }).code).toBe('RUNBOOK_IN_USE');
  });
});

describe('what it takes back', () => {
  /** An open order, a tick, a waiver, a request for a switch, somebody who is there, a step that was put. */
  function busy(): Scene {
    const scene = Scene.ready();
    scene.does({ kind: 'be-here', by: 'ben' });
    scene.does({
      kind: 'request-waiver',
      by: 'ana',
      gate: 'workers',
      segments: 'all',
      worst: null,
      reason: 'one is late',
      endsAtMs: scene.nowMs + 3_600_000,
    });
    scene.does({ kind: 'set-switch', by: 'ana', switch: 'dark', value: true, reason: 'try' });
    scene.does({ kind: 'put-step', step: 'scale-up', why: 'late' });
    scene.asked(['us-ios']);
    return scene;
  }

  test('words and contacts take nothing back', () => {
    const scene = busy();
    const before = scene.state;
    expect(changed(scene, { title: 'Big night', ...gates(scene, 'workers', { help: 'Call Ben' }) }).voids).toEqual(
      NOTHING,
    );
    expect({ ...scene.state, seq: 0, headHash: '', runbook: 0, runbookHash: 0 }).toEqual({
      ...before,
      seq: 0,
      headHash: '',
      runbook: 0,
      runbookHash: 0,
    });
  });

  test('a gate: orders that were asked for under the others, and its own tick or waiver; another gate keeps its own', () => {
    const scene = busy();
    const [order] = Object.keys(scene.state.orders);
    const [waiver] = Object.keys(scene.state.waivers);
    expect(scene.decide(change(scene, gates(scene, 'workers', { title: 'All of them' })))).toMatchObject({
      entry: { voids: { ...NOTHING, orders: [order], waivers: [waiver] } },
    });
    const { voids } = changed(scene, gates(scene, 'copy-read', { title: 'Both copies were read' }));
    expect(voids).toEqual({ ...NOTHING, orders: [order], ticks: ['copy-read'] });
    const { orders, ticks, waivers, present } = scene.state;
    expect(orders[order ?? '']).toMatchObject({ state: 'void', voidedBy: 'Mia Chen changed the runbook' });
    expect([Object.keys(ticks), Object.keys(waivers), Object.keys(present)]).toEqual([[], [waiver], ['ben']]);
  });

  test('a gate that is added voids an order that was asked for without it', () => {
    const scene = busy();
    const { voids } = changed(scene, { gates: [...scene.state.runbook.gates, added] });
    expect(voids).toEqual({ ...NOTHING, orders: Object.keys(scene.state.orders) });
  });

  test('how it goes out: orders that showed otherwise', () => {
    const scene = busy();
    const { delivery } = scene.state.runbook;
    const { voids } = changed(scene, { delivery: { ...delivery, ios_not_after: 90_000 } });
    expect(voids).toEqual({ ...NOTHING, orders: Object.keys(scene.state.orders) });
    // What is no part of what was shown leaves them.
    const again = busy();
    expect(changed(again, { delivery: { ...delivery, send_within: delivery.send_within + 1 } }).voids).toEqual(NOTHING);
  });

  test('a switch: its request', () => {
    const scene = busy();
    const [request] = Object.keys(scene.state.switchRequests);
    const switches = scene.state.runbook.switches.map((one) => ({ ...one, two_people: !one.two_people }));
    expect(changed(scene, { switches }).voids).toEqual({ ...NOTHING, requests: [request] });
    expect(scene.state.switchRequests[request ?? '']?.open).toBe(false);
  });

  test('a step that waits comes due anew, at its new time; one that is done is not done again', () => {
    const scene = busy();
    scene.does({ kind: 'run-step', by: 'ana', step: 'ask' });
    scene.does({ kind: 'finish-step', step: 'ask', say: '' });
    const soon = scene.nowMs - scene.state.targetAtMs + 60_000;
    const both = { ...steps(scene, 'scale-up', { at: soon }) };
    expect(changed(scene, both).voids).toEqual({ ...NOTHING, steps: ['scale-up'] });
    expect(changed(scene, steps(scene, 'ask', { at: soon })).voids).toEqual(NOTHING);
    expect(scene.state.steps).toMatchObject({ ask: { state: 'done' } });
    scene.nowMs += 61_000;
    expect(dueSteps(scene.state, scene.nowMs).map(({ step }) => step.id)).toEqual(['remind', 'scale-up']);
    // Away and back: what the record has of it still holds.
    const without = {
      phases: scene.state.runbook.phases.map((one) => ({ ...one, steps: one.steps.filter(({ id }) => id !== 'ask') })),
    };
    const { phases } = scene.state.runbook;
    changed(scene, without);
    changed(scene, { phases });
    expect(dueSteps(scene.state, scene.nowMs).map(({ step }) => step.id)).not.toContain('ask');
  });

  test('a step that waits and would do something else; not one that is called otherwise, or that somebody else sees to', () => {
    const scene = busy();
    const calm = { title: 'Raise the workers', owner: 'ben', backup_owner: 'mia' };
    expect(changed(scene, steps(scene, 'scale-up', calm)).voids).toEqual(NOTHING);
    const reversed = scene.state.runbook.phases.map((one) => ({ ...one, steps: one.steps.toReversed() }));
    expect(changed(scene, { phases: reversed }).voids).toEqual(NOTHING);
    expect(changed(scene, steps(scene, 'remind', { do: { kind: 'remind', say: 'soon' } })).voids).toEqual(NOTHING);
    const more: Partial<Step> = { do: { kind: 'remind', say: 'Raise them' } };
    expect(changed(scene, steps(scene, 'scale-up', more)).voids).toEqual({ ...NOTHING, steps: ['scale-up'] });
  });

  test('a step that waits and is gone with its phase; a gate that is called as the phase takes no step back', () => {
    const scene = busy();
    const ready = { ...added, id: 'ready' };
    expect(changed(scene, { gates: [...scene.state.runbook.gates, ready] }).voids.steps).toEqual([]);
    const phases = scene.state.runbook.phases.filter(({ id }) => id !== 'ready');
    expect(changed(scene, { phases }).voids.steps).toEqual(['scale-up']);
  });

  test('what a backup does, with the step that it is for', () => {
    const plan = sampleRunbook();
    const more: Step = { id: 'more', title: 'Raise them by hand', do: { kind: 'checklist' } } as unknown as Step;
    for (const phase of plan.phases)
      for (const step of phase.steps)
        if (step.id === 'scale-up')
          Object.assign(step, { deadline: -7_200_000, backup: { by_itself: false, steps: [more] } });
    const scene = Scene.ready(plan);
    const put = { state: 'put', atMs: scene.nowMs } as unknown as Launch['steps'][string];
    scene.launch = { ...scene.state, steps: { more: put, remind: put } };
    const other: Partial<Step> = { do: { kind: 'remind', say: 'Raise them' } };
    expect(scene.decide(change(scene, steps(scene, 'ask', { title: 'Look' })))).toMatchObject({ ok: true });
    const { changeId } = scene.gives('RunbookChangeRequested', change(scene, steps(scene, 'scale-up', other)));
    expect(scene.decide({ kind: 'approve-runbook-change', by: 'mia', changeId })).toMatchObject({
      entry: { voids: { steps: ['more'] } },
    });
  });

  test('what a switch is called takes no request back', () => {
    const scene = busy();
    const switches = scene.state.runbook.switches.map((one) => ({ ...one, title: `${one.title}!` }));
    expect(changed(scene, { switches }).voids).toEqual(NOTHING);
  });

  test('an order by who may ask no more, or that was armed by who may approve no more; no other', () => {
    const may = (more: Partial<NonNullable<Plan['fire']>>) => ({
      fire: { may_ask: ['ana', 'ben', 'mia'], may_approve: ['ana', 'ben', 'mia'], ...more },
    });
    const scene = busy();
    const [order = ''] = Object.keys(scene.state.orders);
    expect(changed(scene, may({ may_approve: ['ben'] })).voids).toEqual(NOTHING);
    expect(changed(scene, may({ may_ask: ['ben'] })).voids).toEqual({ ...NOTHING, orders: [order] });

    const later = Scene.ready();
    const open = later.asked(['us-ios'], { momentMs: later.nowMs + 1_800_000 });
    later.gives('FireArmed', later.press(open));
    expect(changed(later, may({ may_approve: ['mia'] })).voids).toEqual(NOTHING);
    expect(changed(later, may({ may_approve: ['ben'] })).voids).toEqual({ ...NOTHING, orders: [open.id] });
  });

  test('a market that has another moment: its steps that waited have their time ahead again, and no others', () => {
    const at = (ms: number) => ({ de: { atMs: Scene.created().nowMs + ms, zone: 'UTC' } });
    const plan = { ...sampleRunbook(), targets: at(3_000_000) };
    for (const phase of plan.phases) for (const step of phase.steps) if (step.id === 'remind') step.for = 'de';
    const scene = Scene.ready(plan);
    for (const step of ['remind', 'scale-up']) scene.does({ kind: 'put-step', step, why: 'late' });
    expect(changed(scene, { targets: at(9_000_000) }).voids).toEqual({ ...NOTHING, steps: ['remind'] });
    expect(Object.keys(scene.state.steps)).toEqual(['scale-up']);
  });

  test('a deadline that was missed and is ahead again is missed no more', () => {
    const late = sampleRunbook();
    for (const phase of late.phases)
      for (const step of phase.steps) if (step.id === 'remind') step.deadline = -3_540_000;
    const scene = Scene.ready(late);
    scene.nowMs += 60_000;
    scene.does({ kind: 'miss-step', step: 'remind', measured: [] });
    expect(changed(scene, steps(scene, 'remind', { deadline: -60_000 })).voids).toEqual({
      ...NOTHING,
      missed: ['remind'],
    });
    expect(scene.state.missed).toEqual({});
  });
});
