import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { Command } from '../../../runbooks/launch/commands.ts';
import { rehearsesOf } from '../../../runbooks/launch/rehearsal-launch.ts';
import { audience, sampleRunbook, Scene } from '../../../test/properties/scene.ts';
import type { Context } from '../context.ts';
import { RehearsalReportWatch } from './rehearsal-report-watch.ts';

const TIMING = { firstWriteMs: 90, p50Ms: 1, p95Ms: 2, p99Ms: 3, lastWriteMs: 4, perSecond: 5, peakPerSecond: 6 };

/** A rehearsal with its audience, and what its watch gives to the launch that it rehearses. */
function stage(refusal?: string) {
  const scene = Scene.ready(sampleRunbook());
  scene.launch = {
    ...scene.state,
    rehearses: rehearsesOf(scene.state, { first: 1_000 }),
    audience: { ...audience, sampleOf: audience.hash },
  };
  const given: [string, Command][] = [];
  const context = {
    journal: { entries: async () => scene.entries },
    execute: async (launchId: string, command: Command) => {
      given.push([launchId, command]);
      return refusal === undefined ? { ok: true } : { ok: false, code: refusal, say: '' };
    },
    log: pino({ level: 'silent' }),
  } as unknown as Context;
  const watch = new RehearsalReportWatch(context);
  const sends = (segments: string[]) => {
    const shot = scene.fired(segments);
    scene.closes(shot);
    return () => scene.does({ kind: 'report-timing', shotId: shot.id, timing: TIMING });
  };
  return { scene, given, watch, sends, look: () => watch.look(scene.state) };
}
const ALL = audience.segments.map(({ id }) => id);

test('the report goes once, when every segment was sent and each shot has its times', async () => {
  const { scene, given, watch, sends, look } = stage();
  expect(watch.isSettled(scene.state)).toBe(true);
  sends(ALL.slice(0, 1))();
  await look();
  const timed = sends(ALL.slice(1));
  await look();
  expect(given).toEqual([]);
  expect(watch.isSettled(scene.state)).toBe(false);
  timed();
  await look();
  await look();
  expect(given).toMatchObject([['superbowl-2027', { kind: 'end-rehearsal', report: { devices: 1_000 } }]]);
  expect(watch.isSettled(scene.state)).toBe(true);
});

test('of a rehearsal that is closed before all of it was sent, too; and what another leader has reported is done', async () => {
  const { scene, given, watch, sends, look } = stage('ALREADY_SO');
  sends(ALL.slice(0, 1))();
  scene.does({ kind: 'close-launch', by: 'ana', reason: '' });
  await look();
  expect(given).toHaveLength(1);
  expect(watch.isSettled(scene.state)).toBe(true);
});

test('a launch that is no rehearsal reports nothing', async () => {
  const { scene, given, sends, look } = stage();
  sends(ALL)();
  scene.launch = { ...scene.state, rehearses: null };
  await look();
  expect(given).toEqual([]);
});
