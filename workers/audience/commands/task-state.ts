import { AudienceError } from '../../../contract/audience-error.ts';
import { compileStateKey, toCompileState } from '../../../contract/compile-state.ts';
import type { CompileState } from '../../../contract/compile-state.ts';
import type { Objects } from '../../../infra/aws/objects.ts';
import { visibleLines } from '../../../infra/visible.ts';
import type { Output, Tell } from '../progress.ts';

/** The bot looks every two seconds. */
const EVERY_MS = 2_000;

type Ended<Is extends CompileState['is']> = Omit<Extract<CompileState, { is: Is }>, 'v' | 'atMs'>;

/** The launch that it works for. It signs nothing, so nobody is named. Throws ARGUMENT_INVALID. */
export function launchOfTask(task: string, { launch, as }: { launch?: string; as?: string }): string {
  if (launch !== undefined && as === undefined && /^[a-z0-9-]{1,64}$/.test(task)) return launch;
  throw new AudienceError(
    'ARGUMENT_INVALID',
    `--task: found "${task}" ${launch === undefined ? 'without --launch' : `with ${as === undefined ? 'it' : '--as'}`}, expected an id as the bot gives it, and --launch without --as`,
  );
}

/**
 * Does the work of a task that the bot has started, and tells it how it goes and how it ended: what it may do itself it says,
 * and sets nothing. Progress that can't be told holds nothing up; an end that can't be told fails.
 */
export async function toldAsTask(
  task: string,
  { objects, err, nowMs = Date.now }: { objects: Objects; err: Output; nowMs?: () => number },
  work: (tell: Tell) => Promise<Ended<'stored'> | Ended<'listed'> | Ended<'counted'>>,
): Promise<void> {
  const put = (state: CompileState) => objects.put(compileStateKey(task), toCompileState(state), 'application/json');
  let writing: Promise<void> = Promise.resolve();
  let toldAtMs = Number.NEGATIVE_INFINITY;
  const tell: Tell = (so) => {
    if (nowMs() - toldAtMs < EVERY_MS) return;
    toldAtMs = nowMs();
    writing = writing
      .then(() => put({ v: 1, atMs: nowMs(), is: 'working', ...so }))
      .catch((error: unknown) => void err.write(`the bot could not be told of it: ${String(error)}\n`));
  };
  const end = async (state: CompileState) => {
    // An older word must not come after the last one.
    await writing;
    await put(state);
  };
  try {
    const ended = await work(tell);
    await end({ v: 1, atMs: nowMs(), ...ended });
  } catch (error) {
    const known = error instanceof AudienceError;
    const say = known ? visibleLines(error.message) : 'something that nobody foresaw; the log of the task has it';
    await end({ v: 1, atMs: nowMs(), is: 'failed', code: known ? error.code : 'UNEXPECTED', say }).catch(
      (untold: unknown) => void err.write(`the bot could not be told of it: ${String(untold)}\n`),
    );
    throw error;
  }
}
