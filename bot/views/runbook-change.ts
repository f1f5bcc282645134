import type { KnownBlock } from '@slack/types';
import type { EntryOf, PlanChange } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { begunNow, voidsNow } from '../../runbooks/launch/runbook-change.ts';
import type { Plan } from '../../runbooks/playbook/schema.ts';
import { begunText, voidsText } from '../../runbooks/record/plan-words.ts';
import { ACTION } from '../action-ids.ts';
import { button, context, message, section } from './blocks.ts';
import { inSections } from './content.ts';
import type { Message } from './message.ts';
import { actorOf, nameOf } from './names.ts';
import { endedText, second } from './requests.ts';
import { isolated, oneLine, safe } from './words.ts';

/** What a change of the runbook changes, key by key, and what it takes back. */

/** A message holds 12,000 characters of text in all. */
const SECTIONS = 3;
const VALUE_CHARS = 300;

/** While it waits, what it would take back as things stand; decided, without a button. */
export function runbookChangeMessage(launch: Launch, changeId: string): Message {
  const change = launch.runbookChanges[changeId];
  if (change === undefined) {
    const text = `There is no change of the runbook \`${safe(changeId, 60)}\` in this launch.`;
    return message('No such change of the runbook', [section(text)]);
  }
  const { by, reason, changes, plan, open, atMs, expiresAtMs } = change;
  const what = `:scroll: *${nameOf(launch, by)}* asks to change the runbook: ${safe(reason, 400)}`;
  if (!open) return message('The change of the runbook is decided', [section(`${what}\n${endedText(change)}`)]);
  return message('A change of the runbook needs a second person', [
    section(what, button(ACTION.approveRunbook, 'Approve', { launchId: launch.id, changeId }), `runbook:${changeId}`),
    ...changesBlocks(changes),
    section(`If it is approved: ${safe(foreseenText(launch, plan, atMs), 1_500)}`),
    second(launch, 'approve-runbook-change', by, expiresAtMs),
  ]);
}

/** What a change would take back as things stand, and what it comes too late for. */
export const foreseenText = (launch: Launch, plan: Plan, nowMs: number): string =>
  `${voidsText(voidsNow(launch, plan, nowMs))}${begunText(begunNow(launch, plan))}`;

export function runbookChangedMessage(launch: Launch, entry: EntryOf<'RunbookChanged'>): Message {
  const who = actorOf(launch, entry.by);
  const asked = entry.changeId === null ? undefined : launch.runbookChanges[entry.changeId];
  const how =
    asked === undefined
      ? 'changed the runbook'
      : `approved what ${nameOf(launch, asked.by)} asked for: the runbook is changed`;
  return message(`${who} changed the runbook`, [
    section(`:scroll: *${who}* ${how}: ${safe(entry.reason, 400)}`),
    ...changesBlocks(entry.changes),
    section(safe(voidsText(entry.voids), 1_500)),
  ]);
}

/** Each key before and after, with its line in the file. */
export function changesBlocks(changes: readonly PlanChange[]): KnownBlock[] {
  const texts = inSections(changes.map((change) => changeText(change)));
  const blocks: KnownBlock[] = texts.slice(0, SECTIONS).map((text) => section(text));
  const isCut = changes.some((change) => changeText(change) !== changeText(change, 'whole'));
  return [
    ...blocks,
    ...(texts.length > SECTIONS ? [context(`More is changed than fits here: ${WHOLE}.`)] : []),
    ...(isCut ? [context(`What ends in … is longer than fits here: ${WHOLE}.`)] : []),
  ];
}

const WHOLE = "the runbook's file has all of it, and once the change is asked for so has the file of `/go timeline`";

function changeText({ where, before, after, line }: PlanChange, how: 'cut' | 'whole' = 'cut'): string {
  const most = (chars: number): number => (how === 'cut' ? chars : Infinity);
  const value = (text: string): string => isolated(safe(oneLine(text), most(VALUE_CHARS)));
  const name = `*${safe(where, most(160))}*`;
  const at = ` · ${safe(line, most(120))}`;
  if (before === null) return `• ${name} is new: ${value(after ?? '')}${at}`;
  if (after === null) return `• ${name} is gone: ${value(before)}${at}`;
  return `• ${name}: ${value(before)} → *${value(after)}*${at}`;
}
