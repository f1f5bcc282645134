import type { WebClient } from '@slack/web-api';
import type { Logger } from 'pino';
import type { ChannelMessage } from '../../infra/aws/channel-message.ts';
import { mentionedIds } from '../../runbooks/record/chat.ts';

/** So many people who are not on the roster are asked of Slack (Tier 4, docs/facts.md#slack-tiers). */
const OTHERS = 30;

/** Names of those who wrote or were mentioned and whom nobody knows yet, as the roster does. Whoever Slack doesn't name stays an id. */
export async function namesOfOthers(
  { client, log }: { client: WebClient; log: Logger },
  known: ReadonlySet<string>,
  messages: readonly Pick<ChannelMessage, 'user' | 'text'>[],
): Promise<Map<string, string>> {
  const ids = [...new Set(messages.flatMap(({ user, text }) => [user, ...mentionedIds(text)]))]
    .filter((id) => id !== '' && !known.has(id))
    .slice(0, OTHERS);
  const found = await Promise.all(
    ids.map(async (id): Promise<[string, string] | null> => {
      try {
        const { user } = await client.users.info({ user: id });
        const name = user?.profile?.display_name || user?.real_name || user?.name;
        return name === undefined || name === '' ? null : [id, name];
      } catch (error) {
        log.warn({ err: error, id }, 'a name for the timeline could not be had');
        return null;
      }
    }),
  );
  return new Map(found.filter((one) => one !== null));
}
