// Held by `bot/conductor/watches/doctor-watch.test.ts`.
import { z } from 'zod';
import type { Cloud } from '../../../infra/aws/cloud.ts';
import type { Line } from '../../../infra/doctor/judge/line.ts';
import type { Measured } from '../../../runbooks/launch/entries.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { listed, span } from '../../../runbooks/launch/words.ts';
import { DOCTOR_CHECKS } from '../../../runbooks/playbook/fields/probes/doctor.ts';
import { FACT } from '../facts.ts';

/** What gates of kind `doctor` go by: the doctor's last look, which the leader keeps for all bots (DoctorWatch). A look takes seconds, and gates are measured every second. */

/** Quotas change by letters and deployments. */
export const LOOK_EVERY_MS = 10 * 60_000;
const TOO_OLD_MS = 3 * LOOK_EVERY_MS;
const NAMED_MOST = 3;

const look = z.object({
  atMs: z.number(),
  /** The audience that it was for. */
  audience: z.string(),
  lines: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      state: z.enum(['ok', 'wrong', 'unknown']),
      found: z.string(),
      needed: z.string(),
    }),
  ),
});
type Look = z.output<typeof look>;

const audienceOf = ({ audience }: Launch): string => audience?.hash ?? '';

/** Null: there is none, or it is no look of this version. */
export async function lastLook({ facts }: Pick<Cloud, 'facts'>, launchId: string): Promise<Look | null> {
  const kept = await facts.get(launchId, FACT.doctor);
  try {
    return kept === null ? null : look.parse(JSON.parse(kept));
  } catch {
    return null;
  }
}

export const lookText = (launch: Launch, lines: readonly Line[], atMs: number): string =>
  JSON.stringify({
    atMs,
    audience: audienceOf(launch),
    lines: lines.filter(({ id }) => (DOCTOR_CHECKS as readonly string[]).includes(id)),
  } satisfies Look);

export const isLookDue = (launch: Launch, last: Look | null, nowMs: number): boolean =>
  last === null || last.audience !== audienceOf(launch) || Math.abs(nowMs - last.atMs) >= LOOK_EVERY_MS;

type Found = Pick<Measured, 'status' | 'value' | 'say'>;

/** The figure is how many are not as needed. What was not looked at, or could not be, is unknown. */
export function doctorNow(
  launch: Launch,
  { checks }: { checks?: readonly string[] | undefined },
  last: Look | null,
  nowMs: number,
): Found {
  const unknown = (say: string): Found => ({ status: 'unknown', value: null, say });
  if (last === null || last.audience !== audienceOf(launch))
    return unknown('not looked at yet: the bot does it by itself, and takes some seconds');
  // A bot whose clock goes ahead is no reason to believe it for longer.
  const ageMs = Math.abs(nowMs - last.atMs);
  const ago = `looked at ${span(ageMs)} ago`;
  if (ageMs > TOO_OLD_MS) return unknown(`last ${ago}; /go doctor says why it can't be looked at`);
  const lines = last.lines.filter(({ id }) => checks?.includes(id) ?? true);
  const missing = (checks ?? []).filter((id) => !lines.some((line) => line.id === id));
  const wrong = lines.filter(({ state }) => state === 'wrong');
  if (wrong.length > 0) return { status: 'red', value: wrong.length, say: `${sayOf(wrong)}; ${ago}` };
  const open = lines.filter(({ state }) => state === 'unknown');
  if (open.length > 0) return unknown(`${sayOf(open)}; ${ago}`);
  if (missing.length > 0 || lines.length === 0)
    return unknown(`the doctor has no line ${missing.length === 0 ? 'of these' : listed(missing)} here; ${ago}`);
  return { status: 'green', value: 0, say: `${sayOf(lines)}; ${ago}` };
}

function sayOf(lines: readonly Look['lines'][number][]): string {
  const named = lines.slice(0, NAMED_MOST).map(({ title, found, needed }) => `${title}: ${found}, needs ${needed}`);
  return `${named.join('; ')}${lines.length > NAMED_MOST ? `; and ${lines.length - NAMED_MOST} more` : ''}`;
}
