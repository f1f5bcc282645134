import { expect, test } from 'vitest';
import { Scene } from '../../test/properties/scene.ts';
import { orderMessage } from './order.ts';

const HALTED = 'which was halted';

/** Asks for this segment, and gives what the room shows of the order. */
function asks(scene: Scene, segment: string): string {
  const order = scene.asked([segment]);
  return JSON.stringify(orderMessage(scene.state, order, [], scene.nowMs).blocks);
}

test('who presses knows that exactly these texts were halted before, and how to change them; other texts were not', () => {
  const scene = Scene.ready();
  const whole = scene.fired(['br-ios']);
  scene.closes(whole);
  expect(asks(scene, 'us-android')).not.toContain(HALTED);
  const shot = scene.fired(['us-ios']);
  scene.halt();
  scene.closes(shot, { 'us-ios': { halted: 100 } });
  const { liftId } = scene.gives('LiftRequested', { kind: 'request-lift', by: 'ana', reason: 'all is well' });
  scene.does({ kind: 'approve-lift', by: 'mia', liftId });
  for (const segment of ['us-ios', 'us-android'])
    expect(asks(scene, segment)).toContain(
      `*These are the texts of \`${shot.id}\`, which was halted.* If they were why, \`/go campaign\` changes them`,
    );
  scene.does({
    kind: 'set-campaign',
    by: 'mia',
    campaign: { ...scene.state.campaign, deep_link: 'lingo://lesson/other' },
  });
  scene.does({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
  expect(asks(scene, 'us-ios')).not.toContain(HALTED);
});
