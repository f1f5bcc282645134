import { PROVIDER, sickOf } from '../../../contract/pool-weather.ts';
import { PLATFORMS } from '../../../runbooks/launch/entries.ts';
import type { Platform } from '../../../runbooks/launch/entries.ts';
import type { Launch, Shot } from '../../../runbooks/launch/launch.ts';
import { sickNote, sickNoteHead } from '../../views/weather.ts';
import type { Context } from '../context.ts';
import { noteOnce } from './note-once.ts';
import { platformSegments } from './shot-sight.ts';
import type { ShotSight } from './shot-sight.ts';

/** Fewer are replaced without a word: it is what connections are replaced for. */
const MANY = 10;
const MANY_PART = 0.5;

/**
 * Sick connections are given up and replaced by themselves, which live figures and `/go status` tell. Many of them since GO are
 * more than accidents, though not yet weather: that is noted, once for a shot and platform.
 */
export class SickWatch {
  readonly #context: Context;
  /** How many each boot had given up when its shot was first looked at. */
  readonly #before = new Map<string, Map<string, number>>();
  readonly #told = new Set<string>();
  readonly #work = new Set<Promise<unknown>>();

  constructor(context: Context) {
    this.#context = context;
  }

  async settle(): Promise<void> {
    await Promise.all(this.#work);
  }

  look(launch: Launch, shot: Shot, sight: ShotSight): void {
    for (const platform of PLATFORMS) {
      if (platformSegments(shot, platform).length > 0) this.#lookAt(launch, shot, platform, sight);
    }
  }

  forget(shotId: string): void {
    for (const platform of PLATFORMS) {
      this.#before.delete(`${shotId} ${platform}`);
      this.#told.delete(`${shotId} ${platform}`);
    }
  }

  #lookAt(launch: Launch, shot: Shot, platform: Platform, sight: ShotSight): void {
    const name = `${shot.id} ${platform}`;
    const reports = sight.alive();
    if (reports.length === 0 || this.#told.has(name)) return;
    const counts = reports.map(
      ({ bootId, lanes }) =>
        [bootId, lanes.find(({ provider }) => provider === PROVIDER[platform])?.sick?.connections ?? 0] as const,
    );
    const before = this.#before.get(name);
    if (before === undefined) {
      this.#before.set(name, new Map(counts));
      return;
    }
    const since = counts.reduce(
      (sum, [bootId, connections]) => sum + Math.max(0, connections - (before.get(bootId) ?? 0)),
      0,
    );
    const [sick] = sickOf(reports, [platform]);
    if (sick === undefined || since < Math.max(MANY, sick.of * MANY_PART)) return;
    this.#told.add(name);
    const work = noteOnce(
      this.#context,
      launch,
      sickNoteHead(launch, shot, platform),
      sickNote({ ...sick, connections: since }),
    )
      .catch((error: unknown) => {
        this.#context.log.debug({ err: error }, 'that many connections are sick is not noted yet');
        this.#told.delete(name);
      })
      .finally(() => this.#work.delete(work));
    this.#work.add(work);
  }
}
