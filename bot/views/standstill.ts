import type { Platform } from '../../runbooks/launch/entries.ts';
import type { Launch, Shot } from '../../runbooks/launch/launch.ts';
import { context, message, section } from './blocks.ts';
import type { Message } from './message.ts';
import { mentionsOfRole, platformName } from './names.ts';
import { shotSegments } from './segments-text.ts';
import { count, plainText, plural, safe, span, timeOfDay, utc } from './words.ts';

/** Why a shot most likely stands still, as far as anything is known of it, and what helps. mrkdwn. */
export interface StillReason {
  kind: string;
  why: string;
  todo: string;
  /** Some workers can't be heard: it may move all the same. */
  isUnseen?: boolean;
}

/** A platform of a running shot of which nothing moves. `everMoved`: false from GO on. `waiting`: written, and not answered. */
export interface Still {
  platform: Platform;
  sinceMs: number;
  everMoved: boolean;
  left: number;
  devices: number;
  waiting: number;
}

/** How a standstill ended. */
export type StillEnd = { how: 'moves' | 'closed' | 'halted'; afterMs: number };

const names = (still: readonly Pick<Still, 'platform'>[]): string =>
  still.map(({ platform }) => platformName[platform]).join(' and ');
const sinceOf = (still: readonly Still[]): number => Math.min(...still.map(({ sinceMs }) => sinceMs));

/** Nothing has gone out since the press. */
const isAtGo = (still: readonly Still[]): boolean => still.every(({ everMoved }) => !everMoved);

/** What stands still, since when, why as far as it is known, and what to do. Its words don't count seconds: it is posted once, and not edited each second. */
export function standstillMessage(launch: Launch, shot: Shot, still: readonly Still[], reason: StillReason): Message {
  const head = headline(still, reason);
  const left = still.reduce((sum, one) => sum + one.left, 0);
  const all = still.reduce((sum, one) => sum + one.devices, 0);
  const onCall = mentionsOfRole(launch, 'on-call');
  const since = isAtGo(still)
    ? `GO was ${timeOfDay(shot.pressedAtMs)}`
    : `Nothing was written or answered since ${timeOfDay(sinceOf(still))}`;
  return message(`${head}: ${shotSegments(launch, shot)}`, [
    section(
      `:rotating_light: *${head}* (${shotSegments(launch, shot)})\n${since}; ${count(left)} of ${plural(all, 'device')} are still to be sent or answered.${onCall === '' ? '' : ` ${onCall}`}`,
    ),
    section(
      `*Likely reason:* ${reason.why}\n*What to do:* ${reason.todo} \`/go stats\` shows the figures. HALT (\`/go halt\`) ends the shot; what is not sent stays within reach.`,
    ),
    context(`shot \`${safe(shot.id, 60)}\` · this message says so when it moves again`),
  ]);
}

/** Then it may move all the same. */
const isUnseen = (reason: StillReason): boolean => reason.kind === 'store' || reason.isUnseen === true;

function headline(still: readonly Still[], reason: StillReason): string {
  if (isUnseen(reason))
    return isAtGo(still)
      ? `GO was pressed, and nothing shows that a push has gone out on ${names(still)}`
      : `Nothing shows that ${names(still)} still ${still.length === 1 ? 'moves' : 'move'}`;
  return isAtGo(still)
    ? `GO was pressed, and no push has gone out on ${names(still)}`
    : `${names(still)} ${still.length === 1 ? 'stands' : 'stand'} still`;
}

/** The same message once it is over. */
export function movesAgainMessage(
  launch: Launch,
  shot: Shot,
  still: readonly Still[],
  reason: StillReason,
  end: StillEnd,
): Message {
  const head = endText(still, reason, end);
  return message(`${head}: ${shotSegments(launch, shot)}`, [
    section(
      `${end.how === 'moves' ? ':white_check_mark:' : ':checkered_flag:'} *${head}* (${shotSegments(launch, shot)})`,
    ),
    context(
      `Nothing was seen to move from ${timeOfDay(sinceOf(still))} on. Likely reason then: ${reason.why}`,
      `shot \`${safe(shot.id, 60)}\``,
    ),
  ]);
}

function endText(still: readonly Still[], reason: StillReason, { how, afterMs }: StillEnd): string {
  const which = names(still);
  const stood = isUnseen(reason) ? `nothing was seen of ${which}` : `${which} had stood still`;
  switch (how) {
    case 'moves':
      if (isUnseen(reason))
        return `${which} ${still.length === 1 ? 'is' : 'are'} seen to move again after ${span(afterMs)}`;
      return isAtGo(still)
        ? `${which}: pushes go out, the first ${span(afterMs)} after GO`
        : `${which} ${still.length === 1 ? 'moves' : 'move'} again after ${span(afterMs)}`;
    case 'closed':
      return isAtGo(still)
        ? `The shot was closed ${span(afterMs)} after GO; until then nothing was seen to go out on ${which}`
        : `The shot was closed; ${stood} for ${span(afterMs)}`;
    case 'halted':
      return `The shot was halted; ${stood} for ${span(afterMs)}`;
    default: {
      const unknown: never = how;
      throw new Error(`STILL_END_UNKNOWN ${String(unknown)}`);
    }
  }
}

/** What the record keeps of it, at its beginning and at its end. Plain text. */
export function standstillNote(launch: Launch, shot: Shot, still: readonly Still[], reason: StillReason): string {
  return plainText(
    `${headline(still, reason)} (${shotSegments(launch, shot)}), since ${utc(sinceOf(still))}. Likely reason: ${reason.why}`,
  );
}

export function movesAgainNote(
  launch: Launch,
  shot: Shot,
  still: readonly Still[],
  reason: StillReason,
  end: StillEnd,
): string {
  return plainText(`${endText(still, reason, end)} (${shotSegments(launch, shot)}).`);
}
