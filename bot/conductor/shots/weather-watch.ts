import { devicesOf } from '../../../contract/figures.ts';
import { PROVIDER, weatherOf } from '../../../contract/pool-weather.ts';
import type { Weather } from '../../../contract/pool-weather.ts';
import { DEVICE_STATES, PLATFORMS } from '../../../runbooks/launch/entries.ts';
import type { Platform } from '../../../runbooks/launch/entries.ts';
import type { Launch, Shot } from '../../../runbooks/launch/launch.ts';
import { missedAsAWhole } from '../../../runbooks/launch/reach.ts';
import { remainingDevices, runningShots } from '../../../runbooks/launch/remaining.ts';
import { sumTotals } from '../../../runbooks/launch/totals.ts';
import { RESERVE } from '../../slack/update-budget.ts';
import type { UpdateBudget } from '../../slack/update-budget.ts';
import { weatherMessage, weatherNote, weatherOverMessage, weatherOverNote } from '../../views/weather.ts';
import type { Told, WeatherEnd } from '../../views/weather.ts';
import type { Context } from '../context.ts';
import { FACT } from '../facts.ts';
import { Alarm } from '../room/alarm.ts';
import { platformSegments } from './shot-sight.ts';
import type { ShotSight } from './shot-sight.ts';

/** What begins again this soon after it was over is told in the same message: weather comes in gusts. */
const SAME_MESSAGE_MS = 60_000;

interface Followed {
  alarm: Alarm<Told, WeatherEnd>;
  fairSinceMs: number | null;
  editedAtMs: number;
}

/**
 * Says in the room what a provider answers everybody while shots to it run: one message for a launch and platform, which keeps
 * up with it and says when it is over. Sending goes on by itself; who looks at the room should know why it is slow, and until when there is time.
 */
export class WeatherWatch {
  readonly #context: Context;
  readonly #budget: UpdateBudget;
  readonly #followed = new Map<string, Followed>();

  constructor(context: Context, budget: UpdateBudget) {
    this.#context = context;
    this.#budget = budget;
  }

  /** True: the room has been told of it, and is told when it is over. */
  isTold(launchId: string, platform: Platform): boolean {
    return this.#followed.get(nameOf(launchId, platform))?.alarm.isOpen === true;
  }

  /** Launches with something that is still to be said. */
  open(): string[] {
    return [...this.#followed]
      .filter(([, { alarm }]) => alarm.episode !== null && !alarm.isDone)
      .map(([name]) => name.split('\n')[0] ?? '');
  }

  async settle(): Promise<void> {
    await Promise.all([...this.#followed.values()].map(({ alarm }) => alarm.settle()));
  }

  /** `isCovered`: something else in the room tells of this platform already. */
  look(launch: Launch, sight: ShotSight, isCovered: (platform: Platform) => boolean): void {
    const { nowMs } = this.#context;
    for (const platform of PLATFORMS) {
      const shots = runningShots(launch).filter((shot) => platformSegments(shot, platform).length > 0);
      const name = nameOf(launch.id, platform);
      if (shots.length === 0 && !this.#followed.has(name)) continue;
      const one = this.#follow(launch, platform);
      const sending = shots.filter((shot) => shot.haltedAtMs === null && nowMs() < shot.notAfterAtMs[platform]);
      this.#lookAt(launch, platform, one, { sight, shots: launch.halt.active ? [] : sending, isCovered });
      const { episode } = one.alarm;
      if (episode !== null)
        one.alarm.show(
          episode.end === null
            ? weatherMessage(launch, episode.content)
            : weatherOverMessage(launch, episode.content, episode.end),
        );
      if (shots.length === 0 && one.alarm.isDone) this.#followed.delete(name);
    }
  }

  #follow(launch: Launch, platform: Platform): Followed {
    const name = nameOf(launch.id, platform);
    const alarm = () =>
      new Alarm<Told, WeatherEnd>(this.#context, {
        launchId: launch.id,
        channelId: launch.channelId,
        fact: FACT.weather(platform),
        effect: `weather/${platform}`,
      });
    const one = this.#followed.get(name) ?? { alarm: alarm(), fairSinceMs: null, editedAtMs: 0 };
    this.#followed.set(name, one);
    return one;
  }

  #lookAt(
    launch: Launch,
    platform: Platform,
    one: Followed,
    {
      sight,
      shots,
      isCovered,
    }: { sight: ShotSight; shots: readonly Shot[]; isCovered: (platform: Platform) => boolean },
  ): void {
    const { alarm } = one;
    const nowMs = this.#context.nowMs();
    if (shots.length === 0) {
      if (alarm.isOpen) this.#ends(launch, platform, one, endOf(launch, alarm.episode?.content));
      return;
    }
    const reports = sight.alive();
    // Whoever doesn't report says nothing of the weather, either way.
    if (!reports.some(({ lanes }) => lanes.some(({ provider }) => provider === PROVIDER[platform]))) return;
    const [weather] = weatherOf(reports, [platform]);
    if (weather === undefined) {
      // Who can't be heard may have it still.
      if (sight.hidden().length > 0) return;
      one.fairSinceMs ??= nowMs;
      if (alarm.isOpen && nowMs - one.fairSinceMs >= this.#context.timings.fairMs)
        this.#ends(launch, platform, one, 'fair');
      return;
    }
    one.fairSinceMs = null;
    if (!alarm.mayBegin) return;
    const told = toldOf(launch, shots, sight, weather, alarm.isOpen ? alarm.episode?.content : undefined);
    if (alarm.isOpen) this.#keepUp(one, told);
    else if (
      !isCovered(platform) &&
      nowMs - weather.sinceMs >= this.#context.timings[weather.state === 'stopped' ? 'stoppedMs' : 'slowMs']
    ) {
      const before = alarm.episode;
      alarm.begin(told, {
        sinceMs: weather.sinceMs,
        note: weatherNote(launch, told),
        inSameMessage: before !== null && nowMs - before.endedAtMs < SAME_MESSAGE_MS,
      });
      one.editedAtMs = nowMs;
      this.#context.log.warn({ launchId: launch.id, ...weather }, 'a provider answers nearly everybody so');
    }
  }

  /** Another state or word is told at once, figures now and then. */
  #keepUp(one: Followed, told: Told): void {
    const before = one.alarm.episode?.content;
    if (before === undefined) return;
    const nowMs = this.#context.nowMs();
    const isDue = nowMs - one.editedAtMs >= this.#context.timings.weatherEditMs;
    if (before.weather.state === told.weather.state && before.weather.reason === told.weather.reason) {
      if (!isDue || !this.#budget.take(RESERVE.weather)) return;
    } else if (!isDue && nowMs - one.editedAtMs < MOST_OFTEN_MS) return;
    one.editedAtMs = nowMs;
    one.alarm.change(told);
  }

  #ends(launch: Launch, platform: Platform, { alarm }: Followed, how: WeatherEnd['how']): void {
    if (alarm.episode === null) return;
    const { content, sinceMs } = alarm.episode;
    const end = {
      afterMs: this.#context.nowMs() - sinceMs,
      ...(how === 'closed' ? closedEnd(launch, content) : { how, left: 0, uncertain: 0 }),
    };
    alarm.end(end, weatherOverNote(launch, content, end));
    this.#context.log.info({ launchId: launch.id, platform, ...end }, 'the weather of a provider is over');
  }
}

/** Two answers that come in turn must not edit it at every look. */
const MOST_OFTEN_MS = 1_000;

const nameOf = (launchId: string, platform: Platform): string => `${launchId}\n${platform}`;

function endOf(launch: Launch, told: Told | undefined): 'closed' | 'halted' | 'late' {
  const shots = (told?.parts ?? []).flatMap(({ shotId }) => launch.shots[shotId] ?? []);
  if (shots.every(({ closed }) => closed !== null)) return 'closed';
  return launch.halt.active || shots.some(({ haltedAtMs }) => haltedAtMs !== null) ? 'halted' : 'late';
}

/** Whoever is sent to at the very end of its weather sees the shot closed before anybody can say that it is fair. */
function closedEnd(launch: Launch, told: Told): Pick<WeatherEnd, 'how' | 'left' | 'uncertain'> {
  const segments = told.parts.flatMap(({ shotId, segments: own }) =>
    (launch.shots[shotId]?.totals ?? []).filter(({ segment }) => own.some((one) => one.segment === segment)),
  );
  const totals = sumTotals(segments);
  const left = segments.reduce((sum, { segment }) => sum + remainingDevices(launch, segment), 0);
  return {
    how: totals.late + totals.halted === 0 && missedAsAWhole(totals, false) === null ? 'done' : 'closed',
    left,
    uncertain: totals.uncertain,
  };
}

function toldOf(
  launch: Launch,
  shots: readonly Shot[],
  sight: ShotSight,
  weather: Weather,
  before: Told | undefined,
): Told {
  const { platform } = weather;
  let devices = 0;
  let answered = 0;
  for (const shot of shots) {
    devices += devicesOf(launch, shot)[platform];
    for (const { platforms } of sight.snapshots(shot.id))
      answered += DEVICE_STATES.reduce((sum, state) => sum + platforms[platform][state], 0);
  }
  return {
    weather,
    worst: before !== undefined && before.worst.stopped > weather.stopped ? before.worst : weather,
    devices,
    left: Math.max(0, devices - answered),
    mostWaiting: Math.max(weather.waiting, before?.mostWaiting ?? 0),
    parts: shots.map((shot) => ({
      shotId: shot.id,
      segments: platformSegments(shot, platform),
      untilMs: shot.notAfterAtMs[platform],
    })),
  };
}
