import { z } from 'zod';
import { accessory, actionsElement, contextElement, inputElement } from './elements.ts';
import { richTextFields } from './rich-text.ts';
import { anyText, blockId, chars, plainText, slackFile, webUrl } from './texts.ts';

/**
 * The blocks a message or a modal may hold. Slack knows a few more (video, card, carousel, container,
 * plan, task_card, data_table, context_actions); the stand-in refuses them as unsupported rather than
 * letting through what it cannot check or show.
 */

const identified = { block_id: blockId.optional() };

const section = z
  .strictObject({
    type: z.literal('section'),
    ...identified,
    text: anyText(3000).optional(),
    fields: z.array(anyText(2000)).min(1).max(10).optional(),
    accessory: accessory.optional(),
    expand: z.boolean().optional(),
  })
  .refine((one) => one.text !== undefined || one.fields !== undefined, {
    message: 'must define either `text` or `fields`',
    path: ['type'],
  });

const header = z.strictObject({
  type: z.literal('header'),
  ...identified,
  text: plainText(150),
  level: z.int().min(1).max(4).optional(),
});
const divider = z.strictObject({ type: z.literal('divider'), ...identified });
const context = z.strictObject({
  type: z.literal('context'),
  ...identified,
  elements: z.array(contextElement).min(1).max(10),
});
const actions = z.strictObject({
  type: z.literal('actions'),
  ...identified,
  elements: z.array(actionsElement).min(1).max(25),
});
const markdown = z.strictObject({ type: z.literal('markdown'), ...identified, text: chars(12_000) });
const alert = z.strictObject({
  type: z.literal('alert'),
  ...identified,
  text: anyText(3000),
  level: z.enum(['default', 'info', 'warning', 'error', 'success']).optional(),
});

const image = z
  .strictObject({
    type: z.literal('image'),
    ...identified,
    alt_text: chars(2000),
    title: plainText(2000).optional(),
    image_url: webUrl(3000).optional(),
    slack_file: slackFile.optional(),
  })
  .refine((one) => (one.image_url === undefined) !== (one.slack_file === undefined), {
    message: 'must define either `image_url` or `slack_file`',
  });

const input = z.strictObject({
  type: z.literal('input'),
  ...identified,
  label: plainText(2000),
  hint: plainText(2000).optional(),
  optional: z.boolean().optional(),
  dispatch_action: z.boolean().optional(),
  element: inputElement,
});

const richText = z.strictObject({ ...richTextFields, ...identified });

const cell = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('raw_text'), text: z.string() }),
  z.strictObject({ type: z.literal('raw_number'), value: z.number(), text: z.string().optional() }),
  z.strictObject(richTextFields),
]);
const table = z.strictObject({
  type: z.literal('table'),
  ...identified,
  rows: z.array(z.array(cell).min(1).max(20)).min(1).max(100),
  column_settings: z
    .array(
      z
        .strictObject({ align: z.enum(['left', 'center', 'right']).optional(), is_wrapped: z.boolean().optional() })
        .nullable(),
    )
    .max(20)
    .optional(),
});

const block = z.discriminatedUnion('type', [
  section,
  header,
  divider,
  context,
  actions,
  markdown,
  alert,
  image,
  input,
  richText,
  table,
]);

export const messageBlocks = z.array(block).max(50);

export const view = z.strictObject({
  type: z.enum(['modal', 'home']),
  blocks: z.array(block).min(1).max(100),
  title: plainText(24).optional(),
  submit: plainText(24).nullable().optional(),
  close: plainText(24).nullable().optional(),
  private_metadata: z.string().max(3000).optional(),
  callback_id: z.string().max(255).optional(),
  external_id: z.string().max(255).optional(),
  clear_on_close: z.boolean().optional(),
  notify_on_close: z.boolean().optional(),
  submit_disabled: z.boolean().optional(),
});
