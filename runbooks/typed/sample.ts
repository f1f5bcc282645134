import type { AudienceRef, RehearsalSample } from '../launch/entries.ts';
import { readNumber } from './number.ts';

/** `1000`, `first 1k`, `1 %`, `all`, `market us`, `us-ios br` → whom a rehearsal goes to; or a sentence part. A market is all segments that begin with its name. */
export function readSample(words: readonly string[], audience: AudienceRef): RehearsalSample | string {
  const [head = '', ...rest] = words;
  const named = ['first', 'market', 'segment', 'segments'].includes(head.toLowerCase()) ? rest : words;
  const text = named.join(' ');
  if (text === '') return 'nobody was named; expected a number of devices, a share like 1%, or a market';
  if (text.toLowerCase() === 'all') return { share: 1 };
  const percent = /^(.+?)\s*%$/.exec(text)?.[1];
  const isNumber = /^[\d.,_']/.test(text);
  if (percent !== undefined) {
    const read = readNumber(percent, { fractions: true, most: 100 });
    if (read.ok && read.value > 0) return { share: read.value / 100 };
    return `found “${text}”, expected ${read.ok ? 'a share above 0 %' : read.expected}`;
  }
  if (isNumber) {
    const read = readNumber(text, { least: 1 });
    return read.ok ? { first: read.value } : `found “${text}”, expected ${read.expected}`;
  }
  const segments = named.flatMap((word) => {
    const name = word.toLowerCase().replace(/[,;]+$/, '');
    const ids = audience.segments.map(({ id }) => id);
    return ids.includes(name) ? [name] : ids.filter((id) => id.startsWith(`${name}-`)).map((id) => id);
  });
  const strange = named.find(
    (word) => !audience.segments.some(({ id }) => id === word.toLowerCase() || id.startsWith(`${word.toLowerCase()}-`)),
  );
  if (strange !== undefined)
    return `found “${strange}”, expected a number of devices, a share like 1%, or one of ${audience.segments
      .slice(0, 12)
      .map(({ id }) => id)
      .join(', ')}`;
  return { segments: [...new Set(segments)] };
}
