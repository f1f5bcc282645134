import { AudienceError } from '../../../contract/audience-error.ts';
import type { Cloud } from '../../../infra/aws/cloud.ts';
import { PLATFORMS } from '../../../runbooks/launch/entries.ts';
import type { Platform } from '../../../runbooks/launch/entries.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { isSuspect, SUSPECT_TEXT } from '../../../runbooks/launch/refused-tokens.ts';
import { badTokens, nothingFound } from '../packed/bad-tokens.ts';
import type { BadTokensFound, BadTokensOptions } from '../packed/bad-tokens.ts';
import { count } from './words.ts';

const NAME: Record<Platform, string> = { ios: 'iOS', android: 'Android' };

export interface RefusedTokens {
  /** See `badTokens`. */
  lines: AsyncGenerator<string>;
  found: BadTokensOptions['found'];
  /** Shots that still run: what is refused there comes with their close. */
  open: string[];
}

/** Of all closed shots of a launch. Throws NOTHING_SENT, and reading the lines what `badTokens` throws. */
export function refusedTokens(
  launch: Launch,
  { objects, claims }: Pick<Cloud, 'objects' | 'claims'>,
  progress: (done: number, total: number) => void,
): RefusedTokens {
  const { closed: shots, open, audience } = shotsOf(launch);
  const found = nothingFound();
  const lines = badTokens({ objects, claims, launchId: launch.id, audience, shots, found, progress });
  return { lines, found, open };
}

/** Throws NOTHING_SENT. */
export function shotsOf(launch: Launch) {
  const shots = Object.values(launch.shots);
  const closed = shots.filter((shot) => shot.closed !== null);
  const open = shots.filter((shot) => shot.closed === null).map(({ id }) => id);
  const [first] = closed;
  if (first !== undefined) return { closed, open, audience: first.audience };
  throw new AudienceError(
    'NOTHING_SENT',
    open.length === 0
      ? `--launch: found no shot of ${launch.id}, expected a launch that has fired`
      : `--launch: found only shots of ${launch.id} that still run (${open.join(', ')}), expected one that is closed`,
  );
}

export const foundRows = (found: RefusedTokens['found']): (readonly [string, string])[] =>
  PLATFORMS.flatMap((platform) => rowsOf(NAME[platform], found[platform]));

function rowsOf(platform: string, found: BadTokensFound): (readonly [string, string])[] {
  const { answered, bad, reasons, nameless, skipped, missing } = found;
  if (answered + skipped + missing === 0) return [];
  const why = Object.entries(reasons)
    .toSorted((a, b) => b[1] - a[1])
    .map(([reason, times]) => `${reason} ${count(times)}`);
  return [
    [
      platform,
      `${count(bad)} bad tokens of ${count(answered)} that were answered${bad === 0 ? '' : ` (${why.join(', ')})`}`,
    ],
    ...(skipped === 0 ? [] : [['', `${count(skipped)} more that the skip list took out before`] as const]),
    ...(nameless === 0
      ? []
      : [
          [
            '',
            `${count(nameless)} more that can't be told: an older version counted them without saying which`,
          ] as const,
        ]),
    ...(missing === 0
      ? []
      : [
          [
            '',
            `${count(missing)} devices are not looked at: their accounts are no longer in the claims table`,
          ] as const,
        ]),
    ...(isSuspect(bad, answered) ? [['', SUSPECT_TEXT] as const] : []),
  ];
}
