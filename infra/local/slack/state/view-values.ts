import { elementsOf } from '../block-kit/validate.ts';
import { textOf } from './model.ts';
import type { Json } from './model.ts';

type Values = Record<string, Record<string, Json>>;

/** The key of an element's value in `state.values`, by element type, and the field its initial value comes from. */
const VALUE_KEYS: Record<string, { key: string; initial: string; empty: unknown }> = {
  plain_text_input: { key: 'value', initial: 'initial_value', empty: null },
  number_input: { key: 'value', initial: 'initial_value', empty: null },
  email_text_input: { key: 'value', initial: 'initial_value', empty: null },
  url_text_input: { key: 'value', initial: 'initial_value', empty: null },
  static_select: { key: 'selected_option', initial: 'initial_option', empty: null },
  external_select: { key: 'selected_option', initial: 'initial_option', empty: null },
  radio_buttons: { key: 'selected_option', initial: 'initial_option', empty: null },
  multi_static_select: { key: 'selected_options', initial: 'initial_options', empty: [] },
  checkboxes: { key: 'selected_options', initial: 'initial_options', empty: [] },
  users_select: { key: 'selected_user', initial: 'initial_user', empty: null },
  multi_users_select: { key: 'selected_users', initial: 'initial_users', empty: [] },
  channels_select: { key: 'selected_channel', initial: 'initial_channel', empty: null },
  conversations_select: { key: 'selected_conversation', initial: 'initial_conversation', empty: null },
  datepicker: { key: 'selected_date', initial: 'initial_date', empty: null },
  timepicker: { key: 'selected_time', initial: 'initial_time', empty: null },
  datetimepicker: { key: 'selected_date_time', initial: 'initial_date_time', empty: null },
};

/** `state.values` of blocks nobody has touched yet: stateful elements only (no buttons, no overflow menus). */
export function initialValues(blocks: Json[]): Values {
  const values: Values = {};
  for (const block of blocks) {
    for (const element of elementsOf(block)) {
      const kind = VALUE_KEYS[String(element['type'])];
      if (kind === undefined) continue;
      const blockId = String(block['block_id']);
      values[blockId] = {
        ...values[blockId],
        [String(element['action_id'])]: { type: element['type'], [kind.key]: element[kind.initial] ?? kind.empty },
      };
    }
  }
  return values;
}

/**
 * What keeps a modal from being submitted, as Slack's own client says it, by block id: an input that is
 * not optional left empty, text too short or too long, a number out of its bounds.
 */
export function submissionErrors(blocks: Json[], values: Values): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const block of blocks) {
    if (block['type'] !== 'input') continue;
    const element = block['element'] as Json;
    const blockId = String(block['block_id']);
    const given = values[blockId]?.[String(element['action_id'])] ?? {};
    const value = given[VALUE_KEYS[String(element['type'])]?.key ?? 'value'];
    const isEmpty =
      value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
    const ifEmpty = block['optional'] === true ? null : 'Please complete this required field.';
    const error = isEmpty ? ifEmpty : boundsError(element, value);
    if (error !== null) errors[blockId] = error;
  }
  return errors;
}

function boundsError(element: Json, value: unknown): string | null {
  if (element['type'] === 'plain_text_input' && typeof value === 'string') {
    const min = Number(element['min_length'] ?? 0);
    const max = Number(element['max_length'] ?? 3000);
    if (value.length < min) return `This must be at least ${min} characters.`;
    if (value.length > max) return `This must be at most ${max} characters.`;
  }
  if (element['type'] === 'number_input') {
    const number = Number(value);
    if (!Number.isFinite(number)) return 'Please enter a number.';
    if (element['is_decimal_allowed'] !== true && !Number.isInteger(number)) return 'Please enter a whole number.';
    if (element['min_value'] !== undefined && number < Number(element['min_value']))
      return `Please enter a number of at least ${textOf(element['min_value'])}.`;
    if (element['max_value'] !== undefined && number > Number(element['max_value']))
      return `Please enter a number of at most ${textOf(element['max_value'])}.`;
  }
  return null;
}

/** The part of a block_actions action that says what was chosen, from what the person's client sends. */
export function chosenValue(element: Json, given: { value?: string | undefined; selected?: unknown }): Json {
  const type = String(element['type']);
  if (type === 'button') return element['value'] === undefined ? {} : { value: element['value'] };
  const options = [
    element['options'] ?? [],
    ...((element['option_groups'] as Json[] | undefined) ?? []).map((group) => group['options']),
  ].flat() as Json[];
  const option = (value: unknown) => options.find((one) => one['value'] === value) ?? null;
  const selected = given.selected ?? given.value ?? null;
  const key = VALUE_KEYS[type]?.key ?? 'selected_option';
  if (key === 'selected_option') return { selected_option: option(selected) };
  if (key === 'selected_options')
    return {
      selected_options: (Array.isArray(selected) ? selected : [selected]).map(option).filter((one) => one !== null),
    };
  return { [key]: selected };
}
