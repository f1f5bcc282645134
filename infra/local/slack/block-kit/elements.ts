import { z } from 'zod';
import {
  actionId,
  anyText,
  chars,
  confirmDialog,
  conversationFilter,
  dispatchConfig,
  optionGroup,
  overflowOption,
  plainOption,
  plainText,
  richOption,
  slackFile,
  webUrl,
} from './texts.ts';

/** The interactive elements and images of Block Kit. Which block may hold which stands at the end. */

const named = { action_id: actionId.optional() };
const confirmable = { confirm: confirmDialog.optional() };
const focusable = { focus_on_load: z.boolean().optional() };
const placeholder = { placeholder: plainText(150).optional() };
const dispatchable = { dispatch_action_config: dispatchConfig.optional() };
const picker = { ...named, ...confirmable, ...focusable };
const menu = { ...picker, ...placeholder };
const multi = { max_selected_items: z.int().min(1).optional() };
const responds = { response_url_enabled: z.boolean().optional() };

const button = z.strictObject({
  type: z.literal('button'),
  ...named,
  ...confirmable,
  text: plainText(75),
  url: webUrl(3000).optional(),
  value: chars(2000).optional(),
  style: z.enum(['primary', 'danger']).optional(),
  accessibility_label: chars(75).optional(),
});

const image = z
  .strictObject({
    type: z.literal('image'),
    alt_text: chars(2000),
    image_url: webUrl(3000).optional(),
    slack_file: slackFile.optional(),
  })
  .refine((one) => (one.image_url === undefined) !== (one.slack_file === undefined), {
    message: 'must define either `image_url` or `slack_file`',
  });

const checkboxes = z.strictObject({
  type: z.literal('checkboxes'),
  ...picker,
  options: z.array(richOption).min(1).max(10),
  initial_options: z.array(richOption).min(1).max(10).optional(),
});
const radioButtons = z.strictObject({
  type: z.literal('radio_buttons'),
  ...picker,
  options: z.array(richOption).min(1).max(10),
  initial_option: richOption.optional(),
});
const overflow = z.strictObject({
  type: z.literal('overflow'),
  ...named,
  ...confirmable,
  options: z.array(overflowOption).min(1).max(5),
});

const datepicker = z.strictObject({
  type: z.literal('datepicker'),
  ...menu,
  initial_date: z.iso.date('must be a valid date').optional(),
});
const timepicker = z.strictObject({
  type: z.literal('timepicker'),
  ...menu,
  initial_time: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a valid time')
    .optional(),
  timezone: z.string().optional(),
});
const datetimepicker = z.strictObject({
  type: z.literal('datetimepicker'),
  ...picker,
  initial_date_time: z.int().min(1_000_000_000).max(9_999_999_999).optional(),
});

const staticOptions = {
  options: z.array(plainOption).min(1).max(100).optional(),
  option_groups: z.array(optionGroup).min(1).max(100).optional(),
};
const hasOptions = (one: { options?: unknown; option_groups?: unknown }) =>
  (one.options === undefined) !== (one.option_groups === undefined);
const eitherOptions = { message: 'must define either `options` or `option_groups`' };

const staticSelect = z
  .strictObject({ type: z.literal('static_select'), ...menu, ...staticOptions, initial_option: plainOption.optional() })
  .refine(hasOptions, eitherOptions);
const multiStaticSelect = z
  .strictObject({
    type: z.literal('multi_static_select'),
    ...menu,
    ...multi,
    ...staticOptions,
    initial_options: z.array(plainOption).min(1).max(100).optional(),
  })
  .refine(hasOptions, eitherOptions);
const externalSelect = z.strictObject({
  type: z.literal('external_select'),
  ...menu,
  initial_option: plainOption.optional(),
  min_query_length: z.int().min(0).optional(),
});
const usersSelect = z.strictObject({ type: z.literal('users_select'), ...menu, initial_user: z.string().optional() });
const multiUsersSelect = z.strictObject({
  type: z.literal('multi_users_select'),
  ...menu,
  ...multi,
  initial_users: z.array(z.string()).optional(),
});
const channelsSelect = z.strictObject({
  type: z.literal('channels_select'),
  ...menu,
  ...responds,
  initial_channel: z.string().optional(),
});
const conversationsSelect = z.strictObject({
  type: z.literal('conversations_select'),
  ...menu,
  ...responds,
  initial_conversation: z.string().optional(),
  default_to_current_conversation: z.boolean().optional(),
  filter: conversationFilter.optional(),
});

const plainTextInput = z.strictObject({
  type: z.literal('plain_text_input'),
  ...named,
  ...focusable,
  ...placeholder,
  ...dispatchable,
  initial_value: z.string().max(3000).optional(),
  multiline: z.boolean().optional(),
  min_length: z.int().min(0).max(3000).optional(),
  max_length: z.int().min(1).max(3000).optional(),
});
const emailInput = z.strictObject({
  type: z.literal('email_text_input'),
  ...named,
  ...focusable,
  ...placeholder,
  ...dispatchable,
  initial_value: z.string().optional(),
});
const urlInput = z.strictObject({
  type: z.literal('url_text_input'),
  ...named,
  ...focusable,
  ...placeholder,
  ...dispatchable,
  initial_value: z.string().optional(),
});
const numberText = z.string().regex(/^-?\d+(\.\d+)?$/, 'must be a valid number');
const numberInput = z.strictObject({
  type: z.literal('number_input'),
  ...named,
  ...focusable,
  ...placeholder,
  ...dispatchable,
  is_decimal_allowed: z.boolean(),
  initial_value: numberText.optional(),
  min_value: numberText.optional(),
  max_value: numberText.optional(),
});

const pickers = [datepicker, timepicker] as const;
const choices = [checkboxes, radioButtons] as const;
const selects = [staticSelect, externalSelect, usersSelect, conversationsSelect, channelsSelect] as const;
const multiSelects = [multiStaticSelect, multiUsersSelect] as const;

export const actionsElement = z.discriminatedUnion('type', [
  button,
  overflow,
  datetimepicker,
  ...pickers,
  ...choices,
  ...selects,
  ...multiSelects,
]);
export const accessory = z.discriminatedUnion('type', [
  button,
  image,
  overflow,
  ...pickers,
  ...choices,
  ...selects,
  ...multiSelects,
]);
export const inputElement = z.discriminatedUnion('type', [
  plainTextInput,
  numberInput,
  emailInput,
  urlInput,
  datetimepicker,
  ...pickers,
  ...choices,
  ...selects,
  ...multiSelects,
]);
export const contextElement = z.union([image, anyText(3000)]);
