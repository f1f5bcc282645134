import { unmetPrecondition } from './authority.ts';
import { badTokenCount } from './bad-tokens.ts';
import { own, refuse } from './decision.ts';
import type { Refusal } from './decision.ts';
import type { PersonId, RefusedIn, Totals } from './entries.ts';
import type { Launch } from './launch.ts';
import { remainingDevices, runningShots, shotsText } from './remaining.ts';
import { sumTotals } from './totals.ts';

/**
 * Tokens that providers refused for good in one launch, most often a rehearsal, go on the skip list of another. Which they are only its accounts
 * and shards say (workers/audience/); how many, and whether they may be taken, the two records say.
 */

/** By the closed shots, corrections included. */
export function refusedIn(source: Pick<Launch, 'id' | 'shots'>): RefusedIn {
  return { launchId: source.id, tokens: badTokenCount(totalsOf(source).reasons) };
}

const totalsOf = ({ shots }: Pick<Launch, 'shots'>): Totals =>
  sumTotals(Object.values(shots).flatMap(({ totals }) => totals ?? []));

/** Devices that a provider answered for, one way or the other. */
export const answeredIn = (source: Pick<Launch, 'shots'>): number => answersOf(totalsOf(source));
export const answersOf = ({ accepted, failed }: Pick<Totals, 'accepted' | 'failed'>): number => accepted + failed;

/** More than this among the answered are no longer an audience's usual losses. */
export const isSuspect = (refused: number, answered: number): boolean => refused > 0 && refused >= answered / 2;
export const SUSPECT_TEXT =
  'so many are rather a wrong topic, environment or project than bad tokens: look at that before you skip them';

/** Why these can't go on the launch's skip list now; null: they can. Who asks for them hears it before anything is read, and whoever reads them asks again. */
export function refusedTokensRefusal(launch: Launch, source: Launch, by: PersonId): Refusal | null {
  const unmet = unmetPrecondition(launch, { kind: 'set-skip-list', by });
  if (unmet !== null) return unmet;
  if (source.id === launch.id)
    return refuse(
      'VALUE_INVALID',
      `What ${launch.name} was refused itself gets no further attempt anyway. It is for another launch: ask for it there.`,
    );
  const running = runningShots(source);
  if (running.length > 0)
    return refuse(
      'SHOT_RUNNING',
      `${source.name} is still sending: ${shotsText(running)}. Ask again once it is closed.`,
    );
  const { tokens } = refusedIn(source);
  if (tokens === 0)
    return refuse(
      'NO_REFUSED_TOKENS',
      Object.keys(source.shots).length === 0
        ? `${source.name} has sent nothing yet, so no token was refused there.`
        : `No token was refused for good in ${source.name}, so there is none to skip.`,
    );
  if (tokens <= (own(launch.refusedSkipped ?? {}, source.id) ?? 0))
    return refuse(
      'ALREADY_SO',
      `The ${figure(tokens)} that were refused in ${source.name} are on the skip list already; nothing changed.`,
    );
  const sending = runningShots(launch);
  if (sending.length > 0)
    return refuse(
      'SHOT_RUNNING',
      `${launch.name} is sending: ${shotsText(sending)}. That shot would get nothing of it; ask again once it is closed.`,
    );
  const isOver = audienceOf(launch).every((segment) => remainingDevices(launch, segment) === 0);
  return launch.audience !== null && isOver
    ? refuse(
        'NOTHING_TO_FIRE',
        `Everything of ${launch.name} was sent already, so it has nobody left to skip. Ask for it in the next launch.`,
      )
    : null;
}

const audienceOf = ({ audience }: Launch): string[] => (audience?.segments ?? []).map(({ id }) => id);

const figure = (value: number): string => value.toLocaleString('en-US');
