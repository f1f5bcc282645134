import { z } from 'zod';
import type { Deployment } from './read-config.ts';

/** In between nothing is changed. */
export interface Freeze {
  fromMs: number;
  untilMs: number;
  kickoffMs: number;
}

export function freezeOf({ config: { kickoff, freeze } }: Deployment): Freeze {
  return { fromMs: kickoff + freeze.from, untilMs: kickoff + freeze.until, kickoffMs: kickoff };
}

const moment = z.iso.datetime().transform((text) => Date.parse(text));
const deployed = z.object({ frozenFrom: moment, frozenUntil: moment, kickoff: moment });

/** Of what was deployed last, by the parameter that the data stack writes; null: none stands, or it is not such a one. */
export function freezeOfDeployed(parameter: string | null): Freeze | null {
  let found: unknown = null;
  try {
    found = JSON.parse(parameter ?? 'null');
  } catch {
    return null;
  }
  const read = deployed.safeParse(found);
  return read.success
    ? { fromMs: read.data.frozenFrom, untilMs: read.data.frozenUntil, kickoffMs: read.data.kickoff }
    : null;
}

/**
 * Why nothing may be changed now, or null. `reason`: what somebody said who must, all the same; it is printed and stands in
 * the shell's history, nowhere else.
 */
export function freezeProblem(freeze: Freeze | null, nowMs: number, reason: string | null): string | null {
  if (freeze === null || reason !== null) return null;
  const { fromMs, untilMs, kickoffMs } = freeze;
  if (nowMs < fromMs || nowMs >= untilMs) return null;
  return `Nothing is changed from ${time(fromMs)} to ${time(untilMs)}: that is the freeze of the launch at ${time(kickoffMs)}, and a worker that starts anew in it is a worker that is missing at GO. If it can't wait: --during-freeze "why".`;
}

const time = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
