import { everyStep } from '../../runbooks/launch/steps.ts';
import { duration, tMinus } from '../../runbooks/playbook/fields/values.ts';
import type { Runbook } from '../../runbooks/playbook/schema.ts';

/** What goes wrong on a simulated day. Times are in milliseconds from the T that the launch is created with; `toMs`: infinity, if it never ends. */
export interface Mishaps {
  /** Fleets whose counts do not come meanwhile. */
  fleets: (Span & { fleet: string })[];
  /** Steps whose automation fails. */
  automations: string[];
  /** The first bot is dead. */
  bot: Span[];
  /** A gate is not what it is measured as, or ticked. */
  gates: (Span & { gate: string; status: 'red' | 'unknown' })[];
  moves: { atMs: number; byMs: number }[];
  /** Somebody begins to rehearse the infrastructure. */
  rehearsals: number[];
  /** The audience is compiled anew, and is another one. */
  audiences: number[];
  /** Everything is called off. Null: it is not. */
  standDownMs: number | null;
}
export interface Span {
  fromMs: number;
  toMs: number;
}

export const NOTHING: Mishaps = {
  fleets: [],
  automations: [],
  bot: [],
  gates: [],
  moves: [],
  rehearsals: [],
  audiences: [],
  standDownMs: null,
};

export const inSpan = ({ fromMs, toMs }: Span, ms: number): boolean => fromMs <= ms && ms < toMs;

export type ReadMishaps =
  | { ok: true; mishaps: Mishaps }
  | { ok: false; option: string; found: string; expected: string };

/** What is typed behind each option, as often as it is given. */
export interface TypedMishaps {
  fail: readonly string[];
  gate: readonly string[];
  move: readonly string[];
  rehearse: readonly string[];
  audience: readonly string[];
  standDown: readonly string[];
}

/** As they are typed: `fleet:edge`, `automation:warm-up`, `bot:T-2h..T-30m`; `edge:red@T-1h..T-30m`; `20m@T-1h`; `T-1d`. */
export function readMishaps(runbook: Runbook, typed: TypedMishaps): ReadMishaps {
  const mishaps: Mishaps = { ...NOTHING, fleets: [], automations: [], bot: [], gates: [], moves: [] };
  for (const found of typed.fail) {
    const expected = fails(runbook, found, mishaps);
    if (expected !== null) return { ok: false, option: 'fail', found, expected };
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
  const times = { rehearse: typed.rehearse, 'change-audience': typed.audience, 'stand-down': typed.standDown };
  for (const [option, all] of Object.entries(times)) {
    const wrong = all.find((found) => timeOf(found) === null);
    if (wrong !== undefined) return { ok: false, option, found: wrong, expected: 'a time like T-1d' };
  }
  const [standDownMs = null, again] = timesOf(typed.standDown);
  if (again !== undefined)
    return { ok: false, option: 'stand-down', found: typed.standDown.join(' and '), expected: 'one time' };
  return {
    ok: true,
    mishaps: { ...mishaps, rehearsals: timesOf(typed.rehearse), audiences: timesOf(typed.audience), standDownMs },
  };
}

/** Null: it is one of `mishaps` now; else what was expected. */
function fails(runbook: Runbook, found: string, mishaps: Mishaps): string | null {
  const fleets = runbook.scale_targets.map(({ id }) => id);
  const [, fleet = '', at] = /^fleet:([^@]+)(?:@(.+))?$/.exec(found) ?? [];
  const held = at === undefined ? ALWAYS : spanOf(at);
  if (fleets.includes(fleet) && held !== null) {
    mishaps.fleets.push({ ...held, fleet });
    return null;
  }
  const automations = everyStep(runbook).flatMap(({ id, do: act }) => (act.kind === 'automation' ? [id] : []));
  const [, automation = ''] = /^automation:(.+)$/.exec(found) ?? [];
  if (automations.includes(automation)) {
    mishaps.automations.push(automation);
    return null;
  }
  const dead = spanOf(/^bot:(.+)$/.exec(found)?.[1] ?? '');
  if (dead !== null) {
    mishaps.bot.push(dead);
    return null;
  }
  const steps = automations.length === 0 ? '' : `automation: and one of ${automations.join(', ')}; `;
  return `fleet: and one of ${fleets.join(', ')}, for a while fleet:${fleets[0] ?? 'edge'}@T-1d..T-20h; ${steps}or bot:T-2h..T-30m`;
}

const ALWAYS: Span = { fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY };

const timesOf = (all: readonly string[]): number[] => all.flatMap((found) => timeOf(found) ?? []);

function spanOf(text: string): Span | null {
  const [from = '', to] = text.split('..');
  const [fromMs, toMs] = [timeOf(from), to === undefined ? Number.POSITIVE_INFINITY : timeOf(to)];
  return fromMs === null || toMs === null || toMs <= fromMs ? null : { fromMs, toMs };
}

function timeOf(text: string): number | null {
  const read = tMinus.safeParse(text);
  return read.success ? read.data : null;
}
