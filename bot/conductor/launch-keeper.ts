import { poolSigns } from '../../contract/vital-signs.ts';
import type { PoolSigns } from '../../contract/vital-signs.ts';
import { endOfChain } from '../../infra/aws/channel-message.ts';
import { byRules, fittingOf, foldVerified } from '../../infra/aws/verify-record.ts';
import type { Entry } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { openRehearsal } from '../../runbooks/launch/rehearsals.ts';
import { isOrderWaiting, runningShots } from '../../runbooks/launch/remaining.ts';
import type { UpdateBudget } from '../slack/update-budget.ts';
import { CompileWatch } from './compiles/compile-watch.ts';
import type { Context } from './context.ts';
import { Outbox } from './effects/outbox.ts';
import { indexItem } from './effects/perform.ts';
import { Posts } from './effects/posts.ts';
import { LivePosition } from './figures/live-position.ts';
import { LiveShots } from './figures/live-shots.ts';
import { GateWatch } from './gates/gate-watch.ts';
import { HaltWatch } from './halt.ts';
import type { Halting } from './halt.ts';
import { Job } from './job.ts';
import { Room } from './room/room.ts';
import { Standings } from './room/standing.ts';
import { FailingWatch } from './shots/failing-watch.ts';
import { LateAccounts } from './shots/late-accounts.ts';
import { LossWatch } from './shots/loss-watch.ts';
import { lostWorkers } from './shots/lost-workers.ts';
import { RollCall } from './shots/roll-call.ts';
import { ShotWatch } from './shots/shot-watch.ts';
import type { CloseShot } from './shots/shot-watch.ts';
import { armedOrders } from './watches/armed-orders.ts';
import { AutomationWatch } from './watches/automation-watch.ts';
import { BackFill } from './watches/back-fill.ts';
import { BoardWatch } from './watches/board-watch.ts';
import { haltWithDay } from './watches/day-halt-watch.ts';
import { DeploymentWatch } from './watches/deployment-watch.ts';
import { doctorWatch } from './watches/doctor-watch.ts';
import { FleetWatch } from './watches/fleet-watch.ts';
import { followSteps } from './watches/followed-steps.ts';
import { ForeignWatch } from './watches/foreign-watch.ts';
import { ParameterWatch } from './watches/parameter-watch.ts';
import { ProtectionWatch } from './watches/protection-watch.ts';
import { RecordAlarm } from './watches/record-alarm.ts';
import { RehearsalReportWatch } from './watches/rehearsal-report-watch.ts';
import { rehearsalWatch } from './watches/rehearsal-watch.ts';
import { remindedMs } from './watches/reminders.ts';
import { renewalWatch } from './watches/renewal-watch.ts';
import { reportWatch } from './watches/report-watch.ts';
import { RosterWatch } from './watches/roster-watch.ts';
import { ScaleWatch } from './watches/scale-watch.ts';
import { ScheduleAhead } from './watches/schedule-ahead.ts';
import { scheduleTick } from './watches/schedule-tick.ts';
import { StandbyWatch } from './watches/standby-watch.ts';
import { workerReports } from './worker-reports.ts';

/** At these the board and the live message are brought up to date at once: people look at them to see whether it worked. */
const TURNS: ReadonlySet<Entry['kind']> = new Set([
  'FireRequested',
  'FireRenewed',
  'FireApproved',
  'FireArmed',
  'FireHeld',
  'HaltSet',
  'HaltLifted',
  'StoodDown',
  'LaunchClosed',
]);

/** Everything that the leader does for one launch. Each job runs beside the others, so that a slow Slack never holds up a scale-up; what goes into the record waits for no message. One piece over 300 lines: all that is done stands in one list. */
export class LaunchKeeper {
  readonly launchId: string;
  /** Its channel. */
  readonly room: Room;
  readonly #context: Context;
  readonly #outbox: Outbox;
  readonly #late: LateAccounts;
  readonly #alarm: RecordAlarm;
  readonly #fleets: FleetWatch;
  readonly #ahead: ScheduleAhead;
  readonly #compiles: CompileWatch;
  readonly #standby: StandbyWatch;
  readonly #backFill: BackFill;
  readonly #reports: RehearsalReportWatch;
  readonly #record: Job;
  readonly #cloud: Job;
  readonly #slack: Job;
  /** What the room looks at while it sends. */
  readonly #shown: Job[];
  readonly #watches: Job[];
  #launch: Launch | null = null;
  #signs: PoolSigns = { WorkersMissing: 0, HaltUnconfirmed: 0 };
  #opened = false;
  #checkpointSeq: number | null = null;

  constructor(
    context: Context,
    launchId: string,
    parts: { halting: Halting; closeShot: CloseShot; budget: UpdateBudget; looks: UpdateBudget },
  ) {
    this.#context = { ...context, log: context.log.child({ launchId }) };
    this.launchId = launchId;
    const { timings, log } = this.#context;
    this.room = new Room(this.#context, launchId);
    const standings = new Standings(this.#context, this.room, parts.budget);
    const position = new LivePosition(this.#context, this.room, parts.looks);
    const live = new LiveShots(this.#context, launchId, standings, position);
    this.#outbox = new Outbox(
      this.#context,
      launchId,
      context.slack === null ? null : { posts: new Posts(this.#context, context.slack, live), room: this.room },
    );
    this.#late = new LateAccounts(this.#context);
    this.#alarm = new RecordAlarm(this.#context, launchId);
    this.#fleets = new FleetWatch(this.#context);
    this.#ahead = new ScheduleAhead(this.#context);
    this.#compiles = new CompileWatch(this.#context, standings);
    this.#standby = new StandbyWatch(this.#context);
    this.#backFill = new BackFill(this.#context);
    this.#reports = new RehearsalReportWatch(this.#context);
    const gates = new GateWatch(this.#context);
    const roll = new RollCall(this.#context);
    const scale = new ScaleWatch(this.#context, standings);
    const automations = new AutomationWatch(this.#context, standings);
    const board = new BoardWatch(
      this.#context,
      standings,
      () => this.#fleets.fleets,
      () => this.#alarm.found,
    );
    const roster = new RosterWatch(this.#context);
    const failing = new FailingWatch(this.#context, (launch, shot) => live.figures(launch, shot));
    const foreign = new ForeignWatch(this.#context);
    const deployment = new DeploymentWatch(this.#context);
    const losses = new LossWatch(this.#context);
    const protection = new ProtectionWatch(this.#context);
    const shots = new ShotWatch(this.#context, parts.closeShot);
    const parameters = new ParameterWatch(this.#context, parts.halting);
    const halts = new HaltWatch(this.#context, parts.halting);
    const job = (name: string, everyMs: number, work: (launch: Launch) => Promise<unknown>) =>
      new Job(name, everyMs, log, async () => {
        if (this.#launch !== null) await work(this.#launch);
      });
    const whileOpen = (name: string, everyMs: number, work: (launch: Launch) => Promise<unknown>) =>
      job(name, everyMs, async (launch) => (launch.closed ? undefined : work(launch)));

    this.#record = new Job('record', 0, log, () => this.#read());
    this.#cloud = job('cloud effects', 0, (launch) => this.#outbox.pumpCloud(() => this.#launch ?? launch));
    this.#slack = job('slack effects', 0, (launch) => this.#outbox.pumpSlack(() => this.#launch ?? launch));
    this.#shown = [
      job('board', timings.boardMs, (launch) => board.look(launch)),
      job('live', timings.liveMs, (launch) => live.update(launch)),
    ];
    this.#watches = [
      ...this.#shown,
      job('live position', timings.liveDownMs, (launch) => live.keepInReach(launch)),
      whileOpen('armed orders', 0, (launch) => armedOrders(this.#context, launch)),
      job('rehearsal report', timings.shotMs, (launch) => this.#reports.look(launch)),
      job('rehearsal', 0, (launch) => rehearsalWatch(this.#context, launch)),
      whileOpen('renewals', timings.shotMs, (launch) => renewalWatch(this.#context, launch)),
      whileOpen('schedule', 0, (launch) => scheduleTick(this.#context, launch)),
      job('roll', timings.rollMs, async (launch) =>
        launch.closed && runningShots(launch).length === 0 ? undefined : roll.look(launch),
      ),
      whileOpen('doctor', timings.doctorMs, (launch) => doctorWatch(this.#context, launch)),
      whileOpen('gates', timings.gatesMs, (launch) => gates.look(launch)),
      job('scale', timings.scaleMs, (launch) => scale.look(launch)),
      whileOpen('followed steps', timings.automationMs, (launch) => followSteps(this.#context, launch)),
      whileOpen('automations', timings.automationMs, (launch) => automations.look(launch)),
      whileOpen('automation messages', timings.automationMs, (launch) => automations.show(launch)),
      whileOpen('scale changes', timings.scaleChangesMs, (launch) => scale.lookAtReached(launch)),
      job('schedule ahead', timings.scheduleAheadMs, (launch) => this.#ahead.look(launch, this.#standby.isMoved)),
      job('fleets', timings.fleetsMs, (launch) => this.#fleets.look(launch)),
      job('signs', timings.signsMs, async (launch) => {
        const reports = await workerReports(this.#context, launch);
        // A pool that serves another launch by now misses nobody of this one.
        const served = await this.#context.cloud.live.poolLaunch(launch.runbook.pool.name);
        const signs = poolSigns(launch, reports, this.#context.nowMs());
        this.#signs = served === launch.id ? signs : { ...signs, WorkersMissing: 0 };
      }),
      job('compile', timings.compileMs, (launch) => this.#compiles.look(launch)),
      job('scale messages', timings.scaleMs, (launch) => scale.show(launch)),
      job('figures', timings.liveMs, (launch) => live.keepFinal(launch)),
      job('lost workers', timings.shotMs, (launch) => lostWorkers(this.#context, launch)),
      job('failing platforms', timings.liveMs, (launch) => failing.look(launch)),
      whileOpen('foreign reports', timings.shotMs, (launch) => reportWatch(this.#context, launch)),
      whileOpen('foreign messages', timings.gatesMs, (launch) => foreign.look(launch)),
      job('claims', timings.lossMs, (launch) => losses.lookAtClaims(launch)),
      whileOpen('index item', timings.lossMs, (launch) => losses.lookAtIndex(launch)),
      whileOpen('standby', timings.standbyMs, (launch) => this.#standby.look(launch)),
      whileOpen('deployment', timings.lossMs, (launch) => deployment.look(launch)),
      job('protection', timings.lossMs, (launch) => protection.look(launch)),
      whileOpen('queues', timings.lossMs, (launch) => losses.lookAtQueues(launch)),
      job('shots', timings.shotMs, (launch) => shots.look(launch)),
      job('late accounts', timings.lateAccountsMs, (launch) => this.#late.look(launch)),
      job('record head', timings.parametersMs, (launch) => this.#alarm.look(launch)),
      whileOpen('halt', timings.parametersMs, () => halts.look(launchId)),
      whileOpen('halt of the day', timings.parametersMs, (launch) => haltWithDay(this.#context, parts.halting, launch)),
      whileOpen('parameters', timings.parametersMs, (launch) => parameters.look(launch)),
      whileOpen('other parameters', timings.otherParametersMs, (launch) => parameters.lookAtOthers(launch)),
      whileOpen('roster', Math.min(timings.rosterMs, timings.retryMaxMs), (launch) => roster.look(launch)),
      whileOpen('back-fill', 1_000, (launch) => this.#backFill.look(launch)),
      job('checkpoint', timings.checkpointMs, (launch) => this.#checkpoint(launch)),
      job('reports', timings.reportLifeMs / 2, (launch) => this.#dropOldReports(launch)),
    ];
  }

  /** What alarms look at, as of the last look. */
  get signs(): PoolSigns {
    return this.#signs;
  }

  /** One tick of the clock: starts what is due. What is new in the record starts its effects as soon as it is read. */
  tick(): void {
    const nowMs = this.#context.nowMs();
    for (const job of [this.#record, this.#cloud, this.#slack, ...this.#watches]) job.tick(nowMs);
  }

  /** An entry of this process: its effects start now, not at the next tick. `done`: those that are performed already. */
  async wake(done: readonly string[]): Promise<void> {
    await this.#record.kick(this.#context.nowMs());
    for (const effect of done) this.#outbox.done(effect);
    const nowMs = this.#context.nowMs();
    await Promise.all([this.#cloud.kick(nowMs), this.#slack.kick(nowMs)]);
  }

  /** Pushes go out, or may at any moment. */
  get isUnderWay(): boolean {
    const launch = this.#launch;
    return launch !== null && (runningShots(launch).length > 0 || isOrderWaiting(launch, this.#context.nowMs()));
  }

  /** True once nothing is left to do for it: closed, every effect done, nothing moving; or in another region. The index then says so too. */
  async endIfOver(): Promise<boolean> {
    if (this.#launch === null || !this.#isOver()) return false;
    await this.#context.cloud.live.putLaunch(
      indexItem(this.#launch, true, await remindedMs(this.#context, this.launchId)),
    );
    // Somebody may have ordered something meanwhile, and put it on the index before we took it off.
    await this.#record.kick(this.#context.nowMs());
    if (this.#isOver()) return true;
    await this.#context.cloud.live.putLaunch(indexItem(this.#launch, false));
    return false;
  }

  #isOver(): boolean {
    const launch = this.#launch;
    // Another region does what is left to do.
    if (launch !== null && this.#standby.isMoved) return true;
    return (
      launch !== null &&
      launch.closed &&
      this.#outbox.size === 0 &&
      openRehearsal(launch) === undefined &&
      this.#reports.isSettled(launch) &&
      this.#late.isSettled(launch) &&
      !this.#compiles.isUnderWay &&
      runningShots(launch).length === 0 &&
      Object.values(launch.scale).every(({ state }) => state === 'reached') &&
      this.#fleets.isSettled(launch) &&
      this.#ahead.isSettled
    );
  }

  async stop(): Promise<void> {
    this.#outbox.stop();
    this.#backFill.stop();
    await Promise.all([this.#record, this.#cloud, this.#slack, ...this.#watches].map((job) => job.stop()));
  }

  /** Folds the record by itself: effects need the launch as it was after each entry. */
  async #read(): Promise<void> {
    if (!this.#opened) {
      await Promise.all([this.#outbox.open(), this.room.open()]);
      this.#opened = true;
    }
    const entries: Entry[] = await this.#context.cloud.record.readAfter(this.launchId, this.#launch?.seq ?? 0);
    // After a take-over that is all of it: presses go on meanwhile.
    const fits = await fittingOf(entries);
    for (const entry of entries) {
      // Nothing is done, and nothing undone, because of an entry that nobody who may has written.
      const verdict = foldVerified(this.launchId, this.#launch, [entry], this.#context.journal.keyring, {
        judge: byRules,
        fits,
      });
      if (!verdict.ok || verdict.launch === null)
        return this.#alarm.raise(
          this.#launch,
          `entry ${entry.seq}: ${verdict.ok ? 'it begins no launch' : verdict.why}`,
        );
      this.#outbox.add(entry, verdict.launch);
      this.#launch = verdict.launch;
    }
    if (entries.length === 0) return;
    const nowMs = this.#context.nowMs();
    const isTurn = entries.some(({ kind }) => TURNS.has(kind));
    for (const job of [this.#cloud, this.#slack, ...(isTurn ? this.#shown : [])]) void job.kick(nowMs);
  }

  /** Ties what people wrote to the record, when they wrote something. */
  async #checkpoint(launch: Launch): Promise<void> {
    if (this.#checkpointSeq === null) {
      const last = (await this.#context.cloud.record.readAfter(launch.id, 0)).findLast(
        (entry) => entry.kind === 'Checkpoint',
      );
      this.#checkpointSeq = last?.kind === 'Checkpoint' ? last.channelSeq : 0;
    }
    const from = { seq: this.#checkpointSeq, hash: '' };
    const head = endOfChain(
      await this.#context.cloud.record.messagesAfter(launch.id, from.seq, { isToldAway: true }),
      from,
    );
    if (head.seq === from.seq) return;
    const acted = await this.#context.execute(launch.id, {
      kind: 'checkpoint',
      channelSeq: head.seq,
      channelHash: head.hash,
    });
    if (acted.ok) this.#checkpointSeq = head.seq;
  }

  /** Snapshots of workers that are gone count until their shot is closed and its figures are kept. */
  async #dropOldReports(launch: Launch): Promise<void> {
    if (runningShots(launch).length > 0 || this.#outbox.size > 0) return;
    const { cloud, nowMs, timings } = this.#context;
    const old = (await cloud.live.reports(launch.id)).filter((report) => nowMs() - report.atMs > timings.reportLifeMs);
    for (const report of old) await cloud.live.dropReport(launch.id, report.bootId);
  }
}
