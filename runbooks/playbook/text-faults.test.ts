import { expect, test } from 'vitest';
import { isVisible } from './text-faults.ts';

test.each([
  ['nothing', ''],
  ['blanks', ' \t\n\u00A0\u3000'],
  ['zero widths and the byte order mark', '\u200B\uFEFF\u2060\u200C\u200D\u00AD'],
  ['marks of direction', '\u200E\u200F\u202A\u202C\u2066\u2069'],
  ['variation selectors, of emoji too', '\uFE0E\uFE0F\u{E0100}'],
  ['accents without a letter', '\u0301\u0308 \u20D0'],
  ['a keycap without its key', '\u20E3'],
  ['fillers that count as letters', '\u3164\u115F\u1160\uFFA0'],
  ['the empty Braille cell', '\u2800'],
  ['tags, controls and private use', '\u{E0041}\u0007\uE000'],
])('%s are empty', (_, text) => expect(isVisible(text)).toBe(false));

test.each([
  'a',
  '0',
  '.',
  '?',
  '—',
  '👍',
  '❤️',
  '👩‍🚀',
  '🇩🇪',
  '1️⃣',
  'é',
  'e\u0301',
  'ไ',
  'क',
  '無',
  'א',
  '\uFFFD',
  '\u200Bx',
  // A place that Unicode 17 keeps for a picture of later.
  '\u{1FAEB}',
])('%s is not', (text) => expect(isVisible(text)).toBe(true));
