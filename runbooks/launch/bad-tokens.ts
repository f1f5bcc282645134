import type { Counts } from './counts.ts';

/**
 * Answers by which a provider says that this token will not do, whatever is sent to it: it belongs on the next launch's
 * skip list. FCM's INVALID_ARGUMENT is not one of them: it has that word for a bad message too. INVALID_TOKEN is what the lane
 * calls one whose text is about the token.
 */
const REASONS = [
  'BadDeviceToken',
  'DeviceTokenNotForTopic',
  'ExpiredToken',
  'Unregistered',
  'INVALID_TOKEN',
  'SENDER_ID_MISMATCH',
  'UNREGISTERED',
] as const;
export type BadTokenReason = (typeof REASONS)[number];

const NAMED: ReadonlySet<string> = new Set(REASONS);

export function namesBadToken(reason: string): reason is BadTokenReason {
  return NAMED.has(reason);
}

/** Of failures by reason, those that name a bad token. */
export function badTokenReasons(reasons: Readonly<Counts>): [BadTokenReason, number][] {
  return REASONS.flatMap((reason): [BadTokenReason, number][] =>
    Object.hasOwn(reasons, reason) ? [[reason, reasons[reason] ?? 0]] : [],
  );
}

/** How many devices that are. */
export function badTokenCount(reasons: Readonly<Counts>): number {
  return badTokenReasons(reasons).reduce((sum, [, times]) => sum + times, 0);
}
