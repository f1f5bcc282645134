import type { Gate } from '../playbook/schema.ts';
import { isVisible } from '../playbook/text-faults.ts';
import type { Decision, Given } from './commands.ts';
import { accept, byPerson, own, refuse } from './decision.ts';
import type { CommandOf, Refusal } from './decision.ts';
import { gatesOf, isStale, ownsIt, PHONE } from './gates.ts';
import type { Launch } from './launch.ts';
import { nameOf } from './people.ts';
import { copiesUnseen } from './test-copies.ts';
import { clock, listed } from './words.ts';

/** A person's word for a gate that nothing measures. */

function evidenceProblem({ title, evidence }: Gate, note: string): Refusal | null {
  if (evidence === 'note' && !isVisible(note))
    return refuse(
      'EVIDENCE_MISSING',
      `“${title}” is ticked with a sentence that says what was found. The form behind Tick in /go ready asks for it.`,
    );
  if (evidence === 'link' && !/\bhttps:\/\/[^\s/]+\.\S/.test(note))
    return refuse(
      'EVIDENCE_MISSING',
      `“${title}” is ticked with a link that shows it (https://…)${!isVisible(note) ? '. The form behind Tick in /go ready asks for it' : `, and “${note.slice(0, 60)}” has none. Add the link`}.`,
    );
  return null;
}

/** In a sentence. */
const UNSEEN_NAMED = 8;

function unseenText(unseen: ReturnType<typeof copiesUnseen>): string {
  const named = unseen
    .slice(0, UNSEEN_NAMED)
    .map(({ text, platform }) => (platform === null ? text : `${text} (${PHONE[platform]})`));
  return listed([...named, ...(unseen.length > UNSEEN_NAMED ? [`${unseen.length - UNSEEN_NAMED} more`] : [])]);
}

export function tickGate(launch: Launch, command: CommandOf<'tick-gate'>, given: Given): Decision {
  const gate = gatesOf(launch).find(({ id }) => id === command.gate);
  const manual = gatesOf(launch)
    .filter(({ probe }) => probe === undefined)
    .map(({ id }) => id);
  if (gate === undefined)
    return refuse('GATE_UNKNOWN', `There is no gate ${command.gate}; gates to tick are ${listed(manual)}.`);
  if (gate.probe !== undefined)
    return refuse(
      'GATE_NOT_MANUAL',
      `“${gate.title}” is measured, nobody can tick it; gates to tick are ${listed(manual)}. Make it green, or ask for a waiver.`,
    );
  if (command.green && command.contentHash !== undefined && command.contentHash !== launch.contentHash) {
    return refuse(
      'CONTENT_CHANGED',
      `The text has changed since “${gate.title}” was shown to you. Look at it again with /go ready, then tick.`,
    );
  }
  const tick = own(launch.ticks, gate.id);
  // Its owner may put their own name where somebody else's stands.
  const isAnew =
    tick !== undefined &&
    (isStale(gate, tick, given.nowMs) || (ownsIt(launch, gate, command.by) && !ownsIt(launch, gate, tick.by)));
  if (tick?.green === command.green && !isAnew)
    return refuse(
      'ALREADY_SO',
      `${nameOf(launch, tick.by)} has set “${gate.title}” to ${tick.green ? 'green' : 'red'} already, at ${clock(tick.atMs)}.`,
    );
  const unseen = command.green && gate.after === 'test-copies' ? copiesUnseen(launch) : [];
  if (unseen.length > 0)
    return refuse(
      'TEST_MISSING',
      `No copy of this text in ${unseenText(unseen)} has reached a phone yet, so nobody can have read it there. /go test all sends one in every text that the audience reads; look at it, then tick “${gate.title}”.`,
    );
  const missing = command.green ? evidenceProblem(gate, command.note) : null;
  if (missing !== null) return missing;
  const { green, note } = command;
  return accept(byPerson(command.by), given.nowMs, { kind: 'GateTicked', gate: gate.id, green, note });
}
