import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readyLaunch, RUNBOOK, startRig } from '../../test/bot-rig.ts';

it('markets with a target of their own get an order each, at that moment, asked for in one go', async () => {
  const rig = await startRig();
  try {
    const minuteMs = (in_: number) => Math.floor((rig.nowMs() + in_) / 60_000) * 60_000;
    const iso = (ms: number) => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
    const [t, own] = [minuteMs(3_600_000), minuteMs(7_200_000)];
    const targets = `target: ${iso(t)} UTC\ntargets: { us-android: ${iso(own)} UTC }\n`;
    await writeFile(join(rig.runbooksDir, 'drill.yaml'), `${RUNBOOK.trimEnd()}\n${targets}`);
    const { targetAtMs } = await readyLaunch(rig);
    // What is refused of each for the launch's sake is said once.
    await rig.ask(rig.ana, 'halt');
    const halted = await rig.ask(rig.ana, 'fire all at its target');
    expect(halted).toMatch(/us-ios, at [^]*us-android, at [^]*Sending was halted/);
    expect(halted.split('Sending was halted')).toHaveLength(2);
    await rig.ask(rig.ana, 'resume');
    expect(await rig.press(rig.ben, 'lift.approve')).toContain('The halt is lifted');
    const answer = await rig.ask(rig.ana, 'fire all at its target');
    expect(answer).toContain('Your order for us-ios (2,000 devices)');
    expect(answer).toContain('Your order for us-android (1,000 devices)');
    const orders = Object.values((await rig.launch()).orders).map(({ shown }) => [
      shown.segments.map(({ segment }) => segment).join(),
      shown.moment?.atMs,
    ]);
    expect(orders).toEqual([
      ['us-ios', targetAtMs],
      ['us-android', own],
    ]);
    expect(answer).toMatch(/us-ios, at [^]*us-android, at /);
    expect(await rig.ask(rig.ana, 'fire nowhere at its target')).toContain('There is no segment');
  } finally {
    await rig.stop();
  }
});
