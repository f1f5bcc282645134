import type { Logger } from 'pino';
import { skipListKeyOf } from '../contract/skip-list-key.ts';
import type { Objects } from '../infra/aws/objects.ts';
import type { Platform, SkipListRef } from '../runbooks/launch/entries.ts';
import type { Launch } from '../runbooks/launch/launch.ts';
import { runningShots } from '../runbooks/launch/remaining.ts';
import { covers } from '../runbooks/launch/skip-cover.ts';
import { loadAudience } from './audience/packed/load.ts';
import type { LoadedAudience } from './audience/packed/loaded-audience.ts';
import { readSkipList, SkipList } from './audience/packed/skip-list.ts';
import { collectGarbage } from './collect-garbage.ts';

export interface InMemory {
  audienceHash: string;
  skipListHash: string | null;
  locales: readonly string[];
}

export interface MemoryOptions {
  objects: Objects;
  log: Logger;
  /** Told when it is let go (null) and when another one is there, for whoever else holds on to it. */
  onChange?: (audience: LoadedAudience | null) => void;
}

/** The audience and skip list that the worker holds: empty → loading → current, and again when the launch gets others. */
export class Memory {
  readonly #options: MemoryOptions;
  audience: LoadedAudience | null = null;
  current: InMemory | null = null;
  shards = { loaded: 0, total: 0 };
  /** What it is waiting for; null: nothing. */
  say: string | null = 'waiting for an audience';

  constructor(options: MemoryOptions) {
    this.#options = options;
  }

  /** Platforms that have devices in what is loaded. */
  platforms(): Platform[] {
    return [...new Set(this.audience?.manifest.segments.map(({ platform }) => platform) ?? [])];
  }

  isStale(launch: Launch): boolean {
    const { audience, skipList } = wanted(launch);
    return (
      audience !== null &&
      (this.current?.audienceHash !== audience.hash || this.current.skipListHash !== (skipList?.hash ?? null))
    );
  }

  /** What is new only takes devices away: it is marked in place, while what is being sent goes on. */
  onlySkipsMore(launch: Launch): boolean {
    const { audience, skipList } = wanted(launch);
    return (
      this.audience !== null &&
      this.current !== null &&
      this.current.audienceHash === audience?.hash &&
      skipList !== null &&
      covers(skipList, this.current.skipListHash)
    );
  }

  /** Loads what the launch needs now. False: it has no audience yet. Errors: those of loading; what was current before is gone then. */
  async follow(launch: Launch): Promise<boolean> {
    const { audience: ref, skipList } = wanted(launch);
    if (ref === null) return false;
    if (!this.isStale(launch)) return true;
    const { objects, log } = this.#options;
    const startMs = performance.now();
    const { hash, manifestKey } = ref;
    const skipListHash = skipList?.hash ?? null;
    if (this.onlySkipsMore(launch) && this.audience !== null && this.current !== null && skipList !== null) {
      await this.audience.addSkipList(await readSkipList(objects, skipList));
      this.current = { ...this.current, skipListHash };
      log.info(
        { skipList: skipListHash?.slice(0, 12) ?? null, tookMs: Math.round(performance.now() - startMs) },
        'skip list added to',
      );
      return true;
    }
    // The old one goes first: two at a time might not fit.
    const kept = this.audience?.manifest.hash === hash ? this.audience : null;
    const letsGo = this.audience !== null && kept === null;
    this.current = null;
    this.audience = null;
    this.#options.onChange?.(null);
    if (letsGo) collectGarbage();
    this.say = 'loading the audience';
    const audience =
      kept ??
      (await loadAudience(objects, manifestKey, {
        hash,
        progress: (loaded, total) => {
          this.shards = { loaded, total };
        },
      }));
    await this.#applySkips(audience, skipList);
    this.audience = audience;
    this.#options.onChange?.(audience);
    this.current = { audienceHash: hash, skipListHash, locales: audience.manifest.locales };
    this.say = null;
    log.info(
      {
        audience: hash.slice(0, 12),
        devices: audience.manifest.devices,
        skipList: skipListHash?.slice(0, 12) ?? null,
        tookMs: Math.round(performance.now() - startMs),
      },
      'audience loaded',
    );
    return true;
  }

  /**
   * The list, and what was on those before it that it was said to add to. That it only adds is the word of one person, and orders
   * stand by it: what it lacks of them is skipped all the same.
   */
  async #applySkips(audience: LoadedAudience, ref: SkipListRef | null): Promise<void> {
    const { objects, log } = this.#options;
    const packed = ref === null ? null : await readSkipList(objects, ref);
    const earlier = await Promise.all(
      (ref?.covers ?? [])
        .filter((hash) => hash !== null)
        .map((hash) => readSkipList(objects, { key: skipListKeyOf(hash), hash })),
    );
    audience.applySkipList(packed);
    if (packed === null) return;
    const list = new SkipList(packed);
    for (const one of earlier) {
      const lacking = list.lacks(new SkipList(one));
      if (lacking === 0) continue;
      log.error(
        { skipList: ref?.hash, lacking },
        'the skip list lacks entries of one that it was said to add to; they are skipped all the same',
      );
      await audience.addSkipList(one);
    }
  }
}

/** What a running shot was approved with, even if the launch has got another skip list since, unless that only takes more people away; without one, what the launch has. */
function wanted(launch: Launch): Pick<Launch, 'audience' | 'skipList'> {
  const running = runningShots(launch);
  return running.every(
    ({ audience, skipList }) =>
      audience.hash === launch.audience?.hash && covers(launch.skipList, skipList?.hash ?? null),
  )
    ? launch
    : (running.at(-1) ?? launch);
}
