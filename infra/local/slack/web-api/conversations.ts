import { z } from 'zod';
import type { Channel, Json } from '../state/model.ts';
import { APP, TEAM } from '../state/seed.ts';
import { SlackError } from '../state/slack-error.ts';
import { boolArg, intArg, limitArg, method, page } from './method.ts';
import type { WebApiContext } from './method.ts';
import { shownMessage } from './shown-message.ts';

const channelArg = z.object({ channel: z.string() });

function shownChannel(channel: Channel): Json {
  const { members, ...shown } = channel;
  return {
    ...shown,
    is_group: false,
    is_im: false,
    is_mpim: false,
    is_shared: false,
    is_org_shared: false,
    is_member: members.includes(APP.botUserId),
    num_members: members.length,
    context_team_id: TEAM.id,
    name_normalized: channel.name,
  };
}

/** A private channel is nothing to an app that nobody has invited. */
function visible({ state }: WebApiContext, id: string): Channel {
  const channel = state.channel(id);
  if (channel.is_private && !channel.members.includes(APP.botUserId)) throw new SlackError('channel_not_found');
  return channel;
}

function memberOf(context: WebApiContext, id: string): Channel {
  const channel = visible(context, id);
  if (!channel.members.includes(APP.botUserId)) throw new SlackError('not_in_channel');
  return channel;
}

const list = method({
  scope: 'channels:read',
  limit: 'tier2',
  args: z.object({
    types: z.string().default('public_channel'),
    exclude_archived: boolArg.optional(),
    cursor: z.string().optional(),
    limit: limitArg,
  }),
  run: ({ state }, args) => {
    const types = args.types.split(',').map((type) => type.trim());
    const channels = [...state.channels.values()].filter(
      (one) =>
        one.im_with === undefined &&
        types.includes(one.is_private ? 'private_channel' : 'public_channel') &&
        (!one.is_private || one.members.includes(APP.botUserId)) &&
        !(args.exclude_archived === true && one.is_archived),
    );
    const { items, next } = page(channels, (one) => one.id, args.cursor, args.limit);
    return { channels: items.map(shownChannel), response_metadata: { next_cursor: next } };
  },
});

const info = method({
  scope: 'channels:read',
  limit: 'tier3',
  args: channelArg,
  run: (context, args) => ({ channel: shownChannel(visible(context, args.channel)) }),
});

const historyArgs = z.object({
  channel: z.string(),
  cursor: z.string().optional(),
  limit: intArg.pipe(z.int().min(1).max(999)).default(100),
  oldest: z.string().default('0'),
  latest: z.string().optional(),
  inclusive: boolArg.default(false),
  include_all_metadata: boolArg.default(false),
});

function within(ts: string, args: { oldest: string; latest?: string | undefined; inclusive: boolean }): boolean {
  const at = Number(ts);
  const latest = args.latest === undefined ? Infinity : Number(args.latest);
  return args.inclusive ? at >= Number(args.oldest) && at <= latest : at > Number(args.oldest) && at < latest;
}

const history = method({
  scope: 'channels:history',
  limit: 'tier3',
  args: historyArgs,
  run: (context, args) => {
    const channel = memberOf(context, args.channel);
    const messages = context.state
      .messages(channel.id)
      .filter((one) => (one.thread_ts === undefined || one.thread_ts === one.ts) && within(one.ts, args))
      .toReversed();
    const { items, next } = page(messages, (one) => one.ts, args.cursor, args.limit);
    const pins = context.state.messages(channel.id).filter((one) => one.pinned !== undefined).length;
    return {
      messages: items.map((one) => shownMessage(one, { withMetadata: args.include_all_metadata })),
      has_more: next !== '',
      pin_count: pins,
      ...(next !== '' && { response_metadata: { next_cursor: next } }),
    };
  },
});

const replies = method({
  scope: 'channels:history',
  limit: 'tier3',
  args: historyArgs.extend({ ts: z.string() }),
  run: (context, args) => {
    const channel = memberOf(context, args.channel);
    const all = context.state.messages(channel.id);
    if (!all.some((one) => one.ts === args.ts)) throw new SlackError('thread_not_found');
    const thread = all.filter((one) => one.ts === args.ts || (one.thread_ts === args.ts && within(one.ts, args)));
    const { items, next } = page(thread, (one) => one.ts, args.cursor, args.limit);
    return {
      messages: items.map((one) => shownMessage(one, { withMetadata: args.include_all_metadata })),
      has_more: next !== '',
      ...(next !== '' && { response_metadata: { next_cursor: next } }),
    };
  },
});

const members = method({
  scope: 'channels:read',
  limit: 'tier4',
  args: z.object({ channel: z.string(), cursor: z.string().optional(), limit: limitArg }),
  run: (context, args) => {
    const { items, next } = page(visible(context, args.channel).members, (id) => id, args.cursor, args.limit);
    return { members: items, response_metadata: { next_cursor: next } };
  },
});

const create = method({
  scope: 'channels:manage',
  limit: 'tier2',
  args: z.object({ name: z.string(), is_private: boolArg.default(false) }),
  run: ({ state }, args) => {
    if (args.name.length === 0) throw new SlackError('invalid_name_required');
    if (args.name.length > 80) throw new SlackError('invalid_name_maxlength');
    if (!/^[\p{Ll}\p{Lo}\p{N}_-]+$/u.test(args.name)) throw new SlackError('invalid_name_specials');
    if ([...state.channels.values()].some((one) => one.name === args.name)) throw new SlackError('name_taken');
    return { channel: shownChannel(state.newChannel(args.name, args.is_private)) };
  },
});

const join = method({
  scope: 'channels:join',
  limit: 'tier3',
  args: channelArg,
  run: ({ state }, args) => {
    const channel = state.channel(args.channel);
    if (channel.is_archived) throw new SlackError('is_archived');
    if (channel.is_private) throw new SlackError('method_not_supported_for_channel_type');
    const already = channel.members.includes(APP.botUserId);
    state.join(channel, APP.botUserId, null);
    return { channel: shownChannel(channel), ...(already && { warning: 'already_in_channel' }) };
  },
});

const invite = method({
  scope: 'channels:manage',
  limit: 'tier3',
  args: z.object({ channel: z.string(), users: z.string() }),
  run: (context, args) => {
    const channel = memberOf(context, args.channel);
    if (channel.is_archived) throw new SlackError('is_archived');
    const users = args.users
      .split(',')
      .map((id) => id.trim())
      .filter((id) => id !== '');
    if (users.length === 0) throw new SlackError('no_user');
    if (users.includes(APP.botUserId)) throw new SlackError('cant_invite_self');
    for (const id of users) context.state.user(id);
    if (users.every((id) => channel.members.includes(id))) throw new SlackError('already_in_channel');
    for (const id of users) context.state.join(channel, id, APP.botUserId);
    return { channel: shownChannel(channel) };
  },
});

function setText(field: 'topic' | 'purpose') {
  return method({
    scope: 'channels:manage',
    limit: 'tier2',
    args: z.object({ channel: z.string(), [field]: z.string() }),
    run: (context, args) => {
      const channel = memberOf(context, String(args['channel']));
      const value = String(args[field]);
      if (value.length > 250) throw new SlackError('too_long');
      channel[field] = { value, creator: APP.botUserId, last_set: Math.floor(context.state.nowMs() / 1000) };
      context.state.saveChannel(channel);
      return { channel: shownChannel(channel) };
    },
  });
}

const archive = method({
  scope: 'channels:manage',
  limit: 'tier2',
  args: channelArg,
  run: (context, args) => {
    const channel = memberOf(context, args.channel);
    if (channel.is_general) throw new SlackError('cant_archive_general');
    if (channel.is_archived) throw new SlackError('already_archived');
    channel.is_archived = true;
    context.state.saveChannel(channel);
    return {};
  },
});

const ofUser = method({
  scope: 'channels:read',
  limit: 'tier3',
  args: z.object({ user: z.string().default(APP.botUserId), cursor: z.string().optional(), limit: limitArg }),
  run: ({ state }, args) => {
    const channels = [...state.channels.values()].filter((one) => one.members.includes(state.user(args.user).id));
    const { items, next } = page(channels, (one) => one.id, args.cursor, args.limit);
    return { channels: items.map(shownChannel), response_metadata: { next_cursor: next } };
  },
});

export const conversationsMethods = {
  'conversations.list': list,
  'conversations.info': info,
  'conversations.history': history,
  'conversations.replies': replies,
  'conversations.members': members,
  'conversations.create': create,
  'conversations.join': join,
  'conversations.invite': invite,
  'conversations.setTopic': setText('topic'),
  'conversations.setPurpose': setText('purpose'),
  'conversations.archive': archive,
  'users.conversations': ofUser,
};
