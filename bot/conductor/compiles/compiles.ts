// Held by `bot/conductor/compiles/compile-watch.test.ts`.
import { sha256 } from '../../../infra/aws/sha256.ts';
import type { CompileRun } from '../../views/compile.ts';
import type { CompileAsked } from '../conductor-port.ts';
import type { Context } from '../context.ts';
import { indexItem } from '../effects/perform.ts';
import { FACT, fact, keepFact } from '../facts.ts';

/** The last compile of a launch; null: none was asked for. */
export async function lastCompile(context: Context, launchId: string): Promise<CompileRun | null> {
  const kept = await fact(context, launchId, FACT.compile);
  return kept === null ? null : (JSON.parse(kept) as CompileRun);
}

/**
 * Notes what is to be compiled; the leader starts it. Null: one is under way, or somebody else was asked for one in the same
 * moment. Whoever notes it has claimed its number before, so that of two presses one counts.
 */
export async function askCompile(context: Context, launchId: string, asked: CompileAsked): Promise<CompileRun | null> {
  const { cloud, holder, hasEnded, timings, nowMs } = context;
  const last = await lastCompile(context, launchId);
  if (last !== null && last.end === null) {
    await wakeClosed(context, launchId);
    return null;
  }
  const number = (last?.number ?? 0) + 1;
  const claim = await cloud.live.claimEffect(launchId, `compile/${number}`, holder, timings.claimMs, nowMs(), hasEnded);
  if (!claim.mine) return null;
  const run: CompileRun = {
    ...asked,
    number,
    askedAtMs: nowMs(),
    taskArn: null,
    startedAtMs: null,
    isStopping: false,
    progress: { say: 'the task is asked for', percent: null, leftMs: null },
    end: null,
  };
  await keepCompile(context, launchId, run);
  await cloud.live.finishEffect(launchId, `compile/${number}`, String(run.askedAtMs));
  await wakeClosed(context, launchId);
  return run;
}

/** One that is closed has no keeper, which would look; asked again too, since a bot may have died before it said so, or a keeper ended meanwhile. */
async function wakeClosed({ journal, cloud }: Context, launchId: string): Promise<void> {
  const launch = await journal.launch(launchId);
  if (launch?.closed === true) await cloud.live.putLaunch(indexItem(launch, false));
}

export async function keepCompile(context: Context, launchId: string, run: CompileRun): Promise<void> {
  await keepFact(context, launchId, FACT.compile, JSON.stringify(run));
}

/** A note of its own: what the leader writes meanwhile must not undo it. */
export async function cancelCompile(context: Context, launchId: string, number: number, by: string): Promise<void> {
  await keepFact(context, launchId, FACT.compileCancelled(number), by);
}

/** The same for every bot that takes it up, and for no other compile: one task, and where it tells how it goes. */
export function taskIdOf(launchId: string, { number, askedAtMs }: CompileRun): string {
  return `compile-${sha256(`${launchId}/${number}/${askedAtMs}`).slice(0, 32)}`;
}
