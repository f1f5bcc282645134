import { z } from 'zod';
import { blocksTooLong, messageBlockProblems } from '../block-kit/validate.ts';
import type { Channel, Json, Message } from '../state/model.ts';
import { APP } from '../state/seed.ts';
import { SlackError } from '../state/slack-error.ts';
import { jsonArg, jsonObject, method } from './method.ts';
import type { WebApiContext } from './method.ts';
import { shownMessage } from './shown-message.ts';

/**
 * Slack cuts the text of a new message here, and refuses a longer one in chat.update at 4,000
 * (docs/facts.md#slack-update-rate).
 */
const POST_TEXT_CHARS = 40_000;
const UPDATE_TEXT_CHARS = 4_000;

const metadata = jsonArg(
  z.strictObject({
    event_type: z.string().min(1).max(255),
    event_payload: jsonObject,
    entities: z.array(jsonObject).optional(),
  }),
);
const content = {
  text: z.string().optional(),
  blocks: jsonArg(z.unknown()).optional(),
  attachments: jsonArg(z.unknown()).optional(),
};

/** Checked blocks, or undefined if none were given. */
export function checkedBlocks(blocks: unknown): Json[] | undefined {
  if (blocks === undefined || blocks === null || blocks === '') return undefined;
  if (typeof blocks === 'symbol') throw new SlackError('invalid_blocks_format');
  const problems = messageBlockProblems(blocks);
  if (problems.length > 0) {
    throw new SlackError('invalid_blocks', {
      errors: problems,
      response_metadata: { messages: problems.map((one) => `[ERROR] ${one}`) },
    });
  }
  const checked = blocks as Json[];
  if (blocksTooLong(checked)) throw new SlackError('msg_blocks_too_long');
  return checked;
}

function refuseAttachments(attachments: unknown): void {
  if (Array.isArray(attachments) && attachments.length > 0) throw new SlackError('invalid_attachments');
}

/** A channel the app is a member of and may write to. */
export function writableChannel({ state }: WebApiContext, id: string): Channel {
  const channel = state.channel(id);
  if (!channel.members.includes(APP.botUserId))
    throw new SlackError(channel.is_private ? 'channel_not_found' : 'not_in_channel');
  if (channel.is_archived) throw new SlackError('is_archived');
  return channel;
}

function ownMessage(context: WebApiContext, channel: Channel, ts: string, error: string): Message {
  const message = context.state.message(channel.id, ts);
  if (message.bot_id !== APP.botId) throw new SlackError(error);
  return message;
}

const postMessage = method({
  scope: 'chat:write',
  limit: 'post',
  args: z.object({ ...content, channel: z.string(), metadata: metadata.optional(), thread_ts: z.string().optional() }),
  run: (context, args) => {
    refuseAttachments(args.attachments);
    const channel = /^[UW]/.test(args.channel)
      ? context.state.directChannel(args.channel)
      : writableChannel(context, args.channel);
    const blocks = checkedBlocks(args.blocks);
    const text = (args.text ?? '').slice(0, POST_TEXT_CHARS);
    if (text === '' && (blocks === undefined || blocks.length === 0)) throw new SlackError('no_text');
    if (args.thread_ts !== undefined) threadParent(context, channel.id, args.thread_ts);
    const message = context.state.post({
      channel: channel.id,
      user: APP.botUserId,
      bot_id: APP.botId,
      app_id: APP.id,
      text,
      ...(blocks !== undefined && { blocks }),
      ...(args.metadata !== undefined && { metadata: args.metadata }),
      ...(args.thread_ts !== undefined && { thread_ts: args.thread_ts }),
    });
    const warning = (args.text ?? '').length > POST_TEXT_CHARS ? { warning: 'message_truncated' } : {};
    return { channel: channel.id, ts: message.ts, message: shownMessage(message, { withMetadata: true }), ...warning };
  },
});

function threadParent(context: WebApiContext, channelId: string, ts: string): void {
  if (!context.state.messages(channelId).some((message) => message.ts === ts)) throw new SlackError('thread_not_found');
}

const update = method({
  scope: 'chat:write',
  limit: 'tier3',
  args: z.object({ ...content, channel: z.string(), ts: z.string(), metadata: metadata.optional() }),
  run: (context, args) => {
    refuseAttachments(args.attachments);
    const channel = writableChannel(context, args.channel);
    const message = ownMessage(context, channel, args.ts, 'cant_update_message');
    if (context.editWindowMs > 0 && context.state.nowMs() - Number(message.ts) * 1000 > context.editWindowMs)
      throw new SlackError('edit_window_closed');
    if ((args.text ?? '').length > UPDATE_TEXT_CHARS) throw new SlackError('msg_too_long');
    const blocks = checkedBlocks(args.blocks);
    if (args.text === undefined && blocks === undefined) throw new SlackError('no_text');
    const next = context.state.change(
      message,
      {
        text: args.text ?? message.text,
        edited: { user: APP.botUserId, ts: context.state.nextTs() },
        ...(blocks !== undefined && { blocks }),
        ...(args.metadata !== undefined && { metadata: args.metadata }),
      },
      { by: APP.botUserId, visible: true },
    );
    return { channel: channel.id, ts: next.ts, text: next.text, message: shownMessage(next, { withMetadata: true }) };
  },
});

const remove = method({
  scope: 'chat:write',
  limit: 'tier3',
  args: z.object({ channel: z.string(), ts: z.string() }),
  run: (context, args) => {
    const channel = writableChannel(context, args.channel);
    context.state.remove(ownMessage(context, channel, args.ts, 'cant_delete_message'));
    return { channel: channel.id, ts: args.ts };
  },
});

const postEphemeral = method({
  scope: 'chat:write',
  limit: 'tier4',
  args: z.object({ ...content, channel: z.string(), user: z.string(), thread_ts: z.string().optional() }),
  run: (context, args) => {
    refuseAttachments(args.attachments);
    const channel = writableChannel(context, args.channel);
    const blocks = checkedBlocks(args.blocks);
    if ((args.text ?? '') === '' && blocks === undefined) throw new SlackError('no_text');
    if (!channel.members.includes(context.state.user(args.user).id)) throw new SlackError('user_not_in_channel');
    const ephemeral = context.state.postEphemeral({
      channel: channel.id,
      to: args.user,
      text: args.text ?? '',
      ...(blocks !== undefined && { blocks }),
    });
    return { message_ts: ephemeral.ts };
  },
});

const getPermalink = method({
  scope: null,
  limit: 'tier3',
  args: z.object({ channel: z.string(), message_ts: z.string() }),
  run: (context, args) => {
    const channel = context.state.channel(args.channel);
    const message = context.state.message(channel.id, args.message_ts);
    return {
      channel: channel.id,
      permalink: `${context.baseUrl()}/archives/${channel.id}/p${message.ts.replace('.', '')}`,
    };
  },
});

/** Refused rather than ignored: a message that never comes would look like a fault of the app. */
const scheduleMessage = method({
  scope: 'chat:write',
  limit: 'tier3',
  args: z.object({}),
  run: () => {
    throw new SlackError('restricted_action');
  },
});

export const chatMethods = {
  'chat.postMessage': postMessage,
  'chat.update': update,
  'chat.delete': remove,
  'chat.postEphemeral': postEphemeral,
  'chat.getPermalink': getPermalink,
  'chat.scheduleMessage': scheduleMessage,
};
