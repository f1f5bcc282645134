import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { AUDIENCE, readyLaunch, RUNBOOK, startRig } from '../../test/bot-rig.ts';

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

it('each market is asked for, also behind two that were refused in the same words', async () => {
  const rig = await startRig();
  try {
    const iso = (in_: number) => new Date(rig.nowMs() + in_).toISOString().slice(0, 16).replace('T', ' ');
    const targets = `target: ${iso(3_600_000)} UTC\ntargets: { us-android: ${iso(7_200_000)} UTC, de-ios: ${iso(10_800_000)} UTC }\n`;
    const withLists = RUNBOOK.replace('gates:\n', 'gates:\n  - { id: lists, title: The lists were checked }\n');
    await writeFile(join(rig.runbooksDir, 'drill.yaml'), `${withLists.trimEnd()}\n${targets}`);
    const { id } = await readyLaunch(rig);
    const does = async (command: Parameters<typeof rig.bot.conductor.execute>[1]) => {
      const answer = await rig.bot.conductor.execute(id, command);
      if (!answer.ok) throw new Error(answer.say);
      return answer.entry;
    };
    const segments = [...AUDIENCE.segments, { id: 'de-ios', platform: 'ios' as const, devices: 500, batches: 1 }];
    await does({
      kind: 'set-audience',
      by: 'ana',
      audience: { ...AUDIENCE, hash: 'b'.repeat(64), devices: 3_500, segments },
    });
    await does({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
    const asked = await does({
      kind: 'request-waiver',
      by: 'ana',
      gate: 'lists',
      segments: ['de-ios'],
      worst: null,
      reason: 'a short list',
      endsAtMs: rig.nowMs() + 6 * 3_600_000,
    });
    if (asked.kind !== 'WaiverRequested') throw new Error(asked.kind);
    await does({ kind: 'grant-waiver', by: 'mia', waiverId: asked.waiverId });
    const answer = await rig.ask(rig.ana, 'fire all at its target');
    expect(answer.split('The lists were checked')).toHaveLength(2);
    expect(answer).toContain('Your order for de-ios (500 devices)');
    expect(Object.values((await rig.launch()).orders).map(({ devices }) => devices)).toEqual([500]);
  } finally {
    await rig.stop();
  }
});
