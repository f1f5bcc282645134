import type { Platform } from '../../../runbooks/launch/entries.ts';
import type { Launch, Shot } from '../../../runbooks/launch/launch.ts';
import { runningShots } from '../../../runbooks/launch/remaining.ts';
import type { UpdateBudget } from '../../slack/update-budget.ts';
import { movesAgainMessage, movesAgainNote, standstillMessage, standstillNote } from '../../views/standstill.ts';
import type { StillEnd } from '../../views/standstill.ts';
import type { StillReason } from '../../views/standstill.ts';
import type { Still } from '../../views/standstill.ts';
import type { Context } from '../context.ts';
import { FACT } from '../facts.ts';
import { Alarm } from '../room/alarm.ts';
import { ShotSight } from './shot-sight.ts';
import { SickWatch } from './sick-watch.ts';
import { isSure, stillReason, WEATHER } from './still-reason.ts';
import { Stillness } from './stillness.ts';
import { StoppedWatch } from './stopped-watch.ts';
import { WeatherWatch } from './weather-watch.ts';

const LOOK_MS = 250;
/** What begins again this soon after its message is told in that one: a shot that jerks must not fill the room. */
const SAME_MESSAGE_MS = 30_000;

interface Told {
  still: Still[];
  reason: StillReason;
}

interface Followed {
  stillness: Stillness;
  alarm: Alarm<Told, StillEnd>;
}

/**
 * Says in the room that a running shot stands still: what, since when, why as far as anything is known, what to do; once per
 * standstill, and in the same message that it moves again. It goes on past the leader's lease when the store is what keeps it
 * from being renewed.
 */
export class StandstillWatch {
  readonly #context: Context;
  readonly #launches: () => Iterable<string>;
  readonly #isOurs: () => boolean;
  readonly #weather: WeatherWatch;
  readonly #stopped: StoppedWatch;
  readonly #sick: SickWatch;
  readonly #sights = new Map<string, ShotSight>();
  readonly #shots = new Map<string, Followed>();
  #timer: NodeJS.Timeout | null = null;

  constructor(
    context: Context,
    options: { launches: () => Iterable<string>; isOurs: () => boolean; budget: UpdateBudget },
  ) {
    this.#context = context;
    this.#launches = options.launches;
    this.#isOurs = options.isOurs;
    this.#weather = new WeatherWatch(context, options.budget);
    this.#stopped = new StoppedWatch(context);
    this.#sick = new SickWatch(context);
  }

  start(): void {
    this.#timer ??= setInterval(() => this.look(), LOOK_MS).unref();
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await Promise.all([
      this.#weather.settle(),
      this.#stopped.settle(),
      this.#sick.settle(),
      ...[...this.#shots.values()].map(({ alarm }) => alarm.settle()),
    ]);
  }

  look(): void {
    if (this.#context.slack === null) return;
    const open = [...this.#shots]
      .filter(([, { alarm }]) => alarm.episode !== null)
      .map(([name]) => name.split('\n')[0] ?? '');
    for (const launchId of new Set([...(this.#isOurs() ? this.#launches() : []), ...open, ...this.#weather.open()])) {
      const launch = this.#context.journal.peek(launchId);
      if (launch !== null) this.#lookAt(launch);
    }
  }

  #lookAt(launch: Launch): void {
    const nowMs = this.#context.nowMs();
    const running = new Set(runningShots(launch));
    const isTold = (platform: Platform): boolean =>
      [...running].some(
        (shot) =>
          this.#shots
            .get(nameOf(launch, shot))
            ?.alarm.tells(({ still }) => still.some((one) => one.platform === platform)) === true,
      );
    const followed = Object.values(launch.shots).filter(
      (shot) => running.has(shot) || this.#shots.has(nameOf(launch, shot)),
    );
    if (followed.length === 0 && !this.#weather.open().includes(launch.id)) {
      this.#sights.delete(launch.id);
      return;
    }
    const sight = this.#sights.get(launch.id) ?? new ShotSight(this.#context);
    this.#sights.set(launch.id, sight);
    if (running.size > 0) sight.read(launch);
    this.#stopped.look(launch, sight);
    this.#weather.look(launch, sight, isTold);
    for (const shot of running) this.#sick.look(launch, shot, sight);
    for (const shot of followed) {
      const { stillness, alarm } = this.#follow(launch, shot);
      const isOver = shot.closed !== null || shot.haltedAtMs !== null || launch.halt.active;
      const still = isOver ? [] : stillness.look(launch, shot, sight.snapshots(shot.id), nowMs);
      if (still.length > 0 || alarm.isOpen) sight.readDetails(launch);
      if (still.length > 0)
        this.#stands(launch, shot, alarm, still, (some) =>
          stillReason(launch, shot, some, sight.evidence(shot), nowMs),
        );
      else if (alarm.isOpen)
        this.#ends(launch, shot, alarm, shot.closed !== null ? 'closed' : isOver ? 'halted' : 'moves');
      if (alarm.episode !== null) {
        const { content, end } = alarm.episode;
        alarm.show(
          end === null
            ? standstillMessage(launch, shot, content.still, content.reason)
            : movesAgainMessage(launch, shot, content.still, content.reason, end),
        );
      }
      if (shot.closed === null || !alarm.isDone) continue;
      this.#shots.delete(nameOf(launch, shot));
      this.#sick.forget(shot.id);
    }
  }

  #follow(launch: Launch, shot: Shot): Followed {
    const name = nameOf(launch, shot);
    const known = this.#shots.get(name);
    if (known !== undefined) return known;
    const alarm = new Alarm<Told, StillEnd>(this.#context, {
      launchId: launch.id,
      channelId: launch.channelId,
      fact: FACT.standstill(shot.id),
      effect: `standstill/${shot.id}`,
    });
    const one: Followed = { stillness: new Stillness(this.#context.timings.stillMs), alarm };
    this.#shots.set(name, one);
    return one;
  }

  #stands(
    launch: Launch,
    shot: Shot,
    alarm: Followed['alarm'],
    all: Still[],
    reasonOf: (still: readonly Still[]) => StillReason,
  ): void {
    if (!alarm.mayBegin) return;
    const before = alarm.episode;
    const isOpen = before !== null && before.end === null;
    // A platform of which the room knows why needs no second alarm, unless it stands still for another reason.
    const isSaid = (platform: Platform): boolean =>
      isOpen && before.content.still.some((one) => one.platform === platform);
    const still = all.filter(
      (one) => isSaid(one.platform) || !this.#isKnown(launch, shot, one.platform, () => reasonOf([one]).kind),
    );
    if (still.length === 0) return;
    const reason = reasonOf(still);
    if (isOpen) {
      if (hasNews(before.content, still, reason)) alarm.change({ still, reason });
      return;
    }
    if (!isSure(reason, still, this.#context.timings.stillMs, this.#context.nowMs())) return;
    const inSameMessage = before !== null && this.#context.nowMs() - before.postedAtMs < SAME_MESSAGE_MS;
    alarm.begin(
      { still, reason },
      {
        sinceMs: Math.min(...still.map((each) => each.sinceMs)),
        note: standstillNote(launch, shot, still, reason),
        inSameMessage,
      },
    );
    this.#context.log.warn(
      { launchId: launch.id, shotId: shot.id, platforms: still.map(({ platform }) => platform), reason: reason.kind },
      'a running shot stands still',
    );
  }

  #isKnown(launch: Launch, shot: Shot, platform: Platform, kindOf: () => string): boolean {
    return (
      (this.#weather.isTold(launch.id, platform) && kindOf().startsWith(WEATHER)) ||
      (this.#stopped.isTold(shot.id, platform) && kindOf() === 'stopped')
    );
  }

  #ends(launch: Launch, shot: Shot, alarm: Followed['alarm'], how: StillEnd['how']): void {
    if (alarm.episode === null) return;
    const { content, sinceMs } = alarm.episode;
    const end = { how, afterMs: this.#context.nowMs() - sinceMs };
    alarm.end(end, movesAgainNote(launch, shot, content.still, content.reason, end));
    this.#context.log.info({ launchId: launch.id, shotId: shot.id, ...end }, 'the standstill is over');
  }
}

const nameOf = (launch: Launch, shot: Shot): string => `${launch.id}\n${shot.id}`;

/** Another platform, or another reason: figures alone are no news. */
function hasNews(before: Told, still: readonly Still[], reason: StillReason): boolean {
  const key = (all: readonly Still[], { kind }: StillReason) =>
    `${all.map(({ platform, everMoved }) => `${platform} ${String(everMoved)}`).join()} ${kind}`;
  return key(before.still, before.reason) !== key(still, reason);
}
