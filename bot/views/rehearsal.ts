import type { KnownBlock } from '@slack/types';
import type { EntryOf, RehearsalReport, Rehearses } from '../../runbooks/launch/entries.ts';
import type { Launch, Rehearsal } from '../../runbooks/launch/launch.ts';
import { answersOf } from '../../runbooks/launch/refused-tokens.ts';
import { sampleText } from '../../runbooks/launch/rehearsal-launch.ts';
import { lastRehearsal, plannedFleets, rehearsalTargets, shortfalls } from '../../runbooks/launch/rehearsal-report.ts';
import { isFiredSince, openRehearsal } from '../../runbooks/launch/rehearsals.ts';
import { describeTotals } from '../../runbooks/record/describe.ts';
import { ACTION } from '../action-ids.ts';
import { actions, button, context, header, message, section } from './blocks.ts';
import type { Message } from './message.ts';
import { nameOf } from './names.ts';
import { refusedBlocks } from './refused-tokens.ts';
import { count, fit, plural, safe, span, stamp, timeOfDay } from './words.ts';

/** Rehearsals in words. Each begins with that word, in capitals where something goes out. */

const fleetTitle = (launch: Launch, target: string): string =>
  safe(launch.runbook.scale_targets.find(({ id }) => id === target)?.title ?? target, 80);

const fleetsText = (launch: Launch): string =>
  plannedFleets(launch.runbook)
    .map(({ target, to }) => `*${fleetTitle(launch, target)}* to ${count(to)}`)
    .join(', ') || 'none';

/** Before it begins: all that it will do. The press is by the same person. */
export function askRehearsal(launch: Launch, slackId: string, untilMs: number): Message {
  const { readyWithinMs } = rehearsalTargets(launch.runbook);
  return message('Rehearse the infrastructure? Press to begin.', [
    section(
      [
        ':performing_arts: *Rehearse the infrastructure?* Nothing is sent: no order is made, and nobody gets a push.',
        `• Fleets rise: ${fleetsText(launch)}. They cost what they cost on the day.`,
        '• Workers load the audience and meet the providers; the room sees each fleet come.',
        `• Once all is ready, or after ${span(readyWithinMs)}, the fleets go back to what runs now, and the report follows.`,
        '`/go rehearse stop` ends it at any time.',
      ].join('\n'),
    ),
    actions('rehearse', [
      button(
        ACTION.rehearse,
        'Yes, raise the fleets',
        { launchId: launch.id, by: slackId, untilMs: String(untilMs) },
        'danger',
      ),
    ]),
    context(`Your own press does it, until ${timeOfDay(untilMs)}. Nothing was changed.`),
  ]);
}

/** Before a launch of its own is made: it really sends, once two people have pressed. */
export function askSending(
  parent: Launch,
  { what, sample, atMost }: Rehearses,
  { slackId, untilMs }: { slackId: string; untilMs: number },
): Message {
  const value = {
    launchId: parent.id,
    by: slackId,
    untilMs: String(untilMs),
    what,
    sample: JSON.stringify(sample),
  };
  return message(`Begin a ${what} rehearsal? Press to create its launch.`, [
    section(
      [
        `:performing_arts: *Begin a ${what} rehearsal of ${safe(parent.name, 120)}?* This channel becomes its war room.`,
        `• It is for *${sampleText(sample)}*${'first' in sample ? '' : `, ${plural(atMost, 'device')}`}, always the same ones. *It really goes out to them*, once two people have pressed GO here.`,
        `${what === 'silent' ? SILENT : '• The text is that of the launch; `/go campaign` changes it here.'} Whoever ${safe(parent.name, 80)} skips is skipped.`,
        '• Nobody counts as reached by the launch itself, and nobody is kept from its push.',
        `• Fleets rise at once: ${fleetsText(parent)}. Send workers serve this launch until the other one raises them again; \`/go steps\` takes fleets back once it was sent.`,
      ].join('\n'),
    ),
    actions('rehearse', [button(ACTION.rehearseLimited, 'Yes, create the rehearsal', value, 'danger')]),
    context(`Your own press does it, until ${timeOfDay(untilMs)}. Nothing was changed, and nothing is sent by it.`),
  ]);
}

const SILENT =
  '• *Nobody sees or hears anything*: a background push (APNs, priority 5) or a data message (FCM, normal priority) wakes the app. The app must take such pushes; no provider promises that one arrives. It goes out within two hours or not at all, and a device gets no second one in the hour after.';

/** On every order of a rehearsal: what it is, and that it is real. Null: the launch is none. */
export function rehearsalBanner({ rehearses }: Launch): KnownBlock | null {
  return rehearses === null
    ? null
    : section(
        `:performing_arts: *REHEARSAL* of \`${safe(rehearses.launchId, 80)}\`: it really goes out to ${sampleText(rehearses.sample)}, and to nobody else.${rehearses.what === 'silent' ? ' *A silent push: nothing is shown, and no phone makes a sound.*' : ''}`,
      );
}

export function rehearsalBegunMessage(launch: Launch, entry: EntryOf<'RehearsalBegun'>): Message {
  const who = 'person' in entry.by ? nameOf(launch, entry.by.person) : 'the system';
  if (entry.sentIn !== undefined)
    return message(`A ${entry.what} rehearsal has begun`, [
      section(
        `:performing_arts: *A ${entry.what} rehearsal* was begun by *${who}* as a launch of its own, \`${safe(entry.sentIn, 80)}\`, in its own channel. What it sends is counted there; nobody counts as reached here. Its report comes here.`,
      ),
    ]);
  const fleets = entry.fleets.map(({ target, to }) => `${fleetTitle(launch, target)} to ${count(to)}`);
  return message(`Rehearsal ${entry.rehearsalId} of the infrastructure has begun`, [
    section(
      `:performing_arts: *Rehearsal of the infrastructure* \`${entry.rehearsalId}\`, begun by *${who}*. *Nothing is sent.*\nFleets rise (${fleets.join(', ')}), workers load and meet the providers; then the fleets go back by themselves, at the latest from ${timeOfDay(entry.atMs + entry.readyWithinMs)} on.`,
    ),
    ...stopButton(launch, entry.rehearsalId),
  ]);
}

/** As long as fleets rise. */
function stopButton(launch: Launch, rehearsalId: string): KnownBlock[] {
  const open = openRehearsal(launch);
  return open?.id === rehearsalId && open.turned === null
    ? [
        actions(`rehearsal:${rehearsalId}`, [
          button(ACTION.stopRehearsal, 'Stop the rehearsal', { launchId: launch.id, rehearsalId }),
        ]),
      ]
    : [];
}

export function rehearsalTurnedMessage(launch: Launch, entry: EntryOf<'RehearsalTurned'>): Message {
  const rehearsal = launch.rehearsals[entry.rehearsalId];
  const tookMs = rehearsal === undefined ? 0 : entry.atMs - rehearsal.begunAtMs;
  const why = entry.why === '' ? '' : `: ${safe(entry.why, 900)}`;
  const how = {
    ready: `:white_check_mark: *Rehearsal* \`${entry.rehearsalId}\`: everything is ready, after *${span(tookMs)}*.`,
    late: `:warning: *Rehearsal* \`${entry.rehearsalId}\` was not ready within ${span(tookMs)}${why}.`,
    stopped: `:octagonal_sign: *Rehearsal* \`${entry.rehearsalId}\` was stopped after ${span(tookMs)}${why}.`,
  }[entry.outcome];
  return message(`Rehearsal ${entry.rehearsalId}: ${entry.outcome}`, [
    section(
      `${how} ${
        rehearsal !== undefined && isFiredSince(launch, rehearsal)
          ? 'The fleets stay for the push that was fired; `/go scale` takes them down'
          : 'The fleets go back to what ran before'
      }; the report follows.`,
    ),
  ]);
}

/** The report, against what the runbook asks for, and against the last of its kind. */
export function rehearsalReportMessage(launch: Launch, entry: EntryOf<'RehearsalEnded'>): Message {
  const { report } = entry;
  const wrong = shortfalls(launch.runbook, report);
  const title = `Rehearsal report: ${report.what}${wrong.length === 0 ? ', all that was asked for' : `, ${plural(wrong.length, 'thing')} short`}`;
  const before = lastRehearsal(launch, report.what, entry.atMs);
  return message(title, [
    header(title),
    section(fit(reportLines(launch, report, before?.report ?? null))),
    ...(wrong.length === 0
      ? []
      : [section(`:warning: *Short of what was asked for*\n${fit(wrong.map((one) => `• ${safe(one, 600)}`))}`)]),
    ...(report.refused === 0 || report.totals === null
      ? []
      : refusedBlocks(launch, { launchId: report.launchId, tokens: report.refused }, answersOf(report.totals))),
    ...(report.what === 'silent' ? [context(ACCEPTED)] : []),
    context(
      before === null
        ? 'The first of its kind in this launch.'
        : `In brackets: the one before, ${stamp(before.endedAtMs)}.`,
    ),
  ]);
}

const ACCEPTED =
  'Accepted: APNs and FCM took it. Neither promises that a silent push reaches its app, and nobody has seen one.';

function reportLines(launch: Launch, report: RehearsalReport, before: RehearsalReport | null): string[] {
  const { readyWithinMs, p99WithinMs } = rehearsalTargets(launch.runbook);
  const was = (value: string | null): string => (value === null ? '' : ` (${value})`);
  const time = (ms: number | null | undefined): string | null => (ms == null ? null : span(ms));
  const seconds = (ms: number | null | undefined): string | null =>
    ms == null ? null : `${(ms / 1_000).toFixed(2)} s`;
  const row = (name: string, now: string | null, then: string | null | undefined, wanted = ''): string[] =>
    now === null ? [] : [`*${name}*: ${now}${wanted}${was(then ?? null)}`];
  return [
    ...row('Devices', count(report.devices), before === null ? null : count(before.devices)),
    ...row('Ready', time(report.readyMs) ?? 'not', time(before?.readyMs), `, ${span(readyWithinMs)} asked for`),
    ...report.fleets.flatMap(({ target, to, tookMs }) =>
      row(
        `${fleetTitle(launch, target)} at ${count(to)}`,
        time(tookMs) ?? 'did not come',
        time(before?.fleets.find((one) => one.target === target)?.tookMs),
      ),
    ),
    ...row('Asked until GO', time(report.askToGoMs), time(before?.askToGoMs)),
    ...row('GO until the first push', seconds(report.timing?.firstWriteMs), seconds(before?.timing?.firstWriteMs)),
    ...row('p50', seconds(report.timing?.p50Ms), seconds(before?.timing?.p50Ms)),
    ...row('p95', seconds(report.timing?.p95Ms), seconds(before?.timing?.p95Ms)),
    ...row(
      'p99',
      seconds(report.timing?.p99Ms),
      seconds(before?.timing?.p99Ms),
      p99WithinMs === null ? '' : `, ${span(p99WithinMs)} asked for`,
    ),
    ...(report.totals === null ? [] : [`*Answers*: ${safe(describeTotals(report.totals), 600)}`]),
  ];
}

/** The answer to `/go rehearse`: what runs, what was last, and what can be asked for. */
export function rehearsalsMessage(launch: Launch): Message {
  const open = openRehearsal(launch);
  const lines = Object.values(launch.rehearsals)
    .toSorted((a, b) => b.begunAtMs - a.begunAtMs)
    .slice(0, 8)
    .map((one) => lineOf(launch, one));
  const title = open === undefined ? 'Rehearsals' : `Rehearsal ${open.id} runs`;
  return message(title, [
    section(`:performing_arts: *${title}*\n${lines.length === 0 ? 'Nothing was rehearsed yet.' : fit(lines)}`),
    ...(open === undefined ? [] : stopButton(launch, open.id)),
    context(
      '`/go rehearse infrastructure` raises the fleets and sends nothing · `/go rehearse limited 1000` sends to some · `/go rehearse silent all` sends what nobody sees · `/go rehearse copy` sends copies to yourselves',
    ),
  ]);
}

function lineOf(launch: Launch, { id, what, begunAtMs, report, sentIn }: Rehearsal): string {
  const about = `\`${safe(id, 80)}\` ${what}, ${stamp(begunAtMs)}`;
  if (report === null) return `:hourglass: ${about}: ${sentIn === null ? 'runs' : 'not ended yet'}`;
  const wrong = shortfalls(launch.runbook, report);
  return wrong.length === 0
    ? `:large_green_circle: ${about}: all that was asked for`
    : `:red_circle: ${about}: ${safe(wrong.join('; '), 300)}`;
}
