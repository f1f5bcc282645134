import type { Channel } from '../state/model.ts';
import { APP } from '../state/seed.ts';
import { SlackError } from '../state/slack-error.ts';
import type { WebApiContext } from './method.ts';

/** A private channel is nothing to an app that nobody has invited. */
export function visible({ state }: WebApiContext, id: string): Channel {
  const channel = state.channel(id);
  if (channel.is_private && !channel.members.includes(APP.botUserId)) throw new SlackError('channel_not_found');
  return channel;
}

export function memberOf(context: WebApiContext, id: string): Channel {
  const channel = visible(context, id);
  if (!channel.members.includes(APP.botUserId)) throw new SlackError('not_in_channel');
  return channel;
}
