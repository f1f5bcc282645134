import { generateKeyPairSync } from 'node:crypto';
import { keyringOf, publicHalf } from '../../infra/aws/keyring.ts';
import type { Keyring } from '../../infra/aws/keyring.ts';
import { sha256 } from '../../infra/aws/sha256.ts';
import { canonicalJson } from '../../runbooks/launch/canonical-json.ts';
import type { Command } from '../../runbooks/launch/commands.ts';
import { deadlineAtMs } from '../../runbooks/launch/deadlines.ts';
import { effectsOf } from '../../runbooks/launch/effects.ts';
import type { Effect } from '../../runbooks/launch/effects.ts';
import type { Entry } from '../../runbooks/launch/entries.ts';
import { evolve } from '../../runbooks/launch/evolve.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { nameOf } from '../../runbooks/launch/people.ts';
import { stepDueAtMs } from '../../runbooks/launch/plan-times.ts';
import { scheduledSteps } from '../../runbooks/launch/schedule.ts';
import { plannedSteps } from '../../runbooks/launch/steps.ts';
import type { Runbook } from '../../runbooks/playbook/schema.ts';
import { performCloud } from '../conductor/effects/perform.ts';
import { keepFact } from '../conductor/facts.ts';
import { Crew } from './crew.ts';
import { opensWindow } from './firing.ts';
import { inSpan } from './mishaps.ts';
import type { Mishaps } from './mishaps.ts';
import { postOf } from './posts.ts';
import { SimulatedBot } from './simulated-bot.ts';
import { audienceOf, World } from './world.ts';

export interface DayOptions {
  targetAtMs: number;
  mishaps: Mishaps;
  bots: 1 | 2;
  /** People do nothing of what they are asked for. */
  isAway: boolean;
}
/** Something that the room reads, at its time. */
interface Said {
  atMs: number;
  lines: string[];
}
export interface Day {
  said: Said[];
  entries: readonly Entry[];
  launch: Launch;
  fromMs: number;
  untilMs: number;
}

const MIN = 60_000;
/** While something is under way, while something waits, and while nothing does, where days go by at once; steps, deadlines and what goes wrong are met to the millisecond. */
const BUSY_MS = 30_000;
const WAITING_MS = 2 * MIN;
const IDLE_MS = 10 * MIN;
const DAY_MS = 24 * 60 * MIN;
const BEFORE_MS = 10 * MIN;
const AFTER_MS = 60 * MIN;
/** More of one moment than any plan gives: a fault of ours goes round in circles. */
const ROUNDS_MOST = 200;

const LAUNCH_ID = 'simulated';
const NEEDED: ReadonlySet<Effect['kind']> = new Set(['scale', 'do-step', 'finish-step']);

/**
 * One day of a runbook against a clock that is only moved: the real record with its rules, the real schedule, gates, scale watch and
 * steps, over a world that does what it is told, and people who do what they are asked.
 */
export async function simulate(plan: Runbook, options: DayOptions): Promise<Day> {
  const { runbook, holder } = withPhones(withAccounts(plan));
  const first = { targetAtMs: options.targetAtMs, compress: 1, runbook };
  const times = (launch: Launch) => [
    ...scheduledSteps(launch).map(({ dueAtMs }) => dueAtMs),
    ...plannedSteps(launch.runbook).flatMap((step) => deadlineAtMs(launch, step) ?? []),
  ];
  const { rehearsals, audiences } = options.mishaps;
  const chosen = [...rehearsals, ...audiences].map((ms) => options.targetAtMs + ms);
  const firstMs = Math.min(...plannedTimes(first), ...chosen, options.targetAtMs);
  const day = new SimulatedDay(runbook, options, firstMs - BEFORE_MS);
  if (holder !== null)
    day.says([`Nobody in the runbook has a phone for test copies; here ${holder} has an iPhone and an Android phone.`]);
  if (Object.keys(runbook.campaign.locales).length > 1)
    day.says([`The audience is made up, and everybody in it reads ${runbook.campaign.default_locale}.`]);
  if (!opensWindow(runbook)) day.says(['No step of the plan opens the window for GO, so nobody asks for it here.']);
  await day.begins();
  const fromMs = day.world.nowMs;
  for (;;) {
    await day.round();
    const { world, launch, crew } = day;
    const moments = [...times(launch), ...crew.moments(launch)];
    const overMs = Math.max(options.targetAtMs, ...moments.filter(Number.isFinite)) + AFTER_MS;
    if (world.nowMs > overMs) break;
    const nextMs = Math.min(overMs + 1, ...moments.filter((atMs) => atMs > world.nowMs));
    world.nowMs = Math.min(world.nowMs + paceOf(launch, nextMs - world.nowMs), nextMs);
  }
  return { said: day.said, entries: day.entries, launch: day.launch, fromMs, untilMs: day.world.nowMs };
}

function plannedTimes(clock: { targetAtMs: number; compress: number; runbook: Runbook }): number[] {
  return plannedSteps(clock.runbook).map((step) => stepDueAtMs(clock, step));
}

/** `aheadMs`: until the next moment. */
function paceOf({ shots, scale, orders, steps, stoodDown, closed }: Launch, aheadMs: number): number {
  const states = [...Object.values(scale), ...Object.values(orders), ...Object.values(steps)].map(({ state }) => state);
  const isUnderWay = Object.values(shots).some(({ closed }) => closed === null);
  if (isUnderWay || states.some((state) => state === 'moving' || state === 'open')) return BUSY_MS;
  const isWaiting = states.some((state) => ['put', 'held', 'late', 'started'].includes(state));
  return isWaiting || (stoodDown !== null && !closed) ? WAITING_MS : Math.max(IDLE_MS, aheadMs - DAY_MS);
}

/** Who has no account in Slack yet presses all the same. */
function withAccounts(runbook: Runbook): Runbook {
  const people = runbook.people.map((person, index) =>
    person.slack.length > 0 ? person : { ...person, slack: [`U0SIMULATED${index}`] },
  );
  return { ...runbook, people };
}

/** Where no phone is known, somebody has two all the same: without copies on them nobody could say that the text was read. */
function withPhones(runbook: Runbook): { runbook: Runbook; holder: string | null } {
  const holder = runbook.people.find(({ roles }) => roles.some((role) => role !== 'observer'));
  if (holder === undefined || runbook.people.some(({ devices }) => devices.length > 0))
    return { runbook, holder: null };
  const locale = runbook.campaign.default_locale;
  const devices = (['ios', 'android'] as const).map((platform) => ({ platform, token: '0'.repeat(64), locale }));
  const people = runbook.people.map((person) => (person === holder ? { ...person, devices } : person));
  return { runbook: { ...runbook, people }, holder: holder.name };
}

class SimulatedDay {
  readonly world: World;
  readonly crew: Crew;
  readonly said: Said[] = [];
  readonly entries: Entry[] = [];
  readonly #runbook: Runbook;
  readonly #options: DayOptions;
  readonly #keyring = bothKeyrings();
  readonly #bots: (SimulatedBot | null)[];
  readonly #toldLast = new Map<string, string>();
  #launch: Launch | null = null;

  constructor(runbook: Runbook, options: DayOptions, fromMs: number) {
    const { mishaps, targetAtMs, isAway } = options;
    this.#runbook = runbook;
    this.#options = options;
    this.world = new World(runbook, fromMs, { targetAtMs, mishaps });
    this.crew = new Crew(this.world, mishaps, { targetAtMs, isAway });
    this.#bots = Array.from({ length: options.bots }, () => this.#started());
  }

  get launch(): Launch {
    if (this.#launch === null) throw new Error('SIMULATION_IMPOSSIBLE no launch');
    return this.#launch;
  }

  #started(): SimulatedBot {
    return new SimulatedBot(this.world, this.#keyring(), { ...this.#options, launchId: LAUNCH_ID });
  }

  /** The launch is created, with an audience, before the first step is due. */
  async begins(): Promise<void> {
    const [by] = this.#runbook.people.filter(({ roles }) => roles.includes('on-call'));
    await this.#does({
      kind: 'create-launch',
      by: by?.id ?? '',
      launchId: LAUNCH_ID,
      name: this.#runbook.title,
      channelId: 'C0SIMULATED',
      runbook: this.#runbook,
      runbookHash: sha256(canonicalJson(this.#runbook)),
      targetAtMs: this.#options.targetAtMs,
      compress: 1,
    });
    await this.#does({ kind: 'set-audience', by: by?.id ?? '', audience: audienceOf(this.#runbook) });
  }

  /** All that happens at this moment: what the bots do by the clock, what follows from it, and what people do then. */
  async round(): Promise<void> {
    this.#diesAndReturns();
    for (let rounds = 0; rounds < ROUNDS_MOST; rounds += 1) {
      const seq = this.#launch?.seq ?? 0;
      const alive = this.#bots.flatMap((bot) => bot ?? []);
      await Promise.all(alive.map((bot) => bot.looks()));
      await this.#follow();
      const command = alive.length === 0 ? null : this.crew.next(this.launch);
      if (command !== null) await this.#does(command);
      if (command === null && this.#launch?.seq === seq) return;
    }
    throw new Error(`SIMULATION_IMPOSSIBLE it goes in circles at entry ${this.#launch?.seq}`);
  }

  #diesAndReturns(): void {
    const sinceMs = this.world.nowMs - this.#options.targetAtMs;
    const isDead = this.#options.mishaps.bot.some((span) => inSpan(span, sinceMs));
    if (isDead && this.#bots[0] !== null)
      this.says([`The bot dies${this.#bots.length > 1 ? '; the other one goes on' : ', and nobody answers here'}.`]);
    if (!isDead && this.#bots[0] === null) this.says(['The bot is back.']);
    this.#bots[0] = isDead ? null : (this.#bots[0] ?? this.#started());
  }

  says(lines: string[]): void {
    this.said.push({ atMs: this.world.nowMs, lines });
  }

  async #does(command: Command): Promise<void> {
    const [bot] = this.#bots.flatMap((one) => one ?? []);
    const acted = await bot?.context.execute(LAUNCH_ID, command);
    if (acted?.ok === false) this.#refuses(command, acted.say);
    await this.#follow();
  }

  /** The presser alone reads it; once, as long as it stays the same. */
  #refuses(command: Command, say: string): void {
    const by = 'by' in command && command.by !== null ? command.by : '';
    const line = `${nameOf(this.launch, by)} is told: ${say}`;
    if (this.#toldLast.get(command.kind) === line) return;
    this.#toldLast.set(command.kind, line);
    this.says([line]);
  }

  /** What follows from new entries, once, by whoever leads: effects that a plan hangs on, and what is posted. */
  async #follow(): Promise<void> {
    const [leader] = this.#bots.flatMap((bot) => bot ?? []);
    if (leader === undefined) return;
    for (;;) {
      const news = await this.world.cloud.record.readAfter(LAUNCH_ID, this.entries.length);
      if (news.length === 0) return;
      for (const entry of news) {
        this.entries.push(entry);
        this.#launch = evolve(this.#launch, entry);
        const after = this.#launch;
        this.world.sees(after);
        for (const effect of effectsOf(entry, after)) {
          const lines = postOf(effect, entry, after, this.world.gates, this.world.nowMs);
          if (lines.length > 0) this.says(lines);
          if (!NEEDED.has(effect.kind)) continue;
          const word = await performCloud(leader.context, effect, (await leader.launch()) ?? after);
          await keepFact(leader.context, LAUNCH_ID, effect.id, word);
        }
      }
    }
  }
}

/** Keys of this day alone; each bot that starts has its own memory of what it has verified. */
function bothKeyrings(): () => Keyring {
  const { privateKey } = generateKeyPairSync('ed25519');
  const worker = [publicHalf(generateKeyPairSync('ed25519').privateKey)];
  return () => keyringOf('bot', privateKey, { bot: [], worker });
}
