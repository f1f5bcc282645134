import cron from 'node-cron';
import type { Logger } from 'pino';
import type { PoolSigns } from '../../contract/vital-signs.ts';
import type { Cloud } from '../../infra/aws/cloud.ts';
import type { CommandMaker, Journal } from '../../infra/aws/journal.ts';
import type { LaunchIndexItem } from '../../infra/aws/live-store.ts';
import { waitAtMost } from '../../infra/time-limit.ts';
import type { Command } from '../../runbooks/launch/commands.ts';
import type { Entry } from '../../runbooks/launch/entries.ts';
import { segmentsMeant } from '../../runbooks/launch/remaining.ts';
import { manifestReader } from '../../settle/close.ts';
import { freezeSets } from '../../settle/frozen-sets.ts';
import type { LaunchDoctor } from '../launch-doctor.ts';
import { CALLS_NOBODY, createOutside } from '../outside/create-outside.ts';
import type { OutsideConfig } from '../outside/outside-config.ts';
import type { SlackPort } from '../slack/slack-port.ts';
import { UpdateBudget } from '../slack/update-budget.ts';
import { askCompile, cancelCompile, lastCompile } from './compiles/compiles.ts';
import type { Conductor } from './conductor-port.ts';
import type { Acted, Context } from './context.ts';
import { postedAt, postedOf } from './effects/posted-at.ts';
import { performUrgent } from './effects/urgent.ts';
import { keptFigures } from './figures/live-shots.ts';
import { freshMeasurements } from './gates/gate-watch.ts';
import { Halting } from './halt.ts';
import { Job } from './job.ts';
import { LaunchKeeper } from './launch-keeper.ts';
import { Leader } from './leader.ts';
import { roomTrouble } from './room/room.ts';
import { fallbackCloser } from './shots/fallback-closer.ts';
import { StandstillWatch } from './shots/standstill.ts';
import { TIMINGS } from './timings.ts';
import type { Timings } from './timings.ts';
import { remind } from './watches/reminders.ts';
import { stepsAhead } from './watches/schedule-ahead.ts';

export type { Conductor } from './conductor-port.ts';

export interface ConductorOptions {
  cloud: Cloud;
  journal: Journal;
  /** Null: nothing is posted. */
  slack: SlackPort | null;
  config: {
    /** Names this instance; unique per process. */ holder: string;
    /** Absent: nothing is known of other holders. */ hasEnded?: (holder: string) => boolean;
    /** Whom steps may call; absent: nobody. */ outside?: OutsideConfig;
    /** Which gobutton this is; absent: not known. */ version?: string | null;
    /** See Context; absent: none. */ ownDefinition?: Context['ownDefinition'];
    /** See Context; absent: none. */ overQuotas?: string | null;
    /** The chain of what people write; absent: the channel's history is not read. */ channelLog?: Context['channelLog'];
    /** Copies what people attach; absent: nobody does. */ roomFiles?: Context['roomFiles'];
    /** The doctor's look at a launch; absent: gates that go by it stay unknown unless another bot looks. */ examine?: LaunchDoctor;
    timings?: Partial<Timings>;
    nowMs?: () => number;
    /** Calls `tick` until it is stopped; absent: every second, on the second. */ everySecond?: typeof everySecond;
    /** Told every second whether this instance leads a launch that is under way. */ onUnderWay?: (
      isUnderWay: boolean,
    ) => void;
  };
  log: Logger;
}

/** A tick that is missed costs nothing (docs/facts.md#cron-in-memory): what is due is read from the record. */
const everySecond = (tick: () => void): { stop(): void | Promise<void> } =>
  cron.schedule('* * * * * *', tick, { name: 'conductor', suppressMissedWarning: true });

/** Performs what launches decide. Any number of instances; one leads, all perform their own urgent effects. */
export function createConductor({ cloud, journal, slack, config, log: parent }: ConductorOptions): Conductor {
  const log = parent.child({ part: 'conductor', holder: config.holder });
  const nowMs = config.nowMs ?? cloud.clock.nowMs;
  const context: Context = {
    cloud,
    journal,
    slack,
    outside: config.outside === undefined ? CALLS_NOBODY : createOutside(config.outside, { nowMs }),
    log,
    holder: config.holder,
    hasEnded: config.hasEnded ?? (() => false),
    version: config.version ?? null,
    overQuotas: config.overQuotas ?? null,
    ...(config.ownDefinition === undefined ? {} : { ownDefinition: config.ownDefinition }),
    ...(config.examine === undefined ? {} : { examine: config.examine }),
    ...(config.channelLog === undefined ? {} : { channelLog: config.channelLog }),
    ...(config.roomFiles === undefined ? {} : { roomFiles: config.roomFiles }),
    timings: { ...TIMINGS, ...config.timings },
    nowMs,
    execute,
  };
  const halting = new Halting(context);
  const leader = new Leader(context);
  const closeShot = fallbackCloser({ cloud, journal, nowMs });
  const budget = new UpdateBudget(nowMs);
  // What is left of Tier 3 goes to looking for our own posts.
  const looks = new UpdateBudget(nowMs, 30);
  const keepers = new Map<string, LaunchKeeper>();
  const background = new Set<Promise<unknown>>();
  /** What we act on; the lease may have run out since (`leader.isLeading`). */
  let leading = false;
  const standstills = new StandstillWatch(context, {
    launches: () => new Set([...led, ...keepers.keys()]),
    isOurs: () => leader.wasOurs,
    budget,
  });
  /** Launches of this instance, as it last led. */
  let led: string[] = [];
  let ticker: { stop(): void | Promise<void> } | null = null;

  const lead = new Job('lead', 0, log, async () => {
    try {
      await leader.renew();
    } catch (error) {
      log.warn({ err: error }, 'the lease could not be renewed');
    }
    if (leader.isLeading === leading) return;
    leading = leader.isLeading;
    log.info(leading ? 'leading' : 'no longer leading');
    if (leading) await index.kick(nowMs());
    else for (const keeper of keepers.values()) retire(keeper);
  });

  const index = new Job('index', context.timings.indexMs, log, async () => {
    const launches = await cloud.live.launches();
    for (const launch of launches) if (!launch.closed) keeperOf(launch.launchId);
    const nowAtMs = nowMs();
    // One whose keeper has not ended yet is seen at the next look, and not a whole minute later.
    quiet = launches.filter(
      ({ closed, remindAtMs = Infinity, launchId }) => closed && remindAtMs <= nowAtMs && !keepers.has(launchId),
    );
    if (quiet.length > 0) reminders.tick(nowAtMs);
  });

  /** Launches without a keeper in whose channels something is to be said. */
  let quiet: LaunchIndexItem[] = [];
  const reminders = new Job('reminders', context.timings.remindersMs, log, async () => {
    for (const { launchId } of quiet) if (!keepers.has(launchId)) await remind(context, launchId);
  });

  const ending = new Job('ending', context.timings.indexMs, log, async () => {
    for (const keeper of keepers.values()) if (await keeper.endIfOver()) retire(keeper);
  });

  /** Everything that a leader starts; nothing is waited for, so that nothing that hangs costs the lease. */
  function tick(): void {
    lead.tick(nowMs());
    config.onUnderWay?.(leader.isLeading && [...keepers.values()].some(({ isUnderWay }) => isUnderWay));
    if (!leader.isLeading) return;
    index.tick(nowMs());
    ending.tick(nowMs());
    for (const keeper of keepers.values()) keeper.tick();
    led = [...keepers.keys()];
  }

  function keeperOf(launchId: string): LaunchKeeper {
    const keeper = keepers.get(launchId) ?? new LaunchKeeper(context, launchId, { halting, closeShot, budget, looks });
    if (!keepers.has(launchId)) {
      keepers.set(launchId, keeper);
      keeper.tick();
    }
    return keeper;
  }

  function retire(keeper: LaunchKeeper): void {
    keepers.delete(keeper.launchId);
    inBackground(keeper.stop());
  }

  function inBackground(work: Promise<unknown>): void {
    const watched = work
      .catch((error: unknown) => log.error({ err: error }, 'background work failed'))
      .finally(() => background.delete(watched));
    background.add(watched);
  }

  async function execute(launchId: string, command: Command | CommandMaker): Promise<Acted> {
    const submitted = await journal.append(launchId, command);
    if (submitted.ok) await perform(launchId, submitted.entry);
    return submitted;
  }

  async function perform(launchId: string, entry: Entry): Promise<void> {
    try {
      const launch =
        (journal.peek(launchId)?.seq ?? 0) >= entry.seq ? journal.peek(launchId) : await journal.launch(launchId);
      const done = launch === null ? [] : await performUrgent(context, launch, entry);
      if (leader.isLeading) inBackground(keeperOf(launchId).wake(done));
    } catch (error) {
      log.error({ launchId, seq: entry.seq, err: error }, 'the effects of an entry are left to the leader');
    }
  }

  const freezing = { claims: cloud.claims, objects: cloud.objects, manifestOf: manifestReader(cloud.objects) };

  return {
    async start() {
      await lead.kick(nowMs());
      tick();
      standstills.start();
      ticker = (config.everySecond ?? everySecond)(tick);
    },

    async stop() {
      await ticker?.stop();
      await waitAtMost(
        context.timings.stopMs,
        Promise.all([
          halting.stop(),
          lead.stop(),
          index.stop(),
          ending.stop(),
          reminders.stop(),
          standstills.stop(),
          ...[...keepers.values()].map((keeper) => keeper.stop()),
          ...background,
        ]),
        null,
      );
      await leader
        .giveUp()
        .catch((error: unknown) => log.warn({ err: error }, 'the lease could not be given back; it ends by itself'));
    },

    async willCreate(item: LaunchIndexItem) {
      if ((await journal.launch(item.launchId)) === null) await cloud.live.putLaunch(item);
    },
    execute,
    perform,
    halt: (launchId, press) => halting.press(launchId, press),
    async measured(launchId, { anew } = { anew: false }) {
      const launch = (anew ? null : journal.peek(launchId)) ?? (await journal.launch(launchId));
      return launch === null ? [] : freshMeasurements(context, launch, anew);
    },
    async frozenSets(launchId, segments) {
      const launch = await journal.launch(launchId);
      return launch === null ? [] : freezeSets(freezing, launch, segmentsMeant(launch, segments, context.nowMs()));
    },
    roomTrouble: (launchId) => roomTrouble(context, launchId),
    askCompile: (launchId, asked) => askCompile(context, launchId, asked),
    lastCompile: (launchId) => lastCompile(context, launchId),
    stepsAhead: (launch) => stepsAhead(context, launch),
    cancelCompile: (launchId, number, by) => cancelCompile(context, launchId, number, by),
    keptFigures: (launchId, shotId) => keptFigures(context, launchId, shotId),
    postedAt: (launchId, entries) => postedAt(context, launchId, entries),
    postedOf: (launchId, entries) => postedOf(context, launchId, entries),
    isLeader: () => leader.isLeading,
    signs: () => (leader.isLeading ? { Leading: 1, ...sumOfSigns(keepers.values()) } : { Leading: 0 }),
    shutRooms: () =>
      [...keepers.values()].flatMap(({ launchId, room }) =>
        room.trouble === null ? [] : [{ launchId, ...room.trouble }],
      ),
  };
}

function sumOfSigns(keepers: Iterable<LaunchKeeper>): PoolSigns {
  const sum = { WorkersMissing: 0, HaltUnconfirmed: 0 };
  for (const { signs } of keepers) {
    sum.WorkersMissing += signs.WorkersMissing;
    sum.HaltUnconfirmed += signs.HaltUnconfirmed;
  }
  return sum;
}
