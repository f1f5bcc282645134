import { secretId, slackId } from '../state/ids.ts';
import type { Change, Channel, Json, Message, User, View } from '../state/model.ts';
import { APP, TEAM } from '../state/seed.ts';
import { shownMessage } from '../web-api/shown-message.ts';

/** The payloads an app gets, in the shapes of slackapi/java-slack-sdk's recorded samples. */

/** Slack's deprecated verification token; apps must not rely on it. */
const VERIFICATION_TOKEN = 'local-verification-token';

const common = { api_app_id: APP.id, token: VERIFICATION_TOKEN };

export function slashCommand(given: {
  user: User;
  channel: Channel;
  command: string;
  text: string;
  responseUrl: string;
  triggerId: string;
}): Json {
  return {
    token: VERIFICATION_TOKEN,
    team_id: TEAM.id,
    team_domain: TEAM.domain,
    channel_id: given.channel.id,
    channel_name: given.channel.name,
    user_id: given.user.id,
    user_name: given.user.name,
    command: given.command,
    text: given.text,
    api_app_id: APP.id,
    is_enterprise_install: false,
    response_url: given.responseUrl,
    trigger_id: given.triggerId,
  };
}

function interaction(type: string, user: User, triggerId: string | null): Json {
  return {
    type,
    ...common,
    team: { id: TEAM.id, domain: TEAM.domain },
    enterprise: null,
    is_enterprise_install: false,
    user: { id: user.id, username: user.name, name: user.name, team_id: TEAM.id },
    ...(triggerId !== null && { trigger_id: triggerId }),
  };
}

/** One pressed or chosen element of a message. */
export function messageAction(given: {
  user: User;
  channel: Channel;
  ts: string;
  message: Message | null;
  action: Json;
  values: Json;
  responseUrl: string;
  triggerId: string;
}): Json {
  return {
    ...interaction('block_actions', given.user, given.triggerId),
    container: {
      type: 'message',
      message_ts: given.ts,
      channel_id: given.channel.id,
      is_ephemeral: given.message === null,
    },
    channel: { id: given.channel.id, name: given.channel.name },
    ...(given.message !== null && { message: shownMessage(given.message, { withMetadata: true }) }),
    state: { values: given.values },
    response_url: given.responseUrl,
    actions: [given.action],
  };
}

export function viewAction(given: { user: User; view: View; action: Json; triggerId: string }): Json {
  return {
    ...interaction('block_actions', given.user, given.triggerId),
    container: { type: 'view', view_id: given.view.id },
    view: given.view,
    actions: [given.action],
  };
}

export function viewSubmission(given: { user: User; view: View; triggerId: string }): Json {
  return { ...interaction('view_submission', given.user, given.triggerId), view: given.view, response_urls: [] };
}

export function viewClosed(given: { user: User; view: View; isCleared: boolean }): Json {
  return { ...interaction('view_closed', given.user, null), view: given.view, is_cleared: given.isCleared };
}

export function eventCallback(event: Json, nowMs: number): Json {
  return {
    token: VERIFICATION_TOKEN,
    team_id: TEAM.id,
    context_team_id: TEAM.id,
    context_enterprise_id: null,
    api_app_id: APP.id,
    event,
    type: 'event_callback',
    event_id: slackId('Ev'),
    event_time: Math.floor(nowMs / 1000),
    is_ext_shared_channel: false,
    event_context: `4-${secretId(30)}`,
    authorizations: [
      { enterprise_id: null, team_id: TEAM.id, user_id: APP.botUserId, is_bot: true, is_enterprise_install: false },
    ],
  };
}

/** The events of the Events API that follow from a change; none for what only the page shows. */
export function eventsOf(change: Change, ts: string, typeOf: (channel: string) => 'channel' | 'group' | 'im'): Json[] {
  const place = (channel: string) => ({ channel, event_ts: ts, channel_type: typeOf(channel) });
  switch (change.kind) {
    case 'message': {
      const { message } = change;
      const event = {
        ...shownMessage(message, { withMetadata: true }),
        ...place(message.channel),
        event_ts: message.ts,
      };
      const mentioned = message.bot_id === undefined && message.text.includes(`<@${APP.botUserId}>`);
      return mentioned ? [event, { ...event, type: 'app_mention' }] : [event];
    }
    case 'message_changed':
      if (!change.visible) return [];
      return [
        {
          type: 'message',
          subtype: 'message_changed',
          hidden: true,
          ts,
          ...place(change.message.channel),
          message: shownMessage(change.message, { withMetadata: true }),
          previous_message: shownMessage(change.previous, { withMetadata: true }),
        },
      ];
    case 'message_deleted':
      return [
        {
          type: 'message',
          subtype: 'message_deleted',
          hidden: true,
          ts,
          deleted_ts: change.ts,
          ...place(change.channel),
          previous_message: shownMessage(change.previous, { withMetadata: true }),
        },
      ];
    case 'member_joined':
      return [
        {
          type: 'member_joined_channel',
          user: change.user,
          channel: change.channel,
          channel_type: 'C',
          team: TEAM.id,
          event_ts: ts,
          ...(change.inviter !== null && { inviter: change.inviter }),
        },
      ];
    case 'reaction_added':
    case 'reaction_removed':
      return [
        {
          type: change.kind,
          user: change.user,
          reaction: change.name,
          item: { type: 'message', channel: change.channel, ts: change.ts },
          event_ts: ts,
        },
      ];
    case 'user_changed':
      return [{ type: 'user_change', user: change.user, event_ts: ts, cache_ts: change.user.updated }];
    case 'ephemeral':
    case 'ephemeral_deleted':
    case 'channel_changed':
    case 'view_opened':
    case 'view_updated':
    case 'view_closed':
    case 'presence':
      return [];
    default:
      return change satisfies never;
  }
}
