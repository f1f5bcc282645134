import type { Button, KnownBlock } from '@slack/types';
import type { GateStatus } from '../../runbooks/launch/entries.ts';
import { gateNamed, redLines } from '../../runbooks/launch/gates.ts';
import type { GateLine, Launch } from '../../runbooks/launch/launch.ts';
import { ACTION } from '../action-ids.ts';
import { button, context, header, message, section } from './blocks.ts';
import type { Message } from './message.ts';
import { nameOf } from './names.ts';
import { waiverMessage } from './requests.ts';
import { fit, plural, safe } from './words.ts';

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

/** Every gate: what is open first, with its button (tick, or ask for a waiver); then open waivers; then what is green. */
export function readinessMessage(launch: Launch, gates: readonly GateLine[]): Message {
  const open = redLines(gates);
  const ticked = gates.filter((gate) => gate.manual && gate.status === 'green').slice(0, TICKED_BLOCKS);
  const done = gates.filter((gate) => !open.includes(gate) && !ticked.includes(gate));
  const blocks: KnownBlock[] = [
    header(
      open.length === 0 ? `Ready: all ${gates.length} gates` : `${plural(open.length, 'gate')} open of ${gates.length}`,
    ),
  ];
  for (const gate of open.slice(0, GATE_BLOCKS))
    blocks.push(section(gateText(launch, gate), gateButton(launch, gate), `gate:${gate.id}`));
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
              `${gateSign[gate.status]} ${safe(gate.title, 120)}${gate.status === 'waived' ? ` (waived: ${safe(gate.say, 120)})` : ''}`,
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

function gateText(launch: Launch, gate: GateLine): string {
  const owner = gate.owner === null ? '' : ` · ${nameOf(launch, gate.owner)}`;
  const help = gateNamed(launch, gate.id)?.help;
  return `${gateSign[gate.status]} *${safe(gate.title, 120)}*${gate.hard ? ' · hard' : ''}${owner}\n${gate.status === 'unknown' && !gate.manual ? 'unknown: ' : ''}${safe(gate.say, 400)}${help === undefined ? '' : `\n_${safe(help, 300)}_`}`;
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
