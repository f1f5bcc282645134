import { expect, it } from 'vitest';
import { markup, plain, textBlock } from './texts.ts';

it('shows emoji by their names and leaves times and unknown names as they are typed', () => {
  const html = markup(textBlock({ type: 'section', text: { type: 'mrkdwn', text: ':rocket: at 18:30:15 UTC, :nonesuch:' } }, { users: [], channels: [] })).replaceAll(/<[^>]*>/g, '');
  expect(html).toContain('🚀');
  expect(html).toContain('18:30:15 UTC');
  expect(html).toContain(':nonesuch:');
  expect(plain({ type: 'plain_text', text: ':large_green_square: GO at 18:30:15' })).toBe('🟩 GO at 18:30:15');
});
