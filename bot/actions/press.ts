import { randomBytes } from 'node:crypto';
import type { App, BlockAction, ButtonAction, RespondFn } from '@slack/bolt';
import type { z } from 'zod';
import { isRecordBroken } from '../../infra/aws/journal.ts';
import type { Desk } from '../desk.ts';
import { failed, info, unreadable } from '../views/answers.ts';
import type { Message } from '../views/message.ts';

/** A button pressed by a person. */
export interface Press<V> {
  desk: Desk;
  value: V;
  slackId: string;
  /** Workspace of the presser's account, which in a channel that is shared with another company is not the channel's; null: Slack did not say. */
  teamId: string | null;
  channelId: string;
  triggerId: string;
  /** Receipt of the press at this process: time zero of a fire. */
  pressedAtMs: number;
  /** The button is on a message that only the presser sees. */
  isPrivate: boolean;
  /** Only the presser sees it. */
  answer: (message: Message) => Promise<void>;
  /** Replaces the message that the button is on, for everybody who sees it. */
  refresh: (message: Message) => Promise<void>;
}

/**
 * Registers a button: receipt is stamped and acknowledged before anything else, the value is checked, a second delivery
 * of the same press is dropped, and what breaks is logged under a number that the presser gets to see.
 */
export function onPress<V>(
  app: App,
  desk: Desk,
  once: (key: string) => boolean,
  actionId: string,
  schema: z.ZodType<V>,
  handle: (press: Press<V>) => Promise<void>,
): void {
  app.action<BlockAction<ButtonAction>>(
    { type: 'block_actions', action_id: actionId },
    async ({ ack, action, body, context, respond }) => {
      const pressedAtMs = receivedAt(context, desk);
      const acked = ack().catch((error: unknown) =>
        desk.log.warn({ err: error, actionId }, 'the press could not be acknowledged'),
      );
      const channelId = body.channel?.id ?? body.container['channel_id'] ?? '';
      const slackId = body.user.id;
      if (!once(`${actionId} ${slackId} ${body.trigger_id}`)) return acked;
      const answer = (message: Message) => desk.teller.tell(respond, { channelId, slackId }, message);
      const value = schema.safeParse(parsedJson(action.value));
      if (!value.success) {
        desk.log.warn(
          { actionId, problems: value.error.issues.map((issue) => issue.path.join('.')) },
          'a button of another version',
        );
        await answer(info('This button is of an older version of the bot. `/go status` shows the present state.'));
        return acked;
      }
      await guarded(desk, answer, { actionId, slackId, channelId }, () =>
        handle({
          desk,
          value: value.data,
          slackId,
          teamId: body.user.team_id ?? body.team?.id ?? null,
          channelId,
          triggerId: body.trigger_id,
          pressedAtMs,
          isPrivate: body.container['is_ephemeral'] === true,
          answer,
          refresh: (message) => refresh(desk, respond, body, message),
        }),
      );
      return acked;
    },
  );
}

/** Stamped by the receiver, before the body was even read. */
export function receivedAt(context: Record<string, unknown>, desk: Desk): number {
  return typeof context['receivedAtMs'] === 'number' ? context['receivedAtMs'] : desk.nowMs();
}

/** Runs a handler; an error becomes a log line and a number for the person. Internals never reach Slack. */
export async function guarded(
  desk: Desk,
  answer: (message: Message) => Promise<void>,
  what: Record<string, unknown>,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    const reference = randomBytes(3).toString('hex');
    desk.log.error({ err: error, reference, ...what }, 'a handler failed');
    await answer(isRecordBroken(error) ? unreadable(error.message) : failed(reference));
  }
}

/** Never rejects: what the message shows is repaired by the next update, what was decided is in the record. */
async function refresh(desk: Desk, respond: RespondFn, body: BlockAction, message: Message): Promise<void> {
  try {
    const ts = body.message?.ts ?? body.container['message_ts'];
    if (body.container['is_ephemeral'] === true || body.channel === undefined || typeof ts !== 'string') {
      await respond({ replace_original: true, response_type: 'ephemeral', text: message.text, blocks: message.blocks });
    } else {
      await desk.client.chat.update({ channel: body.channel.id, ts, text: message.text, blocks: message.blocks });
    }
  } catch (error) {
    desk.log.warn({ err: error }, 'a message could not be brought up to date');
  }
}

function parsedJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return null;
  }
}
