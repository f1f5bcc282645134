import { refuse } from './decision.ts';
import type { Refusal } from './decision.ts';
import type { Launch } from './launch.ts';
import { clock, span } from './words.ts';

/**
 * How often a device may get a push that shows nothing. Apple wants no more than two or three in an hour (docs/facts.md#apns-background); silent
 * rehearsals of one launch take one of them: each goes out within two hours of its beginning or not at all, and the next begins an hour after the
 * last one's report, or after the time in which it may still go out.
 */
const APART_MS = 3_600_000;
const SENT_WITHIN_MS = 2 * 3_600_000;

/** Why no silent rehearsal of this launch may begin now. `unsent`: those that were closed without a push. */
export function silentTooSoon(launch: Launch, unsent: readonly string[], nowMs: number): Refusal | null {
  const earliestMs = Math.max(
    ...Object.values(launch.rehearsals)
      .filter(({ id, what }) => what === 'silent' && !unsent.includes(id))
      .map(({ begunAtMs, endedAtMs }) => (endedAtMs ?? begunAtMs + SENT_WITHIN_MS) + APART_MS),
  );
  return nowMs >= earliestMs
    ? null
    : refuse(
        'REHEARSAL_NOT_NOW',
        `A device gets one silent push in ${span(APART_MS)}: iOS holds back an app that gets more than two or three. The next may begin at ${clock(earliestMs)}; one that was closed and has sent nothing does not count.`,
      );
}

/** Why this silent rehearsal may not go out at that time any more; null also for every other launch. */
export function silentTooLate({ rehearses, createdAtMs }: Launch, goesAtMs: number): Refusal | null {
  const endsAtMs = createdAtMs + SENT_WITHIN_MS;
  return rehearses?.what !== 'silent' || goesAtMs <= endsAtMs
    ? null
    : refuse(
        'REHEARSAL_NOT_NOW',
        `This silent rehearsal could go out until ${clock(endsAtMs)}, so that no device gets two in an hour. Close it with /go close and begin another: /go rehearse silent.`,
      );
}
