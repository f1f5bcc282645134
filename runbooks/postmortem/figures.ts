import { badTokenCount } from '../launch/bad-tokens.ts';
import { deadlineAtMs } from '../launch/deadlines.ts';
import type { Entry, RehearsalReport, ShotTiming, Totals } from '../launch/entries.ts';
import type { Launch, Shot } from '../launch/launch.ts';
import { stepDueAtMs } from '../launch/plan-times.ts';
import { lastRehearsal, plannedFleets, rehearsalTargets } from '../launch/rehearsal-report.ts';
import { plannedSteps } from '../launch/steps.ts';
import { sumTotals } from '../launch/totals.ts';
import { stamp } from '../record/clock.ts';
import { number } from '../record/describe.ts';
import { ordered } from './detection.ts';
import { remark } from './document.ts';
import type { Proof, Section } from './document.ts';
import { allOf, askToPressMs, haltsIn, outcomeProof, shotsIn, took } from './told.ts';
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
  fleets: { target: string; tookMs: number | null; proof?: Proof }[];
  /** Null: of a rehearsal within the launch that it rehearses, which has no record of its own. */
  readiness: Readiness | null;
  /** The entries that its figures rest on, by what they are of. Empty: they are of another record. */
  proofs: Partial<Record<Resting, Proof[]>>;
}

type Resting = 'gates' | 'waivers' | 'deadlines' | 'halts' | 'counts' | 'ask' | 'times';

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
  const proofOf = (of: Resting): Proof[] => [...new Set(all.flatMap(({ proofs }) => proofs[of] ?? []))];
  const row = (cells: string[], proof: Proof[]) => ({ cells, proof });
  const rows = [
    ...ROWS.map(([name, cell, of]) => row([name, asked.get(name) ?? '–', ...all.map(cell)], proofOf(of))),
    ...reasons.map((reason) => {
      const cells = all.map(({ totals }) => counted(totals === null ? undefined : (totals.reasons[reason] ?? 0)));
      return row([`failed: ${reason}`, '–', ...cells], proofOf('counts'));
    }),
    ...fleets.map((target) => {
      const of = all.map((one) => one.fleets.find((fleet) => fleet.target === target));
      const cells = of.map((one) => took(one?.tookMs ?? null));
      return row(
        [`fleet ${target} took`, asked.get(target) ?? '–', ...cells],
        [...new Set(of.flatMap((one) => one?.proof ?? []))],
      );
    }),
  ];
  return {
    id: 'figures',
    title: 'Figures',
    blocks: [
      {
        kind: 'table',
        head: ['', 'asked for', ...all.map(({ title }) => title)],
        figures: all.length,
        rows,
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

export const ROWS: readonly (readonly [name: string, cell: (of: Compared) => string, of: Resting])[] = [
  ['gates not green at GO', ({ readiness }) => counted(readiness?.redAtGo), 'gates'],
  ['gates waived', ({ readiness }) => counted(readiness?.waived), 'waivers'],
  ['deadlines missed', ({ readiness }) => counted(readiness?.missed), 'deadlines'],
  ['halts', ({ readiness }) => counted(readiness?.halts), 'halts'],
  ['devices', ({ devices }) => number(devices), 'counts'],
  ['accepted', ({ totals }) => counted(totals?.accepted), 'counts'],
  [
    'tokens refused for good',
    ({ totals }) => counted(totals === null ? undefined : badTokenCount(totals.reasons)),
    'counts',
  ],
  ['halted', ({ totals }) => counted(totals?.halted), 'counts'],
  ['too late', ({ totals }) => counted(totals?.late), 'counts'],
  ['uncertain', ({ totals }) => counted(totals?.uncertain), 'counts'],
  ['ask to GO', ({ askToGoMs }) => took(askToGoMs), 'ask'],
  ['GO to first push', ({ timing }) => took(timing?.firstWriteMs ?? null), 'times'],
  ['p50', ({ timing }) => took(timing?.p50Ms ?? null), 'times'],
  ['p95', ({ timing }) => took(timing?.p95Ms ?? null), 'times'],
  ['p99', ({ timing }) => took(timing?.p99Ms ?? null), 'times'],
  ['GO to last push', ({ timing }) => took(timing?.lastWriteMs ?? null), 'times'],
  ['pushes a second', ({ timing }) => (timing === null ? '–' : number(Math.round(timing.perSecond))), 'times'],
];

const counted = (count: number | undefined): string => (count === undefined ? '–' : number(count));

/** Another launch, to stand beside this one: its entries are in another record, so that nothing of it leads there. */
export function anotherOf({ launch, entries }: { launch: Launch; entries: readonly Entry[] }): Compared {
  const other = comparedOf(launch, entries, `${launch.name} (${launch.id})`);
  return { ...other, fleets: other.fleets.map(({ target, tookMs }) => ({ target, tookMs })), proofs: {} };
}

/** A launch as its record tells it. Of a rehearsal that is a launch of its own, too. */
export function comparedOf(launch: Launch, entries: readonly Entry[], title: string): Compared {
  const shots = shotsIn({ last: launch });
  const [first] = shots;
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
    askToGoMs: first === undefined ? null : askToPressMs({ entries }, first),
    timing: largest?.timing ?? null,
    fleets,
    readiness: readinessOf(entries, launch),
    proofs: proofsIn(entries, launch, first, largest),
  };
}

function proofsIn(entries: readonly Entry[], launch: Launch, first?: Shot, largest?: Shot): Compared['proofs'] {
  const of = (kind: Entry['kind'], is: (entry: Entry) => boolean = () => true) =>
    entries.filter((entry) => entry.kind === kind && is(entry)).map(({ seq }): Proof => `e${seq}`);
  return {
    gates: of('FireApproved'),
    waivers: of('WaiverGranted'),
    deadlines: of('StepMissed'),
    halts: of('HaltSet'),
    counts: shotsIn({ last: launch }).flatMap(({ id }) => outcomeProof({ entries }, id)),
    ask:
      first === undefined
        ? []
        : [
            ...of('FireRequested', (one) => 'orderId' in one && one.orderId === first.orderId),
            ...of('FireArmed', ({ seq }) => seq === launch.orders[first.orderId]?.armed?.seq),
            `e${first.approvedSeq}`,
          ],
    times: of('ShotTimed', (one) => 'shotId' in one && one.shotId === largest?.id),
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
  const proof: Proof[] = ended === undefined ? [] : [`e${ended.seq}`];
  return {
    title,
    launchId,
    devices,
    totals,
    askToGoMs,
    timing,
    fleets: fleets.map((one) => ({ ...one, ...(proof[0] === undefined ? {} : { proof: proof[0] }) })),
    readiness: null,
    proofs: { counts: proof, ask: proof, times: proof },
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
