import { createElement as h } from 'react';
import type { ReactElement, ReactNode } from 'react';
import { textOf } from '../state/model.ts';
import type { Json } from '../state/model.ts';
import { broadcast, channelMention, slackDate, userMention } from './mrkdwn.ts';
import { emoji, link } from './texts.ts';
import type { Names } from './texts.ts';

/** A rich_text object: what people write, and cells of tables. */
export function richText(object: Json, names: Names): ReactElement {
  return h(
    'div',
    { className: 'text' },
    (object['elements'] as Json[]).map((element, i) => richElement(element, i, names)),
  );
}

function richElement(element: Json, key: number, names: Names): ReactElement {
  const elements = element['elements'] as Json[];
  const content = (): ReactNode[] => elements.map((one, i) => styled(one, i, names));
  switch (element['type']) {
    case 'rich_text_list': {
      const items = elements.map((item, i) => h('li', { key: i }, richElement(item, 0, names)));
      const style = { marginInlineStart: `${Number(element['indent'] ?? 0) * 24}px` };
      return element['style'] === 'ordered'
        ? h('ol', { key, style, start: Number(element['offset'] ?? 0) + 1 }, items)
        : h('ul', { key, style, className: 'bullets' }, items);
    }
    case 'rich_text_quote':
      return h('blockquote', { key }, content());
    case 'rich_text_preformatted':
      return h('pre', { key }, content());
    default:
      return h('div', { key }, content());
  }
}

function styled(element: Json, key: number, names: Names): ReactNode {
  const style = (element['style'] ?? {}) as {
    bold?: boolean;
    italic?: boolean;
    strike?: boolean;
    code?: boolean;
    underline?: boolean;
  };
  let node = plainElement(element, names);
  if (style.code === true) node = h('code', null, node);
  if (style.strike === true) node = h('s', null, node);
  if (style.underline === true) node = h('u', null, node);
  if (style.italic === true) node = h('em', null, node);
  if (style.bold === true) node = h('strong', null, node);
  return h('span', { key }, node);
}

function plainElement(element: Json, names: Names): ReactNode {
  const field = (name: string): string => textOf(element[name]);
  switch (element['type']) {
    case 'link':
      return link(field('url'), field('text') || field('url'));
    case 'emoji':
      return emoji(field('name'));
    case 'user':
      return userMention(field('user_id'), names);
    case 'channel':
      return channelMention(field('channel_id'), names);
    case 'broadcast':
      return broadcast(field('range'));
    case 'date':
      return slackDate(Number(element['timestamp']), field('format'), field('fallback'));
    case 'color':
      return field('value');
    case 'usergroup':
    case 'team':
      return `@${field('usergroup_id') || field('team_id')}`;
    default:
      return field('text');
  }
}

/** A table block; a number cell may say how it is to be written. */
export function table(block: Json, names: Names): ReactElement {
  const settings = (block['column_settings'] ?? []) as ({
    align?: 'left' | 'center' | 'right';
    is_wrapped?: boolean;
  } | null)[];
  const cell = (one: Json): ReactNode =>
    one['type'] === 'rich_text' ? richText(one, names) : textOf(one['text']) || textOf(one['value']);
  const rows = (block['rows'] as Json[][]).map((row, i) =>
    h(
      'tr',
      { key: i },
      row.map((one, j) => {
        const style = {
          textAlign: settings[j]?.align ?? 'left',
          whiteSpace: settings[j]?.is_wrapped === true ? ('normal' as const) : ('nowrap' as const),
        };
        return h(i === 0 ? 'th' : 'td', { key: j, style, ...(i === 0 && { scope: 'col' }) }, cell(one));
      }),
    ),
  );
  return h(
    'div',
    { className: 'block-table' },
    h('table', null, h('thead', null, rows.slice(0, 1)), h('tbody', null, rows.slice(1))),
  );
}
