import type { Launch } from '../../runbooks/launch/launch.ts';
import type { EntryTold } from '../conductor/conductor-port.ts';
import type { Desk } from '../desk.ts';

/**
 * Where in the channel the bot has told of these entries: links by sequence. Those that are not known are missing: a line without one is worth
 * more than none.
 */
export async function postLinks(
  { client, conductor, log }: Pick<Desk, 'client' | 'log'> & { conductor: Pick<Desk['conductor'], 'postedAt'> },
  { id, channelId }: Pick<Launch, 'id' | 'channelId'>,
  entries: readonly EntryTold[],
): Promise<Map<number, string>> {
  try {
    const posted = [...(await conductor.postedAt(id, entries))];
    const [, ts] = posted[0] ?? [];
    if (ts === undefined) return new Map();
    // One call for all: a limit on calls would hold up presses.
    const { permalink = '' } = await client.chat.getPermalink({ channel: channelId, message_ts: ts });
    return linksLike({ ts, permalink }, posted);
  } catch (error) {
    log.warn({ err: error, launchId: id }, 'no links to what the bot has said');
    return new Map();
  }
}

/** By the link of one message: within a channel links differ in the time of their message alone (docs/facts.md#slack-permalink). */
export function linksLike(
  { ts, permalink }: { ts: string; permalink: string },
  posted: Iterable<readonly [seq: number, ts: string]>,
): Map<number, string> {
  const [, before] = new RegExp(`^(https?://[^\\s()<>|^]+/p)${digits(ts)}(?:\\?|$)`).exec(permalink) ?? [];
  return new Map(before === undefined ? [] : [...posted].map(([seq, one]) => [seq, `${before}${digits(one)}`]));
}

const digits = (ts: string): string => ts.replace('.', '');
