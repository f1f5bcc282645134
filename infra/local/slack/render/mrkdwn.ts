import { createElement as h, Fragment } from 'react';
import type { ReactElement, ReactNode } from 'react';
import { emoji, link, plain } from './texts.ts';
import type { Names } from './texts.ts';

/** A text object, in its place: plain text as it stands, mrkdwn with its formatting. */
export function textObject(object: unknown, names: Names): ReactElement {
  const { type, text } = object as { type: string; text: string };
  return h('div', { className: 'text' }, type === 'mrkdwn' ? mrkdwn(text, names) : plain(object));
}

/**
 * Slack's mrkdwn (https://docs.slack.dev/messaging/formatting-message-text): *bold*, _italic_, ~strike~,
 * `code`, ```blocks```, > quotes, <links|and mentions>, :emoji:. Whatever is none of these is text; nothing is lost.
 */
export function mrkdwn(text: string, names: Names): ReactNode[] {
  return text.split(/```\n?([\s\S]*?)\n?```/).flatMap((part, i) => {
    if (part === '') return [];
    return i % 2 === 1 ? [h('pre', { key: `pre${i}` }, decode(part))] : quotesAndLines(part, i, names);
  });
}

function quotesAndLines(text: string, at: number, names: Names): ReactNode[] {
  const runs: { quoted: boolean; lines: string[] }[] = [];
  for (const line of text.split('\n')) {
    const quote = /^(?:>|&gt;) ?(.*)$/.exec(line);
    const last = runs.at(-1);
    if (last !== undefined && last.quoted === (quote !== null)) last.lines.push(quote?.[1] ?? line);
    else runs.push({ quoted: quote !== null, lines: [quote?.[1] ?? line] });
  }
  return runs.map(({ quoted, lines }, i) => {
    const content = inline(lines.join('\n'), names);
    return quoted ? h('blockquote', { key: `${at}.${i}` }, content) : h(Fragment, { key: `${at}.${i}` }, content);
  });
}

/** A style's marks stand at the edges of words: `2*3*4` is no bold. */
const INLINE = new RegExp(
  [
    '`(?<code>[^`\\n]+)`',
    '<(?<entity>(?:https?:|mailto:|tel:|[@#!])[^<>]*)>',
    ":(?<emoji>[a-z+-][a-z0-9_+'-]*):",
    '(?<![\\p{L}\\p{N}*])\\*(?<bold>(?! )[^*\\n]+(?<! ))\\*(?![\\p{L}\\p{N}*])',
    '(?<![\\p{L}\\p{N}_])_(?<italic>(?! )[^_\\n]+(?<! ))_(?![\\p{L}\\p{N}_])',
    '(?<![\\p{L}\\p{N}~])~(?<strike>(?! )[^~\\n]+(?<! ))~(?![\\p{L}\\p{N}~])',
    '(?<url>https?://[^\\s<>|*]+[^\\s<>|*.,;:!?)_~`\'"])',
  ].join('|'),
  'gu',
);

function inline(text: string, names: Names): ReactNode[] {
  const nodes: ReactNode[] = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > from) nodes.push(decode(text.slice(from, match.index)));
    from = match.index + match[0].length;
    const key = match.index;
    const { code, entity: named, emoji: emojiName, bold, italic, strike, url } = match.groups ?? {};
    if (code !== undefined) nodes.push(h('code', { key }, decode(code)));
    else if (named !== undefined) nodes.push(h(Fragment, { key }, entity(named, names)));
    else if (emojiName !== undefined) nodes.push(emoji(emojiName));
    else if (bold !== undefined) nodes.push(h('strong', { key }, inline(bold, names)));
    else if (italic !== undefined) nodes.push(h('em', { key }, inline(italic, names)));
    else if (strike !== undefined) nodes.push(h('s', { key }, inline(strike, names)));
    else if (url !== undefined) nodes.push(link(decode(url), decode(url), key));
  }
  if (from < text.length) nodes.push(decode(text.slice(from)));
  return nodes;
}

function entity(named: string, names: Names): ReactNode {
  const [target = '', ...rest] = named.split('|');
  const label = rest.length > 0 ? decode(rest.join('|')) : undefined;
  const kind = target[0];
  if (kind === '@') return userMention(target.slice(1), names, label);
  if (kind === '#') return channelMention(target.slice(1), names, label);
  if (kind !== '!') return link(decode(target), label === undefined ? decode(target) : label);
  if (/^!(here|channel|everyone)$/.test(target)) return broadcast(target.slice(1));
  const date = /^!date\^(\d+)\^([^^]*)(?:\^(.*))?$/.exec(target);
  if (date === null) return label ?? decode(target.slice(1));
  const shown = slackDate(Number(date[1]), date[2] ?? '', label ?? '');
  return date[3] === undefined ? shown : link(decode(date[3]), shown);
}

export function userMention(id: string, names: Names, label?: string): ReactElement {
  return h(
    'span',
    { className: 'mention', key: id },
    `@${names.users.find((user) => user.id === id)?.name ?? label ?? id}`,
  );
}

export function channelMention(id: string, names: Names, label?: string): ReactElement {
  return h(
    'span',
    { className: 'mention', key: id },
    `#${names.channels.find((channel) => channel.id === id)?.name ?? label ?? id}`,
  );
}

export function broadcast(range: string): ReactElement {
  return h('span', { className: 'mention mention-all', key: range }, `@${range}`);
}

/** Slack's date tokens, in the local time of this machine, which is the reader's. An unknown token leaves the fallback. */
export function slackDate(epochS: number, format: string, fallback: string): ReactElement {
  const at = new Date(epochS * 1000);
  const date = (options: Intl.DateTimeFormatOptions) => at.toLocaleDateString('en-US', options);
  const time = (options: Intl.DateTimeFormatOptions) => at.toLocaleTimeString('en-US', options);
  const long: Intl.DateTimeFormatOptions = { month: 'long', day: 'numeric', year: 'numeric' };
  const tokens: Record<string, () => string> = {
    date_num: () =>
      `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, '0')}-${String(at.getDate()).padStart(2, '0')}`,
    date: () => date({ month: 'long', day: 'numeric' }),
    date_pretty: () => date({ month: 'long', day: 'numeric' }),
    date_short: () => date({ month: 'short', day: 'numeric', year: 'numeric' }),
    date_short_pretty: () => date({ month: 'short', day: 'numeric', year: 'numeric' }),
    date_long: () => date({ weekday: 'long', ...long }),
    date_long_pretty: () => date({ weekday: 'long', ...long }),
    date_long_full: () => date(long),
    date_slash: () => date({ day: '2-digit', month: '2-digit', year: 'numeric' }),
    time: () => time({ hour: 'numeric', minute: '2-digit' }),
    time_secs: () => time({ hour: 'numeric', minute: '2-digit', second: '2-digit' }),
  };
  let known = !Number.isNaN(at.getTime());
  const shown = format.replaceAll(/\{([a-z_]+)\}/g, (_all, token: string) => {
    const make = tokens[token];
    if (make === undefined) known = false;
    return make?.() ?? '';
  });
  return h('time', { key: epochS, ...(known && { dateTime: at.toISOString() }) }, known ? shown : fallback);
}

function decode(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
