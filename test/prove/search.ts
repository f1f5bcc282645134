import type { Bounds } from './config.ts';
import { Moves } from './moves.ts';
import { StateChecks } from './properties.ts';
import type { Property, Violation } from './properties.ts';
import { firstWorld, hashOf } from './world.ts';
import type { World } from './world.ts';

/** Breadth first, so that the first violation found has a shortest trace. */

interface Found {
  violation: Violation;
  trace: string[];
}
export interface Outcome {
  states: number;
  steps: number;
  depth: number;
  seconds: number;
  isComplete: boolean;
  found: Found | null;
  left: number;
}
interface Progress {
  states: number;
  depth: number;
  frontier: number;
  perSecond: number;
}

/** All that a search has to keep to go on later. */
export interface Saved {
  bounds: Bounds;
  seen: Set<string>;
  parents: number[];
  says: string[];
  frontier: { world: World; at: number }[];
  depth: number;
  steps: number;
}

export interface SearchOptions {
  untilMs?: number;
  statesMost?: number;
  onProgress?: (progress: Progress) => void;
  resume?: Saved | null;
  /** Properties that are not looked at. */ ignore?: readonly Property[];
}

export async function search(
  bounds: Bounds,
  {
    untilMs = Number.POSITIVE_INFINITY,
    statesMost = Number.POSITIVE_INFINITY,
    onProgress,
    resume,
    ignore = [],
  }: SearchOptions = {},
): Promise<{ outcome: Outcome; saved: Saved }> {
  const begunAtMs = process.hrtime.bigint();
  const seconds = () => Number(process.hrtime.bigint() - begunAtMs) / 1e9;
  const moves = new Moves(bounds);
  const checks = new StateChecks(bounds, ignore);
  const counts = (violation: Violation | null) =>
    violation === null || ignore.includes(violation.property) ? null : violation;
  const first = firstWorld(bounds);
  const saved: Saved = resume ?? {
    bounds,
    seen: new Set([hashOf(first)]),
    parents: [-1],
    says: ['the launch is ready'],
    frontier: [{ world: first, at: 0 }],
    depth: 0,
    steps: 0,
  };
  const begunWith = saved.parents.length;
  let toldAt = 0;
  const outcome = (isComplete: boolean, found: Found | null): { outcome: Outcome; saved: Saved } => ({
    outcome: {
      states: saved.parents.length,
      steps: saved.steps,
      depth: saved.depth,
      seconds: seconds(),
      isComplete,
      found,
      left: saved.frontier.length,
    },
    saved,
  });

  while (saved.frontier.length > 0) {
    const next: Saved['frontier'] = [];
    for (let i = 0; i < saved.frontier.length; i++) {
      const one = saved.frontier[i];
      if (one === undefined) continue;
      if (saved.parents.length >= statesMost || Date.now() >= untilMs) {
        // The rest of this depth first, as it would have been.
        saved.frontier = [...saved.frontier.slice(i), ...next];
        return outcome(false, null);
      }
      for (const { say, world, violation } of await moves.of(one.world)) {
        saved.steps += 1;
        const hash = hashOf(world);
        if (counts(violation) === null && saved.seen.has(hash)) continue;
        const problem = counts(violation) ?? (await checks.problem(world));
        const at = saved.parents.push(one.at) - 1;
        saved.says.push(say);
        if (problem !== null) return outcome(false, { violation: problem, trace: traceTo(saved, at) });
        saved.seen.add(hash);
        next.push({ world, at });
      }
      if (onProgress !== undefined && seconds() - toldAt >= 2) {
        toldAt = seconds();
        onProgress({
          states: saved.parents.length,
          depth: saved.depth,
          frontier: saved.frontier.length - i + next.length,
          perSecond: (saved.parents.length - begunWith) / toldAt,
        });
      }
    }
    saved.frontier = next;
    saved.depth += 1;
  }
  return outcome(true, null);
}

function traceTo({ parents, says }: Saved, at: number): string[] {
  const trace: string[] = [];
  for (let here = at; here > 0; here = parents[here] ?? 0) trace.push(says[here] ?? '');
  return trace.toReversed();
}
