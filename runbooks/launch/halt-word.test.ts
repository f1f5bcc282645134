import { expect, test } from 'vitest';
import { saysHalt } from './halt-word.ts';

test('only off, false, no, 0 and nothing say that nothing is halted, however they are spelled', () => {
  for (const value of [
    'off',
    'OFF',
    ' Off\n',
    'false',
    'False',
    'no',
    'No',
    '0',
    '',
    ' ',
    '\t',
    '"off"',
    "'no'",
    '“false”',
    '\ufeffoff',
    '\u200boff',
    'ｏｆｆ',
    '""',
  ]) {
    expect(saysHalt(value), JSON.stringify(value)).toBe(false);
  }
});

test('everything else halts: words that nobody has thought of, objects, and what is cut or misspelled', () => {
  for (const value of [
    'on',
    'On',
    'ON.',
    'yes',
    'halted',
    'halt',
    'stop',
    'enabled',
    '"on"',
    '{"halt":true}',
    '{"halt":false}',
    'true',
    '1',
    'y',
    '?',
    'null',
    'nein',
    'off.',
    'of',
    'on,off',
    'no way',
    '00',
    '-',
    '"off',
    'off"',
    '\'off"',
    '…',
  ]) {
    expect(saysHalt(value), JSON.stringify(value)).toBe(true);
  }
});
