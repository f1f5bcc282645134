import { expect, it } from 'vitest';
import { until } from '../infra/local/slack/for-tests.ts';
import { buttonsOf, readyLaunch, startRig, textOf } from '../test/bot-rig.ts';

it('a request that ran out of time keeps no button, and says that nothing was changed', async () => {
  const rig = await startRig();
  try {
    await readyLaunch(rig);
    await rig.ask(rig.ana, 'halt');
    expect(await rig.ask(rig.ana, 'resume because the link is right')).toContain('Asked to lift the halt');
    const { ts } = await until('its button', async () => buttonsOf(await rig.mia.messages(), 'lift.approve').at(-1));
    const declined = await rig.ask(rig.ana, 'decline');
    expect(declined).toContain("No order waits. The lift of halt 1 does, and can't be declined");
    expect(declined).toContain('runs out');
    rig.later(16 * 60_000);
    const ended = await until('its end', async () => {
      const message = (await rig.mia.messages()).find((one) => one.ts === ts);
      return message !== undefined && buttonsOf([message], 'lift.approve').length === 0 ? message : undefined;
    });
    expect(textOf(ended)).toContain('without a second person: nothing was changed');
  } finally {
    await rig.stop();
  }
});
