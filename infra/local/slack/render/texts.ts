import { createElement as h, type ComponentProps, type ReactElement, type ReactNode } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { Message as SlackMessage, type Block } from 'slack-blocks-to-jsx';
import type { Json } from '../state/model.ts';

/** Names for mentions. */
export interface Names {
  users: { id: string; name: string }[];
  channels: { id: string; name: string }[];
}

/** Only these may be followed from a message; anything else is shown as text. */
export function isWebLink(href: string): boolean {
  return /^https?:\/\//i.test(href);
}

type Emoji = Parameters<NonNullable<NonNullable<ComponentProps<typeof SlackMessage>['hooks']>['emoji']>>[0];

const hooks = {
  link: ({ href, children }: { href: string; children: ReactNode }): ReactNode =>
    isWebLink(href) ? h('a', { href, target: '_blank', rel: 'noopener noreferrer' }, children) : h('span', null, children),
  user: ({ name }: { name: string }): ReactNode => h('span', { className: 'mention' }, `@${name}`),
  channel: ({ name }: { name: string }): ReactNode => h('span', { className: 'mention' }, `#${name}`),
  // What is no emoji stays as it is typed, as in Slack: the library makes 183015 of 18:30:15 otherwise.
  emoji: (emoji: Emoji, parse: (emoji: Emoji) => string): ReactNode => (parse(emoji) === emoji.name ? `:${emoji.name}:` : parse(emoji)),
};

/** Blocks without interactive elements, by slack-blocks-to-jsx; the page styles its class names. */
export function textBlock(block: Json, names: Names): ReactElement {
  return h(SlackMessage, {
    blocks: [block as unknown as Block], logo: '', name: '', withoutWrapper: true, theme: 'light', data: { users: names.users, channels: names.channels }, hooks,
  });
}

/** The library gives every message the same element id; ids must be unique in a page. */
export function markup(element: ReactNode): string {
  return renderToStaticMarkup(element).replaceAll(' id="slack_blocks_to_jsx"', '');
}

const plainTexts = new Map<string, string>();

/** A plain_text object's text with `:emoji:` as characters, for places that hold no markup: buttons, options, labels. */
export function plain(object: unknown): string {
  const text = typeof object === 'object' && object !== null ? (object as Json)['text'] : object;
  if (typeof text !== 'string') return '';
  if (!/:[a-z0-9_+-]+:/.test(text)) return text;
  const known = plainTexts.get(text);
  if (known !== undefined) return known;
  const html = markup(textBlock({ type: 'section', text: { type: 'plain_text', text, emoji: true } }, { users: [], channels: [] }));
  const shown = html.replaceAll(/<[^>]*>/g, '').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&#x27;', "'").replaceAll('&amp;', '&');
  if (plainTexts.size > 500) plainTexts.clear();
  plainTexts.set(text, shown);
  return shown;
}
