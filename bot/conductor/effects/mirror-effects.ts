import { z } from 'zod';
import { hearCalls } from '../../../infra/aws/hear-calls.ts';
import type { Effect } from '../../../runbooks/launch/effects.ts';
import type { AwsCall } from '../../../runbooks/launch/entries.ts';
import type { Context } from '../context.ts';
import { callsOf, keepCalls, keptCalls, lastOf } from '../heard.ts';
import { writeMirror } from './public-mirror.ts';

/**
 * A switch's public mirror, and what AWS was asked for it. Whoever presses waits for the parameter, so the requests' ids travel
 * in the mark that says that it is written; only what AWS has refused is kept beside it. The leader makes an entry of both.
 */

/** As long as a switch's value may be, and a halt's parameter is shorter. */
const VALUE_CHARS = 200;

/** Whoever can write the marks can write anything there; no more than this goes into an entry. */
const marked = z.object({
  /** Null: nothing. */ written: z.string().max(VALUE_CHARS).nullable(),
  atMs: z.int(),
  aws: keptCalls,
});

export async function mirrorSwitch(
  context: Context,
  launchId: string,
  effect: Extract<Effect, { kind: 'mirror-switch' }>,
): Promise<string> {
  const heard: AwsCall[] = [];
  try {
    const written = await hearCalls(heard, () => writeMirror(context, launchId, effect.switch));
    const mark: z.output<typeof marked> = { written, atMs: context.nowMs(), aws: lastOf([], heard) };
    return JSON.stringify(mark);
  } catch (error) {
    await keepCalls(context, launchId, effect.id, heard);
    throw error;
  }
}

/** Performed after the other one. A second report of the same entry is refused; a mark of an older bot, or one that was lost, tells of no request. */
export async function reportMirror(
  context: Context,
  launchId: string,
  { switch: name, seq: of, setAtMs, after = '' }: Extract<Effect, { kind: 'report-mirror' }>,
): Promise<string> {
  const mark = readMark(await context.cloud.live.effectResult(launchId, after));
  if (mark === null || mark.written === null) return 'nothing is known to be written';
  const { written: value, atMs } = mark;
  const aws = lastOf(await callsOf(context, launchId, after), mark.aws);
  const tookMs = Math.max(0, atMs - setAtMs);
  const acted = await context.execute(launchId, { kind: 'report-mirror', switch: name, of, value, tookMs, aws });
  return acted.ok ? 'done' : acted.code;
}

function readMark(result: string | null): z.output<typeof marked> | null {
  try {
    return result === null ? null : marked.parse(JSON.parse(result));
  } catch {
    return null;
  }
}
