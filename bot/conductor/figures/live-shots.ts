import { shotFigures } from '../../../contract/figures.ts';
import type { ShotFigures } from '../../../contract/figures.ts';
import { fresh } from '../../../contract/liveness.ts';
import { weatherOf } from '../../../contract/pool-weather.ts';
import type { ShotSnapshot, WorkerReport } from '../../../contract/report.ts';
import type { Launch, Shot } from '../../../runbooks/launch/launch.ts';
import { RESERVE } from '../../slack/update-budget.ts';
import { liveStatsMessage } from '../../views/live-stats.ts';
import type { Message } from '../../views/message.ts';
import type { Context } from '../context.ts';
import { FACT, fact, keepFact } from '../facts.ts';
import type { Standings } from '../room/standing.ts';
import { workerReports } from '../worker-reports.ts';
import type { LivePosition } from './live-position.ts';

/** Figures of a closed shot as the room showed them last. Null: it runs, or none were kept. */
export async function keptFigures(context: Context, launchId: string, shotId: string): Promise<ShotFigures | null> {
  const kept = await fact(context, launchId, FACT.figures(shotId));
  return kept === null ? null : (JSON.parse(kept) as ShotFigures);
}

/**
 * What workers have said about the shots of one launch, newest per boot, and the live message made of it. Reports stay
 * in the live store until the shot is closed; they are kept here too, so that a worker that is gone still counts.
 */
export class LiveShots {
  readonly #context: Context;
  readonly #launchId: string;
  readonly #standings: Standings;
  readonly #position: LivePosition;
  readonly #byShot = new Map<string, Map<string, { atMs: number; snapshot: ShotSnapshot }>>();
  #reports: readonly WorkerReport[] = [];
  readonly #shown = new Map<string, string>();

  constructor(context: Context, launchId: string, standings: Standings, position: LivePosition) {
    this.#position = position;
    this.#context = context;
    this.#launchId = launchId;
    this.#standings = standings;
  }

  /** Figures of a shot now; of a closed one as they were when it was first seen closed. */
  async figures(launch: Launch, shot: Shot): Promise<ShotFigures> {
    if (shot.closed === null) return this.#merge(launch, shot);
    const kept = await keptFigures(this.#context, this.#launchId, shot.id);
    if (kept !== null) return kept;
    const figures = await this.#merge(launch, shot);
    await this.#record(shot.id, figures);
    await keepFact(this.#context, this.#launchId, FACT.figures(shot.id), JSON.stringify(figures));
    return figures;
  }

  /** Records the figures of shots that are closed, once workers' last reports must have come; the summary may wait for Slack, this does not. */
  async keepFinal(launch: Launch): Promise<void> {
    const { nowMs, timings } = this.#context;
    for (const shot of Object.values(launch.shots)) {
      if (shot.closed !== null && shot.timing === null && nowMs() - shot.closed.atMs >= timings.finalFiguresMs)
        await this.figures(launch, shot);
    }
  }

  /** The postmortem's figures. Before they are kept as final, so that a crash in between only repeats this. */
  async #record(
    shotId: string,
    { total, firstWriteMs, lastWriteMs, perSecond, peakPerSecond }: ShotFigures,
  ): Promise<void> {
    const { p50Ms, p95Ms, p99Ms } = total;
    const timing = { firstWriteMs, p50Ms, p95Ms, p99Ms, lastWriteMs, perSecond, peakPerSecond };
    const outcome = await this.#context.journal.append(this.#launchId, { kind: 'report-timing', shotId, timing });
    if (!outcome.ok && outcome.code !== 'ALREADY_SO')
      this.#context.log.warn(
        { launchId: this.#launchId, shotId, code: outcome.code },
        'figures of the shot were not recorded',
      );
  }

  /** Brings the live message of every running shot up to date, if Slack lets us; a skipped update is made up by the next. */
  async update(launch: Launch): Promise<void> {
    if (this.#context.slack === null) return;
    for (const shot of Object.values(launch.shots).filter(({ closed }) => closed === null)) {
      const name = FACT.live(shot.id);
      if ((await fact(this.#context, this.#launchId, name)) === null) continue;
      const message = await this.#message(launch, shot);
      const text = JSON.stringify(message);
      if (text === this.#shown.get(shot.id)) continue;
      if (
        await this.#standings.show({ launch, name, message: () => message, reserve: RESERVE.live, ifDeleted: 'post' })
      )
        this.#shown.set(shot.id, text);
    }
  }

  /** HALT must stay within reach while a shot runs, whatever else is posted. */
  async keepInReach(launch: Launch): Promise<void> {
    await this.#position.look(launch, async (shot) => this.#message(launch, shot));
  }

  /** To be awaited before the message's last edit. */
  async standStill(launch: Launch, shot: Shot): Promise<void> {
    await this.#position.end(launch, shot.id, () => this.#message(launch, shot));
  }

  async #message(launch: Launch, shot: Shot): Promise<Message> {
    const figures = await this.figures(launch, shot);
    return liveStatsMessage(launch, shot, figures, weatherOf(fresh(this.#reports, this.#context.nowMs())));
  }

  async #merge(launch: Launch, shot: Shot): Promise<ShotFigures> {
    await this.#collect(launch);
    const snapshots = [...(this.#byShot.get(shot.id)?.values() ?? [])].map(({ snapshot }) => snapshot);
    const { figures, problems } = shotFigures(launch, shot, snapshots, this.#context.nowMs());
    if (problems > 0)
      this.#context.log.warn(
        { launchId: this.#launchId, shotId: shot.id, problems },
        'histograms of some reports could not be read',
      );
    return figures;
  }

  async #collect(launch: Launch): Promise<void> {
    this.#reports = await workerReports(this.#context, launch);
    for (const report of this.#reports) {
      for (const snapshot of report.shots) {
        const boots = this.#byShot.get(snapshot.shotId) ?? new Map<string, { atMs: number; snapshot: ShotSnapshot }>();
        this.#byShot.set(snapshot.shotId, boots);
        if ((boots.get(report.bootId)?.atMs ?? 0) <= report.atMs)
          boots.set(report.bootId, { atMs: report.atMs, snapshot });
      }
    }
  }
}
