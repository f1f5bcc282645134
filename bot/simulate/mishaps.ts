import { everyStep } from '../../runbooks/launch/steps.ts';
import { duration, tMinus } from '../../runbooks/playbook/fields/values.ts';
import type { Runbook } from '../../runbooks/playbook/schema.ts';

/** What goes wrong on a simulated day. Times are in milliseconds from the T that the launch is created with; `toMs`: infinity, if it never ends. */
export interface Mishaps {
  /** Fleets whose counts never come. */
  fleets: string[];
  /** Steps whose automation fails. */
  automations: string[];
  /** The first bot is dead. */
  bot: Span[];
  /** A gate is not what it is measured as, or ticked. */
  gates: (Span & { gate: string; status: 'red' | 'unknown' })[];
  moves: { atMs: number; byMs: number }[];
  /** Somebody begins to rehearse the infrastructure. */
  rehearsals: number[];
}
export interface Span {
  fromMs: number;
  toMs: number;
}

export const NOTHING: Mishaps = { fleets: [], automations: [], bot: [], gates: [], moves: [], rehearsals: [] };

export const inSpan = ({ fromMs, toMs }: Span, ms: number): boolean => fromMs <= ms && ms < toMs;

export type ReadMishaps =
  | { ok: true; mishaps: Mishaps }
  | { ok: false; option: string; found: string; expected: string };

/** As they are typed: `fleet:edge`, `automation:warm-up`, `bot:T-2h..T-30m`; `edge:red@T-1h..T-30m`; `20m@T-1h`. */
export function readMishaps(
  runbook: Runbook,
  typed: { fail: readonly string[]; gate: readonly string[]; move: readonly string[]; rehearse: readonly string[] },
): ReadMishaps {
  const mishaps: Mishaps = { fleets: [], automations: [], bot: [], gates: [], moves: [], rehearsals: [] };
  for (const found of typed.fail) {
    const [, what, of = ''] = /^(fleet|automation|bot):(.+)$/.exec(found) ?? [];
    const span = what === 'bot' ? spanOf(of) : null;
    const fleets = runbook.scale_targets.map(({ id }) => id);
    const automations = everyStep(runbook).flatMap(({ id, do: act }) => (act.kind === 'automation' ? [id] : []));
    if (what === 'fleet' && fleets.includes(of)) mishaps.fleets.push(of);
    else if (what === 'automation' && automations.includes(of)) mishaps.automations.push(of);
    else if (span !== null) mishaps.bot.push(span);
    else
      return {
        ok: false,
        option: 'fail',
        found,
        expected: `fleet: and one of ${fleets.join(', ')}; ${automations.length === 0 ? '' : `automation: and one of ${automations.join(', ')}; `}or bot:T-2h..T-30m`,
      };
  }
  for (const found of typed.gate) {
    const [, gate = '', status, at = ''] = /^([^:]+):(red|unknown)@(.+)$/.exec(found) ?? [];
    const span = spanOf(at);
    const gates = runbook.gates.map(({ id }) => id);
    if (span === null || !gates.includes(gate) || (status !== 'red' && status !== 'unknown'))
      return {
        ok: false,
        option: 'gate',
        found,
        expected: `edge:red@T-1h, or with an end, @T-1h..T-30m, of one of ${gates.join(', ')}`,
      };
    mishaps.gates.push({ ...span, gate, status });
  }
  for (const found of typed.move) {
    const [, sign, by = '', at = ''] = /^([+-])?([^@+-]+)@(.+)$/.exec(found) ?? [];
    const [length, atMs] = [duration.safeParse(by), timeOf(at)];
    if (!length.success || atMs === null)
      return { ok: false, option: 'move-target', found, expected: 'how far and when, like 20m@T-1h or -10m@T-1h' };
    mishaps.moves.push({ atMs, byMs: sign === '-' ? -length.data : length.data });
  }
  for (const found of typed.rehearse) {
    const atMs = timeOf(found);
    if (atMs === null) return { ok: false, option: 'rehearse', found, expected: 'a time like T-1d' };
    mishaps.rehearsals.push(atMs);
  }
  return { ok: true, mishaps };
}

function spanOf(text: string): Span | null {
  const [from = '', to] = text.split('..');
  const [fromMs, toMs] = [timeOf(from), to === undefined ? Number.POSITIVE_INFINITY : timeOf(to)];
  return fromMs === null || toMs === null || toMs <= fromMs ? null : { fromMs, toMs };
}

function timeOf(text: string): number | null {
  const read = tMinus.safeParse(text);
  return read.success ? read.data : null;
}
