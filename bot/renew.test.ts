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
    // A lifetime later its asker is called, and the call says how long it waits then, without a GO of its own.
    rig.later(8 * 60_000);
    const call = async () =>
      (await rig.mia.messages()).filter((one) =>
        textOf(one).replaceAll('*', '').includes('the order for us-ios ends at'),
      );
    await until('the call', async () => buttonsOf(await call(), 'fire.renew-called').length > 0);
    expect(buttonsOf(await call(), 'fire.go')).toEqual([]);
    expect(await rig.press(rig.ana, 'fire.renew-called')).toContain('one more lifetime');
    await until('its end', async () =>
      (await rig.mia.messages()).some((one) =>
        textOf(one).replaceAll('*', '').includes('The order for us-ios: it waits for GO until'),
      ),
    );
    rig.later(8 * 60_000);
    expect(await rig.press(rig.mia, 'fire.go', go?.value)).toContain('your press fired us-ios');
  } finally {
    await rig.stop();
  }
});
