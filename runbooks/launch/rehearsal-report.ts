import type { Runbook } from '../playbook/schema.ts';
import { badTokenCount } from './bad-tokens.ts';
import { own } from './decision.ts';
import type { Entry, RehearsalReport } from './entries.ts';
import type { GateLine, Launch, Rehearsal } from './launch.ts';
import { covers } from './skip-cover.ts';
import { plannedSteps } from './steps.ts';
import { sumTotals } from './totals.ts';
import { listed, span } from './words.ts';

/** What a rehearsal has shown, against what the runbook asks for, and the gate that goes by it. */

const TARGETS = { readyWithinMs: 3 * 3_600_000 };

/** What the runbook asks of a rehearsal. */
export function rehearsalTargets({ rehearsal }: Pick<Runbook, 'rehearsal'>) {
  return {
    readyWithinMs: rehearsal?.ready_within ?? TARGETS.readyWithinMs,
    p99WithinMs: rehearsal?.p99_within ?? null,
    refusedAtMost: rehearsal?.refused_at_most ?? null,
  };
}

/** Each fleet at the largest count that the plan orders. */
export function plannedFleets(runbook: Runbook): { target: string; to: number }[] {
  return runbook.scale_targets.flatMap(({ id }) => {
    const counts = plannedSteps(runbook).flatMap(({ do: act }) =>
      act.kind === 'scale' && act.target === id ? [act.to] : [],
    );
    const to = Math.max(0, ...counts);
    return to === 0 ? [] : [{ target: id, to }];
  });
}

/** What one without sending has shown: how long each fleet took, and all of it. */
export function infrastructureReport(
  launch: Launch,
  { id, fleets, begunAtMs, turned }: Rehearsal,
  entries: readonly Entry[],
): RehearsalReport {
  return {
    what: 'infrastructure',
    launchId: launch.id,
    outcome: turned?.outcome ?? 'stopped',
    why: turned?.why ?? '',
    devices: launch.audience?.devices ?? 0,
    audienceHash: launch.audience?.hash ?? '',
    readyMs: turned?.outcome === 'ready' ? turned.atMs - begunAtMs : null,
    fleets: fleets.map(({ target, to }) => {
      const reached = entries.find(
        (entry) =>
          entry.kind === 'ScaleReached' && entry.target === target && entry.desired === to && entry.atMs >= begunAtMs,
      );
      return { target, to, tookMs: reached?.kind === 'ScaleReached' ? reached.tookMs : null };
    }),
    askToGoMs: null,
    timing: null,
    totals: null,
    refused: 0,
    rehearsalId: id,
  };
}

/** Against what the runbook asks for: what was not reached, each as a sentence part. */
export function shortfalls(runbook: Pick<Runbook, 'rehearsal'>, report: RehearsalReport): string[] {
  const { readyWithinMs, p99WithinMs, refusedAtMost } = rehearsalTargets(runbook);
  const { outcome, readyMs, timing, totals, refused, why } = report;
  const answered = totals === null ? 0 : totals.accepted + totals.failed;
  const unsent = totals === null ? 0 : totals.halted + totals.late;
  const p99Ms = timing?.p99Ms ?? null;
  return [
    ...outcomeText(outcome, why, readyWithinMs),
    ...(readyMs !== null && readyMs > readyWithinMs
      ? [`ready after ${span(readyMs)}, ${span(readyWithinMs)} asked for`]
      : []),
    ...(p99WithinMs !== null && report.what !== 'infrastructure' && (p99Ms === null || p99Ms > p99WithinMs)
      ? [`p99 ${p99Ms === null ? 'unknown' : span(p99Ms)}, ${span(p99WithinMs)} asked for`]
      : []),
    ...(unsent > 0 ? [`${figure(unsent)} of ${figure(report.devices)} devices were halted or too late`] : []),
    ...(totals !== null && totals.accepted === 0 ? ['it reached nobody'] : []),
    ...(refusedAtMost !== null && answered > 0 && refused / answered > refusedAtMost
      ? [`${percent(refused / answered)} of the tokens refused, at most ${percent(refusedAtMost)} asked for`]
      : []),
  ];
}

function outcomeText(outcome: RehearsalReport['outcome'], why: string, withinMs: number): string[] {
  if (outcome === 'ready') return [];
  const cause = why === '' ? '' : ` (${why})`;
  return [outcome === 'late' ? `it was not ready in ${span(withinMs)}${cause}` : `it was stopped${cause}`];
}

const figure = (value: number): string => value.toLocaleString('en-US');
const percent = (share: number): string => `${(share * 100).toLocaleString('en-US', { maximumFractionDigits: 2 })} %`;

/** The newest that has ended and went out, seen or silent: both are answered for the same tokens. */
export const lastSent = (launch: Pick<Launch, 'rehearsals'>) =>
  [lastRehearsal(launch, 'limited'), lastRehearsal(launch, 'silent')]
    .flatMap((one) => one ?? [])
    .toSorted((a, b) => b.endedAtMs - a.endedAtMs)[0] ?? null;

/** The newest that has ended, of this kind or of any. */
export function lastRehearsal(
  launch: Pick<Launch, 'rehearsals'>,
  what?: RehearsalReport['what'],
  before = Number.POSITIVE_INFINITY,
): (Rehearsal & { report: RehearsalReport; endedAtMs: number }) | null {
  const ended = Object.values(launch.rehearsals).flatMap((one) =>
    one.report !== null && one.endedAtMs !== null && one.endedAtMs < before && (what === undefined || one.what === what)
      ? [{ ...one, report: one.report, endedAtMs: one.endedAtMs }]
      : [],
  );
  return ended.toSorted((a, b) => b.endedAtMs - a.endedAtMs)[0] ?? null;
}

export interface RehearsedProbe {
  what: RehearsalReport['what'];
  within: number;
  same_audience: boolean;
  /** Absent in launches of before it was asked for: any. */
  at_least?: number | undefined;
}

/** The figure is how many things are wrong with the last one. */
export function rehearsedGate(
  launch: Launch,
  { what, within, same_audience: sameAudience, at_least: atLeast = 0 }: RehearsedProbe,
  nowMs: number,
): Pick<GateLine, 'status' | 'value' | 'say' | 'sinceMs'> {
  const last = lastRehearsal(launch, what);
  if (last === null)
    return {
      status: 'red',
      value: 1,
      say: `${NAMED[what]} was not rehearsed yet: /go rehearse ${what}`,
      sinceMs: launch.createdAtMs,
    };
  const ageMs = nowMs - last.endedAtMs;
  // One that people see never goes to everybody (rehearsal-launch.ts).
  const needed = Math.min(atLeast, Math.floor((launch.audience?.devices ?? Infinity) / 2));
  const reached = last.report.totals?.accepted ?? null;
  const wrong = [
    ...(what !== 'infrastructure' && reached !== null && reached < needed
      ? [`it reached ${figure(reached)} device${reached === 1 ? '' : 's'}, ${figure(needed)} asked for`]
      : []),
    ...(ageMs > within ? [`it was ${span(ageMs)} ago, at most ${span(within)} asked for`] : []),
    ...(sameAudience && last.report.audienceHash !== launch.audience?.hash
      ? ['the audience is another one since']
      : []),
    ...(sameAudience && isListReplaced(launch, last.report)
      ? ['the skip list was replaced since, so some may get it whom it left out']
      : []),
    ...shortfalls(launch.runbook, last.report),
  ];
  return wrong.length === 0
    ? {
        status: 'green',
        value: 0,
        say: `rehearsed ${span(ageMs)} ago, within what was asked for`,
        sinceMs: last.endedAtMs,
      }
    : {
        status: 'red',
        value: wrong.length,
        say: `the last rehearsal (${last.id}): ${listed(wrong)}`,
        sinceMs: ageMs > within ? last.endedAtMs + within : null,
      };
}

/** A list that only adds sends nobody anything that was not rehearsed: it counts as the same audience. */
export const isListReplaced = (launch: Launch, { skipListHash }: RehearsalReport): boolean =>
  skipListHash !== undefined && !covers(launch.skipList, skipListHash);

const NAMED = {
  infrastructure: 'The infrastructure',
  limited: 'A limited push',
  silent: 'A silent push',
} as const;

/** Of a launch that is a rehearsal: what its shots have shown. Null while one runs, or none was sent. */
export function sentReport(launch: Launch, entries: readonly Entry[]): RehearsalReport | null {
  const { rehearses } = launch;
  const shots = Object.values(launch.shots).toSorted((a, b) => a.approvedSeq - b.approvedSeq);
  const [first] = shots;
  if (rehearses === null || first === undefined || shots.some(({ timing }) => timing === null)) return null;
  const asked = entries.find((entry) => entry.kind === 'FireRequested' && entry.orderId === first.orderId);
  const totals = shots.flatMap((shot) => shot.totals ?? []);
  const sum = sumTotals(totals);
  const left = (launch.audience?.segments ?? []).filter(({ id }) => own(launch.attempts, id) === undefined);
  const fleets = plannedFleets(launch.runbook).map(({ target, to }) => {
    const reached = entries.find((entry) => entry.kind === 'ScaleReached' && entry.target === target);
    return { target, to, tookMs: reached?.kind === 'ScaleReached' ? reached.tookMs : null };
  });
  return {
    what: rehearses.what,
    launchId: launch.id,
    rehearsalId: launch.id,
    outcome: left.length === 0 ? 'ready' : 'stopped',
    why: left.length === 0 ? '' : `${listed(left.map(({ id }) => id))} never sent`,
    devices: totals.reduce((all, { devices }) => all + devices, 0),
    audienceHash: rehearses.audienceHash,
    readyMs: asked === undefined ? null : asked.atMs - launch.createdAtMs,
    fleets,
    askToGoMs: asked === undefined ? null : first.pressedAtMs - asked.atMs,
    timing: shots.at(-1)?.timing ?? null,
    totals: sum,
    refused: badTokenCount(sum.reasons),
    skipTokens: rehearses.skipList?.tokens ?? 0,
    skipListHash: rehearses.skipList?.hash ?? null,
  };
}
