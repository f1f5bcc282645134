import { z } from 'zod';
import type { Channel, Json } from '../state/model.ts';
import { APP, TEAM } from '../state/seed.ts';
import { SlackError } from '../state/slack-error.ts';
import { history, replies } from './history.ts';
import { memberOf, visible } from './member-of.ts';
import { boolArg, limitArg, method, page } from './method.ts';

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
