import { z } from 'zod';
import { hearCalls } from '../../infra/aws/hear-calls.ts';
import type { AwsCall } from '../../runbooks/launch/entries.ts';
import type { Context } from './context.ts';
import { FACT, fact, keepFact } from './facts.ts';

/** What is refused for hours is asked again and again; the last ones tell why. */
const KEPT = 12;

/**
 * Does this work, and keeps what AWS was asked in it beside what earlier tries have kept, of whichever bot: the entry that says how it ended is
 * written later, and by somebody else perhaps. Never fails for it.
 */
export async function keepingCalls<T>(
  context: Context,
  launchId: string,
  what: string,
  work: () => Promise<T>,
): Promise<T> {
  const heard: AwsCall[] = [];
  try {
    return await hearCalls(heard, work);
  } finally {
    await keepCalls(context, launchId, what, heard);
  }
}

/** Keeps these beside the others. Never fails. */
export async function keepCalls(
  context: Context,
  launchId: string,
  what: string,
  heard: readonly AwsCall[],
): Promise<void> {
  if (heard.length === 0) return;
  try {
    const calls = lastOf(await callsOf(context, launchId, what), heard);
    await keepFact(context, launchId, FACT.awsCalls(what), JSON.stringify(calls));
  } catch (error) {
    context.log.warn({ launchId, what, heard, err: error }, 'the request ids of AWS could not be kept');
  }
}

/** Of what was asked before and since. */
export const lastOf = (before: readonly AwsCall[], since: readonly AwsCall[]): AwsCall[] =>
  [...before, ...since].slice(-KEPT);

/** In an entry, which nobody can change any more: whoever can write the facts puts nothing else into it. */
export const keptCalls = z.array(z.object({ call: z.string().max(200), requestId: z.string().max(200) })).max(KEPT);

/** What is no list of calls is none. */
export async function callsOf(context: Context, launchId: string, what: string): Promise<AwsCall[]> {
  const found = await fact(context, launchId, FACT.awsCalls(what));
  try {
    return found === null ? [] : keptCalls.parse(JSON.parse(found));
  } catch (error) {
    context.log.warn({ launchId, what, err: error }, 'the request ids of AWS that were kept are none');
    return [];
  }
}
