import { expect, test } from 'vitest';
import { until } from '../infra/local/slack/for-tests.ts';
import { buttonsOf, readyLaunch, startRig, textOf } from '../test/bot-rig.ts';

test('an order of ten minutes is kept open by a tap of its asker, by button or command, and its GO fires', async () => {
  const rig = await startRig();
  try {
    await readyLaunch(rig);
    expect(await rig.ask(rig.ana, 'renew')).toContain('nothing to renew');
    await rig.ask(rig.ana, 'fire us-ios');
    await until('the order', async () => buttonsOf(await rig.mia.messages(), 'fire.go').length > 0);
    const [go] = buttonsOf(await rig.mia.messages(), 'fire.go');
    expect(buttonsOf(await rig.ana.messages(), 'fire.renew')).toEqual([]);
    rig.later(6 * 60_000);
    expect(await rig.press(rig.mia, 'fire.renew')).toContain('Ana Ortiz asked for this fire');
    expect(await rig.press(rig.ana, 'fire.renew')).toContain('one more lifetime');
    await until('the word in the room', async () =>
      (await rig.mia.messages()).some((one) => textOf(one).includes('keeps the order for us-ios open')),
    );
    rig.later(8 * 60_000);
    expect(await rig.ask(rig.ana, 'renew')).toContain('The order for us-ios waits until');
    rig.later(8 * 60_000);
    expect(await rig.press(rig.mia, 'fire.go', go?.value)).toContain('your press fired us-ios');
  } finally {
    await rig.stop();
  }
});
