import { CloudError } from '../../../infra/aws/cloud-error.ts';
import type { RecordCopy } from '../../../infra/aws/record-copy.ts';
import { within } from '../../../infra/time-limit.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import type { Context } from '../context.ts';
import { FACT, fact, keepFact } from '../facts.ts';

const ONE_LOOK_MS = 5_000;

/**
 * For a launch with two regions: carries its record to the other one, and notices when that one has taken the launch over. Then
 * nothing is left to do for it here: `isMoved`. A copy that can't be made stops nothing; the room is told once it has lasted.
 */
export class StandbyWatch {
  readonly #context: Context;
  #copy: RecordCopy | null = null;
  #failingSinceMs: number | null = null;
  isMoved = false;

  constructor(context: Context) {
    this.#context = context;
  }

  async look(launch: Launch): Promise<void> {
    const { cloud, log } = this.#context;
    const { regions } = launch.runbook;
    if (regions === undefined) return;
    const { home } = await cloud.homes.read(launch.id, regions);
    if (home.region !== cloud.region) {
      if (!this.isMoved) log.warn({ home }, 'another region has taken the launch over; nothing is done for it here');
      this.isMoved = true;
      return;
    }
    this.isMoved = false;
    const other = regions.home === cloud.region ? regions.standby : regions.home;
    this.#copy ??= cloud.recordCopy(cloud.region, other);
    const copy = this.#copy;
    try {
      await within({ limitMs: ONE_LOOK_MS, what: `${other} gave no answer` }, (signal) =>
        copy.follow(launch.id, signal),
      );
      this.#failingSinceMs = null;
      if ((await fact(this.#context, launch.id, FACT.standbyTold)) === 'behind') await this.#tell(launch, other, null);
    } catch (error) {
      // Looked at from the beginning next time: who else copies may have got further, or gone another way.
      this.#copy = null;
      log.warn({ err: error, other }, 'the record was not carried to the other region');
      await this.#behind(launch, other, error);
    }
  }

  async #behind(launch: Launch, other: string, error: unknown): Promise<void> {
    const { nowMs, timings } = this.#context;
    this.#failingSinceMs ??= nowMs();
    if (nowMs() - this.#failingSinceMs < timings.standbyBehindMs) return;
    if ((await fact(this.#context, launch.id, FACT.standbyTold)) === 'behind') return;
    await this.#tell(launch, other, error);
  }

  async #tell(launch: Launch, other: string, error: unknown): Promise<void> {
    const why =
      error instanceof CloudError && error.code === 'RECORDS_APART'
        ? `the record there has gone on by itself (${error.message})`
        : 'it can’t be reached';
    await this.#context.execute(launch.id, {
      kind: 'note',
      by: null,
      text:
        error === null
          ? `The standby in ${other} has the whole record again.`
          : `The record is not carried to the standby in ${other}: ${why}. Sending goes on here; what is decided from now on would be missing there if it took the launch over.`,
    });
    await keepFact(this.#context, launch.id, FACT.standbyTold, error === null ? '' : 'behind');
  }
}
