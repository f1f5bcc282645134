import { z } from 'zod';
import { slackId } from '../state/ids.ts';
import type { Bookmark, Message } from '../state/model.ts';
import { APP } from '../state/seed.ts';
import { SlackError } from '../state/slack-error.ts';
import type { WorkspaceState } from '../state/workspace-state.ts';
import { checkedBlocks, writableChannel } from './chat.ts';
import { intArg, jsonArg, method } from './method.ts';
import type { WebApiContext } from './method.ts';
import { shownMessage } from './shown-message.ts';

/** What hangs on messages and channels: pins, bookmarks, reactions, files. */

/** Slack's caps are not published; these are round figures that no launch comes near. */
const PINS_PER_CHANNEL = 100;
const BOOKMARKS_PER_CHANNEL = 100;

const messageArg = z.object({ channel: z.string(), timestamp: z.string() });

/** The message that a pin or a reaction is for, in a channel that the app may change. */
const standingMessage = (context: WebApiContext, args: z.infer<typeof messageArg>): Message =>
  context.state.message(writableChannel(context, args.channel).id, args.timestamp);

const quiet = { by: APP.botUserId, visible: false };

const pinMethods = {
  'pins.add': method({
    scope: 'pins:write',
    limit: 'tier2',
    args: messageArg,
    run: (context, args) => {
      const message = standingMessage(context, args);
      if (message.pinned !== undefined) throw new SlackError('already_pinned');
      if (context.state.messages(message.channel).filter((one) => one.pinned !== undefined).length >= PINS_PER_CHANNEL)
        throw new SlackError('too_many_pins');
      context.state.change(
        message,
        { pinned: { by: APP.botUserId, atS: Math.floor(context.state.nowMs() / 1000) } },
        quiet,
      );
      return {};
    },
  }),
  'pins.remove': method({
    scope: 'pins:write',
    limit: 'tier2',
    args: messageArg,
    run: (context, args) => {
      const message = standingMessage(context, args);
      if (message.pinned === undefined) throw new SlackError('no_pin');
      const { pinned: _pinned, ...bare } = message;
      context.state.replace(message, bare, quiet);
      return {};
    },
  }),
  'pins.list': method({
    scope: 'pins:read',
    limit: 'tier2',
    args: z.object({ channel: z.string() }),
    run: (context, args) => {
      const channel = writableChannel(context, args.channel);
      const items = context.state.messages(channel.id).flatMap((message) =>
        message.pinned === undefined
          ? []
          : [
              {
                type: 'message',
                channel: channel.id,
                created: message.pinned.atS,
                created_by: message.pinned.by,
                message: shownMessage(message, { withMetadata: true }),
              },
            ],
      );
      return { items: items.toReversed() };
    },
  }),
};

const isLink = (link: string | undefined): link is string =>
  link !== undefined && /^https?:\/\//.test(link) && URL.canParse(link);

function standingBookmark(state: WorkspaceState, args: { channel_id: string; bookmark_id: string }): Bookmark {
  const bookmark = state.bookmarks.get(args.bookmark_id);
  if (bookmark === undefined || bookmark.channel_id !== args.channel_id) throw new SlackError('not_found');
  return bookmark;
}

const bookmarkMethods = {
  'bookmarks.add': method({
    scope: 'bookmarks:write',
    limit: 'tier2',
    args: z.object({
      channel_id: z.string(),
      title: z.string().min(1),
      type: z.string(),
      link: z.string().optional(),
      emoji: z.string().optional(),
    }),
    run: (context, args) => {
      const channel = writableChannel(context, args.channel_id);
      if (args.type !== 'link') throw new SlackError('invalid_bookmark_type');
      if (!isLink(args.link)) throw new SlackError('invalid_link');
      const own = [...context.state.bookmarks.values()].filter((one) => one.channel_id === channel.id);
      if (own.length >= BOOKMARKS_PER_CHANNEL) throw new SlackError('too_many_bookmarks');
      const nowS = Math.floor(context.state.nowMs() / 1000);
      const bookmark: Bookmark = {
        id: slackId('Bk'),
        channel_id: channel.id,
        title: args.title,
        link: args.link,
        emoji: args.emoji ?? '',
        type: 'link',
        date_created: nowS,
        date_updated: 0,
        rank: String(own.length).padStart(4, '0'),
      };
      context.state.saveBookmark(bookmark);
      return { bookmark };
    },
  }),
  'bookmarks.edit': method({
    scope: 'bookmarks:write',
    limit: 'tier2',
    args: z.object({
      channel_id: z.string(),
      bookmark_id: z.string(),
      title: z.string().min(1).optional(),
      link: z.string().optional(),
      emoji: z.string().optional(),
    }),
    run: ({ state }, args) => {
      const bookmark = standingBookmark(state, args);
      if (args.link !== undefined && !isLink(args.link)) throw new SlackError('invalid_link');
      const next: Bookmark = {
        ...bookmark,
        title: args.title ?? bookmark.title,
        link: args.link ?? bookmark.link,
        emoji: args.emoji ?? bookmark.emoji,
        date_updated: Math.floor(state.nowMs() / 1000),
      };
      state.saveBookmark(next);
      return { bookmark: next };
    },
  }),
  'bookmarks.remove': method({
    scope: 'bookmarks:write',
    limit: 'tier2',
    args: z.object({ channel_id: z.string(), bookmark_id: z.string() }),
    run: ({ state }, args) => {
      const bookmark = standingBookmark(state, args);
      state.removeBookmark(bookmark);
      return {};
    },
  }),
  'bookmarks.list': method({
    scope: 'bookmarks:read',
    limit: 'tier3',
    args: z.object({ channel_id: z.string() }),
    run: (context, args) => ({
      bookmarks: [...context.state.bookmarks.values()].filter(
        (one) => one.channel_id === context.state.channel(args.channel_id).id,
      ),
    }),
  }),
};

const reactionArg = messageArg.extend({ name: z.string().regex(/^[a-z0-9_+'-]+(::skin-tone-[2-6])?$/) });

export function reacted(message: Message, name: string, user: string, add: boolean): Message['reactions'] {
  const reactions = message.reactions ?? [];
  const known = reactions.find((one) => one.name === name);
  const has = known?.users.includes(user) === true;
  if (add && has) throw new SlackError('already_reacted');
  if (!add && !has) throw new SlackError('no_reaction');
  const users = add ? [...(known?.users ?? []), user] : (known?.users ?? []).filter((one) => one !== user);
  const others = reactions.filter((one) => one.name !== name);
  return users.length === 0 ? others : [...others, { name, users, count: users.length }];
}

function reactionMethod(add: boolean) {
  return method({
    scope: 'reactions:write',
    limit: add ? 'tier3' : 'tier2',
    args: reactionArg,
    run: (context, args) => {
      const message = standingMessage(context, args);
      context.state.change(message, { reactions: reacted(message, args.name, APP.botUserId, add) ?? [] }, quiet);
      context.state.tell({
        kind: add ? 'reaction_added' : 'reaction_removed',
        channel: message.channel,
        ts: message.ts,
        user: APP.botUserId,
        name: args.name,
      });
      return {};
    },
  });
}

const reactionMethods = {
  'reactions.add': reactionMethod(true),
  'reactions.remove': reactionMethod(false),
  'reactions.get': method({
    scope: 'reactions:read',
    limit: 'tier3',
    args: messageArg,
    run: (context, args) => {
      const message = standingMessage(context, args);
      return { type: 'message', channel: message.channel, message: shownMessage(message, { withMetadata: false }) };
    },
  }),
};

/** Slack refuses nothing below 1 GB; the stand-in keeps uploads in memory while they arrive. */
export const UPLOAD_BYTES = 50 * 1024 * 1024;

const fileMethods = {
  'files.getUploadURLExternal': method({
    scope: 'files:write',
    limit: 'tier4',
    args: z.object({
      filename: z.string().min(1),
      length: intArg.pipe(z.int().min(1).max(UPLOAD_BYTES)),
      alt_text: z.string().optional(),
      alt_txt: z.string().optional(),
    }),
    run: ({ files, baseUrl }, args) => {
      const { secret, id } = files.begin(args.filename, args.length, args.alt_text ?? args.alt_txt);
      return { upload_url: `${baseUrl()}/upload/v1/${secret}`, file_id: id };
    },
  }),
  'files.completeUploadExternal': method({
    scope: 'files:write',
    limit: 'tier4',
    args: z.object({
      files: jsonArg(z.array(z.object({ id: z.string(), title: z.string().optional() })).min(1)),
      channel_id: z.string().optional(),
      channels: z.string().optional(),
      initial_comment: z.string().optional(),
      thread_ts: z.string().optional(),
      blocks: jsonArg(z.unknown()).optional(),
    }),
    run: (context, args) => {
      const channelIds =
        args.channel_id !== undefined ? [args.channel_id] : (args.channels ?? '').split(',').filter((id) => id !== '');
      const channels = channelIds.map((id) => writableChannel(context, id));
      const blocks = checkedBlocks(args.blocks);
      const files = args.files.map((file) => context.files.complete(file.id, file.title, context.baseUrl()));
      for (const channel of channels) {
        context.state.post({
          channel: channel.id,
          user: APP.botUserId,
          bot_id: APP.botId,
          app_id: APP.id,
          text: args.initial_comment ?? '',
          files,
          ...(blocks !== undefined && { blocks }),
          ...(args.thread_ts !== undefined && { thread_ts: args.thread_ts }),
        });
      }
      return { files };
    },
  }),
};

export const attachmentMethods = {
  ...pinMethods,
  ...bookmarkMethods,
  ...reactionMethods,
  ...fileMethods,
};
