import type { Decision, Given } from './commands.ts';
import { COPY_GATE } from './copy-doubts.ts';
import { accept, byPerson, own, refuse } from './decision.ts';
import type { CommandOf } from './decision.ts';
import { figureOf, figureText } from './gate-figures.ts';
import { gatesOf, isHardGate } from './gates.ts';
import type { Launch } from './launch.ts';
import { nameOf } from './people.ts';
import { isMeasured } from './rule-gates.ts';
import { clock, isOfTheseYears, isReason, listed } from './words.ts';

/**
 * A waiver lets one gate be red, for named segments, up to a worst value, until an end. Two people make it. Beyond what
 * it names it is void, and hard gates take none.
 */

export function requestWaiver(launch: Launch, command: CommandOf<'request-waiver'>, given: Given): Decision {
  const gate = gatesOf(launch).find(({ id }) => id === command.gate);
  if (gate === undefined)
    return refuse(
      'GATE_UNKNOWN',
      `There is no gate ${command.gate}; this launch has ${listed(gatesOf(launch).map(({ id }) => id))}.`,
    );
  if (gate.id === COPY_GATE.id)
    return refuse(
      'GATE_IS_HARD',
      `“${gate.title}” takes no waiver: it is about this very text. Tick it, or correct the text with /go campaign.`,
    );
  if (isHardGate(gate))
    return refuse(
      'GATE_IS_HARD',
      `“${gate.title}” is a hard gate and can't be waived by anyone. Make it green: ${gate.help ?? 'see /go ready'}.`,
    );
  if (!isReason(command.reason, given.rules))
    return refuse('REASON_MISSING', `A waiver needs a reason: say why “${gate.title}” may be red, and ask again.`);
  if (command.worst !== null && !Number.isFinite(command.worst))
    return refuse('VALUE_INVALID', `The worst value is ${command.worst}; expected a number.`);
  const lastValue = own(launch.gateChanges, gate.id)?.value ?? null;
  if (command.worst === null && lastValue !== null) {
    return refuse(
      'VALUE_INVALID',
      `“${gate.title}” is measured as a figure, ${figureText(gate, lastValue)} when it last changed: name the worst value that you accept, and ask again.`,
    );
  }
  if (command.worst === null && gate.probe !== undefined && !isMeasured(gate))
    return refuse(
      'VALUE_INVALID',
      `“${gate.title}” goes by a figure, ${figureOf(gate.probe)}: name the worst value that you accept, and ask again.`,
    );
  if (!(command.endsAtMs > given.nowMs) || !isOfTheseYears(command.endsAtMs, given.nowMs)) {
    return refuse(
      'TIME_INVALID',
      `The waiver would end at ${clock(command.endsAtMs)}, and it is ${clock(given.nowMs)}: expected an end that is still to come.`,
    );
  }
  const known = launch.audience?.segments.map(({ id }) => id) ?? [];
  const strange = command.segments === 'all' ? [] : command.segments.filter((segment) => !known.includes(segment));
  if (strange.length > 0 || command.segments.length === 0) {
    return refuse(
      'SEGMENT_UNKNOWN',
      `The audience has no segment ${listed(strange, 'or')}; it has ${listed(known)}. Name those, or all.`,
    );
  }
  const { gate: gateId, segments, worst, reason, endsAtMs } = command;
  return accept(byPerson(command.by), given.nowMs, {
    kind: 'WaiverRequested',
    waiverId: `W${launch.seq + 1}`,
    gate: gateId,
    segments,
    worst,
    reason,
    endsAtMs,
  });
}

export function grantWaiver(launch: Launch, command: CommandOf<'grant-waiver'>, given: Given): Decision {
  const waiver = own(launch.waivers, command.waiverId);
  if (waiver === undefined)
    return refuse(
      'NO_SUCH_WAIVER',
      `There is no waiver ${command.waiverId} to grant; it may have ended with a roster change. Ask for a new one.`,
    );
  if (waiver.grantedBy !== null)
    return refuse(
      'WAIVER_NOT_OPEN',
      `${nameOf(launch, waiver.grantedBy)} has granted this waiver already; nothing more to do.`,
    );
  if (given.nowMs >= waiver.endsAtMs)
    return refuse(
      'WAIVER_NOT_OPEN',
      `This waiver ended at ${clock(waiver.endsAtMs)}. Ask for a new one with a later end.`,
    );
  if (waiver.requestedBy === command.by)
    return refuse(
      'SAME_PERSON',
      `${nameOf(launch, command.by)} asked for this waiver, so a second person must grant it.`,
    );
  return accept(byPerson(command.by), given.nowMs, { kind: 'WaiverGranted', waiverId: waiver.id });
}
