import type { Button } from '@slack/types';
import type { SkipStored } from '../../contract/compile-state.ts';
import type { RefusedIn, RehearsalSample } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { findPerson } from '../../runbooks/launch/people.ts';
import { sampleText } from '../../runbooks/launch/rehearsal-launch.ts';
import { heldOutIn } from '../../runbooks/launch/variants.ts';
import { heldOutText } from '../../runbooks/record/describe.ts';
import { ACTION } from '../action-ids.ts';
import { actions, button, context, message, section } from './blocks.ts';
import type { Message } from './message.ts';
import { clip, count, fit, plural, safe, span } from './words.ts';

/** An audience is compiled, of what was typed. */
export interface CompileOf {
  users: string;
  table: string;
  /** Words for the task besides these two. */
  options: readonly string[];
  /** To be set whatever there is to look at. */
  accepts: boolean;
}

/** Tokens that another launch was refused go on the skip list. */
export interface SkipOf {
  refusedIn: RefusedIn;
}

/** The sample that a rehearsal was begun for becomes its audience. */
export interface TakeOf {
  /** The launch that it rehearses. */
  takesFrom: string;
  sample: RehearsalSample;
}

/** Outcomes by language of the launch's own closed shots, and its refused tokens for whoever owns the table of devices. */
export interface OutcomesOf {
  outcomes: true;
}

/** What a task does because somebody asked in the channel, from the first word to the last: one at a time. */
export type CompileRun = CompileState & (CompileOf | SkipOf | TakeOf | OutcomesOf);

interface CompileState {
  /** 1, 2, 3 …, in the order in which they were asked for. */
  number: number;
  /** Person. */
  by: string;
  askedAtMs: number;
  /** Null: it was not started yet. */
  taskArn: string | null;
  startedAtMs: number | null;
  /** It was told to stop. */
  isStopping: boolean;
  /** `percent` null: nothing is known yet. */
  progress: { say: string; percent: number | null; leftMs: number | null };
  end: CompileEnd | null;
}

/** `stored`: compiled and not set, for what `problems` say. `refused`: compiled, and the launch did not take it. */
export interface CompileEnd {
  atMs: number;
  how: 'set' | 'stored' | 'refused' | 'failed' | 'lost' | 'cancelled';
  say: string;
  problems: readonly string[];
  /** Of the audience, if it was compiled. */
  hash: string | null;
  devices: number | null;
  /** Devices in no batch, on purpose. Absent: none. */
  heldOut?: number;
  rows: number | null;
  rejected: Readonly<Record<string, number>>;
  /** The skip list that was made: of `--skip`, or of refused tokens. Absent: nothing was to be skipped. */
  skip?: SkipStored;
}

type Of = CompileOf | SkipOf | TakeOf | OutcomesOf;
export const isSkip = <Run extends Of>(run: Run): run is Extract<Run, SkipOf> => 'refusedIn' in run;
export const isTake = <Run extends Of>(run: Run): run is Extract<Run, TakeOf> => 'takesFrom' in run;
export const isOutcomes = <Run extends Of>(run: Run): run is Extract<Run, OutcomesOf> => 'outcomes' in run;

export type TaskKind = 'compile' | 'skip' | 'take' | 'outcomes';

export function kindOf(run: Of): TaskKind {
  if (isSkip(run)) return 'skip';
  if (isTake(run)) return 'take';
  return isOutcomes(run) ? 'outcomes' : 'compile';
}

/** As the room calls it. */
export const runTitle = (run: CompileRun): string => `${TITLE[kindOf(run)]} ${run.number}`;

const TITLE: Record<TaskKind, string> = { compile: 'Compile', skip: 'Skip list', take: 'Sample', outcomes: 'Count' };

const SIGN: Record<CompileEnd['how'], string> = {
  set: ':white_check_mark:',
  stored: ':raised_hand:',
  refused: ':no_entry:',
  failed: ':warning:',
  lost: ':warning:',
  cancelled: ':octagonal_sign:',
};

const WHAT_IT_DID: Record<CompileEnd['how'], string> = {
  set: 'is done',
  stored: 'is done, and its audience is not set',
  refused: 'is done, and its audience was not taken',
  failed: 'has failed',
  lost: 'is lost',
  cancelled: 'was cancelled',
};

/** One message for a compile, edited in place. */
export function compileMessage(launch: Launch, run: CompileRun): Message {
  const { end, progress } = run;
  const name = runTitle(run);
  const from = `asked for by ${safe(nameOf(launch, run.by), 80)}, ${ofText(run)}`;
  if (end === null) {
    const percent = progress.percent === null ? '' : ` · ${Math.floor(progress.percent)} %`;
    const left = progress.leftMs === null ? '' : ` · about ${span(progress.leftMs)} left`;
    const say = run.isStopping ? 'stopping' : progress.say;
    return message(`${name}: ${say}${percent}${left}`, [
      section(`:hourglass_flowing_sand: *${name}:* ${safe(say, 500)}${percent}${left}`),
      ...(run.isStopping ? [] : [actions(`compile:${run.number}`, [cancelButton(launch, run)])]),
      context(`${from} · Cancel or \`/go audience cancel\` stops it`),
    ]);
  }
  const did =
    (isSkip(run) || isOutcomes(run)) && end.how === 'refused' ? 'is made, and was not taken' : WHAT_IT_DID[end.how];
  const title = `${name} ${did}`;
  return message(`${title}. ${end.say}`, [
    section(`${SIGN[end.how]} *${title}.* ${safe(end.say, 1_500)}`),
    ...(end.problems.length === 0 ? [] : [section(fit(end.problems.map((problem) => `• ${safe(problem, 600)}`)))]),
    ...(end.how === 'stored'
      ? [
          context(
            `If it is as it should be, \`/go audience accept\` sets it as it is${end.skip === undefined ? '' : ', with its skip list'}. Nothing was changed.`,
          ),
        ]
      : []),
    context(
      [from, figuresOf(run, end), `took ${span(end.atMs - run.askedAtMs)}`].filter((part) => part !== '').join(' · '),
    ),
  ]);
}

const cancelButton = (launch: Launch, { number }: CompileRun): Button =>
  button(ACTION.cancelCompile, 'Cancel', { launchId: launch.id, number: String(number) });

/** What it is made of. */
function ofText(run: CompileRun): string {
  if (isSkip(run)) return `with the tokens that were refused in \`${safe(run.refusedIn.launchId, 80)}\``;
  if (isTake(run)) return `${safe(sampleText(run.sample), 400)} of \`${safe(run.takesFrom, 80)}\``;
  if (isOutcomes(run)) return 'of outcomes by language, and of refused tokens';
  return `from ${safe(run.users, 200)} and the table ${safe(run.table, 260)}`;
}

function figuresOf(run: CompileRun, { devices, heldOut = 0, rows, rejected }: CompileEnd): string {
  if (devices === null || rows === null) return '';
  if (isTake(run)) return plural(devices, 'device');
  const reasons = Object.entries(rejected).toSorted((a, b) => b[1] - a[1]);
  const out = reasons.reduce((sum, [, rowsOf]) => sum + rowsOf, 0);
  const words = reasons.slice(0, 3).map(([reason, rowsOf]) => `${count(rowsOf)} ${reason}`);
  return `${plural(devices, 'device')} of ${plural(rows, 'row')}${heldOutText(heldOut)}${out === 0 ? '' : `, ${count(out)} rejected (${safe(words.join(', '), 200)})`}`;
}

/** The answer to `/go audience`: what is set, and what is being compiled. */
export function audienceMessage(launch: Launch, run: CompileRun | null): Message {
  const { audience } = launch;
  const say =
    audience === null
      ? 'There is no audience yet.'
      : `The audience has ${plural(audience.devices, 'device')} in ${plural(audience.segments.length, 'segment')}${heldOutText(heldOutIn(audience, 'all'))}.`;
  const last = run === null ? null : compileMessage(launch, run);
  return message(say, [
    section(`:busts_in_silhouette: ${say}`),
    ...(last === null ? [] : last.blocks),
    context(
      '`/go audience compile --users uploads/users.csv --device-table NAME` compiles one from a table of devices.',
    ),
  ]);
}

export function nameOf(launch: Launch, personId: string): string {
  return clip(findPerson(launch.people, personId)?.name ?? personId, 80);
}
