import { queueNames } from '../../../contract/queue-names.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { count, plural } from '../../views/words.ts';
import type { Context } from '../context.ts';
import { workerReports } from '../worker-reports.ts';

interface Counts {
  orders: number;
  batches: number;
  last: string;
}

/** Begins the note, and no other: how many were told of stands right behind it. */
const HEAD = "Messages that are not this launch's lie in its queues: ";
/** Told again only then: whoever writes thousands must not fill the room as well. */
const TOLD_AGAIN_TIMES = 10;

/**
 * Says that somebody else writes to the queues, once, and again when it has become ten times as much. What workers have
 * counted since their boot is added up; what was told last is read from the record.
 */
export class ForeignWatch {
  readonly #context: Context;
  readonly #byBoot = new Map<string, Counts>();
  #told: number | null = null;

  constructor(context: Context) {
    this.#context = context;
  }

  async look(launch: Launch): Promise<void> {
    for (const { bootId, foreign } of await workerReports(this.#context, launch))
      if (foreign !== undefined) this.#byBoot.set(bootId, foreign);
    const all = [...this.#byBoot.values()];
    const orders = all.reduce((sum, one) => sum + one.orders, 0);
    const batches = all.reduce((sum, one) => sum + one.batches, 0);
    if (orders + batches === 0) return;
    this.#told ??= await this.#toldBefore(launch);
    if (this.#told > 0 && orders + batches < this.#told * TOLD_AGAIN_TIMES) return;
    const acted = await this.#context.execute(launch.id, {
      kind: 'note',
      by: null,
      text: foreignText(launch, { orders, batches, last: all.findLast(({ last }) => last !== '')?.last ?? '' }),
    });
    if (acted.ok) this.#told = orders + batches;
    else
      this.#context.log.warn({ launchId: launch.id, code: acted.code }, 'that messages are foreign could not be noted');
  }

  async #toldBefore(launch: Launch): Promise<number> {
    const last = (await this.#context.journal.entries(launch.id)).findLast(
      (entry) => entry.kind === 'Noted' && 'system' in entry.by && entry.text?.startsWith(HEAD) === true,
    );
    return last?.kind === 'Noted' ? Number.parseInt((last.text ?? '').slice(HEAD.length).replaceAll(',', ''), 10) : 0;
  }
}

function foreignText(launch: Launch, { orders, batches, last }: Counts): string {
  const names = queueNames(launch.runbook.pool.name);
  return [
    `${HEAD}${count(orders + batches)} so far (${plural(orders, 'order')}, ${plural(batches, 'batch', 'batches')}).`,
    "Nothing was sent for them, and nothing waits behind them: workers send only what this launch's record approves, and delete the rest at once.",
    last === '' ? '' : `The last one: “${last}”.`,
    `They come from whoever may send to ${names.segments}, ${names.batches.ios} and ${names.batches.android}: look at the policies of these queues, at CloudTrail, and whether another deployment uses a pool of the same name.`,
  ]
    .filter((one) => one !== '')
    .join(' ');
}
