import { waitAtMost } from '../../infra/time-limit.ts';
import { typedAction, TYPED_CHOICES } from '../action-ids.ts';
import type { Desk } from '../desk.ts';
import { code } from '../views/answers.ts';
import { actions, button, context, message, section } from '../views/blocks.ts';
import type { Message } from '../views/message.ts';
import { clip, count, timeOfDay } from '../views/words.ts';
import { needsZone, readMoment } from './moments.ts';
import type { Choice, Moment } from './moments.ts';
import { misuse } from './subcommand.ts';
import type { Ask, Subcommand } from './subcommand.ts';
import { zoneNamed } from './zones.ts';
import type { Zone } from './zones.ts';

/** A time that depends on the person is read with their zone, which Slack knows; what it may mean is asked back, one button a meaning. */

const ZONE_WITHIN_MS = 1_500;
const ASKED_FOR_MS = 600_000;
/** Slack takes 2,000 characters as the value of a button (docs/facts.md#slack-block-limits). */
const VALUE_CHARS = 1_900;

export async function momentOf(
  desk: Desk,
  slackId: string,
  text: string,
  nowMs: number,
  targetAtMs: number | null,
): Promise<Moment> {
  const asks =
    needsZone(text, { nowMs, targetAtMs }) || readMoment(text, { nowMs, targetAtMs, zone: null }).kind === 'offer';
  const clock = asks ? await clockOf(desk, slackId) : NO_CLOCK;
  return readMoment(text, { nowMs, targetAtMs, ...clock });
}

/** Of a person. `zone` null: Slack does not say, or not in time. Then nothing is guessed. */
interface PersonsClock {
  zone: Zone | null;
  has24Hours: boolean;
}
const NO_CLOCK: PersonsClock = { zone: null, has24Hours: false };

async function clockOf(desk: Desk, slackId: string): Promise<PersonsClock> {
  const clock = desk.client.users
    .info({ user: slackId, include_locale: true })
    .then(({ user }) => ({
      zone: zoneNamed(user?.tz),
      has24Hours: user?.tz?.startsWith('Europe/') === true || isOf24Hours(user?.locale),
    }))
    .catch((error: unknown) => {
      desk.log.warn({ err: error, slackId }, 'the zone of a person could not be learned');
      return NO_CLOCK;
    });
  return waitAtMost(ZONE_WITHIN_MS, clock, NO_CLOCK);
}

/** Slack's own language stays English for many, so their zone counts too. A locale that is none says nothing. */
function isOf24Hours(locale: string | undefined): boolean {
  if (locale === undefined) return false;
  try {
    return new Intl.DateTimeFormat(locale, { hour: 'numeric' }).resolvedOptions().hourCycle === 'h23';
  } catch {
    return false;
  }
}

/** `typedWith` gives the whole command with a moment in the place of what was typed. */
export function offer(
  ask: Ask,
  sub: Subcommand,
  text: string,
  moment: Exclude<Moment, { kind: 'at' }>,
  typedWith: (moment: string) => string,
): Message {
  if (moment.kind === 'refused')
    return misuse(
      sub,
      `${code(text)} ${moment.isFormat ? 'is not a time that everybody reads the same' : "can't be taken as a time"}. Expected ${moment.expected}.`,
    );
  const untilMs = ask.atMs + ASKED_FOR_MS;
  const value = ({ atMs }: Choice) => ({
    typed: typedWith(new Date(atMs).toISOString().replace('.000Z', 'Z')),
    by: ask.slackId,
    untilMs: String(untilMs),
  });
  const choices = moment.choices.slice(0, TYPED_CHOICES);
  if (choices.some((choice) => JSON.stringify(value(choice)).length > VALUE_CHARS))
    return misuse(
      sub,
      `The line is ${count(ask.typed.rest.length)} characters long, too long to be asked back. Type the time with its zone, like \`18:30 UTC\`.`,
    );
  const [only] = choices;
  const question =
    choices.length === 1 && only !== undefined
      ? `${only.label}?`
      : `Which is meant? ${choices.map(({ label }) => `*${label}*`).join(', or ')}`;
  return message(`${question} Nothing was changed yet.`, [
    section(`:clock3: ${choices.length === 1 ? `*${question}*` : question} You typed ${code(text)}.`),
    actions(
      'moment',
      choices.map((choice, index) => button(typedAction(index), clip(`Yes: ${choice.label}`, 75), value(choice))),
    ),
    context(`Nothing was changed yet; your press does it, until ${timeOfDay(untilMs)}.`),
  ]);
}
