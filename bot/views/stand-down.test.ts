import { expect, test } from 'vitest';
import { timelineMarkdown } from '../../runbooks/record/timeline.ts';
import { sampleRunbook, Scene } from '../../test/properties/scene.ts';
import { boardMessage } from './board.ts';
import { entryMessage } from './entry-message.ts';
import { orderMessage } from './order.ts';
import { putAllBackAnswer, standDownMessage } from './stand-down.ts';
import { stepsMessage } from './steps.ts';

/** How a launch that was called off is told: in the room, on the board, in the record. */

const runbook = sampleRunbook({
  phases: [
    {
      id: 'day',
      title: 'The day',
      steps: [
        { id: 'up', title: 'Workers up', at: 'T-4h', do: { kind: 'scale', target: 'workers', to: 2 } },
        { id: 'down', title: 'Workers down', at: 'T+4h', do: { kind: 'scale', target: 'workers', to: 0 } },
        { id: 'talk', title: 'Apps talk again', at: 'T+1h', do: { kind: 'switch', switch: 'zombie', value: false } },
      ],
    },
  ],
});

function calledOff(before: (scene: Scene) => void = () => {}): Scene {
  const scene = Scene.ready(runbook);
  scene.does({ kind: 'order-scale', by: 'ana', target: 'workers', desired: 2, step: null, reason: '' });
  scene.does({ kind: 'report-scale', target: 'workers', desired: 2, tookMs: 1_000, stands: 2 });
  scene.does({ kind: 'set-switch', by: 'ana', switch: 'zombie', value: true, reason: '' });
  before(scene);
  scene.does({ kind: 'stand-down', by: 'ana', reason: 'the ad was pulled' });
  return scene;
}
const text = ({ blocks }: { blocks: readonly unknown[] }): string => JSON.stringify(blocks);
const last = (scene: Scene) => {
  const entry = scene.entries.at(-1);
  return entry === undefined ? null : entryMessage(scene.state, entry);
};

test('the room hears that nothing was sent, which orders are void, and gets a button for each thing to put back', () => {
  const scene = calledOff((ready) => ready.asked(['us-ios']));
  const said = standDownMessage(scene.state);
  expect(said.text).toBe('Super Bowl was stood down. Nothing was sent.');
  expect(text(said)).toMatch(
    /\*Ana Ortiz\* stood \*Super Bowl\* down .*: the ad was pulled\\n\*Nothing was sent\.\* 1 order is void\. Nothing can be fired in it any more\.\\n<@U0ONCALL>/,
  );
  const shown = text(said);
  expect(shown).toContain(':white_circle: *workers* at 2; to be 0');
  expect(shown).toContain('"Run: Workers down"');
  expect(shown).toContain('"Run: Apps talk again"');
  expect(shown).toContain('"Put everything back"');
  expect(shown).toContain('"Close without that"');
});

test('with nothing sent the plan offers the way down, which it does not before', () => {
  const scene = calledOff();
  const stays = 'Not offered now: nothing has been sent yet';
  expect(text(stepsMessage({ ...scene.state, stoodDown: null }, scene.nowMs))).toContain(stays);
  const plan = text(stepsMessage(scene.state, scene.nowMs));
  expect(plan).not.toContain(stays);
  expect(plan).toContain('*Workers down*');
  expect(plan).not.toContain('*Workers up*');
  expect(plan).toContain('1 other step will not run: the launch was stood down.');
});

test('the board says it, and what is left; so does the order, which asks nobody to ask again', () => {
  const scene = calledOff((ready) => ready.asked(['us-ios']));
  const board = boardMessage(scene.state, [], [], scene.nowMs);
  expect(board.text).toBe('Super Bowl: stood down, 2 to put back');
  expect(text(board)).toContain('*Nothing was sent.*');
  expect(text(board)).toContain('zombie mode *on*; to be off');
  const [order] = Object.values(scene.state.orders);
  if (order === undefined) throw new Error('NO_ORDER');
  expect(orderMessage(scene.state, order, [], scene.nowMs).text).toBe(
    `Fire order ${order.id}: :wastebasket: void: the launch was stood down; nothing was sent.`,
  );
});

test('what had gone out before is said in the room and in the record', () => {
  const scene = calledOff((ready) =>
    ready.closes(ready.fired(['us-ios', 'br-ios']), { 'us-ios': { uncertain: 3, late: 100 } }),
  );
  const sent = 'Sent before: us-ios, br-ios (597 accepted, 3 uncertain)';
  expect(standDownMessage(scene.state).text).toBe(`Super Bowl was stood down. ${sent}.`);
  expect(timelineMarkdown(scene.entries, [], { chain: { ok: true } })).toContain(
    `| **stood the launch down: the ad was pulled. ${sent}** |`,
  );
  expect(timelineMarkdown(scene.entries, [], { chain: { ok: true } })).toContain(
    'Not reached at the end: 100 devices of us-ios were within reach when the launch was stood down',
  );
});

test('each step back is confirmed, with what is still to come, and the close says that nothing was sent', () => {
  const scene = calledOff();
  scene.does({ kind: 'run-step', by: 'ana', step: 'talk' });
  scene.does({ kind: 'turn-switch', switch: 'zombie', value: false, reason: '' });
  expect(last(scene)).toBeNull();
  scene.does({ kind: 'finish-step', step: 'talk', say: 'switched' });
  expect(last(scene)?.text).toBe('Apps talk again is done: switched. Still to put back: *workers*.');
  scene.does({ kind: 'close-launch', by: 'ana', reason: '' });
  expect(last(scene)?.text).toBe('Ana Ortiz closed the launch: the ad was pulled. Nothing was sent.');
  expect(text(last(scene) ?? { blocks: [] })).toContain('Not put back: *workers* at 2.');
  expect(text(standDownMessage(scene.state))).not.toContain('"button"');
});

test('closed by the system it says that everything is back', () => {
  const scene = calledOff();
  scene.does({ kind: 'set-switch', by: 'ana', switch: 'zombie', value: false, reason: '' });
  scene.does({ kind: 'order-scale', by: 'ana', target: 'workers', desired: 0, step: null, reason: '' });
  scene.does({ kind: 'report-scale', target: 'workers', desired: 0, tookMs: 1_000, stands: 0 });
  scene.does({ kind: 'close-launch', by: null, reason: '' });
  expect(last(scene)?.text).toBe('Everything is back. Closed the launch: the ad was pulled. Nothing was sent.');
  expect(text(last(scene) ?? { blocks: [] })).not.toContain('Not put back');
});

test('the record says that nothing was sent', () => {
  expect(timelineMarkdown(calledOff().entries, [], { chain: { ok: true } })).toContain(
    '**stood the launch down: the ad was pulled. Nothing was sent**',
  );
});

test('of everything back in one press is told how much was started, and why the rest was not', () => {
  const moving = { code: 'STEP_NOT_OPEN', say: '“Banner off” was started already.' };
  expect(text(putAllBackAnswer(2, []))).toContain('Started 2 steps; the channel shows each arrive.');
  const some = text(putAllBackAnswer(1, [moving, moving]));
  expect(some).toContain(
    'Started 1 step; the channel shows each arrive.\\nNot started: “Banner off” was started already.',
  );
  expect(some).not.toContain('Nothing was changed');
  expect(some.match(/Not started/g)).toHaveLength(1);
  expect(text(putAllBackAnswer(0, [moving]))).toContain('Nothing was changed');
  expect(text(putAllBackAnswer(0, []))).toContain('Nothing is left to start');
});
