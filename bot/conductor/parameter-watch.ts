import type { Launch } from '../../runbooks/launch/launch.ts';
import { type Context, FACT, fact } from './context.ts';
import type { Halting } from './halt.ts';
import { differing, isOn, noteIfSetByHand, parameterName } from './public-mirror.ts';

/**
 * A halt that somebody sets in Parameter Store by hand is obeyed like a press. Our own mirror says `on` too, for a
 * while also after a lift; its version tells the two apart: a version that our record explains is never a new halt.
 */
export class ParameterWatch {
  readonly #context: Context;
  readonly #halting: Halting;
  #suspect: number | null = null;

  constructor(context: Context, halting: Halting) {
    this.#context = context;
    this.#halting = halting;
  }

  /** Tells people of other switches that were set there by hand. */
  async lookAtOthers(launch: Launch): Promise<void> {
    const parameters = await this.#context.cloud.parameters.list(parameterName(launch.id, '').slice(0, -1));
    for (const { name } of differing(launch, parameters)) await noteIfSetByHand(this.#context, launch.id, name);
  }

  async look(launch: Launch): Promise<void> {
    const { cloud, nowMs, log } = this.#context;
    const standing = await cloud.parameters.get(parameterName(launch.id, 'halt'));
    if (standing === null || !isOn(standing.value)) {
      this.#suspect = null;
      return;
    }
    const item = await cloud.switches.read(launch.id, { consistent: true });
    const known = Number((await fact(this.#context, launch.id, FACT.haltVersion)) ?? 0);
    if (item?.halted === true || standing.version === known) {
      this.#suspect = null;
      return;
    }
    // Twice in a row: one look may be an old read, or fall between our own write and the note of its version.
    if (this.#suspect !== standing.version) {
      this.#suspect = standing.version;
      return;
    }
    this.#suspect = null;
    log.warn({ launchId: launch.id, version: standing.version, by: standing.modifiedBy }, 'halt set in Parameter Store by hand');
    await this.#halting.press(launch.id, {
      by: null, source: 'ssm', reason: `set in Parameter Store${standing.modifiedBy === null ? '' : ` by ${standing.modifiedBy}`}`, pressedAtMs: nowMs(),
    });
  }
}
