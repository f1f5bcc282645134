import { devicesOf } from '../../../contract/figures.ts';
import { DEVICE_STATES, PLATFORMS } from '../../../runbooks/launch/entries.ts';
import type { Platform } from '../../../runbooks/launch/entries.ts';
import type { Launch, Shot } from '../../../runbooks/launch/launch.ts';
import { remainingDevices, runningShots } from '../../../runbooks/launch/remaining.ts';
import { stoppedMessage, stoppedNote, stoppedOverMessage, stoppedOverNote } from '../../views/stopped.ts';
import type { Stopped, StoppedEnd } from '../../views/stopped.ts';
import type { Context } from '../context.ts';
import { FACT } from '../facts.ts';
import { Alarm } from '../room/alarm.ts';
import { platformSegments } from './shot-sight.ts';
import type { ShotSight } from './shot-sight.ts';

/**
 * Says in the room that workers have stopped a shot by themselves, because a provider refuses what is sent: which answer, how
 * often, what it means, how to go on. Once for a shot and platform; more workers and what became of it go into the same message.
 */
export class StoppedWatch {
  readonly #context: Context;
  readonly #alarms = new Map<string, Alarm<Stopped, StoppedEnd>>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** True: the room has been told of it. */
  isTold(shotId: string, platform: Platform): boolean {
    return this.#alarms.get(`${shotId} ${platform}`)?.isOpen === true;
  }

  async settle(): Promise<void> {
    await Promise.all([...this.#alarms.values()].map((alarm) => alarm.settle()));
  }

  look(launch: Launch, sight: ShotSight): void {
    const running = runningShots(launch);
    for (const shot of Object.values(launch.shots)) {
      for (const platform of PLATFORMS) {
        const name = `${shot.id} ${platform}`;
        if (!this.#alarms.has(name) && !running.includes(shot)) continue;
        const alarm =
          this.#alarms.get(name) ??
          new Alarm<Stopped, StoppedEnd>(this.#context, {
            launchId: launch.id,
            channelId: launch.channelId,
            fact: FACT.stopped(shot.id, platform),
            effect: `stopped/${shot.id}/${platform}`,
          });
        this.#alarms.set(name, alarm);
        this.#lookAt(launch, shot, platform, alarm, sight);
        const { episode } = alarm;
        if (episode !== null)
          alarm.show(
            episode.end === null
              ? stoppedMessage(launch, episode.content)
              : stoppedOverMessage(launch, episode.content, episode.end),
          );
        if (shot.closed !== null && alarm.isDone) this.#alarms.delete(name);
      }
    }
  }

  #lookAt(launch: Launch, shot: Shot, platform: Platform, alarm: Alarm<Stopped, StoppedEnd>, sight: ShotSight): void {
    const nowMs = this.#context.nowMs();
    const before = alarm.isOpen ? alarm.episode : null;
    // A halt is on its way to the close, which knows who is left.
    if (shot.closed !== null) {
      if (before === null) return;
      const left = before.content.segments.reduce((sum, { segment }) => sum + remainingDevices(launch, segment), 0);
      const end = {
        how: shot.haltedAtMs === null ? ('closed' as const) : ('halted' as const),
        afterMs: nowMs - before.sinceMs,
        left,
      };
      return alarm.end(end, stoppedOverNote(launch, before.content, end));
    }
    if (shot.haltedAtMs !== null || launch.halt.active || !alarm.mayBegin) return;
    const found = foundOf(launch, shot, platform, sight, before?.sinceMs ?? nowMs);
    if (found === null) return;
    if (before === null) {
      alarm.begin(found, { sinceMs: nowMs, note: stoppedNote(launch, found), inSameMessage: alarm.episode !== null });
      this.#context.log.error(
        { launchId: launch.id, ...found },
        'workers have stopped a shot: the provider refuses what is sent',
      );
    } else if (
      before.content.workers !== found.workers ||
      before.content.of !== found.of ||
      before.content.reason !== found.reason
    )
      alarm.change(found);
  }
}

function foundOf(launch: Launch, shot: Shot, platform: Platform, sight: ShotSight, sinceMs: number): Stopped | null {
  const reports = sight.alive();
  const mine = reports.flatMap(({ stopped = [] }) =>
    stopped.filter((one) => one.shotId === shot.id && one.platform === platform),
  );
  const first = mine.toSorted((a, b) => b.bad - a.bad)[0];
  if (first === undefined) return null;
  const same = mine.filter(({ reason }) => reason === first.reason);
  const devices = devicesOf(launch, shot)[platform];
  const answered = sight
    .snapshots(shot.id)
    .reduce((sum, { platforms }) => DEVICE_STATES.reduce((all, state) => all + platforms[platform][state], sum), 0);
  return {
    shotId: shot.id,
    platform,
    segments: platformSegments(shot, platform),
    sinceMs,
    untilMs: shot.notAfterAtMs[platform],
    workers: mine.length,
    of: reports.length,
    reason: first.reason,
    bad: same.reduce((sum, { bad }) => sum + bad, 0),
    among: same.reduce((sum, { of }) => sum + of, 0),
    devices,
    left: Math.max(0, devices - answered),
  };
}
