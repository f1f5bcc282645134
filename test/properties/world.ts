import { createJournal } from '../../infra/aws/journal.ts';
import type { Journal, Appended } from '../../infra/aws/journal.ts';
import type { Command } from '../../runbooks/launch/commands.ts';
import type { AudienceRef, Entry, Measured, SegmentTotals, Via } from '../../runbooks/launch/entries.ts';
import type { FireOrder, Launch, Shot } from '../../runbooks/launch/launch.ts';
import { personOf } from '../../runbooks/launch/people.ts';
import type { Person } from '../../runbooks/playbook/schema.ts';
import { botKeyring } from '../keys.ts';
import { MemoryRecord } from './memory-record.ts';
import type { AppendFault } from './memory-record.ts';
import { memoryStaff } from './memory-staff.ts';
import type { Move } from './moves.ts';
import { plansOf } from './plans.ts';
import type { NamedPlan } from './plans.ts';
import { ANA, audience, keyVia, LAUNCH_ID, people, sampleRunbook, setsLeft, T0_MS, totals } from './scene.ts';

/**
 * People, bots and a record that fail in every way that a history says. Each bot has its own journal, cache and clock
 * over the one record; the switch item is halted before the entry lands, as in production. What the world knows and the
 * core can't, e.g. which human is behind an account, is what the invariants are checked with.
 * One piece over 300 lines: every fault may meet every action.
 */

export interface History {
  entries: Entry[];
  submits: { command: Command; result: Appended | Error }[];
  uncertain: 'leave' | 'resend';
  /** What stands at the end, by a bot that has read all of it. */
  end: Launch | null;
}

const eve: Person = {
  id: 'eve',
  name: 'Eve Stone',
  roles: ['marketer'],
  slack: ['U0EVE'],
  operator_keys: [],
  devices: [],
};
const of = (id: string): Person => people.find((person) => person.id === id) ?? eve;

/** Each tells the truth: one human, one person. But Ana is `ana` in some and `ana-b` in others. */
const ROSTERS: readonly Person[][] = [
  people,
  [of('ana'), of('ben'), eve, of('olu')],
  [{ ...of('ana'), id: 'ana-b', name: 'A. Ortiz' }, of('mia'), of('ben')],
  [{ ...of('ana'), slack: [ANA.slack] }, of('mia'), { ...eve, roles: ['on-call'] }],
  [of('ana'), of('olu')],
];

/** Everything that a human can act with. */
const ACCOUNTS: readonly { human: string; account: string; isKey: boolean }[] = [
  { human: 'Ana', account: ANA.slack, isKey: false },
  { human: 'Ana', account: ANA.secondSlack, isKey: false },
  { human: 'Ana', account: ANA.key, isKey: true },
  { human: 'Mia', account: 'U0MARKET1', isKey: false },
  { human: 'Mia', account: of('mia').operator_keys[0] ?? '', isKey: true },
  { human: 'Ben', account: 'U0MARKET2', isKey: false },
  { human: 'Olu', account: 'U0OBSERVER', isKey: false },
  { human: 'Eve', account: 'U0EVE', isKey: false },
];

/** Who a person of any of these rosters is. */
export const humanOf = (person: string): string =>
  ROSTERS.flat()
    .find(({ id }) => id === person)
    ?.name.replace('A. Ortiz', 'Ana Ortiz')
    .split(' ', 1)[0] ?? person;

export function humanBehind(via: Via): string {
  const account = via.kind === 'slack' ? via.slackId : via.publicKey;
  const found = ACCOUNTS.find((one) => one.account === account);
  if (found === undefined) throw new Error(`WORLD_STRANGER ${account}`);
  return found.human;
}

const RUNBOOKS = {
  leave: sampleRunbook({ delivery: { uncertain: 'leave' } }),
  resend: sampleRunbook({ delivery: { uncertain: 'resend' } }),
};
const PLANS = { leave: plansOf(RUNBOOKS.leave), resend: plansOf(RUNBOOKS.resend) };
const SEGMENTS = audience.segments.map(({ id }) => id);
const GATES = ['credentials', 'workers', 'queues'];
const STEPS = ['scale-up', 'remind', 'ask', 'window'];

interface Bot {
  journal: Journal;
  skewMs: number;
}

export class World {
  readonly record = new MemoryRecord();
  readonly submits: History['submits'] = [];
  /** The switch item, and halts whose entries have not landed yet. */
  readonly item = { halted: false, epoch: 0 };
  readonly #pending: Command[] = [];
  readonly #red = new Map<string, number>();
  readonly #staff = memoryStaff();
  readonly #bots: Bot[];
  readonly #uncertain: 'leave' | 'resend';
  #nowMs = T0_MS - 3_600_000;
  #version = 0;
  #turn = 0;

  constructor(skewsMs: readonly number[], faults: readonly (AppendFault | null)[], uncertain: 'leave' | 'resend') {
    this.#uncertain = uncertain;
    this.#bots = skewsMs.map((skewMs) => this.#boot(skewMs));
    this.#faults = [...faults];
  }
  readonly #faults: (AppendFault | null)[];

  async play(moves: readonly Move[]): Promise<History> {
    await this.#submit(0, {
      kind: 'create-launch',
      by: 'ana',
      launchId: LAUNCH_ID,
      name: 'Super Bowl',
      channelId: 'C',
      runbook: RUNBOOKS[this.#uncertain],
      runbookHash: this.#plan(0).hash,
      targetAtMs: T0_MS,
      compress: 1,
    });
    await this.#submit(0, { kind: 'set-audience', by: 'ana', audience });
    await this.#submit(0, { kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
    // From here on things go wrong.
    this.record.faultOfAppend = () => this.#faults.shift() ?? null;
    for (const move of moves) {
      this.#nowMs += 137;
      await this.#do(move);
    }
    this.record.faultOfAppend = () => null;
    await this.#heal();
    const [end = null] = await this.states();
    return { entries: this.record.all(LAUNCH_ID), submits: this.submits, uncertain: this.#uncertain, end };
  }

  /** Every bot's state, read anew. */
  async states(): Promise<(Launch | null)[]> {
    return Promise.all(this.#bots.map(({ journal }) => journal.launch(LAUNCH_ID)));
  }

  #plan(version: number): NamedPlan {
    const plans = PLANS[this.#uncertain];
    const plan = plans[version % plans.length];
    if (plan === undefined) throw new Error('WORLD_NO_PLAN');
    return plan;
  }

  #boot(skewMs: number): Bot {
    return {
      skewMs,
      journal: createJournal({
        record: this.record,
        staff: this.#staff,
        keyring: botKeyring(),
        nowMs: () => this.#nowMs + skewMs,
      }),
    };
  }

  #bot(index: number): Bot {
    const bot = this.#bots[index % this.#bots.length];
    if (bot === undefined) throw new Error('WORLD_NO_BOT');
    return bot;
  }

  /** The state that a person sees: what their bot knows. */
  #seen(index: number): Launch | null {
    return this.#bot(index).journal.peek(LAUNCH_ID);
  }

  async #submit(bot: number, command: Command): Promise<Appended | Error> {
    let result: Appended | Error;
    try {
      result = await this.#bot(bot).journal.append(LAUNCH_ID, command);
    } catch (error) {
      // A record that can't be read or written is a fault of the history; a broken one is a fault of ours.
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'RECORD_UNAVAILABLE') throw error;
      result = error;
    }
    this.submits.push({ command, result });
    return result;
  }

  #actor(bot: number, account: number): { by: string; via: Via } {
    const chosen = ACCOUNTS[account % ACCOUNTS.length];
    if (chosen === undefined) throw new Error('WORLD_NO_ACCOUNT');
    const nowMs = this.#nowMs + this.#bot(bot).skewMs;
    const via: Via = chosen.isKey
      ? keyVia(chosen.account, nowMs, `nonce-of-two-turns-${Math.floor(this.#turn / 2)}`)
      : { kind: 'slack', slackId: chosen.account };
    const launch = this.#seen(bot);
    const person =
      launch === null
        ? null
        : personOf(launch, chosen.isKey ? { publicKey: chosen.account } : { slackId: chosen.account });
    return { by: person?.id ?? chosen.human.toLowerCase(), via };
  }

  #measured(bot: number): Measured[] {
    const atMs = this.#nowMs + this.#bot(bot).skewMs;
    return GATES.map((gate) => {
      const value = this.#red.get(gate) ?? 0;
      return { gate, status: value === 0 ? 'green' : 'red', value, say: `${value}`, atMs };
    });
  }

  async #do(move: Move): Promise<void> {
    switch (move.kind) {
      case 'together': {
        await Promise.all(move.moves.map((one) => this.#do(one)));
        return;
      }
      case 'advance': {
        this.#nowMs += move.ms;
        return;
      }
      case 'restart': {
        // Crashed between append and effect, as far as this process knows: it comes back with nothing but the record.
        this.#bots[move.bot % this.#bots.length] = this.#boot(this.#bot(move.bot).skewMs);
        await this.#bot(move.bot).journal.launch(LAUNCH_ID);
        return;
      }
      case 'redden': {
        this.#red.set(GATES[move.gate % GATES.length] ?? '', move.value);
        return;
      }
      case 'land': {
        await this.#landHalts();
        return;
      }
      case 'halt': {
        // The item first; the entry when it comes through.
        this.item.halted = true;
        this.item.epoch += 1;
        const { by } = this.#actor(move.bot, move.account);
        this.#pending.push({
          kind: 'set-halt',
          by,
          source: 'slack',
          epoch: this.item.epoch,
          reason: '',
          pressedAtMs: this.#nowMs + this.#bot(move.bot).skewMs,
        });
        if (!move.isSlow) await this.#landHalts();
        return;
      }
      default: {
        this.#turn += 1;
        // People see what their bot has read, now and then something old.
        if (this.#turn % 3 !== 0 || this.#seen(move.bot) === null) await this.#bot(move.bot).journal.launch(LAUNCH_ID);
        const command = this.#command(move);
        if (command === null) return;
        const result = await this.#submit(move.bot, command);
        if (!(result instanceof Error) && result.ok) this.#effect(result.entry);
      }
    }
  }

  async #landHalts(): Promise<void> {
    for (const command of this.#pending.splice(0)) {
      const result = await this.#submit(0, command);
      if (result instanceof Error) this.#pending.push(command);
    }
  }

  #effect(entry: Entry): void {
    const lifted = entry.kind === 'HaltLifted' ? entry.epoch : entry.kind === 'FireApproved' ? entry.lifts : null;
    if (lifted === this.item.epoch) this.item.halted = false;
  }

  #command(
    move: Exclude<Move, { kind: 'together' | 'advance' | 'restart' | 'redden' | 'land' | 'halt' }>,
  ): Command | null {
    const launch = this.#seen(move.bot);
    if (launch === null) return null;
    const { by, via } = this.#actor(move.bot, 'account' in move ? move.account : 0);
    const nowMs = this.#nowMs + this.#bot(move.bot).skewMs;
    const segments =
      'segments' in move
        ? move.segments === 0
          ? ('all' as const)
          : SEGMENTS.filter((_, index) => (move.segments & (1 << index)) !== 0)
        : 'all';
    switch (move.kind) {
      case 'request':
        return {
          kind: 'request-fire',
          by: move.isLiar ? 'mia' : by,
          segments,
          measured: this.#measured(move.bot),
          via,
          lift: launch.halt.active,
          ...(move.aheadMs === 0 ? {} : { momentMs: nowMs + move.aheadMs }),
          sets: setsLeft(launch),
        };
      case 'press': {
        const order = pick(Object.values(launch.orders), move.which);
        if (order === null) return null;
        return {
          kind: 'approve-fire',
          by: move.isLiar ? 'ben' : by,
          orderId: order.id,
          shownHash: move.isStale ? 'f'.repeat(64) : this.#shownHash(launch, order),
          pressedAtMs: nowMs - move.agoMs,
          measured: this.#measured(move.bot),
          via,
          observedHaltEpoch: this.item.epoch,
          observedHalted: this.item.halted,
        };
      }
      case 'release': {
        const order = pick(Object.values(launch.orders), move.which);
        return order === null
          ? null
          : {
              kind: 'release-fire',
              orderId: order.id,
              measured: this.#measured(move.bot),
              observedHaltEpoch: this.item.epoch,
              observedHalted: this.item.halted,
            };
      }
      case 'hold': {
        const order = pick(Object.values(launch.orders), move.which);
        return order === null ? null : { kind: 'hold-fire', orderId: order.id, reason: 'late' };
      }
      case 'decline': {
        const order = pick(Object.values(launch.orders), move.which);
        return order === null ? null : { kind: 'decline-fire', by, orderId: order.id, reason: '' };
      }
      case 'renew': {
        const order = pick(Object.values(launch.orders), move.which);
        return order === null ? null : { kind: 'renew-order', by, orderId: order.id };
      }
      case 'stand-down':
        return { kind: 'stand-down', by, reason: '' };
      case 'expire': {
        const order = pick(Object.values(launch.orders), move.which);
        return order === null ? null : { kind: 'expire-order', orderId: order.id };
      }
      case 'close': {
        const shot = pick(
          Object.values(launch.shots).filter((one) => one.closed === null),
          move.which,
        );
        if (shot === null) return null;
        const cause = shot.haltedAtMs === null ? 'complete' : 'halt';
        const counted = shot.segments.map(({ segment, attempt }, index) =>
          split(segment, attempt, devicesOf(launch, shot, segment), move.split + index * 7),
        );
        const wrong = counted.map((one) => ({ ...one, totals: { ...one.totals, accepted: one.totals.accepted + 1 } }));
        return { kind: 'close-shot', shotId: shot.id, cause, segments: move.isWrong ? wrong : counted };
      }
      case 'correct': {
        const shot = pick(Object.values(launch.shots), move.which);
        const [old] = shot?.totals ?? [];
        return shot === null || old === undefined
          ? null
          : {
              kind: 'correct-shot',
              shotId: shot.id,
              segments: [settled(old, move.split)],
              batch: `b${this.#turn % 3}`,
            };
      }
      case 'request-lift':
        return { kind: 'request-lift', by, reason: '' };
      case 'approve-lift': {
        const lift = pick(Object.values(launch.lifts), move.which);
        return lift === null ? null : { kind: 'approve-lift', by, liftId: lift.id };
      }
      case 'content': {
        this.#version += 1;
        const hash = `${move.what}-${this.#version}`;
        if (move.what === 'campaign')
          return { kind: 'set-campaign', by, campaign: { ...launch.campaign, deep_link: `lingo://${move.version}` } };
        if (move.what === 'audience')
          return { kind: 'set-audience', by, audience: { ...audience, hash } satisfies AudienceRef };
        return { kind: 'set-skip-list', by, skipList: { hash: `skip-${move.version}`, key: 'k', tokens: 1 } };
      }
      case 'request-roster':
        return {
          kind: 'request-roster-change',
          by,
          people: ROSTERS[move.version % ROSTERS.length] ?? people,
          reason: 'shift',
        };
      case 'approve-roster': {
        const change = pick(Object.values(launch.rosterChanges), move.which);
        return change === null ? null : { kind: 'approve-roster-change', by, changeId: change.id };
      }
      case 'change-runbook': {
        const { plan, hash } = this.#plan(move.version);
        return { kind: 'change-runbook', by, plan, runbookHash: hash, lines: [], reason: 'late news' };
      }
      case 'approve-runbook': {
        const change = pick(Object.values(launch.runbookChanges), move.which);
        return change === null ? null : { kind: 'approve-runbook-change', by, changeId: change.id };
      }
      case 'lapse': {
        const { runbookChanges, rosterChanges, lifts, switchRequests } = launch;
        const all = [runbookChanges, rosterChanges, lifts, switchRequests].flatMap((some) => Object.values(some));
        const change = pick(all, move.which);
        return change === null ? null : { kind: 'expire-change', changeId: change.id };
      }
      case 'remove':
        return { kind: 'remove-person', person: ['mia', 'eve', 'olu'][move.which % 3] ?? '', reason: 'deactivated' };
      case 'request-waiver':
        return {
          kind: 'request-waiver',
          by,
          gate: [...GATES, 'copy-read'][move.gate % 4] ?? '',
          segments,
          worst: move.worst === 0 ? null : move.worst,
          reason: 'fine',
          endsAtMs: nowMs + 400_000,
        };
      case 'grant-waiver': {
        const waiver = pick(Object.values(launch.waivers), move.which);
        return waiver === null ? null : { kind: 'grant-waiver', by, waiverId: waiver.id };
      }
      case 'tick':
        return { kind: 'tick-gate', by, gate: 'copy-read', green: move.green, note: '' };
      case 'set-switch':
        return { kind: 'set-switch', by, switch: move.isOwn ? 'dark' : 'zombie', value: move.value, reason: 'x' };
      case 'approve-switch': {
        const request = pick(Object.values(launch.switchRequests), move.which);
        return request === null ? null : { kind: 'approve-switch', by, requestId: request.id };
      }
      case 'step': {
        const step = STEPS[move.step % STEPS.length] ?? '';
        switch (move.act) {
          case 'start':
            return { kind: 'start-step', step };
          case 'hold':
            return { kind: 'hold-step', step, measured: [] };
          case 'miss':
            return { kind: 'miss-step', step, measured: [] };
          case 'put':
            return { kind: 'put-step', step, why: 'late' };
          case 'run':
            return { kind: 'run-step', by, step };
          case 'skip':
            return { kind: 'skip-step', by, step, reason: '' };
          case 'finish':
            return { kind: 'finish-step', step, say: '' };
          default:
            return move.act satisfies never;
        }
      }
      case 'note':
        // As two bots would that were given the same press.
        return { kind: 'note', by, text: 'well', item: { seq: 1 + (launch.seq >> 2), hash: 'a'.repeat(64) } };
      case 'close-launch':
        return { kind: 'close-launch', by, reason: '' };
      default:
        return move satisfies never;
    }
  }

  /** The button that hangs in the channel shows the order as it was asked for. */
  #shownHash(launch: Launch, order: FireOrder): string {
    return launch.orders[order.id]?.shownHash ?? '';
  }

  /** Faults are over: halts land, and every shot closes. */
  async #heal(): Promise<void> {
    for (const bot of this.#bots) await bot.journal.launch(LAUNCH_ID);
    await this.#landHalts();
    const launch = await this.#bot(0).journal.launch(LAUNCH_ID);
    for (const shot of Object.values(launch?.shots ?? {})) {
      if (launch === null || shot.closed !== null) continue;
      const segments = shot.segments.map(({ segment, attempt }) =>
        split(segment, attempt, devicesOf(launch, shot, segment), 3),
      );
      // Whether it was taken is for the invariants to say.
      await this.#submit(0, {
        kind: 'close-shot',
        shotId: shot.id,
        cause: shot.haltedAtMs === null ? 'not-after' : 'halt',
        segments,
      });
    }
  }
}

/** The newest for 0, the one before for 1, and so on. */
function pick<T>(items: readonly T[], which: number): T | null {
  return items.length === 0 ? null : (items[items.length - 1 - (which % items.length)] ?? null);
}

function devicesOf(launch: Launch, shot: Shot, segment: string): number {
  return launch.attempts[segment]?.find(({ shotId }) => shotId === shot.id)?.devices ?? 0;
}

/** Devices by state, some of each, from a small number. */
function split(segment: string, attempt: number, devices: number, seed: number): SegmentTotals {
  const part = (by: number) => Math.floor((devices * ((seed * by) % 5)) / 20);
  const [halted, late, uncertain, failed] = [part(1), part(3), part(7), part(11)];
  return {
    segment,
    attempt,
    devices,
    totals: totals({
      halted,
      late,
      uncertain,
      failed,
      accepted: devices - halted - late - uncertain - failed,
      reasons: { Unregistered: failed },
    }),
  };
}

/** A holder's account that came late: what was uncertain is known after all. */
function settled(old: SegmentTotals, seed: number): SegmentTotals {
  const moved = Math.ceil(old.totals.uncertain / 2);
  const to = (['accepted', 'halted', 'failed'] as const)[seed % 3] ?? 'accepted';
  return { ...old, totals: { ...old.totals, uncertain: old.totals.uncertain - moved, [to]: old.totals[to] + moved } };
}
