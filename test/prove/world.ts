import type { Claim } from '../../infra/aws/claim-item.ts';
import { T0_MS } from './config.ts';
import type { Bounds } from './config.ts';
import { firstEntries, headOf } from './launch.ts';
import { ask, close, lookForLate, seenText, work } from './processes.ts';
import type { ProcessArgs } from './processes.ts';
import { digest, Sandbox } from './sandbox.ts';
import type { Happened, Program, Running } from './sandbox.ts';
import type { Stored } from './stores.ts';

/** One process: what it is and all that has happened to it. `hash` stands for both. */
export interface Process {
  name: string;
  args: ProcessArgs;
  atMs: number;
  seen: string;
  history: readonly Happened[];
  hash: string;
  parent: string | null;
}

/** One state of the launch and everything around it. Values are never changed, so that states share them. */
export interface World extends Stored {
  /** True time, which is the store's. */
  atMs: number;
  /** The switch item. */
  halt: { epoch: number; halted: boolean };
  processes: readonly Process[];
  used: { halts: number; faults: number; lostAnswers: number };
  /** Wake-ups of workers by attempt and batch. */
  takes: Readonly<Record<string, number>>;
  /** Devices that were written, by attempt: what providers know. */
  written: Readonly<Record<number, readonly string[]>>;
  /** For a search that reads old claims: as they stood at the last press. */
  claimsAtPress: ReadonlyMap<string, Claim> | null;
}

export function firstWorld(bounds: Bounds): World {
  return {
    atMs: T0_MS,
    entries: firstEntries(bounds),
    claims: new Map(),
    halt: { epoch: 0, halted: false },
    processes: [],
    used: { halts: 0, faults: 0, lostAnswers: 0 },
    takes: {},
    written: {},
    claimsAtPress: null,
  };
}

const claimTexts = new WeakMap<Claim, string>();

function claimText(claim: Claim): string {
  let text = claimTexts.get(claim);
  if (text === undefined) {
    text = digest(JSON.stringify(claim));
    claimTexts.set(claim, text);
  }
  return text;
}

export function claimsText(claims: ReadonlyMap<string, Claim>): string {
  return [...claims]
    .map(([key, claim]) => `${key} ${claimText(claim)}`)
    .toSorted()
    .join();
}

export function hashOf(world: World): string {
  const { atMs, entries, claims, halt, processes, used, takes, written, claimsAtPress } = world;
  return digest(
    [
      atMs,
      headOf(entries).hash,
      claimsText(claims),
      JSON.stringify(halt),
      processes
        .map(({ hash }) => hash)
        .toSorted()
        .join(),
      JSON.stringify([used, Object.entries(takes).map(String).toSorted(), written]),
      claimsAtPress === null ? '' : claimsText(claimsAtPress),
    ].join('|'),
  );
}

const programs: Record<ProcessArgs['role'], Program> = {
  worker: work as Program,
  closer: close as Program,
  late: lookForLate as Program,
  ask: ask as Program,
};
const LIVE_MOST = 4_000;
const KNOWN_MOST = 400_000;

/** Runs processes, each state of each once: what a process does after a history does not depend on anything else. */
export class Runs {
  readonly #known = new Map<string, Running>();
  readonly #live = new Map<string, Sandbox>();
  anew = 0;

  async of(process: Process): Promise<Running> {
    const known = this.#known.get(process.hash);
    if (known !== undefined) return known;
    const sandbox = await this.#bring(process);
    const running = sandbox.running();
    if (this.#known.size >= KNOWN_MOST) this.#known.clear();
    this.#known.set(process.hash, running);
    if (!running.done) this.#live.set(process.hash, sandbox);
    for (const hash of this.#live.keys()) {
      if (this.#live.size <= LIVE_MOST) break;
      this.#live.delete(hash);
    }
    return running;
  }

  async #bring({ name, args, atMs, seen, history, parent }: Process): Promise<Sandbox> {
    const last = history.at(-1);
    const before = parent === null ? undefined : this.#live.get(parent);
    if (before !== undefined && last !== undefined && parent !== null) {
      this.#live.delete(parent);
      await before.happens(last);
      return before;
    }
    this.anew += 1;
    const sandbox = new Sandbox(name, atMs, seen);
    await sandbox.start(programs[args.role], args);
    for (const one of history) await sandbox.happens(one);
    return sandbox;
  }
}

export function begin(world: World, args: ProcessArgs, name: string): Process {
  const seen = seenText(world.halt);
  return {
    name,
    args,
    atMs: world.atMs,
    seen,
    history: [],
    hash: digest(`${name} ${JSON.stringify(args)} ${world.atMs} ${seen}`),
    parent: null,
  };
}

export function happens(process: Process, happened: Happened): Process {
  return {
    ...process,
    history: [...process.history, happened],
    hash: digest(`${process.hash} ${textOf(happened)}`),
    parent: process.hash,
  };
}

function textOf({ value, ...rest }: Happened): string {
  return `${JSON.stringify(rest)} ${valueText(value)}`;
}

/** Entries are known by their hash, which is over those before them too; claims do not change. */
function valueText(value: unknown): string {
  if (value instanceof Map) return claimsText(value as ReadonlyMap<string, Claim>);
  if (Array.isArray(value)) return `${value.length} ${(value as { hash?: string }[]).at(-1)?.hash ?? ''}`;
  if (typeof value === 'object' && value !== null && 'entry' in value) return (value.entry as { hash: string }).hash;
  return JSON.stringify(value);
}
