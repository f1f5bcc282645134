import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { until } from '../infra/local/slack/for-tests.ts';
import { buttonsOf, readyLaunch, RUNBOOK, startRig, textOf } from '../test/bot-rig.ts';

/** Called off in the room, by command and buttons, with what was set put back. */

const steps = `
      - { id: quiet, title: Apps keep quiet, at: T-7h, do: { kind: switch, switch: zombie, value: true } }
      - { id: talk, title: Apps talk again, at: T+9h, do: { kind: switch, switch: zombie, value: false } }
`;

test('the ad does not air: one command ends the order, a press puts back what was set, and the launch is closed by itself', async () => {
  const rig = await startRig();
  try {
    await writeFile(join(rig.runbooksDir, 'drill.yaml'), RUNBOOK.trimEnd() + steps);
    await readyLaunch(rig);
    await rig.ask(rig.ana, 'zombie on');
    await rig.ask(rig.ana, 'fire');
    expect(await rig.ask(rig.ana, 'stand by')).toContain('there is no way back');
    expect(await rig.ask(rig.mia, 'stand-down')).toContain('needs on-call');
    const answer = await rig.ask(rig.ana, 'stand down the ad was pulled');
    expect(answer).toContain('Called off. Nothing was sent.');
    expect(await rig.ask(rig.ana, 'stand-down')).toContain('zombie mode *on*; to be off');
    expect(await rig.ask(rig.ana, 'fire')).toContain('Ana Ortiz stood Fire drill down');
    expect(await rig.ask(rig.ana, 'status')).toContain('stood down, 1 to put back');
    await until('the order without GO', async () => buttonsOf(await rig.mia.messages(), 'fire.go').length === 0);
    expect(await rig.press(rig.mia, 'stand-down.run', 'talk')).toContain('needs on-call');
    expect(await rig.press(rig.ana, 'stand-down.run', 'talk')).toContain('Started');
    await until('its close in the room', async () =>
      (await rig.ana.messages()).some((message) =>
        textOf(message).includes('Everything is back. Closed the launch: the ad was pulled. *Nothing was sent.*'),
      ),
    );
    // What stands in the room ends with it, though nobody asks for it again.
    await until('the message without buttons', async () => {
      const posted = (await rig.ana.messages()).filter(({ ephemeralTo }) => ephemeralTo === undefined).map(textOf);
      const both = posted.filter((text) => text.includes('stood *Fire drill* down'));
      return (
        both.length === 2 && both.every((text) => text.includes('zombie mode *off*: back') && !text.includes('Run:'))
      );
    });
    expect(await rig.launch()).toMatchObject({
      closed: true,
      switches: { zombie: { value: false } },
      stoodDown: { by: 'ana', reason: 'the ad was pulled', sent: null },
    });
  } finally {
    await rig.stop();
  }
});

test('everything back in one press, or closed without that', async () => {
  const rig = await startRig();
  try {
    const more =
      steps + '      - { id: off, title: Banner off, at: T+9h, do: { kind: switch, switch: banner, value: false } }\n';
    await writeFile(join(rig.runbooksDir, 'drill.yaml'), RUNBOOK.replace(', two_people: true', '').trimEnd() + more);
    await readyLaunch(rig);
    await rig.ask(rig.ana, 'zombie on');
    await rig.ask(rig.ana, 'switch banner on');
    await rig.ask(rig.ana, 'stand-down');
    expect(await rig.press(rig.ana, 'stand-down.all')).toContain('Started 2 steps');
    await until('its close', async () => (await rig.launch()).closed);
    expect(await rig.launch()).toMatchObject({ switches: { zombie: { value: false }, banner: { value: false } } });

    const { id } = await readyLaunch(rig);
    await rig.ask(rig.ana, 'zombie on');
    await rig.ask(rig.ana, 'stand-down rain');
    expect(await rig.press(rig.ana, 'stand-down.close', `"${id}"`)).toContain('The launch is closed');
  } finally {
    await rig.stop();
  }
});
