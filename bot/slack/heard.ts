import type { ChannelMessage } from '../../infra/aws/channel-message.ts';
import type { Mark } from '../../runbooks/record/rows.ts';

type Told = Pick<ChannelMessage, 'ts' | 'user' | 'edits' | 'deleted' | 'mark' | 'file' | 'forgot'>;

/**
 * What is in the chain, however often and by whichever way it comes again. A message is deleted once. A mark is put on and taken off by
 * turns; whatever comes out of turn (Slack keeps no order) is passed over, and found when the channel's history is compared. Of a message that was deleted from
 * the record nothing comes again: neither words that Slack still has, nor an edit of them. A copy of a file that was on its way is told, or nobody would know what is
 * to be deleted.
 */
export class Heard {
  readonly #keys = new Set<string>();
  readonly #deleted = new Set<string>();

  constructor(chain: readonly Told[] = []) {
    for (const one of chain) this.add(one);
  }

  has(one: Told): boolean {
    if (one.mark === undefined) return this.#keys.has(keyOf(one)) || this.#deleted.has(one.edits ?? one.ts);
    return this.#keys.has(keyOf(one)) || this.#keys.has(markKey(one.user, one.mark)) === one.mark.on;
  }

  add(one: Told): void {
    this.#keys.add(keyOf(one));
    for (const ts of one.forgot?.of ?? []) this.#deleted.add(ts);
    if (one.mark === undefined) return;
    if (one.mark.on) this.#keys.add(markKey(one.user, one.mark));
    else this.#keys.delete(markKey(one.user, one.mark));
  }
}

function keyOf({ ts, user, edits, deleted, mark, file }: Told): string {
  if (file !== undefined) return `file ${file.of} ${file.id}`;
  if (mark !== undefined) return `${ts} ${markKey(user, mark)}`;
  return deleted ? `deleted ${edits ?? ts}` : `${ts} ${edits ?? ''}`;
}

const markKey = (user: string, { of, name }: Mark): string => `mark ${of} ${user} ${name}`;
