import { expect, it } from 'vitest';
import { gateLines } from '../../runbooks/launch/gates.ts';
import type { GateLine } from '../../runbooks/launch/launch.ts';
import { measuredAt, people, sampleRunbook, Scene, segmentTotals, T0_MS } from '../../test/properties/scene.ts';
import { boardMessage } from './board.ts';
import { entryMessage } from './entry-message.ts';
import { liftMessage, rosterMessage } from './requests.ts';
import { stamp } from './words.ts';

/** What the one pinned message says at each turn of a launch, in its line and in its body. */

function board(scene: Scene): { line: string; body: string } {
  const { nowMs, state } = scene;
  const { text, blocks } = boardMessage(state, gateLines(state, measuredAt(nowMs), nowMs, 'all'), [], nowMs);
  return { line: text, body: JSON.stringify(blocks) };
}

it('names what is missing until everything is green', () => {
  const scene = Scene.created();
  expect(board(scene).line).toBe('Super Bowl: 1 gate open');
  expect(board(scene).body).toContain('1 of 4 open\\n• The copy was read');
  const ready = board(Scene.ready());
  expect(ready.line).toBe('Super Bowl: ready to fire');
  expect(ready.body).toContain('all 4');
});

it('says that an order waits, for whom, and until when', () => {
  const scene = Scene.ready();
  scene.asked(['us-ios']);
  expect(board(scene).line).toBe('Super Bowl: a fire order waits for GO');
  expect(board(scene).body).toMatch(
    /A fire order waits for its second person\*: us-ios, 500 devices, asked by Ana Ortiz, expires /,
  );
  scene.halt();
  expect(board(scene).body).not.toContain('waits for its second person');
});

it('says that a change waits and until when; once it is over, what became of it', () => {
  const scene = Scene.ready();
  const { changeId } = scene.gives('RosterChangeRequested', {
    kind: 'request-roster-change',
    by: 'ana',
    people: people.slice(0, 3),
    reason: 'shift',
  });
  const message = () => JSON.stringify(rosterMessage(scene.state, changeId));
  expect(board(scene).body).toMatch(
    /A change of the roster waits for its second person\*, asked by Ana Ortiz, expires .*`\/go approve` shows it/,
  );
  expect(message()).toContain(`Needs another person, until ${stamp(scene.nowMs + 900_000)}: `);
  scene.nowMs += 900_001;
  expect(board(scene).body).not.toContain('A change of the roster waits');
  const expired = scene.gives('ChangeExpired', { kind: 'expire-change', changeId });
  expect(JSON.stringify(entryMessage(scene.state, expired))).toContain('expired without a second person');
  expect(message()).toContain('without a second person: nothing was changed.');
  expect(message()).not.toContain('Approve');
});

it('says of a lift and of a switch that they wait, and once that is over that nothing came of it', () => {
  const scene = Scene.ready();
  scene.halt('ben');
  const { liftId } = scene.gives('LiftRequested', { kind: 'request-lift', by: 'ana', reason: 'the link is right' });
  const message = () => JSON.stringify(liftMessage(scene.state, liftId));
  expect(board(scene).body).toMatch(/A lift of halt 1 waits for its second person\*, asked by Ana Ortiz, expires/);
  expect(message()).toContain(`Needs another person, until ${stamp(scene.nowMs + 900_000)}: `);
  // What would be refused is not offered.
  expect(board(scene).body).not.toMatch(/Ask to lift the halt|Two people lift it/);
  scene.nowMs += 900_001;
  expect(board(scene).body).not.toContain('A lift of halt 1 waits');
  expect(board(scene).body).toMatch(/Two people lift it[^]*Ask to lift the halt/);
  const expired = scene.gives('ChangeExpired', { kind: 'expire-change', changeId: liftId });
  expect(JSON.stringify(entryMessage(scene.state, expired))).toContain('the lift of halt 1 (');
  expect(message()).toContain('without a second person: nothing was changed.');
  expect(message()).not.toContain('a newer halt stands');
  expect(message()).not.toContain('approve-lift');
});

it('says who is on the roster once a change of it is approved', () => {
  const scene = Scene.ready();
  const { changeId } = scene.gives('RosterChangeRequested', {
    kind: 'request-roster-change',
    by: 'ana',
    people: people.slice(0, 3),
    reason: 'shift',
  });
  const approved = scene.gives('RosterChanged', { kind: 'approve-roster-change', by: 'mia', changeId });
  const names = people.slice(0, 3).map(({ name }) => name);
  expect(JSON.stringify(entryMessage(scene.state, approved))).toContain(`On the roster now: ${names.join(', ')}`);
});

it('says that a shot is sending, that a halted one was stopped, and that everything is sent', () => {
  const scene = Scene.ready();
  const shot = scene.fired();
  expect(board(scene).line).toBe('Super Bowl: sending');
  expect(board(scene).body).toContain('*Sending* us-ios, us-android, br-ios: 0 of 1,000 accepted');
  scene.halt();
  expect(board(scene).line).toBe('Super Bowl: HALTED');
  expect(board(scene).body).toContain('*HALTED* by Ben Okafor');
  expect(board(scene).body).toContain('*Stopped, being counted:*');
  expect(board(scene).body).not.toContain('*Sending*');
  scene.closes(shot);
  scene.does({ kind: 'request-lift', by: 'ana', reason: '' });
  scene.does({ kind: 'approve-lift', by: 'mia', liftId: Object.keys(scene.state.lifts)[0] ?? '' });
  expect(board(scene).line).toBe('Super Bowl: everything is sent');
});

it('says how many of the gates are waived, when none is open', () => {
  const scene = Scene.ready();
  const line = (id: string, status: 'green' | 'waived') =>
    ({ id, title: id, hard: false, status, value: null, say: '' }) as unknown as GateLine;
  const text = (lines: GateLine[]) => JSON.stringify(boardMessage(scene.state, lines, [], scene.nowMs).blocks);
  expect(text([line('a', 'green'), line('b', 'waived')])).toContain('all 2, 1 of them waived');
  expect(text([line('a', 'green')])).toMatch(/all 1"/);
});

it('says switches in words, and keeps HALT above the figures', () => {
  const scene = Scene.ready();
  scene.does({ kind: 'set-switch', by: 'ana', switch: 'pace.ios', value: 10_000, reason: '' });
  scene.does({ kind: 'set-switch', by: 'ana', switch: 'zombie', value: true, reason: '' });
  const { body } = board(scene);
  expect(body).toContain('iOS at *10,000 a second*\\nzombie mode *on*');
  expect(body.indexOf('halt.press')).toBeLessThan(body.indexOf('*Gates*'));
});

it('does not ask for fire while everything is halted', () => {
  const scene = Scene.ready();
  scene.nowMs = T0_MS;
  const opened = scene.gives('StepStarted', { kind: 'start-step', step: 'window' });
  expect(JSON.stringify(entryMessage(scene.state, opened)?.blocks)).toContain('Ask with `/go fire`');
  scene.halt();
  expect(JSON.stringify(entryMessage(scene.state, opened)?.blocks)).toContain(
    'Everything is halted: two people lift that first',
  );
});

it('says how a halt is lifted, as long as it can be', () => {
  const scene = Scene.ready();
  scene.halt();
  expect(board(scene).body).toContain('Two people lift it');
  scene.does({ kind: 'close-launch', by: 'ana', reason: 'over' });
  expect(board(scene).body).toContain('*HALTED*');
  expect(board(scene).body).not.toContain('lift it');
});

it('counts steps that wait for a person, and carries HALT until the launch is closed', () => {
  const scene = Scene.ready();
  scene.nowMs = T0_MS - 1_000_000;
  scene.does({ kind: 'put-step', step: 'ask', why: 'it was too late' });
  expect(board(scene).body).toContain('1 step waits for a person: `/go steps`');
  expect(board(scene).body).toContain('halt.press');
  expect(board(scene).body).toContain('*Gates*');
  scene.does({ kind: 'close-launch', by: 'ana', reason: 'over' });
  expect(board(scene).line).toBe('Super Bowl: closed');
  expect(board(scene).body).not.toContain('halt.press');
  // Nobody measures them once nothing can be fired any more.
  expect(board(scene).body).not.toContain('*Gates*');
});

it('says which steps are due and wait, and for what', () => {
  const step = { id: 's', title: 'Thanks', at: 'T-1h', after: ['shot'], do: { kind: 'checklist' } };
  const scene = Scene.ready(sampleRunbook({ phases: [{ id: 'p', title: 'P', steps: [step] }] }));
  scene.does({ kind: 'hold-step', step: 's', measured: [] });
  expect(board(scene).body).toContain('Thanks waits: nothing has been sent yet');
});

it('says what late accounts have left behind, and what sends to them, until an order has them', () => {
  const scene = Scene.ready();
  const first = scene.fired(['us-ios']);
  scene.closes(first, { 'us-ios': { halted: 100, uncertain: 30 } });
  const second = scene.fired(['us-ios']);
  scene.does({
    kind: 'correct-shot',
    shotId: first.id,
    segments: [segmentTotals('us-ios', 1, 500, { halted: 120, uncertain: 10 })],
    batch: 'b1',
  });
  const said =
    '20 devices of us-ios are within reach again, and the shot that runs does not send to them; `/go fire us-ios` sends to them once that shot is closed.';
  expect(board(scene).body).toContain(said);
  const entry = scene.entries.at(-1);
  expect(JSON.stringify(entry === undefined ? null : entryMessage(scene.state, entry))).toContain(said);
  scene.closes(second);
  const order = scene.asked(['us-ios']);
  expect(order.devices).toBe(20);
  expect(board(scene).body).not.toContain('Left behind');
});

it('offers to send what a HALT has cut off where it has cut off something, or is at it, and nowhere else', () => {
  const scene = Scene.ready();
  const said = () => {
    const entry = scene.entries.findLast(({ kind }) => kind === 'HaltSet');
    return entry === undefined ? '' : JSON.stringify(entryMessage(scene.state, entry));
  };
  scene.halt('ben', 1);
  expect(said()).toContain('`/go resume`.');
  expect(said()).not.toContain('/go resume fire');
  const { liftId } = scene.gives('LiftRequested', { kind: 'request-lift', by: 'ana', reason: '' });
  scene.does({ kind: 'approve-lift', by: 'mia', liftId });
  const shot = scene.fired(['us-ios']);
  scene.halt('ben', 2);
  expect(said()).toContain('`/go resume`, or `/go resume fire` to send what was cut off as well.');
  scene.closes(shot, { 'us-ios': { halted: 40 } });
  scene.halt('ben', 3);
  expect(said()).toContain('/go resume fire');
});
