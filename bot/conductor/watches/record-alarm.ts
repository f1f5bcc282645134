import { isRecordBroken } from '../../../infra/aws/journal.ts';
import type { SwitchItem } from '../../../infra/aws/switch-store.ts';
import { BY_NEWER } from '../../../runbooks/launch/fold-error.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { section, message } from '../../views/blocks.ts';
import type { Message } from '../../views/message.ts';
import { safe } from '../../views/words.ts';
import type { Context } from '../context.ts';
import { FACT, fact, keepFact } from '../facts.ts';

/**
 * Says in the room, once for each finding, that the record can't be gone on with: an entry that nobody who may has written, a tail
 * that is gone, or an entry of a newer version. Nothing is recorded of it, since nothing can be: workers refuse the launch by
 * themselves, and halt goes by the switch item.
 */
export class RecordAlarm {
  readonly #context: Context;
  readonly #launchId: string;
  #found: string | null = null;
  #telling: Promise<void> = Promise.resolve();

  constructor(context: Context, launchId: string) {
    this.#context = context;
    this.#launchId = launchId;
  }

  /** Compares the record with the head that was noted in the switch item. The item first: what is noted after it is for the next look. */
  async look(launch: Launch): Promise<void> {
    const { cloud } = this.#context;
    const item = await cloud.switches.read(launch.id, { consistent: true });
    const problem = await this.#problem(launch, item?.head ?? null);
    // None any more: what was wrong has been taken out of the table.
    this.#found = problem;
    if (problem !== null) await this.raise(launch, problem);
  }

  /** What is wrong with the record, as of the last look; null: nothing. */
  get found(): string | null {
    return this.#found;
  }

  async #problem({ id }: Launch, head: SwitchItem['head']): Promise<string | null> {
    const { journal } = this.#context;
    try {
      await journal.launch(id);
    } catch (error) {
      if (!isRecordBroken(error)) throw error;
      // As the keeper says it, so that it is one finding.
      return error.message.replace(/^RECORD_BROKEN: the record of \S+ is broken at /, '');
    }
    return journal.headProblem(id, head);
  }

  /** One after the other: the same finding comes from several jobs at once. */
  raise(launch: Launch | null, why: string): Promise<void> {
    this.#found = why;
    const telling = this.#telling.then(() => this.#tell(launch, why));
    this.#telling = telling.catch(() => undefined);
    return telling;
  }

  async #tell(launch: Launch | null, why: string): Promise<void> {
    const { log, slack, cloud } = this.#context;
    if ((await fact(this.#context, this.#launchId, FACT.recordTold)) === why) return;
    const isNewer = why.endsWith(BY_NEWER);
    log.fatal(
      { launchId: this.#launchId, why },
      isNewer
        ? 'A NEWER VERSION HAS WRITTEN THE RECORD: nothing more of it is performed here, and nothing can be fired'
        : 'THE RECORD CAN NOT BE BELIEVED: nothing of it is performed, and nothing can be fired',
    );
    const channel =
      launch?.channelId ?? (await cloud.live.launches()).find(({ launchId }) => launchId === this.#launchId)?.channelId;
    if (slack === null || channel === undefined) return;
    await slack.postMessage(channel, isNewer ? newerMessage(why) : brokenMessage(this.#launchId, why));
    await keepFact(this.#context, this.#launchId, FACT.recordTold, why);
  }
}

function brokenMessage(launchId: string, why: string): Message {
  return message("The record of this launch can't be believed", [
    section(
      `:rotating_light: *The record of this launch can't be believed:* ${safe(why, 1_500)}\nSomebody may have written its table by hand. Workers send nothing of it, and nothing can be fired; HALT still works. \`npm run record -- verify --launch ${safe(launchId, 60)}\` shows from which entry on. Find out who can write that table. If all up to there holds, delete the entries from there on in the table, and this launch goes on. Else go on in a new launch: it does not know who has got this one's push, so leave out of its audience what was sent.`,
    ),
  ]);
}

/** Nothing is to be deleted here: what stands there is good, and a newer bot goes on with it. */
function newerMessage(why: string): Message {
  return message('A newer version has written the record of this launch', [
    section(
      `:rotating_light: *A newer version of gobutton has written the record of this launch, and this bot can't read on:* ${safe(why, 1_500)}\nThis bot performs nothing more of it, and nothing can be fired by it; HALT still works. Stop this bot and go on with the newer one: all bots first, then the workers. Delete nothing. If nobody has deployed another version, somebody has written the table by hand: find out who can.`,
    ),
  ]);
}
