import { endOf, isWaiting, overProblem } from './change-waits.ts';
import type { Decision, Given } from './commands.ts';
import { accept, byPerson, own, refuse } from './decision.ts';
import type { CommandOf, Refusal } from './decision.ts';
import type { Platform, SwitchValue } from './entries.ts';
import type { Launch } from './launch.ts';
import { nameOf } from './people.ts';
import { isReason, listed, switchValueText } from './words.ts';

/** Pace, zombie and the runbook's own switches. Halt has rules of its own (halt.ts). */

/** A switch goes into a public parameter of at most 4 KB, and a person must see at one glance what is set. */
const TEXT_MAX = 200;

export function paceSwitch(platform: Platform): string {
  return `pace.${platform}`;
}

/** The runbook's word for a switch that needs a second person. */
function needsTwo(launch: Launch, name: string): boolean {
  return launch.runbook.switches.some(({ id, two_people: two }) => id === name && two);
}

export function setSwitch(launch: Launch, command: CommandOf<'set-switch'>, given: Given): Decision {
  const { nowMs } = given;
  const problem = switchProblem(launch, command.switch, command.value);
  if (problem !== null) return problem;
  const { switch: name, value, reason } = command;
  if (!needsTwo(launch, name))
    return accept(byPerson(command.by), nowMs, { kind: 'SwitchSet', switch: name, value, reason, requestId: null });
  if (!isReason(reason))
    return refuse(
      'REASON_MISSING',
      `${name} needs a second person, who needs a reason. Ask again with it: /go switch ${name} ${switchValueText(value)} because …`,
    );
  const waiting = Object.values(launch.switchRequests).find(
    (request) => isWaiting(request, nowMs) && request.switch === name && request.value === value,
  );
  if (waiting !== undefined)
    return refuse(
      'ALREADY_SO',
      `${nameOf(launch, waiting.by)} has asked for ${name} = ${String(value)} already; any other person on duty can approve it with its button.`,
    );
  return accept(byPerson(command.by), nowMs, {
    kind: 'SwitchRequested',
    requestId: `R${launch.seq + 1}`,
    switch: name,
    value,
    reason,
    ...endOf('switch', launch, given),
  });
}

export function approveSwitch(launch: Launch, command: CommandOf<'approve-switch'>, { nowMs }: Given): Decision {
  const over = overProblem(launch, command.requestId, nowMs, '/go switch');
  if (over !== null) return over;
  const request = own(launch.switchRequests, command.requestId);
  if (request === undefined || !request.open)
    return refuse(
      'NO_SUCH_REQUEST',
      `Switch request ${command.requestId} is not open: it was approved, or a later change overtook it. Set the switch again to ask anew.`,
    );
  if (request.by === command.by)
    return refuse(
      'SAME_PERSON',
      `${nameOf(launch, command.by)} asked for this switch, so a second person must approve it.`,
    );
  const { id: requestId, switch: name, value, reason } = request;
  return accept(byPerson(command.by), nowMs, { kind: 'SwitchSet', switch: name, value, reason, requestId });
}

/** What a step of the runbook sets. A two-person switch can't be set that way. */
export function turnSwitch(launch: Launch, command: CommandOf<'turn-switch'>, { nowMs }: Given): Decision {
  const problem = switchProblem(launch, command.switch, command.value);
  if (problem !== null) return problem;
  const { switch: name, value, reason } = command;
  if (needsTwo(launch, name))
    return refuse(
      'ROLE_MISSING',
      `A step was to set ${name} to ${String(value)}, but it needs two people: set it with /go switch, where a second person approves it.`,
    );
  return accept({ system: 'conductor' }, nowMs, { kind: 'SwitchSet', switch: name, value, reason, requestId: null });
}

/** What the public mirror says since, once for each entry that has it written. */
export function reportMirror(launch: Launch, command: CommandOf<'report-mirror'>, { nowMs }: Given): Decision {
  const { switch: name, of, value, tookMs, aws } = command;
  if (!(Number.isSafeInteger(of) && of >= 1 && of <= launch.seq))
    return refuse('VALUE_INVALID', `the mirror of ${name} is of entry ${of}; expected one of 1 to ${launch.seq}.`);
  if (launch.mirrored?.includes(of) === true)
    return refuse('ALREADY_SO', `that the mirror of ${name} was written for entry ${of} is recorded already.`);
  return accept({ system: 'conductor' }, nowMs, {
    kind: 'SwitchMirrored',
    switch: name,
    of,
    value,
    tookMs,
    ...(aws.length === 0 ? {} : { aws }),
  });
}

function switchProblem(launch: Launch, name: string, value: SwitchValue): Refusal | null {
  const present = own(launch.switches, name)?.value;
  if (present === value) return refuse('ALREADY_SO', `${name} is ${switchValueText(value)} already.`);
  if (name === paceSwitch('ios') || name === paceSwitch('android')) {
    const isPace = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
    return isPace
      ? null
      : refuse(
          'VALUE_INVALID',
          `${name} is messages per second; found ${String(value)}, expected a whole number, 0 for what the runbook says.`,
        );
  }
  if (name === 'zombie') {
    return typeof value === 'boolean'
      ? null
      : refuse('VALUE_INVALID', `zombie is on or off; found ${String(value)}, expected true or false.`);
  }
  const known = [paceSwitch('ios'), paceSwitch('android'), 'zombie', ...launch.runbook.switches.map(({ id }) => id)];
  if (!known.includes(name))
    return refuse(
      'SWITCH_UNKNOWN',
      `There is no switch ${name}; this launch has ${listed(known)}. To stop sending, use /go halt.`,
    );
  const allowed = launch.runbook.switches.find(({ id }) => id === name)?.values;
  if (allowed !== undefined)
    return allowed.includes(value)
      ? null
      : refuse(
          'VALUE_INVALID',
          `${name} can't be ${switchValueText(value).slice(0, 40)}; by the runbook it is ${listed(allowed.map(switchValueText), 'or')}.`,
        );
  const fault = valueFault(value);
  return fault === null ? null : refuse('VALUE_INVALID', `${name} ${fault}`);
}

/** Why nobody can set a switch of the runbook so, after its name; null: it can be set. */
export function valueFault(value: SwitchValue): string | null {
  // Parameter Store, where others read it, takes no `{{` in a value.
  if (typeof value === 'string' && value.includes('{{'))
    return "can't hold {{: Parameter Store takes it for a reference. Expected a text without it.";
  const isValue =
    typeof value === 'boolean' ||
    (typeof value === 'number' && Number.isFinite(value)) ||
    (typeof value === 'string' && value !== '' && value.length <= TEXT_MAX);
  return isValue
    ? null
    : `can't be ${String(value).slice(0, 40)}; expected true, false, a number, or a text of 1 to ${TEXT_MAX} characters.`;
}
