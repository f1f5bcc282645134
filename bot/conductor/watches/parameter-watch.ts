import type { Parameter } from '../../../infra/aws/parameters.ts';
import { saysHalt } from '../../../runbooks/launch/halt-word.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { differing } from '../../mirrored-switches.ts';
import type { Context } from '../context.ts';
import { noteIfSetByHand, writeMirror } from '../effects/public-mirror.ts';
import type { Halting } from '../halt.ts';
import { byWhom, isExplained, shownValue } from './halt-parameter.ts';

/** A halt by hand waits for the item longer than a poll would. */
const SWITCHES_WITHIN_MS = 1_500;
/** Looks that fail in a row, one a second, before people are told that a halt by hand would not be seen. */
const BLIND_LOOKS = 15;

/**
 * A halt that somebody sets in Parameter Store by hand is obeyed like a press. Our own mirror says `on` too, for a while also
 * after a lift: a version that our record explains is never a new halt. What is set there by hand lifts nothing.
 */
export class ParameterWatch {
  readonly #context: Context;
  readonly #halting: Halting;
  /** What the last look found out of order. Acted upon when the next one finds the same: one look may be an old read, or fall between our own write and the note of it. */
  #suspect: string | null = null;
  #blindLooks = 0;

  constructor(context: Context, halting: Halting) {
    this.#context = context;
    this.#halting = halting;
  }

  /** Tells people of other switches that were set there by hand. */
  async lookAtOthers(launch: Launch): Promise<void> {
    const parameters = await this.#context.cloud.parameters.list(launch.id);
    for (const { name } of differing(launch, parameters)) await noteIfSetByHand(this.#context, launch.id, name);
  }

  async look(launch: Launch): Promise<void> {
    let standing: Parameter | null;
    try {
      const { parameters } = this.#context.cloud;
      standing = await parameters.get(parameters.nameOf(launch.id, 'halt'));
    } catch (error) {
      await this.#blind(launch, error);
      throw error;
    }
    await this.#seeing(launch);
    if (standing !== null && saysHalt(standing.value)) await this.#lookAtHalt(launch, standing);
    else await this.#lookAtNone(launch, standing);
  }

  async #lookAtHalt(launch: Launch, standing: Parameter): Promise<void> {
    const { cloud, nowMs, log } = this.#context;
    const item = await cloud.switches.readWithin(launch.id, SWITCHES_WITHIN_MS);
    if (item?.halted === true || (await isExplained(this.#context, launch.id, standing))) {
      this.#suspect = null;
      return;
    }
    if (!this.#twice(`halt ${standing.version}`)) return;
    const by = await byWhom(this.#context, launch.id, 'halt', standing);
    log.warn({ launchId: launch.id, version: standing.version, by }, 'halt set in Parameter Store by hand');
    await this.#halting.press(launch.id, {
      by: null,
      source: 'ssm',
      reason: `set to ${shownValue(standing)} in Parameter Store${by}`,
      pressedAtMs: nowMs(),
    });
  }

  /** While the launch is halted the mirror says so: others go by it. One that was deleted or set to something else is written again. */
  async #lookAtNone(launch: Launch, standing: Parameter | null): Promise<void> {
    // What we wrote ourselves is what the record said then; the effect of the newer entry is under way.
    if (!launch.halt.active || (standing !== null && (await isExplained(this.#context, launch.id, standing)))) {
      this.#suspect = null;
      return;
    }
    if (!this.#twice(`none ${standing?.version ?? 0}`)) return;
    const by = standing === null ? '' : await byWhom(this.#context, launch.id, 'halt', standing);
    await writeMirror(this.#context, launch.id, 'halt');
    if (standing === null) return;
    const text = `halt was set to ${shownValue(standing)} in Parameter Store${by}. That lifts nothing: two people lift a halt, with /go resume. The parameter says on again.`;
    await this.#context.execute(launch.id, { kind: 'note', by: null, text });
  }

  #twice(suspect: string): boolean {
    const again = this.#suspect === suspect;
    this.#suspect = again ? null : suspect;
    return again;
  }

  async #blind(launch: Launch, error: unknown): Promise<void> {
    this.#blindLooks += 1;
    if (this.#blindLooks !== BLIND_LOOKS) return;
    const why = error instanceof Error ? error.name : 'an unknown error';
    const text = `The halt parameter ${this.#context.cloud.parameters.nameOf(launch.id, 'halt')} can't be read (${why}): a halt that is set there by hand is not seen. The HALT button, /go halt and the command line work as ever.`;
    await this.#context.execute(launch.id, { kind: 'note', by: null, text });
  }

  async #seeing(launch: Launch): Promise<void> {
    const wasTold = this.#blindLooks >= BLIND_LOOKS;
    this.#blindLooks = 0;
    if (wasTold)
      await this.#context.execute(launch.id, {
        kind: 'note',
        by: null,
        text: 'The halt parameter can be read again: a halt that is set there by hand counts.',
      });
  }
}
