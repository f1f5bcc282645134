import type { Button, KnownBlock } from '@slack/types';
import { openActions } from '../../runbooks/launch/aftermath.ts';
import type { GateStatus } from '../../runbooks/launch/entries.ts';
import { WHAT_TO_DO } from '../../runbooks/launch/gate-figures.ts';
import { gateNamed, redLines } from '../../runbooks/launch/gates.ts';
import type { GateLine, Launch } from '../../runbooks/launch/launch.ts';
import { remainingDevices, runningShots } from '../../runbooks/launch/remaining.ts';
import { span } from '../../runbooks/launch/words.ts';
import { ACTION } from '../action-ids.ts';
import { actionLine } from './aftermath.ts';
import { button, context, header, message, section } from './blocks.ts';
import type { Message } from './message.ts';
import { nameOf } from './names.ts';
import { waiverMessage } from './requests.ts';
import { count, fit, plural, safe } from './words.ts';

const gateSign: Record<GateStatus, string> = {
  green: ':large_green_circle:',
  red: ':red_circle:',
  unknown: ':white_circle:',
  waived: ':large_yellow_circle:',
};

/** 50 blocks a message: one for each gate that a person can act on, the rest as text. */
const GATE_BLOCKS = 30;
const WAIVER_BLOCKS = 6;
const TICKED_BLOCKS = 8;

function earlierActions(earlier: readonly Launch[]): KnownBlock[] {
  const lines = earlier.flatMap((one) =>
    openActions(one).map((item) => `• ${actionLine(one, item)} (${safe(one.name, 80)})`),
  );
  return lines.length === 0
    ? []
    : [section(`:pushpin: *Still open from earlier launches*\n${fit(lines, 1_500)}`, undefined, 'earlier')];
}

/**
 * Every gate: what is open first, with its button (tick, or ask for a waiver); then open waivers; then what is green.
 * `earlier`: launches of the same runbook that have left something to do; a remark and no gate, as people judge what it means for this one.
 */
export function readinessMessage(
  launch: Launch,
  gates: readonly GateLine[],
  nowMs: number,
  earlier: readonly Launch[] = [],
): Message {
  const open = redLines(gates).toSorted((a, b) => rankOf(a) - rankOf(b));
  const ticked = gates.filter((gate) => gate.manual && gate.status === 'green').slice(0, TICKED_BLOCKS);
  const done = gates.filter((gate) => !open.includes(gate) && !ticked.includes(gate));
  const isOver = isAllSent(launch);
  const state = stateText(open.length, gates.length);
  const blocks: KnownBlock[] = isOver
    ? [header(`Nothing is left to send: ${state}`), context('Every segment was sent, so no GO waits for these gates.')]
    : [header(state)];
  if (open.length > 1) blocks.push(context(sortsText(open)));
  blocks.push(...earlierActions(earlier));
  for (const gate of open.slice(0, GATE_BLOCKS))
    blocks.push(
      section(gateText(launch, gate, nowMs), isOver ? undefined : gateButton(launch, gate), `gate:${gate.id}`),
    );
  if (open.length > GATE_BLOCKS)
    blocks.push(
      section(fit(open.slice(GATE_BLOCKS).map((gate) => `${gateSign[gate.status]} ${safe(gate.title, 120)}`))),
    );
  const waivers = Object.values(launch.waivers).filter((waiver) => waiver.grantedBy === null);
  for (const waiver of waivers.slice(-WAIVER_BLOCKS))
    blocks.push(...waiverMessage(launch, waiver.id).blocks.slice(0, 1));
  if (done.length > 0)
    blocks.push(
      section(
        fit(
          done.map(
            (gate) =>
              `${gateSign[gate.status]} ${safe(gate.title, 120)}: ${safe(gate.say, 200)}${sinceText(gate, nowMs)}`,
          ),
        ),
      ),
    );
  for (const gate of ticked)
    blocks.push(
      section(
        tickText(gate),
        button(ACTION.untick, 'Untick', { launchId: launch.id, gate: gate.id }),
        `ticked:${gate.id}`,
      ),
    );
  blocks.push(
    context("Hard gates block the press too and can't be waived. What else is measured can be waived by two people."),
  );
  return message(
    open.length === 0
      ? 'Ready: all gates are green or waived'
      : `Not ready: ${open
          .map((gate) => gate.id)
          .slice(0, 10)
          .join(', ')}`,
    blocks,
  );
}

function stateText(open: number, all: number): string {
  if (open > 0) return `${plural(open, 'gate')} open of ${all}`;
  return `Ready: ${all === 1 ? 'the one gate' : `all ${all} gates`}`;
}

/** Nobody is left whom an order could be for. */
const isAllSent = (launch: Launch): boolean =>
  launch.audience !== null &&
  runningShots(launch).length === 0 &&
  launch.audience.segments.every(({ id }) => remainingDevices(launch, id) === 0);

/** What nothing gets past first, what only a person has to look at last. */
function rankOf({ status, hard, manual }: GateLine): number {
  if (manual) return 3;
  return status === 'unknown' ? 2 : hard ? 0 : 1;
}

/** Of the open ones, how many wait for what. */
function sortsText(open: readonly GateLine[]): string {
  const waits = [
    [open.filter((gate) => rankOf(gate) < 2).length, 'not as wanted'],
    [open.filter((gate) => rankOf(gate) === 2).length, 'not measured'],
    [open.filter((gate) => rankOf(gate) === 3).length, 'for a person to tick'],
  ] as const;
  return waits
    .filter(([many]) => many > 0)
    .map(([many, how]) => `*${count(many)}* ${how}`)
    .join(' · ');
}

/** First what is measured, what is wanted, since when; then what to do. */
function gateText(launch: Launch, gate: GateLine, nowMs: number): string {
  const owner = gate.owner === null ? '' : ` · ${nameOf(launch, gate.owner)}`;
  const named = gateNamed(launch, gate.id);
  const help = named?.help ?? (named?.probe === undefined ? undefined : WHAT_TO_DO[named.probe.kind]);
  const measured = `${gate.status === 'unknown' && !gate.manual ? 'unknown: ' : ''}${safe(gate.say, 400)}`;
  const wanted = gate.wanted === null ? '' : ` · wanted: ${safe(gate.wanted, 120)}`;
  return `${gateSign[gate.status]} *${safe(gate.title, 120)}*${gate.hard ? ' · hard' : ''}${owner}\n${measured}${wanted}${gate.manual ? '' : sinceText(gate, nowMs)}${help === undefined ? '' : `\n_${safe(help, 300)}_`}`;
}

/** A tick says by itself when it was made. */
function sinceText({ sinceMs, manual }: GateLine, nowMs: number): string {
  return sinceMs === null || manual ? '' : ` · for ${span(nowMs - sinceMs)}`;
}

function gateButton(launch: Launch, gate: GateLine): Button | undefined {
  if (launch.closed) return undefined;
  if (gate.manual)
    return button(
      ACTION.tick,
      'Tick',
      { launchId: launch.id, gate: gate.id, contentHash: launch.contentHash },
      'primary',
    );
  if (gateNamed(launch, gate.id)?.probe?.kind === 'people-present')
    return button(ACTION.here, 'I am here', { launchId: launch.id }, 'primary');
  return gate.hard ? undefined : button(ACTION.askWaiver, 'Ask for a waiver', { launchId: launch.id, gate: gate.id });
}

/** Whose tick it is, if it is not its owner's, with what it came and what it holds for. */
const tickText = (gate: GateLine): string => `:white_check_mark: ${safe(gate.title, 120)} · ${safe(gate.say, 400)}`;
