import type { Names } from './describe.ts';

/**
 * What people wrote, as they read it: Slack delivers text encoded (`&amp;`, `<@U…>`, `<https://…|…>`;
 * https://docs.slack.dev/messaging/formatting-message-text). The result is plain text: whatever shows it must escape it.
 */
export function readable(text: string, names: Names): string {
  return unescaped(text.replaceAll(/<([^<>]*)>/g, (whole, inside: string) => entity(inside, names) ?? whole));
}

/** In the order that Slack escapes them backwards: `&amp;lt;` is what somebody typed as `&lt;`. */
const unescaped = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

/** Null: not an entity of Slack's. */
function entity(inside: string, names: Names): string | null {
  const bar = inside.indexOf('|');
  const target = bar < 0 ? inside : inside.slice(0, bar);
  const label = bar < 0 ? null : inside.slice(bar + 1);
  switch (target[0]) {
    case '@':
      return names.get(target.slice(1)) ?? label ?? target;
    case '#':
      return `#${label === null || label === '' ? target.slice(1) : label}`;
    case '!':
      return target.startsWith('!date^') || target.startsWith('!subteam^') ? (label ?? target) : `@${target.slice(1)}`;
    default:
      if (!/^(?:https?|mailto|tel):/.test(target)) return null;
      return label === null || label === target ? target.replace(/^(?:mailto|tel):/, '') : `${label} (${target})`;
  }
}

/** Slack ids that a text mentions, for looking up their names. */
export const mentionedIds = (text: string): string[] =>
  [...text.matchAll(/<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>/g)].map(([, id]) => id ?? '');
