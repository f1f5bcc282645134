import { expect, test } from 'vitest';
import { playSample, SAMPLE_WORDS } from '../../test/docs/sample-launch.ts';
import type { Entry } from '../launch/entries.ts';
import { postmortemMarkdown } from './markdown.ts';
import { postmortemPage } from './page.ts';
import { postmortemOf } from './postmortem.ts';

const ATTACK = '<img src=x onerror=run()> | [x](javascript:run()) <!channel> \u202eabc';
const entries = playSample().map(({ entry }): Entry =>
  entry.kind === 'HaltSet' || entry.kind === 'StoodDown' ? { ...entry, reason: ATTACK } : entry,
);
const found = postmortemOf(entries, SAMPLE_WORDS, { chain: { ok: true } });
if (found === null) throw new Error('no postmortem');
const page = postmortemPage(found, { style: 'b{}', sha256: (text) => `hash of ${text}`, curves: { S54: [[0, 500]] } });

test('what people wrote becomes no markup, no link and no other reading direction', () => {
  expect(page).toContain('&lt;img src=x onerror=run()&gt;');
  expect(page).not.toMatch(/<img|<script|\u202e/);
  const text = postmortemMarkdown(found);
  expect(text).toContain('\\<img src=x onerror=run()\\> \\| \\[x\\](javascript:run()) \\<!channel\\>');
  expect(text).not.toMatch(/[^\\]<(?:img|!channel)|\u202e/);
});

test('the page asks the network for nothing and runs nothing', () => {
  expect(page).toContain(`content="default-src &#39;none&#39;; style-src &#39;sha256-hash of b{}&#39;; base-uri`);
  expect(page).not.toMatch(/(?:src|href)="(?!#)/);
});

test('the page says what the Markdown says: each section, statement, question and cell', () => {
  const plain = (html: string) =>
    html
      .replaceAll(/<[^>]+>/g, '')
      .replaceAll('&quot;', '"')
      .replaceAll('&#39;', "'");
  const words = plain(page).replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
  for (const { title, blocks } of found.sections) {
    expect(words).toContain(title);
    for (const block of blocks) {
      const texts =
        block.kind === 'list'
          ? block.statements.map(({ text }) => text)
          : block.kind === 'questions'
            ? block.questions.flatMap(({ question, answers }) => [
                question,
                ...answers.flatMap(({ by, words: said }) => [by, ...said.split('\n')]),
              ])
            : block.kind === 'table'
              ? [...block.head, ...block.rows.flatMap(({ cells }) => cells)]
              : block.kind === 'curves'
                ? []
                : [block.text];
      for (const text of texts) expect(words).toContain(text.replaceAll('\u202e', ' '));
    }
  }
});

test('the evidence of a fleet that came names what AWS was asked for', () => {
  const asked = '(AWS: ECS UpdateService 5d1f3c80-2f6e-4a53-9f0b-6e1c2d7a9b44)';
  expect(page).toContain(asked);
  expect(postmortemMarkdown(found)).toContain(asked);
});

test('every evidence that is named stands in the page, and kept curves are pictures', () => {
  const named = new Set([...page.matchAll(/href="#([em]\d+)"/g)].map(([, id]) => id));
  const there = new Set([...page.matchAll(/<tr id="([em]\d+)"/g)].map(([, id]) => id));
  expect(named).toEqual(there);
  expect(page).toContain('Delivery curve: 500 of 1,000 devices accepted');
});

test('a reader by ear is told what each column is, and a program what each moment is', () => {
  const heads = page.match(/<th\b[^>]*>[^<]*/g) ?? [];
  expect(heads.length).toBeGreaterThan(20);
  for (const head of heads) expect(head).toMatch(/^<th scope="(col|row)"[^>]*>[^<]/);
  const moments = page.match(/<time [^>]*>[^<]*/g) ?? [];
  expect(moments.length).toBeGreaterThan(0);
  for (const moment of moments) {
    const [, at = '', ms, text = ''] = /datetime="([^"]*)" data-at="(\d+)">(.*)/.exec(moment) ?? [];
    expect(Date.parse(at), moment).toBe(Number(ms));
    expect(text).toBe(`${at.slice(0, -1).replace('T', ' ')} UTC`);
  }
});
