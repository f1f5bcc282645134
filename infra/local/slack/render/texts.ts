import { createElement as h } from 'react';
import type { ComponentProps, ReactElement, ReactNode } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { Message as SlackMessage } from 'slack-blocks-to-jsx';
import type { Block } from 'slack-blocks-to-jsx';
import type { Json } from '../state/model.ts';

/** Names for mentions. */
export interface Names {
  users: { id: string; name: string }[];
  channels: { id: string; name: string }[];
}

/** Only these may be followed from a message; anything else is shown as text. */
export function isWebLink(href: string): boolean {
  return /^https?:\/\//i.test(href) && URL.canParse(href);
}

export function link(href: string, label: ReactNode, key?: string | number): ReactElement {
  return isWebLink(href)
    ? h('a', { key, href, target: '_blank', rel: 'noopener noreferrer' }, label)
    : h('span', { key }, label);
}

/**
 * Standard Markdown (the `markdown` block) by slack-blocks-to-jsx. Its reading of Slack's own mrkdwn loses
 * text (a line that begins with `#` or `<`), so that is done in mrkdwn.ts. The block's id stays outside:
 * the library would make it an element's id, of which the page has its own.
 */
export function markdownBlock(text: string): ReactElement {
  return librarySlackMessage({ type: 'markdown', text });
}

type Emoji = Parameters<NonNullable<NonNullable<ComponentProps<typeof SlackMessage>['hooks']>['emoji']>>[0];

const hooks = {
  link: ({ href, children }: { href: string; children: ReactNode }): ReactNode => link(href, children),
  // What is no emoji stays as it is typed, as in Slack: the library makes 183015 of 18:30:15 otherwise.
  emoji: (one: Emoji, parse: (one: Emoji) => string): ReactNode =>
    parse(one) === one.name ? `:${one.name}:` : parse(one),
};

function librarySlackMessage(block: Json): ReactElement {
  return h(SlackMessage, {
    blocks: [block as unknown as Block],
    logo: '',
    name: '',
    withoutWrapper: true,
    theme: 'light',
    hooks,
  });
}

/** The library gives every message the same element id; ids must be unique in a page. */
export function markup(element: ReactNode): string {
  return renderToStaticMarkup(element).replaceAll(' id="slack_blocks_to_jsx"', '');
}

const emojis = new Map<string, string>();

/** The character of an emoji name, by the library's table; `:name:` if it knows none. */
export function emoji(name: string): string {
  let character = emojis.get(name);
  if (character === undefined) {
    const html = markup(
      librarySlackMessage({
        type: 'rich_text',
        elements: [{ type: 'rich_text_section', elements: [{ type: 'emoji', name }] }],
      }),
    );
    character = html.replaceAll(/<[^>]*>/g, '') || `:${name}:`;
    if (emojis.size < 5_000) emojis.set(name, character);
  }
  return character;
}

const EMOJI_NAME = /:([a-z+-][a-z0-9_+'-]*):/g;

/** A plain_text object's text with `:emoji:` as characters: for buttons, options, labels, headers. */
export function plain(object: unknown): string {
  const text = typeof object === 'object' && object !== null ? (object as Json)['text'] : object;
  return typeof text === 'string' ? text.replaceAll(EMOJI_NAME, (_all, name: string) => emoji(name)) : '';
}
