import { expect, test } from 'vitest';
import { playSample, SAMPLE_WORDS } from '../../test/docs/sample-launch.ts';
import type { Entry } from '../launch/entries.ts';
import { escape } from '../record/markdown.ts';
import { postmortemCanvas } from './canvas.ts';
import { postmortemOf } from './postmortem.ts';

const ATTACK = '<img src=x> | [x](javascript:run()) ![](@U0ONCALL) <!channel> \u202eabc';
const entries = playSample().map(({ entry }): Entry => {
  return entry.kind === 'StoodDown' ? { ...entry, reason: ATTACK } : entry;
});
const words = SAMPLE_WORDS.map((one) => ({ ...one, text: '# We sat\n- in one room\n1. and drank' }));
const found = postmortemOf(entries, words, { chain: { ok: true } });
if (found === null) throw new Error('no postmortem');
const text = postmortemCanvas(found);
const lines = text.split('\n');

test('it has no form that a canvas refuses: no table, no fourth heading, no list within a quote, no quote within a list', () => {
  expect(lines.filter((line) => /^\s*\|/.test(line))).toEqual([]);
  expect(lines.filter((line) => line.startsWith('####'))).toEqual([]);
  expect(lines.filter((line) => /^\s*>\s*(?:[-*+#]|\d+[.)]) /.test(line))).toEqual([]);
  expect(lines.filter((line) => /^\s+>/.test(line))).toEqual([]);
  expect(text).not.toMatch(/\]\(#|<a id/);
  expect(text).toContain('> \\# We sat\n> \\- in one room\n> 1\\. and drank');
});

test('what people wrote becomes no markup, mentions nobody and turns no reading direction', () => {
  expect(text).toContain(escape(ATTACK));
  expect(text).not.toMatch(/[^\\]<(?:img|!channel)|[^\\]\[\]|\u202e/);
});

test('it says what the document says: each section, statement, question, answer and cell, with its evidence', () => {
  for (const { title, blocks } of found.sections) {
    expect(lines).toContain(`## ${title}`);
    for (const block of blocks) {
      if (block.kind === 'list') for (const one of block.statements) expect(text).toContain(`- ${escape(one.text)}`);
      if (block.kind === 'heading' || block.kind === 'remark') expect(text).toContain(escape(block.text));
      if (block.kind === 'table')
        for (const { cells, proof } of block.rows) {
          const says = (one: string) => one.startsWith('- ') && cells.every((cell) => one.includes(escape(cell)));
          expect(
            lines.some((one) => says(one) && proof.every((id) => one.includes(id))),
            cells.join(),
          ).toBe(true);
        }
      if (block.kind === 'questions')
        for (const { question, answers } of block.questions) {
          expect(lines).toContain(`**${escape(question)}**`);
          for (const { by } of answers) expect(text).toContain(`> ${escape(by)}`);
        }
    }
  }
  for (const { id } of found.evidence) expect(lines.filter((line) => line.startsWith(`- **${id}** `))).toHaveLength(1);
});
