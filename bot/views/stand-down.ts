import type { Button, KnownBlock } from '@slack/types';
import { cleanUps, owed } from '../../runbooks/launch/clean-up.ts';
import type { CleanUp } from '../../runbooks/launch/clean-up.ts';
import type { EntryOf } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { sentText } from '../../runbooks/record/describe.ts';
import { ACTION } from '../action-ids.ts';
import { done, refused } from './answers.ts';
import { actions, button, context, message, section } from './blocks.ts';
import type { Message } from './message.ts';
import { mentionsOfRole, nameOf, switchState, switchText } from './names.ts';
import { count, fit, plural, safe, timeOfDay } from './words.ts';

/** What the room sees of a launch that was called off: what had gone out, and what is left to put back. */

/** With buttons of their own; the rest by `Put everything back`, or `/go steps`. */
const WITH_BUTTONS = 10;

/** Posted once, and shown again whenever somebody presses on it or types `/go stand-down`. */
export function standDownMessage(launch: Launch): Message {
  const all = cleanUps(launch);
  const offered = launch.closed ? [] : all.filter(({ isOffered, state }) => isOffered && state === 'open');
  const rows = offered.slice(0, WITH_BUTTONS).map(({ step }) => {
    const value = { launchId: launch.id, step: step?.id ?? '' };
    return actions(`put-back:${step?.id ?? ''}`, [
      button(ACTION.putBack, `Run: ${step?.title ?? ''}`, value),
      button(ACTION.leaveSo, 'Leave it so', value),
    ]);
  });
  return message(`${launch.name} was stood down. ${sentText(launch.stoodDown?.sent ?? null)}.`, [
    section(`${calledOffText(launch)}${launch.closed ? '' : `\n${mentionsOfRole(launch, 'on-call')}`}`),
    ...(all.length === 0 ? [context('This launch had raised and set nothing.')] : [section(leftText(launch, all))]),
    ...rows,
    ...(launch.closed ? [] : lastButtons(launch, offered.length)),
  ]);
}

/** Who called it off, why, and what had gone out. */
function calledOffText(launch: Launch): string {
  const { stoodDown } = launch;
  if (stoodDown === null) return 'This launch was not stood down.';
  const { by, atMs, reason, orders, sent } = stoodDown;
  const void_ = orders.length === 0 ? '' : ` ${plural(orders.length, 'order is', 'orders are')} void.`;
  return `:no_entry: *${nameOf(launch, by)}* stood *${safe(launch.name, 120)}* down ${timeOfDay(atMs)}${reason === '' ? '' : `: ${safe(reason, 400)}`}\n*${safe(sentText(sent), 600)}.*${void_} Nothing can be fired in it any more.`;
}

/** How many steps were started, and every reason why another was not, each once. */
export function putAllBackAnswer(started: number, problems: readonly { code: string; say: string }[]): Message {
  const [first] = problems;
  if (started === 0)
    return first === undefined
      ? done('Nothing is left to start: the rest is on its way, or a command puts it back.')
      : refused(first.code, first.say);
  const others = [...new Set(problems.map(({ say }) => say))].map((say) => `\nNot started: ${safe(say, 300)}`);
  return done(`Started ${plural(started, 'step')}; the channel shows each arrive.${others.join('')}`);
}

/** For the board: as above, in few words. */
export function standDownSection(launch: Launch): KnownBlock[] {
  if (launch.stoodDown === null) return [];
  const all = cleanUps(launch);
  const next = launch.closed || owed(launch).length === 0 ? '' : '\n`/go stand-down` has the buttons.';
  return [section(`${calledOffText(launch)}${all.length === 0 ? '' : `\n${leftText(launch, all)}${next}`}`)];
}

/** Each fleet and switch that is back is confirmed. */
export function cleanedUpMessage(launch: Launch, title: string, say: string): Message {
  const said = `${title} is done${say === '' ? '' : `: ${safe(say, 300)}`}. ${stillOwedText(launch)}`;
  return message(said, [section(`:white_check_mark: ${said}`)]);
}

/** The end of it, with what had gone out and what was left as it is. */
export function closedAfterStandDown(launch: Launch, entry: EntryOf<'LaunchClosed'>): Message {
  const sent = sentText(launch.stoodDown?.sent ?? null);
  const rest = notBackText(launch);
  const done = rest === '' ? 'Everything is back. Closed' : 'Nothing is left to do. Closed';
  const who = 'person' in entry.by ? `${nameOf(launch, entry.by.person)} closed` : done;
  const said = `${who} the launch${entry.reason === '' ? '' : `: ${safe(entry.reason, 400)}`}. *${safe(sent, 600)}.*`;
  return message(said.replaceAll('*', ''), [
    section(`:checkered_flag: ${said}${rest === '' ? '' : `\n:warning: ${rest}`}`),
  ]);
}

function stillOwedText(launch: Launch): string {
  const names = owed(launch).map((one) => partName(launch, one));
  return names.length === 0 ? 'Everything is back.' : `Still to put back: ${names.join(', ')}.`;
}

function notBackText(launch: Launch): string {
  const rest = cleanUps(launch).filter(({ state }) => state !== 'back');
  return rest.length === 0 ? '' : `Not put back: ${rest.map((one) => nowText(launch, one)).join(', ')}.`;
}

const leftText = (launch: Launch, all: readonly CleanUp[]): string =>
  fit(
    all.map((one) => line(launch, one)),
    2_000,
  );

function line(launch: Launch, one: CleanUp): string {
  switch (one.state) {
    case 'back':
      return `:white_check_mark: ${nowText(launch, one)}: back`;
    case 'moving':
      return `:hourglass_flowing_sand: ${partName(launch, one)}: on its way to ${toText(one)}`;
    case 'left':
      return `:fast_forward: ${nowText(launch, one)}: left so`;
    case 'open':
      return `:white_circle: ${nowText(launch, one)}${one.isOffered ? `; to be ${toText(one)}` : `: ${commandText(one)} puts it back`}`;
    default:
      return one.state satisfies never;
  }
}

const commandText = ({ kind, id, to }: CleanUp): string =>
  `\`/go ${kind === 'scale' ? 'scale' : 'switch'} ${safe(id, 60)} ${typeof to === 'boolean' ? switchText(to) : String(to)}\``;

const toText = ({ to }: CleanUp): string => (typeof to === 'number' ? count(to) : switchText(to));

function partName(launch: Launch, { kind, id }: CleanUp): string {
  const named = (kind === 'scale' ? launch.runbook.scale_targets : launch.runbook.switches).find(
    (one) => one.id === id,
  );
  return `*${safe(named?.title ?? id, 80)}*`;
}

const nowText = (launch: Launch, one: CleanUp): string =>
  one.kind === 'scale' ? `${partName(launch, one)} at ${count(one.now)}` : switchState(one.id, one.now);

function lastButtons(launch: Launch, offered: number): KnownBlock[] {
  const left = owed(launch).length;
  if (left === 0) return [context('Everything is back: it is closed now.')];
  const value = { launchId: launch.id };
  const all: Button[] = offered > 1 ? [button(ACTION.putAllBack, 'Put everything back', value, 'primary')] : [];
  return [
    actions('stand-down', [...all, button(ACTION.closeNow, 'Close without that', value)]),
    context('It is closed by itself once everything is back or left so.'),
  ];
}
