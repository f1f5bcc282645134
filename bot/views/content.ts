import type { SectionBlock } from '@slack/types';
import type { Campaign } from '../../runbooks/playbook/schema.ts';
import { section } from './blocks.ts';
import { count, oneLine, safe } from './words.ts';

/** With more locales each preview gets shorter. All text of a message together may be 12,000 characters (bolt-js#2509). */
const BUDGET_CHARS = 5_600;
const SECTION_CHARS = 2_900;
const LONGEST_PREVIEW_CHARS = 280;
const SHORTEST_PREVIEW_CHARS = 24;

/** Keeps a text that runs from right to left from pulling the marks around it along. */
const isolated = (text: string): string => `\u2068${text}\u2069`;

/**
 * What people will receive, per locale, biggest locale first; at most three sections.
 * `devices` is how many devices of the audience hold each locale (empty: not known yet); `counts` shows them.
 */
export function contentSections(campaign: Campaign, devices: Readonly<Record<string, number>>, counts = true): SectionBlock[] {
  const locales = Object.entries(campaign.locales).toSorted(([a], [b]) => (devices[b] ?? 0) - (devices[a] ?? 0) || a.localeCompare(b, 'en'));
  const each = Math.max(SHORTEST_PREVIEW_CHARS, Math.min(LONGEST_PREVIEW_CHARS, Math.floor(BUDGET_CHARS / Math.max(1, locales.length)) - 45));
  const lines = locales.map(([locale, text]) => {
    const held = devices[locale];
    const title = safe(oneLine(text.title), Math.max(12, Math.floor(each / 3)));
    const body = safe(oneLine(text.body), Math.max(12, each - title.length));
    return `\`${safe(locale, 20)}\`${held === undefined || !counts ? '' : ` ${count(held)}`}  *${isolated(title)}* ${isolated(body)}`;
  });
  const sections: string[][] = [[]];
  let length = 0;
  for (const line of lines) {
    if (length + line.length + 1 > SECTION_CHARS) {
      if (sections.length === 3) break;
      sections.push([]);
      length = 0;
    }
    sections.at(-1)?.push(line);
    length += line.length + 1;
  }
  const fitted = sections.flat().length;
  const texts = sections.map((some) => some.join('\n'));
  if (fitted < lines.length) texts[texts.length - 1] += `\n… and ${count(lines.length - fitted)} more locales: \`/go campaign\``;
  return texts.map((text) => section(text));
}
