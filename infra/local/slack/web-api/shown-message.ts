import type { Json, Message } from '../state/model.ts';
import { APP, TEAM } from '../state/seed.ts';

export const BOT_PROFILE = {
  id: APP.botId,
  app_id: APP.id,
  user_id: APP.botUserId,
  name: APP.name,
  icons: {},
  deleted: false,
  updated: 1_767_225_600,
  team_id: TEAM.id,
};

/** A message as the Web API and events show it: without its channel; metadata only where it was asked for. */
export function shownMessage(message: Message, options: { withMetadata: boolean }): Json {
  const { channel, metadata, pinned, ...shown } = message;
  return {
    ...shown,
    ...(message.bot_id !== undefined && { bot_profile: BOT_PROFILE }),
    ...(pinned !== undefined && {
      pinned_to: [channel],
      pinned_info: { channel, pinned_by: pinned.by, pinned_ts: pinned.atS },
    }),
    ...(options.withMetadata && metadata !== undefined && { metadata }),
  };
}
