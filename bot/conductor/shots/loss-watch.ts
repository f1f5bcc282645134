import { queueNames } from '../../../contract/queue-names.ts';
import { errorName } from '../../../infra/aws/cloud-error.ts';
import type { Launch, Shot } from '../../../runbooks/launch/launch.ts';
import { runningShots } from '../../../runbooks/launch/remaining.ts';
import { manifestReader, partsOf } from '../../../settle/close.ts';
import { setReader } from '../../../settle/frozen-sets.ts';
import type { SetReader } from '../../../settle/frozen-sets.ts';
import { lostClaims } from '../../../settle/lost-claims.ts';
import type { Part } from '../../../settle/part.ts';
import { platformName } from '../../views/names.ts';
import { shotSegments } from '../../views/segments-text.ts';
import { count } from '../../views/words.ts';
import type { Context } from '../context.ts';
import { indexItem } from '../effects/perform.ts';
import { noteOnce } from './note-once.ts';

/**
 * Says once when something that a launch lives on has lost its contents or is gone, and what the way out is. What can be made
 * again from the record is: queues here, the switch item in halt.ts. What can't, claims, is left as it is, and nothing of it is sent again.
 */
export class LossWatch {
  readonly #context: Context;
  readonly #manifestOf: ReturnType<typeof manifestReader>;
  readonly #setOf: SetReader;
  readonly #parts = new Map<string, readonly Part[]>();

  constructor(context: Context) {
    this.#context = context;
    this.#manifestOf = manifestReader(context.cloud.objects);
    this.#setOf = setReader(context.cloud.objects);
  }

  /** The claims of running shots. */
  async lookAtClaims(launch: Launch): Promise<void> {
    const { cloud, journal, log } = this.#context;
    const running = runningShots(launch);
    for (const known of this.#parts.keys()) if (!running.some(({ id }) => id === known)) this.#parts.delete(known);
    for (const shot of running) {
      const lost = await lostClaims(cloud, launch, {
        trusted: journal.keyring.trusted,
        shotId: shot.id,
        parts: await this.#partsOf(launch, shot),
      });
      if (lost === null) continue;
      log.error({ shotId: shot.id, ...lost }, 'claims of a running shot are gone');
      await noteOnce(
        this.#context,
        launch,
        `Claims of shot ${shot.id} (${shotSegments(launch, shot)}) are gone: `,
        [
          `workers report ${count(lost.answered)} answered pushes on ${platformName[lost.platform]}, and the claims table knows of ${count(lost.claimed)} devices.`,
          'Nothing of it is sent a second time: what has no claim any more counts as uncertain when the shot closes (may or may not have got it), and batches that were not sent yet go on.',
          'Find out who emptied that table. Whoever needs to know who got it restores the table to the minute before (point-in-time recovery) before anything else is asked for.',
        ].join(' '),
      );
    }
  }

  async #partsOf(launch: Launch, shot: Shot): Promise<readonly Part[]> {
    const { cloud, journal } = this.#context;
    const parts =
      this.#parts.get(shot.id) ??
      (await partsOf(
        { claims: cloud.claims, journal, manifestOf: this.#manifestOf, setOf: this.#setOf },
        launch,
        shot,
      ));
    this.#parts.set(shot.id, parts);
    return parts;
  }

  /** The live table: the launch's own line in the index, without which no other bot finds it, and no worker its launch. */
  async lookAtIndex(launch: Launch): Promise<void> {
    const { live } = this.#context.cloud;
    if ((await live.launches()).some(({ launchId }) => launchId === launch.id)) return;
    this.#context.log.error({ launchId: launch.id }, 'the launch is gone from the index: the live table was emptied');
    await live.putLaunch(indexItem(launch, false));
    const { name, scale_target: target } = launch.runbook.pool;
    // A worker that boots now reads there whom it works for.
    if (launch.scale[target] !== undefined && (await live.poolLaunch(name)) === null)
      await live.assignPool(name, launch.id);
    await noteOnce(
      this.#context,
      launch,
      'The live table has lost its contents: ',
      [
        'worker reports, gate measurements, leases and the list of launches.',
        'All of it is made again by itself within seconds: workers report, gates are measured, and this launch is on the list again.',
        'Record, claims and switches are other tables: what was sent, and who may fire, is not touched. Figures of workers that are gone by now are missing from a running shot; the close counts from the claims. Find out who can write that table.',
      ].join(' '),
    );
  }

  /** The pool's queues: made again, and the batches of running shots are put back by workers. */
  async lookAtQueues(launch: Launch): Promise<void> {
    const { cloud, log } = this.#context;
    const names = queueNames(launch.runbook.pool.name);
    const all = [names.segments, ...Object.values(names.batches), names.deadLetters, names.segmentDeadLetters];
    const missing = (await Promise.all(all.map(async (name) => ((await this.#isThere(name)) ? [] : [name])))).flat();
    // The bot makes them at the launch's creation, a moment after its entry.
    if (missing.length === 0 || launch.seq === 1) return;
    log.error({ launchId: launch.id, missing }, 'queues of the pool are gone: making them again');
    await noteOnce(
      this.#context,
      launch,
      `Queues of the pool ${launch.runbook.pool.name} were deleted: `,
      [
        `${missing.join(', ')}.`,
        'They are made again by themselves, which SQS allows a minute after the deletion; workers then put back what waits to be sent, from the record, and nothing goes out twice.',
        'What is asked for before that waits. Find out who can delete queues.',
      ].join(' '),
    );
    await cloud.queues.ensurePool(launch.runbook.pool.name);
  }

  async #isThere(name: string): Promise<boolean> {
    try {
      await this.#context.cloud.queues.depth(name);
      return true;
    } catch (error) {
      if (/QueueDoesNotExist|NonExistentQueue/.test(errorName(error))) return false;
      throw error;
    }
  }
}
