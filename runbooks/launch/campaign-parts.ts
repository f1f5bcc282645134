import type { Campaign } from '../playbook/schema.ts';
import { textName, textsOf } from './variants.ts';

/** A campaign as people read it: everything in it, each under a name, and what of it a change has changed. */

export interface CampaignPart {
  /** `en title`, `en/b title`, `share of b`, `image`, `apns.category`, `data.theme`. */
  where: string;
  text: string;
}

/** Null: it was not there, or is there no more. */
export interface CampaignChange {
  where: string;
  before: string | null;
  after: string | null;
}

/** In the order of the campaign; nothing is left out, whatever keys come to be. */
function campaignParts(campaign: Campaign): CampaignPart[] {
  return partsOf(campaign, []);
}

/** All but the words themselves: `sound`, `de image`. */
export function besideTexts(campaign: Campaign): CampaignPart[] {
  const texts = [...Object.keys(campaign.locales), ...textsOf(campaign)];
  const words = new Set(texts.flatMap((text) => [`${text} title`, `${text} subtitle`, `${text} body`]));
  return campaignParts(campaign).filter(({ where }) => !words.has(where));
}

export function campaignChanges(before: Campaign, after: Campaign): CampaignChange[] {
  const old = new Map(campaignParts(before).map(({ where, text }) => [where, text]));
  const now = new Map(campaignParts(after).map(({ where, text }) => [where, text]));
  return [...new Set([...old.keys(), ...now.keys()])]
    .map((where) => ({ where, before: old.get(where) ?? null, after: now.get(where) ?? null }))
    .filter((change) => change.before !== change.after);
}

function partsOf(value: unknown, path: readonly string[]): CampaignPart[] {
  if (value === undefined) return [];
  if (path.join('.') === 'variants')
    return (value as NonNullable<Campaign['variants']>).map(({ id, share }) => ({
      where: `share of ${id}`,
      text: String(share),
    }));
  if (Array.isArray(value)) return [{ where: nameOf(path), text: buttonsText(value as Buttons) }];
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, one]) => partsOf(one, [...path, key]));
  return [{ where: nameOf(path), text: typeof value === 'string' ? value : JSON.stringify(value) }];
}

type Buttons = NonNullable<Campaign['actions']>;

/** `[play] Play now → lingo://play; [later] Later → lingo://later` */
function buttonsText(buttons: Buttons): string {
  return buttons.map(({ id, title, link }) => `[${id}] ${title} → ${link}`).join('; ');
}

function nameOf([first = '', ...rest]: readonly string[]): string {
  if (first !== 'locales') return [first, ...rest].join('.');
  const [locale = '', inner, variant = '', ...key] = rest;
  return inner === 'variants' ? [textName(locale, variant), ...key].join(' ') : rest.join(' ');
}

const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** Kept of what is the same on either side of a change. */
const AROUND = 40;

/** Both texts, shortened at their ends where those are the same and long: what differs stays whole and is seen. */
export function whatDiffers(before: string, after: string): { before: string; after: string } {
  const old = Array.from(GRAPHEMES.segment(before), ({ segment }) => segment);
  const now = Array.from(GRAPHEMES.segment(after), ({ segment }) => segment);
  const shorter = Math.min(old.length, now.length);
  let head = 0;
  while (head < shorter && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && old.at(-1 - tail) === now.at(-1 - tail)) tail += 1;
  const from = head > 2 * AROUND ? head - AROUND : 0;
  const cut = tail > 2 * AROUND ? tail - AROUND : 0;
  const kept = (all: readonly string[]): string =>
    `${from === 0 ? '' : '…'}${all.slice(from, all.length - cut).join('')}${cut === 0 ? '' : '…'}`;
  return { before: kept(old), after: kept(now) };
}

/** One line, for the record: `en title "A" → "B"; sound "gong" is new`. */
export function changesText(changes: readonly CampaignChange[]): string {
  return changes
    .map(({ where, before, after }) => {
      if (before === null) return `${where} ${JSON.stringify(after)} is new`;
      if (after === null) return `${where} ${JSON.stringify(before)} is gone`;
      const seen = whatDiffers(before, after);
      return `${where} ${JSON.stringify(seen.before)} → ${JSON.stringify(seen.after)}`;
    })
    .join('; ');
}
