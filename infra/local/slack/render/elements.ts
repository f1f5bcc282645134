import { createElement as h } from 'react';
import type { ReactElement } from 'react';
import { textOf } from '../state/model.ts';
import type { Json } from '../state/model.ts';
import { isWebLink, plain } from './texts.ts';

/**
 * Interactive elements as plain HTML controls. `data-action`, `data-block` and `data-element` name the
 * element for the page's script, which sends what was chosen; `data-confirm` is its confirm dialog.
 */
export interface ElementContext {
  blockId: string;
  /** What was chosen so far, as in `state.values`. */
  value: Json;
  /** For the `for` of labels. */
  inputId: string;
  /** A label names the control; else its placeholder does. */
  labelled: boolean;
  people: { id: string; name: string }[];
  channels: { id: string; name: string }[];
}

export function interactive(element: Json, context: ElementContext): ReactElement {
  switch (element['type']) {
    case 'button':
      return button(element, context);
    case 'overflow':
      return overflow(element, context);
    case 'static_select':
      return select(element, context, optionsOf(element), selectedOption(element, context));
    case 'users_select':
      return select(
        element,
        context,
        context.people.map(asOption),
        given(context, 'selected_user', element['initial_user']),
      );
    case 'channels_select':
    case 'conversations_select':
      return select(
        element,
        context,
        context.channels.map(asOption),
        given(context, element['type'] === 'channels_select' ? 'selected_channel' : 'selected_conversation', null),
      );
    case 'checkboxes':
    case 'multi_static_select':
      return choices(element, context, 'checkbox', optionsOf(element), selectedOptions(element, context));
    case 'multi_users_select':
      return choices(
        element,
        context,
        'checkbox',
        context.people.map(asOption),
        listOf(context.value['selected_users'] ?? element['initial_users']),
      );
    case 'radio_buttons':
      return choices(element, context, 'radio', optionsOf(element), [selectedOption(element, context)]);
    case 'datepicker':
      return field(element, context, 'date', given(context, 'selected_date', element['initial_date']));
    case 'timepicker':
      return field(element, context, 'time', given(context, 'selected_time', element['initial_time']));
    case 'datetimepicker':
      return field(
        element,
        context,
        'datetime-local',
        given(context, 'selected_date_time', element['initial_date_time']),
      );
    case 'number_input':
      return field(element, context, 'number', given(context, 'value', element['initial_value']));
    case 'email_text_input':
      return field(element, context, 'email', given(context, 'value', element['initial_value']));
    case 'url_text_input':
      return field(element, context, 'url', given(context, 'value', element['initial_value']));
    case 'plain_text_input':
      return field(
        element,
        context,
        element['multiline'] === true ? 'textarea' : 'text',
        given(context, 'value', element['initial_value']),
      );
    default:
      return h('span', { className: 'unsupported' }, `(${String(element['type'])} is not shown here)`);
  }
}

interface Option {
  text: string;
  value: string;
  description: string;
  group: string | null;
}

function named(element: Json, context: ElementContext): Record<string, string> {
  return {
    'data-action': String(element['action_id']),
    'data-block': context.blockId,
    'data-element': String(element['type']),
    ...(element['confirm'] !== undefined && {
      'data-confirm': JSON.stringify(shownConfirm(element['confirm'] as Json)),
    }),
  };
}

function shownConfirm(confirm: Json): Json {
  return {
    title: plain(confirm['title']),
    text: plain(confirm['text']),
    confirm: plain(confirm['confirm']),
    deny: plain(confirm['deny']),
    style: confirm['style'] ?? null,
  };
}

/** Slack knows two styles and one height. A longer label ends in an ellipsis, so it is on the title too. */
function button(element: Json, context: ElementContext): ReactElement {
  const label = plain(element['text']);
  const style = typeof element['style'] === 'string' ? ` button-${element['style']}` : '';
  const props = {
    ...named(element, context),
    className: `button${style}`,
    title: label,
    ...(element['accessibility_label'] !== undefined && { 'aria-label': textOf(element['accessibility_label']) }),
  };
  const url = element['url'];
  if (typeof url === 'string' && isWebLink(url))
    return h('a', { ...props, href: url, target: '_blank', rel: 'noopener noreferrer' }, label);
  return h('button', { ...props, type: 'button' }, label);
}

function overflow(element: Json, context: ElementContext): ReactElement {
  const items = optionsOf(element).map((option) =>
    h(
      'button',
      { key: option.value, type: 'button', role: 'menuitem', 'data-value': option.value, ...named(element, context) },
      option.text,
    ),
  );
  return h(
    'details',
    { className: 'overflow' },
    h('summary', { 'aria-label': 'More actions', className: 'button' }, '⋯'),
    h('div', { role: 'menu' }, items),
  );
}

function select(element: Json, context: ElementContext, options: Option[], selected: string): ReactElement {
  const placeholder = plain(element['placeholder']) || 'Choose an option';
  const shown = (option: Option) => h('option', { key: option.value, value: option.value }, option.text);
  const groups = [...new Set(options.map((option) => option.group))];
  return h(
    'select',
    {
      ...named(element, context),
      id: context.inputId,
      className: 'select',
      ...(!context.labelled && { 'aria-label': placeholder }),
      defaultValue: selected,
    },
    h('option', { key: '', value: '' }, placeholder),
    groups.map((group) => {
      const own = options.filter((option) => option.group === group).map(shown);
      return group === null ? own : h('optgroup', { key: group, label: group }, own);
    }),
  );
}

function choices(
  element: Json,
  context: ElementContext,
  type: 'checkbox' | 'radio',
  options: Option[],
  selected: string[],
): ReactElement {
  const name = `${context.inputId}-${String(element['action_id'])}`;
  return h(
    'div',
    {
      ...named(element, context),
      className: `choices${options.length > 7 ? ' choices-many' : ''}`,
      role: type === 'radio' ? 'radiogroup' : 'group',
    },
    options.map((option) =>
      h(
        'label',
        { key: option.value, className: 'choice' },
        h('input', { type, name, value: option.value, defaultChecked: selected.includes(option.value) }),
        h('span', null, option.text, option.description === '' ? null : h('small', null, option.description)),
      ),
    ),
  );
}

function field(element: Json, context: ElementContext, type: string, value: string): ReactElement {
  const props = {
    ...named(element, context),
    id: context.inputId,
    className: 'field',
    placeholder: plain(element['placeholder']),
    ...(!context.labelled && { 'aria-label': plain(element['placeholder']) || type }),
    ...(element['focus_on_load'] === true && { 'data-focus': '' }),
    ...(element['max_length'] !== undefined && { maxLength: Number(element['max_length']) }),
    ...(element['min_value'] !== undefined && { min: textOf(element['min_value']) }),
    ...(element['max_value'] !== undefined && { max: textOf(element['max_value']) }),
  };
  if (type === 'textarea') return h('textarea', { ...props, rows: 4, defaultValue: value });
  if (type === 'datetime-local') return h('input', { ...props, type, 'data-epoch-s': value });
  return h('input', {
    ...props,
    type,
    defaultValue: value,
    ...(type === 'number' && { step: element['is_decimal_allowed'] === true ? 'any' : '1' }),
  });
}

function asOption(one: { id: string; name: string }): Option {
  return { text: one.name, value: one.id, description: '', group: null };
}

function optionsOf(element: Json): Option[] {
  const shown = (option: Json, group: string | null): Option => ({
    text: plain(option['text']),
    value: String(option['value']),
    description: plain(option['description']),
    group,
  });
  const groups = (element['option_groups'] as Json[] | undefined) ?? [];
  const own = (element['options'] as Json[] | undefined) ?? [];
  return [
    ...own.map((option) => shown(option, null)),
    ...groups.flatMap((group) => (group['options'] as Json[]).map((option) => shown(option, plain(group['label'])))),
  ];
}

function given(context: ElementContext, key: string, initial: unknown): string {
  const value = context.value[key] ?? initial ?? '';
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function selectedOption(element: Json, context: ElementContext): string {
  const option = (context.value['selected_option'] ?? element['initial_option']) as Json | null | undefined;
  return option === null || option === undefined ? '' : String(option['value']);
}

function selectedOptions(element: Json, context: ElementContext): string[] {
  const options = (context.value['selected_options'] ?? element['initial_options'] ?? []) as Json[];
  return options.map((option) => String(option['value']));
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
