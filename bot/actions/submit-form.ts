import type { AckFn, App, ViewResponseAction, ViewStateValue, ViewSubmitAction } from '@slack/bolt';
import type { z } from 'zod';
import { waitAtMost } from '../../infra/time-limit.ts';
import { isVisible } from '../../runbooks/playbook/text-faults.ts';
import { pressOf } from '../channel/channel-log.ts';
import type { Desk } from '../desk.ts';
import type { Message } from '../views/message.ts';
import { guarded, receivedAt } from './press.ts';

/** What a form's submission came to. `field` is the block that the words belong to. */
export type FormResult = { ok: true; answer: Message } | { ok: false; errors: Record<string, string>; answer: Message };

export interface Submission<M> {
  desk: Desk;
  meta: M;
  slackId: string;
  teamId: string | null;
  atMs: number;
  /** Of this press on the button, and no other. */
  press: string;
  /** By block. Empty text is null. */
  fields: ReadonlyMap<string, Field>;
}

export interface Field {
  text: string | null;
  option: string | null;
  options: string[];
  dateTimeMs: number | null;
  /** `2027-03-01`. */
  date: string | null;
}

/**
 * Slack wants the answer within 3 s (docs/facts.md#slack-ack); what isn't decided by then closes the form, and the
 * person is told in the channel.
 */
const ANSWER_WITHIN_MS = 2_200;
/** Slack shows this much under a field. */
const ERROR_CHARS = 600;

/** Registers a form: problems appear in it, at their field, as long as Slack waits; then it closes and the person gets a line. */
export function onForm<M extends { channelId: string }>(
  app: App,
  desk: Desk,
  once: (key: string) => boolean,
  callbackId: string,
  schema: z.ZodType<M>,
  handle: (submission: Submission<M>) => Promise<FormResult>,
): void {
  app.view<ViewSubmitAction>(
    { type: 'view_submission', callback_id: callbackId },
    async ({ ack, body, view, context }) => {
      const slackId = body.user.id;
      const meta = schema.safeParse(JSON.parse(view.private_metadata || 'null'));
      if (!meta.success) {
        desk.log.warn({ callbackId }, 'a form of another version');
        return ack();
      }
      if (!once(`${callbackId} ${slackId} ${body.trigger_id}`)) return ack();
      const { channelId } = meta.data;
      const answer = (message: Message) => desk.teller.tell(undefined, { channelId, slackId }, message);
      await guarded(
        desk,
        async (message) => {
          await closeQuietly(ack, desk);
          await answer(message);
        },
        { callbackId, slackId, channelId },
        async () => {
          const work = handle({
            desk,
            meta: meta.data,
            slackId,
            teamId: body.team?.id ?? null,
            atMs: receivedAt(context, desk),
            press: pressOf(slackId, body.trigger_id),
            fields: fieldsOf(view.state.values),
          });
          const inTime = await waitAtMost(ANSWER_WITHIN_MS, work, null);
          if (inTime !== null && !inTime.ok && Object.keys(inTime.errors).length > 0) {
            return ack({
              response_action: 'errors',
              errors: Object.fromEntries(
                Object.entries(inTime.errors).map(([block, say]) => [block, say.slice(0, ERROR_CHARS)]),
              ),
            });
          }
          await ack();
          await answer((await work).answer);
        },
      );
    },
  );
}

/** The form may have been answered before the handler failed. */
async function closeQuietly(ack: AckFn<ViewResponseAction>, desk: Desk): Promise<void> {
  try {
    await ack();
  } catch (error) {
    desk.log.debug({ err: error }, 'the form was answered already');
  }
}

export function fieldsOf(values: Record<string, Record<string, ViewStateValue>>): Map<string, Field> {
  const fields = new Map<string, Field>();
  for (const [block, elements] of Object.entries(values)) {
    const state = Object.values(elements)[0];
    if (state === undefined) continue;
    const dateTime = state.selected_date_time;
    fields.set(block, {
      text: isVisible(state.value ?? '') ? (state.value?.trim() ?? null) : null,
      option: state.selected_option?.value ?? null,
      options: (state.selected_options ?? []).map((option) => option.value ?? ''),
      date: state.selected_date ?? null,
      dateTimeMs: typeof dateTime === 'number' ? dateTime * 1_000 : null,
    });
  }
  return fields;
}
