import type { KnownBlock } from '@slack/types';
import { campaignChanges, whatDiffers } from '../../runbooks/launch/campaign-parts.ts';
import type { CampaignChange } from '../../runbooks/launch/campaign-parts.ts';
import type { Campaign } from '../../runbooks/playbook/schema.ts';
import { context, section } from './blocks.ts';
import { inSections } from './content.ts';
import { isolated, oneLine, safe } from './words.ts';

/** A message holds 12,000 characters of text in all. */
const SECTIONS = 3;
const TEXT_CHARS = 600;

const WHOLE = 'the file of `/go timeline` has it all';

/** What a change of the content changed, before and after, each place apart. */
export function changesBlocks(before: Campaign, after: Campaign): KnownBlock[] {
  const changes = campaignChanges(before, after);
  const texts = inSections(changes.map((change) => changeText(change)));
  const isCut = changes.some((change) => changeText(change) !== changeText(change, Infinity));
  return [
    ...texts.slice(0, SECTIONS).map((text) => section(text)),
    ...(texts.length > SECTIONS ? [context(`More was changed than fits here: ${WHOLE}.`)] : []),
    ...(isCut ? [context(`What ends in … is longer than fits here: ${WHOLE}.`)] : []),
  ];
}

function changeText({ where, before, after }: CampaignChange, most = TEXT_CHARS): string {
  const name = `*${safe(where, 120)}*`;
  const shown = (text: string): string => (text === '' ? '_nothing_' : isolated(safe(oneLine(text), most)));
  if (before === null) return `${name} is new\n• now: ${shown(after ?? '')}`;
  if (after === null) return `${name} is gone\n• before: ${shown(before)}`;
  const seen = whatDiffers(before, after);
  return `${name}\n• before: ${shown(seen.before)}\n• now: ${shown(seen.after)}`;
}
