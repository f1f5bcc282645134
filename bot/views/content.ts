import type { SectionBlock } from '@slack/types';
import { besideTexts } from '../../runbooks/launch/campaign-parts.ts';
import { COPY_GATE, copyDoubts, doubtsText } from '../../runbooks/launch/copy-doubts.ts';
import type { Counts } from '../../runbooks/launch/counts.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import { PAYLOAD_LIMIT_BYTES, payloadSizes } from '../../runbooks/launch/payload.ts';
import { platformNotes } from '../../runbooks/launch/platform-notes.ts';
import { textsOf, writtenText } from '../../runbooks/launch/variants.ts';
import type { Campaign } from '../../runbooks/playbook/schema.ts';
import { section } from './blocks.ts';
import { platformName } from './names.ts';
import { count, fit, isolated, oneLine, plural, safe, short } from './words.ts';

/** All text of a message together may be 12,000 characters (bolt-js#2509); the rest of an order needs its share. */
const BUDGET_CHARS = 5_200;
const SECTION_CHARS = 2_900;
/** What goes out beside the texts. */
const BESIDE_CHARS = 1_400;
/** Texts are whole as long as they fit; with more or longer ones the longest are shortened first. */
const LONGEST_CHARS = [2_600, 1_200, 600, 400, 280, 200, 140, 100, 70, 48, 32] as const;

/** `shortened`: some text is not there whole, so the reader needs another way to it. */
export interface Texts {
  sections: SectionBlock[];
  shortened: boolean;
}

/**
 * What people will receive, per locale and variant, biggest first. `devices`: how many get each text, null if that is not known; a
 * text that nobody gets is named apart, so that nobody looks for it.
 */
export function contentTexts(campaign: Campaign, devices: Readonly<Counts> | null): Texts {
  const all = textsOf(campaign);
  const read = all
    .filter((locale) => devices === null || (devices[locale] ?? 0) > 0)
    .toSorted((a, b) => (devices?.[b] ?? 0) - (devices?.[a] ?? 0) || a.localeCompare(b, 'en'));
  const lines = (longest: number): string[] =>
    read.map((locale) => textLine(campaign, locale, devices?.[locale] ?? null, longest));
  const total = (some: readonly string[]): number => some.reduce((sum, line) => sum + line.length + 1, 0);
  const longest = LONGEST_CHARS.find((chars) => total(lines(chars)) <= BUDGET_CHARS) ?? LONGEST_CHARS.at(-1) ?? 32;
  const kept: string[] = [];
  for (const line of lines(longest)) if (total(kept) + line.length <= BUDGET_CHARS) kept.push(line);
  const sections = inSections(kept).map((text) => section(text));
  if (kept.length < read.length) sections.push(section(`… and ${plural(read.length - kept.length, 'more text')}`));
  const beside = besideLines(campaign, read);
  const whole = besideLines(campaign, read, Infinity);
  if (beside.length > 0) sections.push(section(fit(beside, BESIDE_CHARS)));
  const unread = all.filter((locale) => !read.includes(locale));
  if (unread.length > 0)
    sections.push(
      section(
        `Nobody here reads ${fit(
          unread.map((locale) => `\`${safe(locale, 20)}\``),
          300,
        ).replaceAll('\n', ' ')}.`,
      ),
    );
  return {
    sections,
    shortened:
      kept.length < read.length ||
      beside.join('\n').length + 1 > BESIDE_CHARS - 40 ||
      beside.some((line, at) => line !== whole[at]) ||
      kept.some((line, i) => line !== textLine(campaign, read[i] ?? '', devices?.[read[i] ?? ''] ?? null, Infinity)),
  };
}

function textLine(campaign: Campaign, locale: string, devices: number | null, longest: number): string {
  const text = writtenText(campaign, locale);
  const title = safe(oneLine(text?.title ?? ''), Math.max(16, Math.floor(longest / 2)));
  const subtitle = safe(oneLine(text?.subtitle ?? ''), Math.max(16, Math.floor(longest / 4)));
  const used = Math.min(title.length, Math.floor(longest / 2)) + subtitle.length;
  const body = safe(oneLine(text?.body ?? ''), Math.max(16, longest - used));
  return `\`${safe(locale, 20)}\`${devices === null ? '' : ` ${count(devices)}`}  *${isolated(title)}* ${subtitle === '' ? '' : `_${isolated(subtitle)}_ `}${isolated(body)}`;
}

/** What every campaign has. Priorities stand with how an order goes out. */
const USUAL = new Set(['id', 'default_locale', 'apns.topic', 'apns.priority', 'fcm.priority']);

/** What goes out beside the words, to those who read these locales: links, images, buttons, sounds, and the providers' own. */
export function besideLines(campaign: Campaign, read: readonly string[], longest = 300): string[] {
  const unread = textsOf(campaign).filter((locale) => !read.includes(locale));
  return besideTexts(campaign)
    .filter(({ where }) => !USUAL.has(where) && !unread.some((locale) => where.startsWith(`${locale} `)))
    .filter(({ where, text }) => where !== 'sound' || text !== 'default')
    .map(
      ({ where, text }) => `• ${safe(where, 80)}: ${text === '' ? '_none_' : isolated(safe(oneLine(text), longest))}`,
    );
}

/** As few sections as hold these lines. */
export function inSections(lines: readonly string[]): string[] {
  const texts: string[] = [];
  for (const line of lines) {
    const last = texts.at(-1);
    if (last === undefined || last.length + line.length + 1 > SECTION_CHARS) texts.push(line);
    else texts[texts.length - 1] = `${last}\n${line}`;
  }
  return texts;
}

/** Bytes of every text as the providers get it, and what of it not every phone shows. */
export function sizesText(campaign: Campaign, launchId: string): string {
  const sizes = payloadSizes(campaign, launchId);
  const bytesOf = (locale: string, platform: Platform): string => {
    const bytes = sizes.find((one) => one.text === locale && one.platform === platform)?.bytes ?? 0;
    return `${bytes > PAYLOAD_LIMIT_BYTES ? ':no_entry: ' : ''}${count(bytes)} ${platformName[platform]}`;
  };
  const lines = textsOf(campaign).map(
    (locale) => `\`${safe(locale, 20)}\` ${bytesOf(locale, 'ios')}, ${bytesOf(locale, 'android')}`,
  );
  const notes = platformNotes(campaign).map((note) => `• ${safe(note, 400)}`);
  return [`*Bytes*, of ${count(PAYLOAD_LIMIT_BYTES)} that providers take`, fit(lines, 1_400), ...notes].join('\n');
}

/** For whoever has just made or saved a text that looks unfinished; '' when none does. */
export function doubtsNote(campaign: Campaign): string {
  const doubts = copyDoubts(campaign);
  return doubts.length === 0
    ? ''
    : `\n:warning: *Looks unfinished*: ${safe(doubtsText(doubts), 600)}. Nothing is filled in when the push goes out, so it would go out exactly so: correct it with \`/go campaign\`, or somebody ticks “${COPY_GATE.title}” in \`/go ready\`.`;
}

/** Beside the pictures: of what content they are, what a lock screen cuts, and what could not be drawn. */
export function previewText(
  contentHash: string,
  previews: readonly { locale: string; cut: readonly string[]; missing: readonly string[] }[],
): string {
  const cut = previews.filter((one) => one.cut.length > 0);
  const missing = [...new Set(previews.flatMap((one) => one.missing))];
  return [
    `:iphone: Content \`${short(contentHash)}\` on a locked phone, light and dark. A real one may differ by a word.`,
    ...(cut.length === 0
      ? []
      : [
          `*Cut there*\n${fit(
            cut.map((one) => `• \`${safe(one.locale, 20)}\` ${one.cut.join(', ')}`),
            1_500,
          )}`,
        ]),
    ...(missing.length === 0 ? [] : [`Not drawn, as there is no font for it here: ${safe(missing.join(' '), 200)}`]),
  ].join('\n');
}
