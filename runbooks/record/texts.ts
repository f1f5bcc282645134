import { besideTexts } from '../launch/campaign-parts.ts';
import type { Counts } from '../launch/counts.ts';
import type { AudienceRef, Entry, EntryOf } from '../launch/entries.ts';
import { localized } from '../launch/localized.ts';
import { devicesPerText } from '../launch/texts-sent.ts';
import { textsOf } from '../launch/variants.ts';
import type { Campaign } from '../playbook/schema.ts';
import { number, shortHash } from './describe.ts';
import { escape } from './markdown.ts';

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

/** Every text that the push ever had, whole, and what of it went out in which shot to how many devices. */
export function textsSection(entries: readonly Entry[]): string[] {
  const versions = versionsOf(entries);
  if (versions.length === 0) return [];
  return ['## Texts', '', ...versions.flatMap(versionLines)];
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

function versionLines({ hash, campaign, sent }: Version): string[] {
  const counts = (locale: string): string =>
    sent.map(({ devices }) => ` ${devices === null ? '?' : number(devices[locale] ?? 0)} |`).join('');
  return [
    `### Content ${shortHash(hash)}: ${sent.length === 0 ? 'never sent' : `sent in ${sent.map(({ shotId }) => shotId).join(', ')}`}`,
    '',
    `| locale | title | text |${sent.map(({ shotId }) => ` devices in ${shotId} |`).join('')}`,
    `|---|---|---|${sent.map(() => '---:|').join('')}`,
    ...textsOf(campaign).map((text) => {
      const { title, subtitle, body } = localized(campaign, text);
      return `| ${escape(text)} | ${escape(title)}${subtitle === '' ? '' : `<br>${escape(subtitle)}`} | ${escape(body)} |${counts(text)}`;
    }),
    '',
    `With it: ${escape(
      besideTexts(campaign)
        .map(({ where, text }) => `${where} ${JSON.stringify(text)}`)
        .join(', '),
    )}`,
    '',
    ...(sent.some(({ again }) => again)
      ? ['Counts are of whole segments; a later attempt went only to devices that the one before did not reach.', '']
      : []),
    ...(sent.some(({ devices }) => devices === null)
      ? ['“?”: this audience was compiled before languages were counted per segment.', '']
      : []),
  ];
}
