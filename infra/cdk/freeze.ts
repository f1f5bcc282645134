import type { Deployment } from './read-config.ts';

/**
 * Why nothing may be changed now, or null. `reason`: what somebody said who must, all the same; it is printed and stands in
 * the shell's history, nowhere else.
 */
export function freezeProblem({ config }: Deployment, nowMs: number, reason: string | null): string | null {
  const fromMs = config.kickoff + config.freeze.from;
  const untilMs = config.kickoff + config.freeze.until;
  if (nowMs < fromMs || nowMs >= untilMs || reason !== null) return null;
  return `Nothing is changed from ${time(fromMs)} to ${time(untilMs)}: that is the freeze of the launch at ${time(config.kickoff)}, and a worker that starts anew in it is a worker that is missing at GO. If it can't wait: --during-freeze "why".`;
}

const time = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
