import type { Entry } from '../../runbooks/launch/entries.ts';
import { gateNamed } from '../../runbooks/launch/gates.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { plannedSteps, stepNamed } from '../../runbooks/launch/steps.ts';

/** What became of the plan of a rehearsal until its last shot was through. Steps and gates by their titles. */
export interface PlanKept {
  /** It ran by itself, compressed. */
  isPlayed: boolean;
  planned: number;
  /** Without a press. */
  begun: number;
  /** Of those that wait for nothing but their time: the one that began longest after it. */
  latest: { title: string; lateMs: number } | null;
  /** Not verified by their deadline. */
  missed: string[];
  refused: string[];
  /** Left for a person to run. */
  put: string[];
  /** Waiting for what is not over. */
  held: string[];
  gates: number;
  /** Red or unknown at a GO, in spite of which it went. */
  redAtGo: string[];
}

export function planKept(launch: Launch, entries: readonly Entry[], isPlayed: boolean): PlanKept {
  const title = (id: string): string => stepNamed(launch.runbook, id)?.title ?? id;
  const inState = (wanted: string) =>
    Object.entries(launch.steps).flatMap(([id, { state }]) => (state === wanted ? [title(id)] : []));
  const begun = entries.flatMap((entry) => (entry.kind === 'StepStarted' && 'system' in entry.by ? [entry] : []));
  const [latest = null] = begun
    .filter(({ step }) => stepNamed(launch.runbook, step)?.after === undefined)
    .map(({ step, atMs, dueAtMs }) => ({ title: title(step), lateMs: atMs - dueAtMs }))
    .toSorted((a, b) => b.lateMs - a.lateMs);
  const red = entries.flatMap((entry) => (entry.kind === 'FireApproved' ? entry.redGates : []));
  return {
    isPlayed,
    planned: plannedSteps(launch.runbook).length,
    begun: begun.length,
    latest,
    missed: Object.keys(launch.missed).map(title),
    refused: Object.entries(launch.steps).flatMap(([id, { refused }]) => (refused === true ? [title(id)] : [])),
    put: inState('put'),
    held: inState('held'),
    gates: launch.runbook.gates.length,
    redAtGo: [...new Set(red.map(({ gate }) => gateNamed(launch, gate)?.title ?? gate))],
  };
}

const NOT_PLAYED =
  '  plan       not played: its fleets were ordered at once, and no market was armed for its own moment; --compress N plays it';

export function planLines({ isPlayed, planned, begun, latest, gates, redAtGo, ...rest }: PlanKept): string[] {
  const row = (name: string, titles: readonly string[]) =>
    titles.length === 0 ? [] : [`             ${name}: ${titles.join(', ')}`];
  const late =
    latest === null || latest.lateMs < 100
      ? ''
      : `, the latest ${(latest.lateMs / 1_000).toFixed(1)} s late (${latest.title})`;
  const steps = [
    `  steps      ${begun} of ${planned} began by themselves at their time${late}`,
    ...row('not verified by their deadline', rest.missed),
    ...row('refused', rest.refused),
    ...row('left for a person', rest.put),
    ...row('waiting', rest.held),
  ];
  const green =
    redAtGo.length === 0 ? `all ${gates} green or waived at every GO` : `not green at GO: ${redAtGo.join(', ')}`;
  return [...(isPlayed ? steps : [NOT_PLAYED]), `  gates      ${green}`];
}
