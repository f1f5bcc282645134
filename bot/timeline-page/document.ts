import { looseKeyring } from '../../infra/aws/keyring.ts';
import type { Head } from '../../infra/aws/seal.ts';
import { verifyChannel } from '../../infra/aws/verify-channel.ts';
import { headProblem, verifyWhole } from '../../infra/aws/verify-record.ts';
import type { Entry } from '../../runbooks/launch/entries.ts';
import type { TrustedKeys } from '../../runbooks/launch/signers.ts';
import { postmortemCanvas } from '../../runbooks/postmortem/canvas.ts';
import { postmortemMarkdown } from '../../runbooks/postmortem/markdown.ts';
import { phasesOf } from '../../runbooks/postmortem/phases.ts';
import { postmortemOf } from '../../runbooks/postmortem/postmortem.ts';
import type { PostmortemOptions } from '../../runbooks/postmortem/postmortem.ts';
import type { ChainedMessage } from '../../runbooks/record/export.ts';
import { timelineOf } from '../../runbooks/record/model.ts';
import type { TimelineOptions } from '../../runbooks/record/model.ts';
import { asMarkdown } from '../../runbooks/record/timeline.ts';
import { shortened } from '../views/timeline-short.ts';
import type { ShortPhase } from '../views/timeline-short.ts';
import { pageOf, postmortemPageOf } from './page.ts';
import type { Curves } from './page.ts';

/** What is to be made of a record, as it can be handed to a thread. */
export interface DocumentAsked {
  /** `canvas`: the postmortem as a Slack canvas takes it, without a page. `questions`: what it asks people, as JSON, of a record that holds. */
  name: 'timeline' | 'postmortem' | 'canvas' | 'questions';
  launchId: string;
  slackNames: ReadonlyMap<string, string>;
  curves: Curves;
  /** Where in the channel the bot has told of an entry, by its sequence. */
  links: ReadonlyMap<number, string>;
  /** The head up to which this process has read the record before; null: none. */
  seen: Head | null;
  trusted: TrustedKeys | null;
  /** As the postmortem has it. */
  other?: PostmortemOptions['other'];
}

export interface MadeDocument {
  markdown: string;
  page: string;
  chain: TimelineOptions['chain'];
  channel: TimelineOptions['chain'];
  /** Of a timeline: what the channel says of it. */
  short: { targetAtMs: number; phases: ShortPhase[] } | null;
}

/** Seconds of work with tens of thousands of entries. Null: the record has no entry that created it. */
export async function documentOf(
  { name, launchId, slackNames, links, curves, seen, trusted, other }: DocumentAsked,
  entries: readonly Entry[],
  messages: readonly ChainedMessage[],
): Promise<MadeDocument | null> {
  if (name === 'questions') {
    const holds = { ok: true } as const;
    const markdown = JSON.stringify(postmortemOf(entries, messages, { chain: holds })?.asked ?? []);
    return { markdown, page: '', chain: holds, channel: holds, short: null };
  }
  const chain = await chainOf(launchId, entries, { seen, trusted });
  const channel = verifyChannel(launchId, messages, entries);
  if (name === 'timeline') {
    const told = timelineOf(entries, messages, { slackNames, links, chain, channel });
    if (told === null) return null;
    const phases = phasesOf({ entries, timeline: told }).map(({ title, rows }) => shortened(title, rows));
    const short = { targetAtMs: told.targetAtMs, phases };
    return { markdown: asMarkdown(told), page: pageOf(told, curves), chain, channel, short };
  }
  const told = postmortemOf(entries, messages, {
    slackNames,
    links,
    chain,
    channel,
    ...(other === undefined ? {} : { other }),
  });
  if (told === null) return null;
  return name === 'canvas'
    ? { markdown: postmortemCanvas(told), page: '', chain, channel, short: null }
    : { markdown: postmortemMarkdown(told), page: postmortemPageOf(told, curves), chain, channel, short: null };
}

/** A break is told and not refused: a postmortem must be able to show one. */
async function chainOf(
  launchId: string,
  entries: readonly Entry[],
  { seen, trusted }: Pick<DocumentAsked, 'seen' | 'trusted'>,
): Promise<TimelineOptions['chain']> {
  const verdict = await verifyWhole(launchId, entries, looseKeyring(null, trusted));
  if (!verdict.ok) return verdict;
  const why = headProblem(entries, seen);
  return why === null ? { ok: true } : { ok: false, seq: Math.min(seen?.seq ?? 0, entries.length + 1), why };
}
