import { badTokenCount } from '../launch/bad-tokens.ts';
import { deadlineAtMs } from '../launch/deadlines.ts';
import type { Entry, RehearsalReport, ShotTiming, Totals } from '../launch/entries.ts';
import type { Launch } from '../launch/launch.ts';
import { stepDueAtMs } from '../launch/plan-times.ts';
import { lastRehearsal, plannedFleets, rehearsalTargets } from '../launch/rehearsal-report.ts';
import { plannedSteps } from '../launch/steps.ts';
import { sumTotals } from '../launch/totals.ts';
import { stamp } from '../record/clock.ts';
import { number } from '../record/describe.ts';
import { ordered } from './detection.ts';
import { remark } from './document.ts';
import type { Proof, Section } from './document.ts';
import { allOf, haltsIn, outcomeProof, shotsIn, took } from './told.ts';
import type { Told } from './told.ts';

/** This launch beside what its runbook asks for, its last rehearsals, and another launch. */

/** What can be compared of a launch or a rehearsal. */
export interface Compared {
  title: string;
  /** Whose record has these figures: of a rehearsal without sending, that of the launch it rehearses. */
  launchId: string;
  devices: number;
  totals: Totals | null;
  askToGoMs: number | null;
  timing: ShotTiming | null;
  fleets: { target: string; tookMs: number | null }[];
  /** Null: of a rehearsal within the launch that it rehearses, which has no record of its own. */
  readiness: Readiness | null;
  proof: Proof[];
}

/** How ready it was, and what went otherwise than planned. */
interface Readiness {
  /** Gates, once each. */
  redAtGo: number;
  waived: number;
  missed: number;
  halts: number;
}

export function figures(told: Pick<Told, 'entries' | 'last'>, other: Compared | null): Section {
  const mine = comparedOf(told.last, told.entries, 'this launch');
  // A rehearsal that is named itself stands there once, by its own record.
  const rehearsals = rehearsed(told).filter(({ launchId }) => launchId !== other?.launchId);
  const beside = [...rehearsals, ...(other === null ? [] : [other])];
  const all = [mine, ...beside];
  const fleets = [...new Set(all.flatMap((one) => one.fleets.map(({ target }) => target)))];
  const asked = targetsOf(told.last, mine);
  const reasons = reasonsIn(all);
  const rows = [
    ...ROWS.map(([name, cell]) => [name, asked.get(name) ?? '–', ...all.map(cell)]),
    ...reasons.map((reason) => [
      `failed: ${reason}`,
      '–',
      ...all.map(({ totals }) => counted(totals === null ? undefined : (totals.reasons[reason] ?? 0))),
    ]),
    ...fleets.map((target) => [
      `fleet ${target} took`,
      asked.get(target) ?? '–',
      ...all.map((one) => took(one.fleets.find((fleet) => fleet.target === target)?.tookMs ?? null)),
    ]),
  ];
  const proof = [...new Set(all.flatMap((one) => one.proof))];
  return {
    id: 'figures',
    title: 'Figures',
    blocks: [
      {
        kind: 'table',
        head: ['', 'asked for', ...all.map(({ title }) => title)],
        figures: all.length,
        rows: rows.map((cells, index) => ({ cells, proof: index === 0 ? proof : [] })),
      },
      ...(beside.length === 0
        ? [remark('It was not rehearsed in this record, and no other launch was named to compare it with.')]
        : []),
      ...(shotsIn(told).length > 1
        ? [
            remark(
              `Counts are of all shots together, and who was halted or too late in several counts in each; ${TIMES_OF}.`,
            ),
          ]
        : []),
    ],
  };
}

/** Where a launch has several shots. */
export const TIMES_OF =
  'the time from ask to GO is of the first shot, and speed is of the one by which most were reached';

/** More a table has no room for; `npm run record -- figures` has all. */
const REASONS = 8;

/** Why devices failed, the most frequent of any of them first. */
function reasonsIn(all: readonly Compared[]): string[] {
  const sums = new Map<string, number>();
  for (const { totals } of all)
    for (const [reason, count] of Object.entries(totals?.reasons ?? {}))
      sums.set(reason, (sums.get(reason) ?? 0) + count);
  return [...sums]
    .toSorted((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]))
    .slice(0, REASONS)
    .map(([reason]) => reason);
}

export const ROWS: readonly (readonly [name: string, cell: (of: Compared) => string])[] = [
  ['gates not green at GO', ({ readiness }) => counted(readiness?.redAtGo)],
  ['gates waived', ({ readiness }) => counted(readiness?.waived)],
  ['deadlines missed', ({ readiness }) => counted(readiness?.missed)],
  ['halts', ({ readiness }) => counted(readiness?.halts)],
  ['devices', ({ devices }) => number(devices)],
  ['accepted', ({ totals }) => counted(totals?.accepted)],
  ['tokens refused for good', ({ totals }) => counted(totals === null ? undefined : badTokenCount(totals.reasons))],
  ['halted', ({ totals }) => counted(totals?.halted)],
  ['too late', ({ totals }) => counted(totals?.late)],
  ['uncertain', ({ totals }) => counted(totals?.uncertain)],
  ['ask to GO', ({ askToGoMs }) => took(askToGoMs)],
  ['GO to first push', ({ timing }) => took(timing?.firstWriteMs ?? null)],
  ['p50', ({ timing }) => took(timing?.p50Ms ?? null)],
  ['p95', ({ timing }) => took(timing?.p95Ms ?? null)],
  ['p99', ({ timing }) => took(timing?.p99Ms ?? null)],
  ['GO to last push', ({ timing }) => took(timing?.lastWriteMs ?? null)],
  ['pushes a second', ({ timing }) => (timing === null ? '–' : number(Math.round(timing.perSecond)))],
];

const counted = (count: number | undefined): string => (count === undefined ? '–' : number(count));

/** A launch as its record tells it. Of a rehearsal that is a launch of its own, too. */
export function comparedOf(launch: Launch, entries: readonly Entry[], title: string): Compared {
  const shots = shotsIn({ last: launch });
  const [first] = shots;
  const request = entries.find((entry) => entry.kind === 'FireRequested' && entry.orderId === first?.orderId);
  const largest = shots.filter(({ timing }) => timing !== null).toSorted((a, b) => reachedBy(b) - reachedBy(a))[0];
  const totals = shots.flatMap((shot) => shot.totals ?? []);
  const fleets = plannedFleets(launch.runbook).flatMap(({ target, to }) => {
    const reached = entries.find(
      (entry) =>
        entry.kind === 'ScaleReached' &&
        entry.target === target &&
        entry.desired === to &&
        ordered({ entries }, entry)?.rehearsal === undefined,
    );
    return reached?.kind === 'ScaleReached' ? [{ target, tookMs: reached.tookMs, proof: `e${reached.seq}` }] : [];
  });
  return {
    title,
    launchId: launch.id,
    // A further attempt goes to devices that an earlier one has counted.
    devices: totals.reduce((sum, { devices, attempt }) => sum + (attempt === 1 ? devices : 0), 0),
    totals: totals.length === 0 ? null : sumTotals(totals),
    askToGoMs: request === undefined || first === undefined ? null : first.pressedAtMs - request.atMs,
    timing: largest?.timing ?? null,
    fleets,
    readiness: readinessOf(entries, launch),
    proof: [...fleets.map(({ proof }) => proof), ...shots.flatMap(({ id }) => outcomeProof({ entries }, id))],
  };
}

function readinessOf(entries: readonly Entry[], { waivers }: Launch): Readiness {
  const of = <K extends Entry['kind']>(kind: K) => allOf({ entries }, kind);
  return {
    redAtGo: new Set(of('FireApproved').flatMap(({ redGates }) => redGates.map(({ gate }) => gate))).size,
    waived: new Set(of('WaiverGranted').map(({ waiverId }) => waivers[waiverId]?.gate ?? waiverId)).size,
    missed: new Set(of('StepMissed').map(({ step }) => step)).size,
    halts: haltsIn({ entries }).length,
  };
}

/** A shot that a halt has cut off says little about how long the others waited. */
const reachedBy = ({ totals }: Launch['shots'][string]): number => sumTotals(totals ?? []).accepted;

/** The last rehearsal of each kind. */
function rehearsed({ last, entries }: Pick<Told, 'entries' | 'last'>): Compared[] {
  return (['infrastructure', 'limited', 'silent'] as const).flatMap((what) => {
    const one = lastRehearsal(last, what);
    if (one === null) return [];
    const ended = entries.find((entry) => entry.kind === 'RehearsalEnded' && entry.rehearsalId === one.id);
    return [ofReport(one.report, `${what} rehearsal ${one.id}, ${stamp(one.endedAtMs).slice(0, 10)}`, ended)];
  });
}

function ofReport(report: RehearsalReport, title: string, ended: Entry | undefined): Compared {
  const { launchId, devices, totals, askToGoMs, timing, fleets } = report;
  return {
    title,
    launchId,
    devices,
    totals,
    askToGoMs,
    timing,
    fleets,
    readiness: null,
    proof: ended === undefined ? [] : [`e${ended.seq}`],
  };
}

/** What the runbook asks for, by row, and whether this launch has kept it. */
function targetsOf(launch: Launch, { totals, timing }: Compared): Map<string, string> {
  const { p99WithinMs, refusedAtMost } = rehearsalTargets(launch.runbook);
  const targets = new Map<string, string>();
  const p99Ms = timing?.p99Ms ?? null;
  if (p99WithinMs !== null)
    targets.set('p99', `at most ${took(p99WithinMs)}${kept(p99Ms === null ? null : p99Ms <= p99WithinMs)}`);
  if (refusedAtMost !== null) {
    const answered = totals === null ? 0 : totals.accepted + totals.failed;
    const isKept = totals === null || answered === 0 ? null : badTokenCount(totals.reasons) / answered <= refusedAtMost;
    const share = (refusedAtMost * 100).toLocaleString('en-US', { maximumFractionDigits: 2 });
    targets.set('tokens refused for good', `at most ${share} %${kept(isKept)}`);
  }
  for (const step of plannedSteps(launch.runbook)) {
    const deadline = deadlineAtMs(launch, step);
    if (step.do.kind !== 'scale' || step.do.to === 0 || targets.has(step.do.target)) continue;
    const withinMs = deadline === null ? step.do.late_after : deadline - stepDueAtMs(launch, step);
    targets.set(step.do.target, `at most ${took(withinMs)}`);
  }
  return targets;
}

const kept = (is: boolean | null): string => (is === null ? '' : is ? ': kept' : ': not kept');
