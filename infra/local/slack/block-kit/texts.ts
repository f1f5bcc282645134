import { z } from 'zod';

/**
 * Composition objects of Block Kit, as Slack's server checks them: a field it does not know is an error,
 * and so is one character too many. Limits: docs/facts.md#slack-block-limits.
 */

export const chars = (max: number, min = 1) => z.string().min(min).max(max);

export const plainText = (maxChars: number) =>
  z.strictObject({ type: z.literal('plain_text'), text: chars(maxChars), emoji: z.boolean().optional() });

const mrkdwn = (maxChars: number) =>
  z.strictObject({ type: z.literal('mrkdwn'), text: chars(maxChars), verbatim: z.boolean().optional() });

export const anyText = (maxChars: number) => z.discriminatedUnion('type', [plainText(maxChars), mrkdwn(maxChars)]);

export const actionId = chars(255);
export const blockId = chars(255);

export const webUrl = (maxChars: number) =>
  chars(maxChars).refine((url) => /^(https?|mailto|slack):/.test(url) && URL.canParse(url), {
    message: 'must be a valid url',
  });

export const confirmDialog = z.strictObject({
  title: plainText(100),
  text: anyText(300),
  confirm: plainText(30),
  deny: plainText(30),
  style: z.enum(['primary', 'danger']).optional(),
});

/** An option of a select or overflow menu: plain text alone. Radio buttons and checkboxes take mrkdwn too. */
export const plainOption = z.strictObject({
  text: plainText(75),
  value: chars(150),
  description: plainText(75).optional(),
});

export const overflowOption = plainOption.extend({ url: webUrl(3000).optional() });

export const richOption = z.strictObject({
  text: anyText(75),
  value: chars(150),
  description: anyText(75).optional(),
});

export const optionGroup = z.strictObject({ label: plainText(75), options: z.array(plainOption).min(1).max(100) });

export const dispatchConfig = z.strictObject({
  trigger_actions_on: z
    .array(z.enum(['on_enter_pressed', 'on_character_entered']))
    .min(1)
    .max(2)
    .optional(),
});

export const conversationFilter = z.strictObject({
  include: z
    .array(z.enum(['im', 'mpim', 'private', 'public']))
    .min(1)
    .optional(),
  exclude_external_shared_channels: z.boolean().optional(),
  exclude_bot_users: z.boolean().optional(),
});

export const slackFile = z.strictObject({ id: z.string().optional(), url: z.string().optional() });
