import { besideTexts } from '../launch/campaign-parts.ts';
import type { Counts } from '../launch/counts.ts';
import type { AudienceRef, Entry, EntryOf } from '../launch/entries.ts';
import { localized } from '../launch/localized.ts';
import { devicesPerText } from '../launch/texts-sent.ts';
import { textsOf } from '../launch/variants.ts';
import type { Campaign } from '../playbook/schema.ts';
import { number, shortHash } from './describe.ts';
import { escapeLinked } from './markdown.ts';

interface Sent {
  shotId: string;
  devices: Counts | null;
  again: boolean;
}
interface Version {
  hash: string;
  campaign: Campaign;
  sent: Sent[];
}

/** One content that the push had, as plain text. */
export interface Content {
  hash: string;
  /** Shots that it went out in; empty: never sent. */
  shots: string[];
  /** `devices`: by shot, in their order. */
  texts: { locale: string; title: string; subtitle: string; body: string; devices: string[] }[];
  /** What goes with every text: link, sound, pictures. */
  beside: string;
  notes: string[];
}

/** Every text that the push ever had, whole, and what of it went out in which shot to how many devices. */
export function contentsOf(entries: readonly Entry[]): Content[] {
  return versionsOf(entries).map(({ hash, campaign, sent }): Content => ({
    hash,
    shots: sent.map(({ shotId }) => shotId),
    texts: textsOf(campaign).map((locale) => {
      const { title, subtitle, body } = localized(campaign, locale);
      const devices = sent.map((one) => (one.devices === null ? '?' : number(one.devices[locale] ?? 0)));
      return { locale, title, subtitle, body, devices };
    }),
    beside: besideTexts(campaign)
      .map(({ where, text }) => `${where} ${JSON.stringify(text)}`)
      .join(', '),
    notes: [
      ...(sent.some(({ again }) => again)
        ? ['Counts are of whole segments; a later attempt went only to devices that the one before did not reach.']
        : []),
      ...(sent.some(({ devices }) => devices === null)
        ? ['“?”: this audience was compiled before languages were counted per segment.']
        : []),
    ],
  }));
}

/** `Content c0ffee00: sent in S3` */
export const contentTitle = ({ hash, shots }: Content): string =>
  `Content ${shortHash(hash)}: ${shots.length === 0 ? 'never sent' : `sent in ${shots.join(', ')}`}`;

export function textsSection(contents: readonly Content[]): string[] {
  return contents.length === 0 ? [] : ['## Texts', '', ...contents.flatMap(contentLines)];
}

function contentLines(content: Content): string[] {
  const { shots, texts, beside, notes } = content;
  return [
    `### ${contentTitle(content)}`,
    '',
    `| locale | title | text |${shots.map((shotId) => ` devices in ${shotId} |`).join('')}`,
    `|---|---|---|${shots.map(() => '---:|').join('')}`,
    ...texts.map(
      ({ locale, title, subtitle, body, devices }) =>
        `| ${escapeLinked(locale)} | ${escapeLinked(title)}${subtitle === '' ? '' : `<br>${escapeLinked(subtitle)}`} | ${escapeLinked(body)} |${devices.map((count) => ` ${count} |`).join('')}`,
    ),
    '',
    `With it: ${escapeLinked(beside)}`,
    '',
    ...notes.flatMap((note) => [note, '']),
  ];
}

function versionsOf(entries: readonly Entry[]): Version[] {
  const versions = new Map<string, Version>();
  let audience: AudienceRef | null = null;
  const add = (hash: string, campaign: Campaign): void => {
    if (!versions.has(hash)) versions.set(hash, { hash, campaign, sent: [] });
  };
  for (const entry of entries) {
    if (entry.kind === 'LaunchCreated') add(entry.contentHash, entry.runbook.campaign);
    if (entry.kind === 'CampaignSet') add(entry.contentHash, entry.campaign);
    if (entry.kind === 'AudienceSet') audience = entry.audience;
    if (entry.kind === 'FireApproved')
      versions
        .get(entry.shown.contentHash)
        ?.sent.push(sentIn(entry, versions.get(entry.shown.contentHash)?.campaign ?? null, audience));
  }
  return [...versions.values()];
}

function sentIn(
  { shotId, shown }: EntryOf<'FireApproved'>,
  campaign: Campaign | null,
  audience: AudienceRef | null,
): Sent {
  return {
    shotId,
    devices: campaign === null ? null : devicesPerText(campaign, audience, shown.segments),
    again: shown.segments.some(({ attempt }) => attempt > 1),
  };
}
