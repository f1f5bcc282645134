import { z } from 'zod';
import { sha256 } from '../../infra/aws/sha256.ts';
import { waitAtMost } from '../../infra/time-limit.ts';
import { doing } from '../../runbooks/launch/authority.ts';
import type { Command } from '../../runbooks/launch/commands.ts';
import { decide } from '../../runbooks/launch/decide.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import { paceOf } from '../../runbooks/launch/forecast.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { paceSwitch } from '../../runbooks/launch/switches.ts';
import { ACTION } from '../action-ids.ts';
import type { Press } from '../actions/press.ts';
import { submitAs } from '../desk.ts';
import type { Desk } from '../desk.ts';
import { done, info, refused } from '../views/answers.ts';
import { actions, button, context, message, section } from '../views/blocks.ts';
import type { Message } from '../views/message.ts';
import { platformName } from '../views/names.ts';
import { count, safe, timeOfDay } from '../views/words.ts';
import { submit } from './subcommand.ts';
import type { Answer, PersonAsk } from './subcommand.ts';

/**
 * A scale or a pace by hand. What changes it more than tenfold, or goes below what runs now, wants a second press of the
 * same person, on a message that says from what to what: a zero too many or too few is one slip away.
 */

/** `scale`: `id` is a target, `to` a count. `pace`: `id` is a platform, `to` a rate a second, 0 for what the runbook says. */
export interface Change {
  kind: 'scale' | 'pace';
  id: string;
  to: number;
  reason: string;
}

/** `amount` null: it can't be read. Infinity: no limit. `state` is what the record says; another one voids the question. */
interface Present {
  amount: number | null;
  state: string;
}

export const changeValue = z.strictObject({
  launchId: z.string(),
  kind: z.enum(['scale', 'pace']),
  id: z.string(),
  to: z.string().regex(/^\d+$/),
  from: z.string(),
  state: z.string(),
  by: z.string(),
  untilMs: z.string().regex(/^\d+$/),
  reason: z.string(),
});

const ASKED_FOR_MS = 120_000;
const OBSERVED_WITHIN_MS = 1_500;
const TENFOLD = 10;
/** Slack takes 2,000 characters as the value of a button (docs/facts.md#slack-block-limits). */
const VALUE_CHARS = 1_900;

export async function change(ask: PersonAsk, wanted: Change): Promise<Answer> {
  const { desk, launch, slackId, person } = ask;
  const command = commandOf(wanted, person.id);
  const judged = decide(launch, command, { nowMs: desk.nowMs(), sha256 });
  if (!judged.ok) {
    desk.refusals.note(launch.id, slackId, { what: doing(command), code: judged.code, say: judged.say });
    return refused(judged.code, judged.say);
  }
  const present = await presentOf(desk, launch, wanted);
  const to = amountAfter(launch, wanted);
  const why = doubt(present.amount, to);
  if (why === null)
    return submit(
      ask,
      (by) => commandOf(wanted, by),
      (after) => done(said(after, wanted)),
    );
  const untilMs = desk.nowMs() + ASKED_FOR_MS;
  const value = {
    launchId: launch.id,
    kind: wanted.kind,
    id: wanted.id,
    to: String(wanted.to),
    from: String(present.amount),
    state: present.state,
    by: slackId,
    untilMs: String(untilMs),
    reason: wanted.reason,
  };
  if (JSON.stringify(value).length > VALUE_CHARS)
    return refused(
      'VALUE_INVALID',
      `The reason is ${count(wanted.reason.length)} characters long; with at most 1,200 it can be asked. Say the rest with /go note.`,
    );
  const step = `${title(launch, wanted)} from ${amountText(present.amount)} to ${amountText(to)}`;
  return message(`${step}? Press to do it.`, [
    section(`:grey_question: *${step}?* ${why}`),
    actions('change', [
      button(ACTION.change, `Yes: from ${amountText(present.amount)} to ${amountText(to)}`, value, 'danger'),
    ]),
    context(
      `Your own press does it, until ${timeOfDay(untilMs)}. Nothing was changed. \`/go halt\` stops all sending.`,
    ),
  ]);
}

/** The second press. It applies only what was shown, and only while it is still true. */
export async function pressChange(press: Press<z.output<typeof changeValue>>): Promise<void> {
  const { value, slackId, answer, refresh } = press;
  if (slackId !== value.by)
    return answer(
      refused('NOT_YOURS', 'Somebody else was asked this, so only they can press. Type the command yourself.'),
    );
  const outcome = await confirmed(press);
  await Promise.all([answer(outcome), refresh(info('This question is answered.'))]);
}

async function confirmed({ desk, value, slackId }: Press<z.output<typeof changeValue>>): Promise<Message> {
  const wanted: Change = { kind: value.kind, id: value.id, to: Number(value.to), reason: value.reason };
  if (desk.nowMs() > Number(value.untilMs))
    return info(
      ':hourglass: The question is over, nothing was changed. Type it again to see from what to what it would go now.',
    );
  const launch = await desk.journal.launch(value.launchId);
  if (launch === null) throw new Error(`LAUNCH_GONE ${value.launchId}`);
  const { amount } = await presentOf(desk, launch, wanted);
  if (String(amount) !== value.from) return moved(launch, wanted, value.from, amount);
  try {
    const outcome = await submitAs(desk, value.launchId, slackId, (by, now) => {
      if (stateOf(now, wanted) !== value.state) throw new StateMoved();
      return commandOf(wanted, by, amount !== null && wanted.to < amount);
    });
    return outcome.ok ? done(said(outcome.launch, wanted)) : refused(outcome.code, outcome.say);
  } catch (error) {
    if (error instanceof StateMoved) return moved(launch, wanted, value.from, amount);
    throw error;
  }
}

class StateMoved extends Error {}

function moved(launch: Launch, wanted: Change, from: string, now: number | null): Message {
  return info(
    `:no_entry: ${title(launch, wanted)} has moved since this was asked (from ${from === 'null' ? 'unknown' : amountText(Number(from))}; now ${amountText(now)}), so nothing was changed. Type it again to see from what to what it would go now.`,
  );
}

/** `lower`: the person has seen that less than what runs now is left. */
function commandOf({ kind, id, to, reason }: Change, by: string, lower = false): Command {
  return kind === 'scale'
    ? { kind: 'order-scale', by, target: id, desired: to, step: null, reason, ...(lower ? { lower } : {}) }
    : { kind: 'set-switch', by, switch: paceSwitch(id as Platform), value: to, reason };
}

async function presentOf(desk: Desk, launch: Launch, wanted: Change): Promise<Present> {
  const state = stateOf(launch, wanted);
  if (wanted.kind === 'pace') return { amount: paceAmount(launch, wanted.id), state };
  const target = launch.runbook.scale_targets.find(({ id }) => id === wanted.id);
  const observed =
    target === undefined
      ? null
      : await waitAtMost(
          OBSERVED_WITHIN_MS,
          desk.cloud.scaling.observe(target).catch((error: unknown) => {
            desk.log.warn({ err: error, target: wanted.id }, 'what runs of a scale target could not be read');
            return null;
          }),
          null,
        );
  return {
    amount:
      observed === null ? (launch.scale[wanted.id]?.desired ?? null) : Math.max(observed.running, observed.desired),
    state,
  };
}

function stateOf(launch: Launch, { kind, id }: Change): string {
  if (kind === 'pace') return String(launch.switches[paceSwitch(id as Platform)]?.seq ?? 0);
  const scale = launch.scale[id];
  return scale === undefined ? 'none' : `${scale.desired} ${scale.orderedAtMs}`;
}

function paceAmount(launch: Launch, platform: string): number {
  const { perSecond } = paceOf(launch, platform as Platform);
  return perSecond === 0 ? Number.POSITIVE_INFINITY : perSecond;
}

/** What it comes to: a pace of 0 is the runbook's. */
function amountAfter(launch: Launch, { kind, id, to }: Change): number {
  if (kind === 'scale' || to > 0) return to;
  return paceAmount({ ...launch, switches: {} }, id);
}

function doubt(from: number | null, to: number): string | null {
  if (to === 0) return 'None would be left.';
  if (from === null) return 'What runs now could not be read.';
  if (from === Number.POSITIVE_INFINITY && to < from) return 'Nothing holds it back now.';
  if (to < from)
    return to * TENFOLD < from
      ? 'That is below what runs now, by more than ten times.'
      : 'That is below what runs now.';
  return to > TENFOLD * Math.max(from, 1) ? 'That is more than ten times what runs now.' : null;
}

const amountText = (amount: number | null): string =>
  amount === null ? 'unknown' : amount === Number.POSITIVE_INFINITY ? 'no limit' : count(amount);

function title(launch: Launch, { kind, id }: Change): string {
  if (kind === 'pace') return `The pace of ${platformName[id as Platform]} (a second)`;
  const target = launch.runbook.scale_targets.find((one) => one.id === id);
  return safe(target?.title ?? id, 80);
}

function said(launch: Launch, wanted: Change): string {
  if (wanted.kind === 'scale')
    return `Ordered *${title(launch, wanted)}* to *${count(wanted.to)}*. The channel shows it arrive.`;
  return `Set the pace of ${platformName[wanted.id as Platform]} to *${wanted.to === 0 ? 'what the runbook says' : `${count(wanted.to)} a second`}*.`;
}
