import { AudienceError } from '../../../contract/audience-error.ts';
import { compileStateKey, fromCompileState, skipListOf } from '../../../contract/compile-state.ts';
import type { CompileState, SkipStored } from '../../../contract/compile-state.ts';
import { audienceRefOf, manifestKeyOf } from '../../../contract/manifest.ts';
import type { AudienceTasks } from '../../../infra/aws/audience-task.ts';
import { readManifest } from '../../../infra/aws/manifest-store.ts';
import { audienceRefusal, takeRefusal } from '../../../runbooks/launch/content.ts';
import type { Refusal } from '../../../runbooks/launch/decision.ts';
import type { AudienceRef, RefusedIn } from '../../../runbooks/launch/entries.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { refusedTokensRefusal } from '../../../runbooks/launch/refused-tokens.ts';
import { RESERVE } from '../../slack/update-budget.ts';
import { compileMessage, isOutcomes, isSkip, isTake, kindOf, nameOf, runTitle } from '../../views/compile.ts';
import type { CompileEnd, CompileOf, CompileRun, OutcomesOf, SkipOf, TakeOf } from '../../views/compile.ts';
import type { Context } from '../context.ts';
import { FACT, fact } from '../facts.ts';
import { postOnce } from '../room/post-anew.ts';
import type { Standings } from '../room/standing.ts';
import { noteOnce } from '../shots/note-once.ts';
import {
  begins,
  commandOf,
  countedText,
  listedText,
  lookedAtText,
  progressOf,
  setText,
  stoppedText,
} from './compile-words.ts';
import { keepCompile, lastCompile, taskIdOf } from './compiles.ts';

/** What ECS has just started it may not know yet (docs/facts.md#ecs-stopped-tasks). */
const UNKNOWN_FOR_MS = 60_000;
/** What AWS has no room for is asked for again for so long. */
const START_TRIES_MS = 600_000;

/**
 * Follows what somebody has a task do (a compile, a skip list, a sample), from where the last leader left it: asked → started → working → ended, or
 * cancelled on the way. Everything that must survive is in its fact; the task is the same for whoever asks with its id.
 */
export class CompileWatch {
  readonly #context: Context;
  readonly #standings: Standings;
  readonly #noted = new Set<string>();
  /** Until it has looked, nobody knows. */
  #isUnderWay = true;
  #shown = '';
  #shownAtMs = Number.NEGATIVE_INFINITY;

  constructor(context: Context, standings: Standings) {
    this.#context = context;
    this.#standings = standings;
  }

  /** As last seen: the launch is not left alone before it has ended. */
  get isUnderWay(): boolean {
    return this.#isUnderWay;
  }

  async look(launch: Launch): Promise<void> {
    const before = await lastCompile(this.#context, launch.id);
    this.#isUnderWay = before !== null && before.end === null;
    if (before === null) return;
    if (before.end === null) await this.#note(launch, before, 'begins', begins(launch, before));
    const run = await this.#next(launch, before);
    if (JSON.stringify(run) !== JSON.stringify(before)) await keepCompile(this.#context, launch.id, run);
    if (run.end !== null && before.end === null) {
      this.#context.log.info({ compile: run.number, ...run.end }, 'a compile has ended');
      await this.#note(launch, run, 'ends', `${run.end.how}. ${run.end.say}`);
    }
    await this.#show(launch, run);
  }

  async #next(launch: Launch, run: CompileRun): Promise<CompileRun> {
    const { end } = run;
    if (end !== null)
      return end.how === 'stored' && launch.audience?.hash === end.hash
        ? { ...run, end: { ...end, how: 'set', say: lookedAtText(launch, end), problems: [] } }
        : run;
    const tasks = this.#context.cloud.audienceTasks;
    if (tasks === null)
      return this.#ended(run, 'failed', 'The bot that leads now has no task that compiles (GOBUTTON_AUDIENCE_TASK).');
    const by = await fact(this.#context, launch.id, FACT.compileCancelled(run.number));
    const cancelled = by === null ? null : `${nameOf(launch, by)} stopped it; the launch is as it was.`;
    return run.taskArn === null
      ? this.#start(tasks, launch, run, cancelled)
      : this.#follow(tasks, launch, { ...run, taskArn: run.taskArn }, cancelled);
  }

  async #start(tasks: AudienceTasks, launch: Launch, run: CompileRun, cancelled: string | null): Promise<CompileRun> {
    const { nowMs, log } = this.#context;
    // It may have been started all the same, by who did not come to note it: then it ends by itself, and is not set.
    if (cancelled !== null) return this.#ended(run, 'cancelled', cancelled);
    const refusal = await this.#refusal(launch, run);
    if (refusal !== null) return this.#ended(run, 'failed', `Nothing was started. ${refusal.say}`);
    const task = taskIdOf(launch.id, run);
    const command = [...commandOf(run), '--launch', launch.id, '--task', task];
    const started = await tasks.start(task, `gobutton/${launch.id}`.replaceAll(/[^\w/-]/g, '-').slice(0, 128), command);
    if (started.ok) {
      log.info({ compile: run.number, taskArn: started.taskArn, command }, 'a compile was started');
      const progress = { ...run.progress, say: 'the task starts, which takes a minute' };
      return { ...run, taskArn: started.taskArn, startedAtMs: nowMs(), progress };
    }
    if (!started.again || nowMs() - run.askedAtMs > START_TRIES_MS)
      return this.#ended(run, 'failed', `ECS did not start the task: ${started.say}`);
    log.warn({ compile: run.number, say: started.say }, 'a compile could not be started yet');
    return { ...run, progress: { ...run.progress, say: `waiting for ECS, which says ${started.say}` } };
  }

  /** Asked anew: it may have been asked for a while ago, and by another bot. */
  async #refusal(launch: Launch, run: CompileRun): Promise<Pick<Refusal, 'say'> | null> {
    if (isTake(run)) return takeRefusal(launch, run.by);
    if (isOutcomes(run)) return null;
    if (!isSkip(run)) return audienceRefusal(launch, run.by);
    const source = await this.#context.journal.launch(run.refusedIn.launchId);
    return source === null
      ? { say: `There is no launch ${run.refusedIn.launchId} any more.` }
      : refusedTokensRefusal(launch, source, run.by);
  }

  async #follow(
    tasks: AudienceTasks,
    launch: Launch,
    run: CompileRun & { taskArn: string },
    cancelled: string | null,
  ): Promise<CompileRun> {
    if (cancelled !== null && !run.isStopping) {
      await tasks.stop(run.taskArn, `Cancelled in the channel of ${launch.id}`);
      return { ...run, isStopping: true };
    }
    // The state after the task: what a task that is seen to have ended has said before is there.
    const seen = await tasks.look(run.taskArn);
    const state = await this.#state(launch, run);
    if (cancelled !== null)
      return seen === null || seen.state === 'stopped' ? this.#ended(run, 'cancelled', cancelled) : run;
    if (state?.is === 'stored' && !isSkip(run) && !isOutcomes(run)) return this.#finish(launch, run, state);
    if (state?.is === 'listed' && isSkip(run)) return this.#finishSkip(launch, run, state);
    if (state?.is === 'counted' && isOutcomes(run)) return this.#finishCount(launch, run, state);
    if (seen !== null && seen.state !== 'stopped') return { ...run, progress: progressOf(run, seen, state) };
    if (state?.is === 'failed') return this.#ended(run, 'failed', `${state.say} (${state.code})`);
    if (seen !== null) return this.#ended(run, 'failed', stoppedText(run, seen));
    const isYoung = this.#context.nowMs() - (run.startedAtMs ?? 0) < UNKNOWN_FOR_MS;
    return isYoung
      ? run
      : this.#ended(
          run,
          'lost',
          `ECS knows its task no more, and it left no word. Ask again${kindOf(run) === 'compile' ? ': what it had read is kept.' : '.'}`,
        );
  }

  async #state(launch: Launch, run: CompileRun): Promise<CompileState | null> {
    const bytes = await this.#context.cloud.objects.get(compileStateKey(taskIdOf(launch.id, run)));
    return bytes === null ? null : fromCompileState(bytes);
  }

  /** What it says of itself counts for nothing but its hash: the audience is read from its own manifest. */
  async #finish(
    launch: Launch,
    run: CompileRun & (CompileOf | TakeOf),
    { hash, rows, rejected, problems, skip }: Extract<CompileState, { is: 'stored' }>,
  ): Promise<CompileRun> {
    const key = manifestKeyOf(hash);
    let audience: AudienceRef;
    try {
      audience = audienceRefOf(await readManifest(this.#context.cloud.objects, key), key);
    } catch (error) {
      if (!(error instanceof AudienceError)) throw error;
      return this.#ended(run, 'failed', `${error.message} (${error.code})`);
    }
    if (audience.hash !== hash) return this.#ended(run, 'failed', `${key}: found the hash ${audience.hash}`);
    const { devices, heldOut = 0 } = audience;
    const held = heldOut === 0 ? {} : { heldOut };
    const figures = { hash, devices, rows, rejected, ...held, ...(skip === undefined ? {} : { skip }) };
    if (problems.length > 0 && !isTake(run) && !run.accepts)
      return this.#ended(run, 'stored', 'Somebody has to look at it first:', { ...figures, problems });
    // First: with the audience alone those would get the push whom it is to leave out.
    const refusal =
      (skip === undefined ? null : await this.#setSkipList(launch, run, skip)) ??
      (await this.#set(launch, run, audience));
    return refusal === null
      ? this.#ended(run, 'set', setText(launch, run, skip), figures)
      : this.#ended(run, 'refused', refusal, figures);
  }

  async #finishSkip(
    launch: Launch,
    run: CompileRun & SkipOf,
    said: Extract<CompileState, { is: 'listed' }>,
  ): Promise<CompileRun> {
    const { skip } = said;
    const refusal = await this.#setSkipList(launch, run, skip, run.refusedIn);
    return refusal === null
      ? this.#ended(run, 'set', listedText(said), { skip })
      : this.#ended(run, 'refused', refusal, { skip });
  }

  async #finishCount(
    launch: Launch,
    run: CompileRun & OutcomesOf,
    said: Extract<CompileState, { is: 'counted' }>,
  ): Promise<CompileRun> {
    const { shots, refused } = said;
    const entries = await this.#context.journal.entries(launch.id);
    const wasCounted = entries.some(
      (entry) => entry.kind === 'OutcomesCounted' && entry.atMs >= (run.startedAtMs ?? 0),
    );
    const acted = wasCounted
      ? null
      : await this.#context.execute(launch.id, { kind: 'record-outcomes', by: run.by, shots, refused });
    return acted === null || acted.ok
      ? this.#ended(run, 'set', countedText(said))
      : this.#ended(run, 'refused', acted.say);
  }

  /** Why the launch did not take it; null: it did, now or before a bot died that had not come to note it. */
  async #set(launch: Launch, run: CompileRun, audience: AudienceRef): Promise<string | null> {
    const entries = await this.#context.journal.entries(launch.id);
    const wasSet = entries.some(
      (entry) =>
        entry.kind === 'AudienceSet' && entry.audience.hash === audience.hash && entry.atMs >= (run.startedAtMs ?? 0),
    );
    if (wasSet) return null;
    const acted = await this.#context.execute(launch.id, { kind: 'set-audience', by: run.by, audience });
    return acted.ok || acted.code === 'ALREADY_SO' ? null : acted.say;
  }

  /** As below. What it holds the bot can't read; a worker loads it by its hash, or is not ready. */
  async #setSkipList(launch: Launch, run: CompileRun, skip: SkipStored, refusedIn?: RefusedIn): Promise<string | null> {
    const entries = await this.#context.journal.entries(launch.id);
    const wasSet = entries.some(
      (entry) =>
        entry.kind === 'SkipListSet' && entry.skipList.hash === skip.hash && entry.atMs >= (run.startedAtMs ?? 0),
    );
    if (wasSet) return null;
    const acted = await this.#context.execute(launch.id, {
      kind: 'set-skip-list',
      by: run.by,
      ...skipListOf(skip),
      ...(refusedIn === undefined ? {} : { refusedIn }),
    });
    return acted.ok || acted.code === 'ALREADY_SO' ? null : `Its skip list was not taken. ${acted.say}`;
  }

  #ended(run: CompileRun, how: CompileEnd['how'], say: string, more: Partial<CompileEnd> = {}): CompileRun {
    const nothing = { problems: [], hash: null, devices: null, rows: null, rejected: {} };
    return { ...run, end: { ...nothing, ...more, how, say, atMs: this.#context.nowMs() } };
  }

  async #note(launch: Launch, run: CompileRun, what: 'begins' | 'ends', text: string): Promise<void> {
    const head = `${runTitle(run)} ${what}: `;
    // The record is read whole for it.
    if (this.#noted.has(head)) return;
    await noteOnce(this.#context, launch, head, text, { isSaid: true });
    this.#noted.add(head);
  }

  /** One message, in place: what changes the state at once, progress now and then. */
  async #show(launch: Launch, run: CompileRun): Promise<void> {
    const { slack, nowMs, timings } = this.#context;
    const message = compileMessage(launch, run);
    const name = FACT.compileMessage(run.number);
    const shown = JSON.stringify(message);
    if (slack === null || shown === this.#shown) return;
    if (run.end === null && nowMs() - this.#shownAtMs < timings.compileEditMs) return;
    // An end that an earlier leader has shown stays as it is, however old.
    if (run.end !== null && (await fact(this.#context, launch.id, FACT.compileTold(run.number))) === run.end.how) {
      this.#shown = shown;
      return;
    }
    if ((await postOnce(this.#context, slack, launch, { name, message }))?.mine !== true) {
      const standing = { launch, name, message: () => message, reserve: RESERVE.scale, ifDeleted: 'leave' as const };
      if (!(await this.#standings.show(standing))) return;
    }
    this.#shown = shown;
    this.#shownAtMs = nowMs();
    if (run.end !== null) await this.#told(launch, run.number, run.end.how);
  }

  async #told(launch: Launch, number: number, how: string): Promise<void> {
    await this.#context.cloud.facts.put(launch.id, FACT.compileTold(number), how);
  }
}
