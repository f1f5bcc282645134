import { createElement as h, Fragment } from 'react';
import { expect, it } from 'vitest';
import { mrkdwn } from './mrkdwn.ts';
import { markdownBlock, markup, plain } from './texts.ts';

const words = (html: string) => html.replaceAll(/<[^>]*>/g, '').trim();
const typed = ':rocket: at 18:30:15 UTC, :nonesuch:';

it('shows emoji by their names and leaves times and unknown names as they are typed', () => {
  expect(words(markup(h(Fragment, null, mrkdwn(typed, { users: [], channels: [] }))))).toBe(
    '🚀 at 18:30:15 UTC, :nonesuch:',
  );
  expect(words(markup(markdownBlock(typed)))).toBe('🚀 at 18:30:15 UTC, :nonesuch:');
  expect(plain({ type: 'plain_text', text: ':large_green_square: GO at 18:30:15' })).toBe('🟩 GO at 18:30:15');
});
