import type { Launch } from '../../../runbooks/launch/launch.ts';
import { section, message } from '../../views/blocks.ts';
import { safe } from '../../views/words.ts';
import type { Context } from '../context.ts';
import { FACT, fact, keepFact } from '../facts.ts';

/**
 * Says in the room, once for each finding, that the record can't be believed: an entry that nobody who may has written, or a
 * tail that is gone. Nothing is recorded of it, since nothing can be: workers refuse the launch by themselves, and halt goes
 * by the switch item.
 */
export class RecordAlarm {
  readonly #context: Context;
  readonly #launchId: string;
  #telling: Promise<void> = Promise.resolve();

  constructor(context: Context, launchId: string) {
    this.#context = context;
    this.#launchId = launchId;
  }

  /** Compares the record with the head that was noted in the switch item. The item first: what is noted after it is for the next look. */
  async look(launch: Launch): Promise<void> {
    const { cloud, journal } = this.#context;
    const item = await cloud.switches.read(launch.id, { consistent: true });
    try {
      await journal.launch(launch.id);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'RECORD_BROKEN')) throw error;
      // As the keeper says it, so that it is one finding.
      return this.raise(launch, error.message.replace(/^RECORD_BROKEN: the record of \S+ is broken at /, ''));
    }
    const problem = journal.headProblem(launch.id, item?.head ?? null);
    if (problem !== null) await this.raise(launch, problem);
  }

  /** One after the other: the same finding comes from several jobs at once. */
  raise(launch: Launch | null, why: string): Promise<void> {
    const telling = this.#telling.then(() => this.#tell(launch, why));
    this.#telling = telling.catch(() => undefined);
    return telling;
  }

  async #tell(launch: Launch | null, why: string): Promise<void> {
    const { log, slack, cloud } = this.#context;
    if ((await fact(this.#context, this.#launchId, FACT.recordTold)) === why) return;
    log.fatal(
      { launchId: this.#launchId, why },
      'THE RECORD CAN NOT BE BELIEVED: nothing of it is performed, and nothing can be fired',
    );
    const channel =
      launch?.channelId ?? (await cloud.live.launches()).find(({ launchId }) => launchId === this.#launchId)?.channelId;
    if (slack === null || channel === undefined) return;
    await slack.postMessage(
      channel,
      message("The record of this launch can't be believed", [
        section(
          `:rotating_light: *The record of this launch can't be believed:* ${safe(why, 1_500)}\nSomebody may have written its table by hand. Workers send nothing of it, and nothing can be fired; HALT still works. \`npm run record -- verify --launch ${safe(this.#launchId, 60)}\` shows from which entry on. Find out who can write that table. If all up to there holds, delete the entries from there on in the table, and this launch goes on. Else go on in a new launch: it does not know who has got this one's push, so leave out of its audience what was sent.`,
        ),
      ]),
    );
    await keepFact(this.#context, this.#launchId, FACT.recordTold, why);
  }
}
