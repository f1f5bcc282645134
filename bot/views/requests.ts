import { waitingChanges } from '../../runbooks/launch/change-waits.ts';
import type { CommandKind } from '../../runbooks/launch/commands.ts';
import { figureText } from '../../runbooks/launch/gate-figures.ts';
import { gateNamed } from '../../runbooks/launch/gates.ts';
import type { Launch, WaitingChange } from '../../runbooks/launch/launch.ts';
import type { Person } from '../../runbooks/playbook/schema.ts';
import { ACTION } from '../action-ids.ts';
import { button, message, section } from './blocks.ts';
import type { Message } from './message.ts';
import { keyText, mentionsOf, nameOf, switchText } from './names.ts';
import { fit, safe, stamp, timeOfDay } from './words.ts';

/**
 * What one person asked for and another has to confirm. Each is a function of the launch, so that the same message
 * can be shown again after it was decided: with its outcome and without a button.
 */

export function waiverMessage(launch: Launch, waiverId: string): Message {
  const waiver = launch.waivers[waiverId];
  if (waiver === undefined) return gone('waiver', waiverId);
  const gate = gateNamed(launch, waiver.gate);
  const what = `${nameOf(launch, waiver.requestedBy)} asks to waive *${safe(gate?.title ?? waiver.gate, 120)}* for ${waiver.segments === 'all' ? 'all segments' : safe(waiver.segments.join(', '), 300)}${waiver.worst === null ? '' : `, up to ${figureText(gate ?? {}, waiver.worst)}`}, until ${stamp(waiver.endsAtMs)}: ${safe(waiver.reason, 400)}`;
  if (waiver.grantedBy !== null)
    return plain(
      `:large_yellow_circle: ${what}\nGranted by *${nameOf(launch, waiver.grantedBy)}*.`,
      `Waiver for ${waiver.gate} granted`,
    );
  return message(`A waiver for ${waiver.gate} needs a second person`, [
    section(
      `:large_yellow_circle: ${what}`,
      button(ACTION.grantWaiver, 'Grant', { launchId: launch.id, waiverId }),
      `waiver:${waiverId}`,
    ),
    second(launch, 'grant-waiver', waiver.requestedBy),
  ]);
}

export function liftMessage(launch: Launch, liftId: string): Message {
  const lift = launch.lifts[liftId];
  if (lift === undefined) return gone('lift', liftId);
  const what = `${nameOf(launch, lift.by)} asks to *lift halt ${lift.epoch}*${lift.reason === '' ? '' : `: ${safe(lift.reason, 400)}`}`;
  if (!lift.open) {
    if (lift.lapsed === true)
      return plain(`:unlock: ${what}\n${endedText(lift)}`, 'The request to lift the halt is over');
    const lifted = !launch.halt.active || launch.halt.epoch > lift.epoch;
    return plain(
      `:unlock: ${what}\n${lifted && launch.halt.epoch === lift.epoch ? 'Lifted.' : 'Over: a newer halt stands.'}`,
      'The request to lift the halt is decided',
    );
  }
  return message('Lifting the halt needs a second person', [
    section(
      `:unlock: ${what}\nIt sends nothing by itself.`,
      button(ACTION.approveLift, 'Lift the halt', { launchId: launch.id, liftId }),
      `lift:${liftId}`,
    ),
    second(launch, 'approve-lift', lift.by, lift.expiresAtMs),
  ]);
}

export function switchMessage(launch: Launch, requestId: string): Message {
  const request = launch.switchRequests[requestId];
  if (request === undefined) return gone('switch request', requestId);
  const what = `${nameOf(launch, request.by)} asks to set *${safe(request.switch, 60)}* to *${switchText(request.value)}*${request.reason === '' ? '' : `: ${safe(request.reason, 400)}`}`;
  if (!request.open)
    return plain(
      `:control_knobs: ${what}\n${request.lapsed === true ? endedText(request) : 'Done.'}`,
      `${request.switch} is decided`,
    );
  return message(`${request.switch} needs a second person`, [
    section(
      `:control_knobs: ${what}`,
      button(ACTION.approveSwitch, 'Set it', { launchId: launch.id, requestId }),
      `switch:${requestId}`,
    ),
    second(launch, 'approve-switch', request.by, request.expiresAtMs),
  ]);
}

/** Who is on it by that change: what it takes away shows only while it is asked for. */
export function rosterNames(launch: Launch, changeId: string): string {
  const names = (launch.rosterChanges[changeId]?.people ?? []).map(({ name }) => safe(name, 80));
  return fit(names, 1_500).replaceAll('\n', ', ');
}

export function rosterMessage(launch: Launch, changeId: string): Message {
  const change = launch.rosterChanges[changeId];
  if (change === undefined) return gone('roster change', changeId);
  const before = new Map(launch.people.map((person) => [person.id, person]));
  const after = new Map(change.people.map((person) => [person.id, person]));
  const lines = [
    ...change.people
      .filter((person) => !before.has(person.id))
      .map(
        (person) =>
          `:heavy_plus_sign: ${safe(person.name, 80)}: ${person.roles.join(', ')}${person.slack.length === 0 ? '' : ` (${person.slack.map((id) => `<@${id}>`).join(' ')})`}${person.operator_keys.map((key) => `, operator key ${keyText(key)}`).join('')}`,
      ),
    ...launch.people
      .filter((person) => !after.has(person.id))
      .map((person) => `:heavy_minus_sign: ${safe(person.name, 80)}`),
    ...change.people.flatMap((person) => {
      const old = before.get(person.id);
      return old === undefined || JSON.stringify(old) === JSON.stringify(person)
        ? []
        : [`:pencil2: ${safe(old.name, 80)}: ${editText(old, person)}`];
    }),
  ];
  const what = `:busts_in_silhouette: ${nameOf(launch, change.by)} asks to change the roster${change.reason === '' ? '' : `: ${safe(change.reason, 300)}`}`;
  if (!change.open) return plain(`${what}\n${endedText(change)}`, 'The roster change is decided');
  return message('A change of the roster needs a second person', [
    section(
      `${what}\n${fit(lines, 2_300)}`,
      button(ACTION.approveRoster, 'Approve', { launchId: launch.id, changeId }),
      `roster:${changeId}`,
    ),
    second(launch, 'approve-roster-change', change.by, change.expiresAtMs),
  ]);
}

/** What of a person changes: all of it decides who may press. */
function editText(old: Person, now: Person): string {
  const changed = (what: string, before: readonly string[], after: readonly string[]): string[] => [
    ...after.filter((one) => !before.includes(one)).map((one) => `gets ${what}${one}`),
    ...before.filter((one) => !after.includes(one)).map((one) => `loses ${what}${one}`),
  ];
  const parts = [
    ...(old.name === now.name ? [] : [`is called ${safe(now.name, 80)}`]),
    ...(old.roles.join() === now.roles.join() ? [] : [`${old.roles.join(', ')} → ${now.roles.join(', ')}`]),
    ...changed(
      '',
      old.slack.map((id) => `<@${id}>`),
      now.slack.map((id) => `<@${id}>`),
    ),
    ...changed('operator key ', old.operator_keys.map(keyText), now.operator_keys.map(keyText)),
  ];
  return parts.length === 0 ? 'test devices' : parts.join('; ');
}

/** `untilMs`: when it ends by itself. */
export const second = (launch: Launch, command: CommandKind, asker: string, untilMs?: number) =>
  section(
    `Needs another person${untilMs === undefined ? '' : `, until ${stamp(untilMs)}`}: ${mentionsOf(launch, command, asker)}`,
  );

/** What became of a change that waits no more. */
export const endedText = ({ lapsed, expiresAtMs = 0 }: Pick<WaitingChange, 'lapsed' | 'expiresAtMs'>): string =>
  lapsed === true ? `Over ${stamp(expiresAtMs)}, without a second person: nothing was changed.` : 'Decided.';

/** The newest: of a runbook, it ends all that waited before it. */
const CHANGES_SHOWN = 3;

/** Changes that wait, as the board has them. */
export const waitingLines = (launch: Launch, nowMs: number) =>
  waitingChanges(launch, nowMs)
    .slice(-CHANGES_SHOWN)
    .map(({ named, change: { by, expiresAtMs } }) =>
      section(
        `:hourglass_flowing_sand: *A ${safe(named, 160)} waits for its second person*, asked by ${nameOf(launch, by)}${expiresAtMs === undefined ? '' : `, expires ${timeOfDay(expiresAtMs)}`}: \`/go approve\` shows it`,
      ),
    );

const plain = (text: string, fallback: string): Message => message(fallback, [section(text)]);

const gone = (what: string, id: string): Message =>
  plain(`There is no ${what} \`${safe(id, 60)}\` in this launch.`, `No such ${what}`);
