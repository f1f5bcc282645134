import { filePath } from '../render/render.ts';
import type { Renderer } from '../render/render.ts';
import type { Change, Ephemeral, Json, Message, OpenView } from '../state/model.ts';
import { APP, COMMANDS, TEAM } from '../state/seed.ts';
import type { WorkspaceState } from '../state/workspace-state.ts';

/** What the client API says of messages, views and the workspace. */

export function clientState(state: WorkspaceState, connected: boolean): Json {
  return {
    team: TEAM,
    app: { id: APP.id, user: APP.botUserId, name: APP.name, connected },
    commands: COMMANDS,
    users: [...state.users.values()].map((user) => ({
      id: user.id,
      name: user.name,
      real_name: user.real_name,
      title: user.profile.title,
      is_bot: user.is_bot,
    })),
    channels: [...state.channels.values()].map((channel) => ({
      id: channel.id,
      name: channel.name,
      topic: channel.topic.value,
      purpose: channel.purpose.value,
      members: channel.members,
      is_archived: channel.is_archived,
      im_with: channel.im_with ?? null,
      bookmarks: [
        ...[...state.bookmarks.values()]
          .filter((one) => one.channel_id === channel.id)
          .map(({ id, title, link, emoji }) => ({ id, title, link, emoji })),
        ...[...state.canvases.values()]
          .filter((one) => one.channel_id === channel.id)
          .map(({ id, title, file }) => ({ id, title, link: state.files.get(file)?.permalink ?? '', emoji: '' })),
      ],
    })),
  };
}

export function clientMessage(message: Message, renderer: Renderer): Json {
  return {
    ts: message.ts,
    channel: message.channel,
    user: message.user,
    ...(message.bot_id !== undefined && { bot_id: message.bot_id }),
    text: message.text,
    blocks: message.blocks ?? [],
    files: (message.files ?? []).map((file) => ({ ...file, url: filePath(file) })),
    // Slack marks changed text as edited; an app's message of blocks that it keeps up to date carries no mark.
    edited: message.edited !== undefined && (message.bot_id === undefined || (message.blocks ?? []).length === 0),
    pinned: message.pinned !== undefined,
    ...(message.thread_ts !== undefined && { thread_ts: message.thread_ts }),
    reactions: message.reactions ?? [],
    ...(message.metadata !== undefined && { metadata: message.metadata }),
    html: renderer.message(message, message.ts.replace('.', '')),
  };
}

export function clientEphemeral(ephemeral: Ephemeral, renderer: Renderer): Json {
  return {
    ts: ephemeral.ts,
    channel: ephemeral.channel,
    user: APP.botUserId,
    bot_id: APP.botId,
    text: ephemeral.text,
    blocks: ephemeral.blocks ?? [],
    files: [],
    edited: false,
    pinned: false,
    reactions: [],
    ephemeralTo: ephemeral.to,
    html: renderer.message(ephemeral, ephemeral.ts.replace('.', '')),
  };
}

export function clientView(open: OpenView, depth: number, renderer: Renderer): Json {
  const { view } = open;
  return {
    id: view.id,
    type: view.type,
    title: view.title ?? null,
    submit: view.submit ?? null,
    close: view.close ?? null,
    callback_id: view.callback_id,
    private_metadata: view.private_metadata,
    blocks: view.blocks,
    state: view.state,
    hash: view.hash,
    errors: open.errors,
    depth,
    html: renderer.view(open),
  };
}

/** What a change is called on the stream, and who may hear it: a person's id, or everybody. */
export function clientEvent(
  change: Change,
  context: { state: WorkspaceState; renderer: Renderer; viewOf: (viewId: string) => Json | null },
): { type: string; to: string | null; data: Json } | null {
  const { renderer } = context;
  const readerOf = (channelId: string): string | null => context.state.channel(channelId).im_with ?? null;
  switch (change.kind) {
    case 'message':
      return {
        type: 'message',
        to: readerOf(change.message.channel),
        data: { channel: change.message.channel, message: clientMessage(change.message, renderer) },
      };
    case 'message_changed':
      return {
        type: 'message_changed',
        to: readerOf(change.message.channel),
        data: { channel: change.message.channel, message: clientMessage(change.message, renderer) },
      };
    case 'message_deleted':
      return {
        type: 'message_deleted',
        to: readerOf(change.channel),
        data: { channel: change.channel, ts: change.ts },
      };
    case 'ephemeral':
      return {
        type: 'ephemeral',
        to: change.ephemeral.to,
        data: { channel: change.ephemeral.channel, message: clientEphemeral(change.ephemeral, renderer) },
      };
    case 'ephemeral_deleted':
      return { type: 'message_deleted', to: change.to, data: { channel: change.channel, ts: change.ts } };
    case 'view_opened':
    case 'view_updated':
      return { type: change.kind, to: change.user, data: { view: context.viewOf(change.viewId) } };
    case 'view_closed':
      return { type: 'view_closed', to: change.user, data: { view_id: change.viewId } };
    case 'channel_changed':
    case 'member_joined':
      return { type: 'channel_changed', to: null, data: { channel: change.channel } };
    case 'presence':
      return { type: 'presence', to: null, data: { connected: change.connected } };
    case 'user_changed':
    case 'reaction_added':
    case 'reaction_removed':
      return null;
    default:
      return change satisfies never;
  }
}
