import { z } from 'zod';
import { counts } from '../runbooks/launch/counts.ts';
import { skipListKeyOf } from './skip-list-key.ts';

/** How a compile goes, or a skip list, that the bot has started: written by its task over and over, read by the bot. */

const said = { v: z.literal(1), atMs: z.number() };

const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/);
/** A skip list that was stored, not set; `adds` is the one that it holds all of. */
const skipStored = z.object({ hash: sha256Hex, tokens: z.number().int().min(0), adds: z.string().nullable() });

/** Refused tokens: how many are of iOS, of how many it is known since when they are gone, and of how many an account may have left that out. */
const goneTimes = z.object({
  ios: z.number().int().min(0),
  known: z.number().int().min(0),
  leftOut: z.number().int().min(0),
});
export type GoneTimes = z.output<typeof goneTimes>;

/** Sentences for people; none where there is nothing to say. */
export const goneTimesSay = ({ ios, known, leftOut }: GoneTimes): string[] => [
  ...(ios === 0
    ? []
    : [
        `${count(known)} of ${count(ios)} iOS ${ios === 1 ? 'token' : 'tokens'} with the time at which APNs confirmed that they are gone.`,
      ]),
  ...(leftOut === 0
    ? []
    : [`Of ${count(leftOut)} the time may be missing: the account of their batch had no room for it.`]),
];

const count = (devices: number): string => devices.toLocaleString('en-US');

const compileState = z.discriminatedUnion('is', [
  /** `leftMs` null: not known yet. */
  z.object({
    ...said,
    is: z.literal('working'),
    say: z.string(),
    percent: z.number().min(0).max(100),
    leftMs: z.number().min(0).nullable(),
  }),
  /** `problems`: what a person should look at before it is the launch's; each a sentence. */
  z.object({
    ...said,
    is: z.literal('stored'),
    hash: sha256Hex,
    rows: z.number().int(),
    rejected: z.record(z.string(), z.number().int()),
    problems: z.array(z.string()),
    /** Stored beside it: the launch's list with what `--skip` adds. Absent: none was given. */
    skip: skipStored.optional(),
  }),
  /** No audience: the launch's list with the tokens that another launch was refused. `added`: of them, those that it did not have. `untold`: of how many more nobody knows which they are. */
  z.object({
    ...said,
    is: z.literal('listed'),
    skip: skipStored,
    added: z.number().int().min(0),
    refused: z.number().int().min(0),
    untold: z.number().int().min(0),
  }),
  /** No audience: what became of whom by language. `refused`: where their tokens lie; null: none were refused for good. */
  z.object({
    ...said,
    is: z.literal('counted'),
    shots: z.array(
      z.object({
        shotId: z.string(),
        texts: z.array(z.object({ segment: z.string(), text: z.string(), states: counts })),
        untold: z.number().int().min(0),
      }),
    ),
    refused: z.object({ key: z.string(), tokens: z.number().int().min(0) }).nullable(),
    /** Of these tokens. Absent: an older version counted. */
    times: goneTimes.optional(),
  }),
  z.object({ ...said, is: z.literal('failed'), code: z.string(), say: z.string() }),
]);
export type CompileState = z.output<typeof compileState>;

export type SkipStored = z.output<typeof skipStored>;

/** What the launch is told of it, by whoever sets it. */
export const skipListOf = ({ hash, tokens, adds }: SkipStored) => ({
  skipList: { hash, key: skipListKeyOf(hash), tokens },
  adds,
});

/** Device tokens that were refused for good in the launch of this task, as CSV: for whoever owns the table of devices. No bot may read it. */
export const refusedTokensKey = (task: string): string => `joins/${task}/refused.csv`;

/** Beside what the task keeps for another try; a bot may read nothing else there. */
export const compileStateKey = (task: string): string => `joins/${task}/state.json`;

export const toCompileState = (state: CompileState): Uint8Array => new TextEncoder().encode(JSON.stringify(state));

/** Null: nothing that this version can read. */
export function fromCompileState(bytes: Uint8Array): CompileState | null {
  try {
    return compileState.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data ?? null;
  } catch {
    // Not even JSON.
    return null;
  }
}
