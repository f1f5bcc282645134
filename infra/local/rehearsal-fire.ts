import { setTimeout as sleep } from 'node:timers/promises';
import type { Launch, Shot } from '../../runbooks/launch/launch.ts';
import { roundsOf } from './rehearsal-cast.ts';
import type { Round } from './rehearsal-cast.ts';
import type { CpuWatch } from './rehearsal-cpu.ts';
import { faults } from './rehearsal-faults.ts';
import type { Watched } from './rehearsal-outcome.ts';
import type { Stage, Talk } from './rehearsal-stage.ts';
import { ShotWatch } from './rehearsal-watch.ts';
import { mustGo } from './scripted-commands.ts';
import { until } from './scripted-person.ts';

/** Each round at its moment, one after the other; where the plan does not run by itself, all at once. Nothing more behind a halt. */
export async function fireAll(stage: Stage, launchId: string, cpu: CpuWatch): Promise<Watched[]> {
  const { script, journal } = stage;
  const launch = (await journal.launch(launchId)) as Launch;
  const all = { segments: ['all'], atMs: launch.targetAtMs };
  const { target, targets } = launch.runbook;
  // Moments of their own stand where they are, and T of a launch that waits for no plan is hours from now: their order is the runbook's.
  const clock = script.compress === undefined ? { ...launch, targetAtMs: target?.atMs ?? launch.targetAtMs } : launch;
  const rounds = script.compress === undefined && targets === undefined ? [all] : roundsOf(clock);
  const watched: Watched[] = [];
  for (const round of rounds) {
    if (script.compress !== undefined) await waitUntil(round, stage.talk);
    const shot = await fire(stage, launchId, round, cpu);
    watched.push({ shot, watch: await untilClosed(stage, launchId, shot, cpu, watched.length === 0) });
    if ((await journal.launch(launchId))?.shots[shot.id]?.haltedAtMs != null) break;
  }
  return watched;
}

async function waitUntil({ segments, atMs }: Round, talk: Talk): Promise<void> {
  const waitMs = atMs - Date.now();
  if (waitMs <= 0) return;
  talk.say(`${segments.join(', ')}: its moment is in ${Math.round(waitMs / 1_000)} s`);
  await sleep(waitMs);
}

/** One asks, another presses, in a double press a third with them. */
async function fire(
  { journal, script, talk, cast }: Stage,
  launchId: string,
  round: Round,
  cpu: CpuWatch,
): Promise<Shot> {
  const { asks, approves, third } = cast;
  const before = new Set(Object.keys((await journal.launch(launchId))?.shots ?? {}));
  const pressed = new Set((await approves.room.buttons('fire.go')).map(({ ts }) => ts));
  await asks.room.say('Now. Asking for GO.');
  await mustGo(asks.room, `fire ${round.segments.join(' ')}`);
  const go = await until('the GO button', 10_000, async () =>
    (await approves.room.buttons('fire.go')).findLast(({ ts }) => !pressed.has(ts)),
  );
  cpu.look();
  const second = script.doublePress ? third : null;
  talk.say(
    `GO: ${second === null ? `${approves.name} presses` : `${approves.name} and ${second.name} press together`} “${go.label}”`,
  );
  await Promise.all([approves.room.press(go), ...(second === null ? [] : [second.room.press(go)])]);
  return until('the shot', 10_000, async () =>
    Object.values((await journal.launch(launchId))?.shots ?? {}).find(({ id }) => !before.has(id)),
  );
}

/** What was asked to go wrong goes wrong with the first one. */
async function untilClosed(
  { stack, journal, script, talk, cast }: Stage,
  launchId: string,
  shot: Shot,
  cpu: CpuWatch,
  isFirst: boolean,
): Promise<ShotWatch> {
  const watch = new ShotWatch(stack, shot.audience.devices, launchId, shot, cpu, talk.bar);
  const timers = isFirst ? faults(stack, script, cast.onCall.room, shot, talk.say) : [];
  try {
    await until(
      'the shot to close',
      720_000,
      async () => {
        await watch.look();
        return (await journal.launch(launchId))?.shots[shot.id]?.closed;
      },
      250,
    );
    // The bot records the figures a moment after the close; the timeline should have them.
    await until(
      'the figures in the record',
      20_000,
      async () => (await journal.launch(launchId))?.shots[shot.id]?.timing,
    );
    watch.note(await stack.cloud.live.reports(launchId));
  } finally {
    watch.end();
    for (const timer of timers) clearTimeout(timer);
  }
  return watch;
}
