import { expect, test } from 'vitest';
import { startRig } from '../test/bot-rig.ts';
import { A_WAIT, secondTry } from '../test/run/second-try.ts';

test('a bot stops in its time, whatever hangs', secondTry(A_WAIT), async () => {
  const rig = await startRig({ stopWithinMs: 200 });
  // The conductor itself would wait for seconds.
  rig.cloud.switches.haltExisting = () => new Promise(() => undefined);
  void rig.bot.conductor.halt('nowhere', { by: null, source: 'slack', reason: '', pressedAtMs: rig.nowMs() });
  const startMs = performance.now();
  await rig.stop();
  expect(performance.now() - startMs).toBeLessThan(4_000);
});
