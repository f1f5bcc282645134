import type { Runbook } from '../playbook/schema.ts';

/**
 * NEVER BOTH. Of a launch that another region may take over, one item outside of both regions says which region may send it: its
 * home. It is one linearizable register, written only from the value that was read, and this file alone says what may follow what:
 *
 *   home A, nothing sent  ──first shot──►  home A, sent       for ever: no way leads out of it
 *          │  ▲
 *     take-over by two people
 *          ▼  │
 *   home B, nothing sent  ──first shot──►  home B, sent       for ever
 *
 * A worker sends nothing of a launch before it has read, or written, "my region, sent" there. Only one region can ever stand in
 * it so, and it never changes again: hence no two regions send, however long one of them was cut off, and no clock is asked.
 */
export interface Home {
  region: string;
  /** The first shot that a worker was about to send. Null: nothing was sent. */
  firstShot: string | null;
}

/** Regions that a launch may be sent from. Absent in its runbook: only the one that it was created in, and no home is kept. */
export type Regions = NonNullable<Runbook['regions']>;

type Next<Code> = { ok: true; home: Home } | { ok: false; code: Code; say: string };
export type HomeToSend = Next<'HOME_ELSEWHERE'>;
export type NextHome = Next<'HOME_ELSEWHERE' | 'SHOT_BEGAN'>;

/** What stands before anybody has written it: at home, nothing sent. */
export function firstHome({ home }: Regions): Home {
  return { region: home, firstShot: null };
}

/** A worker of `region` is about to send this shot. */
export function toSend(home: Home, region: string, shotId: string): HomeToSend {
  if (home.region !== region) return { ok: false, code: 'HOME_ELSEWHERE', say: elsewhereText(home, region) };
  return { ok: true, home: { region, firstShot: home.firstShot ?? shotId } };
}

/** Two people take the launch over from `from` to `to`. What is so already stays so: the command may be given again. */
export function toTakeOver(home: Home, from: string, to: string): NextHome {
  if (home.firstShot !== null)
    return {
      ok: false,
      code: 'SHOT_BEGAN',
      say: `Shot ${home.firstShot} was begun in ${home.region}: from the first shot on a launch stays where it is, or two regions could send it.`,
    };
  if (home.region !== from && home.region !== to)
    return {
      ok: false,
      code: 'HOME_ELSEWHERE',
      say: `The launch is in ${home.region}, and neither in ${from} nor in ${to}.`,
    };
  return { ok: true, home: { region: to, firstShot: null } };
}

export function elsewhereText(home: Home, region: string): string {
  return `${home.region} has this launch, and ${region} may send nothing of it`;
}
