import { pino } from 'pino';
import type { Acted, Context } from '../bot/conductor/context.ts';
import { TIMINGS } from '../bot/conductor/timings.ts';
import type { Outside } from '../bot/outside/outside.ts';
import type { WorkerReport } from '../contract/report.ts';
import type { Cloud } from '../infra/aws/cloud.ts';
import type { FactStore } from '../infra/aws/fact-store.ts';
import { createJournal } from '../infra/aws/journal.ts';
import type { Signer } from '../infra/aws/keyring.ts';
import { signedReports } from '../infra/aws/signed-reports.ts';
import { vouch } from '../infra/aws/vouched.ts';
import type { Command } from '../runbooks/launch/commands.ts';
import type { Measured } from '../runbooks/launch/entries.ts';
import type { Entry } from '../runbooks/launch/entries.ts';
import type { Launch, Shot } from '../runbooks/launch/launch.ts';
import { botKeyring, workerKeyring } from './keys.ts';
import { MemoryRecord } from './properties/memory-record.ts';
import { memoryStaff } from './properties/memory-staff.ts';
import { audience, LAUNCH_ID, measuredAt, sampleRunbook, setsLeft, slackVia, T0_MS } from './properties/scene.ts';

/** What parts of a conductor work with that ask for little but the record: the real journal over a record in memory, facts,
 * reports and gates in memory, and a clock that only the test moves. */
export class MemoryContext {
  nowMs = T0_MS - 3_600_000;
  readonly record = new MemoryRecord();
  readonly facts = memoryFacts();
  /** What workers have reported; null: the store does not answer. */
  reports: WorkerReport[] | null = [];
  /** Who has signed them. */
  reportsBy: (report: WorkerReport) => Signer | null = () => workerKeyring().signer;
  gates: Measured[] = [];
  /** The store of gates does not answer. */
  areGatesAway = false;
  /** The halt switch as workers read it; null: nobody has written it; 'unreadable': the store does not answer. */
  switchItem: { haltEpoch: number; halted: boolean } | 'unreadable' | null = { haltEpoch: 0, halted: false };
  /** Whom steps have called; each call is taken. */
  readonly calls: { to: string; id: string }[] = [];
  outside: Outside = {
    page: async ({ id }) => this.#called('pager', id),
    webhook: async (to, { id }) => this.#called(to, id),
  };
  /** Messages that wait in each queue. */
  waiting = 0;
  readonly context: Context;

  private constructor() {
    this.context = this.bot();
  }

  #called(to: string, id: string): { ok: true; say: string } {
    this.calls.push({ to, id });
    return { ok: true, say: `${to} has taken it` };
  }

  /** With its audience, everything ticked. */
  static async ready(runbook = sampleRunbook()): Promise<MemoryContext> {
    const memory = new MemoryContext();
    await memory.does({
      kind: 'create-launch',
      by: 'ana',
      launchId: LAUNCH_ID,
      name: 'Super Bowl',
      channelId: 'C0WARROOM',
      runbook,
      runbookHash: 'r',
      targetAtMs: T0_MS,
      compress: 1,
    });
    await memory.does({ kind: 'set-audience', by: 'ana', audience });
    await memory.does({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
    return memory;
  }

  /** Another bot of the same record. */
  bot(): Context {
    const journal = createJournal({
      record: this.record,
      staff: memoryStaff(),
      keyring: botKeyring(),
      nowMs: () => this.nowMs,
    });
    return {
      cloud: this.#cloud(),
      journal,
      slack: null,
      outside: this.outside,
      log: pino({ level: 'silent' }),
      holder: 'first',
      hasEnded: () => false,
      version: null,
      timings: TIMINGS,
      nowMs: () => this.nowMs,
      execute: (launchId, command): Promise<Acted> => journal.append(launchId, command),
    };
  }

  #cloud(): Cloud {
    const live: Partial<Cloud['live']> = {
      signedReports: signedReports(
        async () => {
          if (this.reports === null) throw new Error('MEMORY_NO_ANSWER');
          const reports = this.reports.map((report) => ({
            report,
            ...vouch('report', JSON.stringify(report), this.reportsBy(report)),
          }));
          return { reports, unreadable: [] };
        },
        () => this.nowMs,
      ),
      putGates: async (_, measured) => {
        this.gates = measured;
      },
      gates: async () => {
        if (this.areGatesAway) throw new Error('MEMORY_NO_ANSWER');
        return this.gates;
      },
    };
    const queues: Partial<Cloud['queues']> = {
      depth: async () => ({ visible: this.waiting, delayed: 0, inFlight: 0 }),
    };
    const switches = {
      readWithin: async () => {
        if (this.switchItem === 'unreadable') throw new Error('MEMORY_NO_ANSWER');
        return this.switchItem;
      },
    };
    return { facts: this.facts, live, queues, switches } as unknown as Cloud;
  }

  async does(command: Command): Promise<Entry> {
    const acted = await this.context.execute(LAUNCH_ID, command);
    if (!acted.ok) throw new Error(`REFUSED ${command.kind}: ${acted.code} ${acted.say}`);
    return acted.entry;
  }

  /** For all segments, with everything green. */
  async asksForGo(momentMs?: number): Promise<Entry> {
    return this.does({
      ...(momentMs === undefined ? {} : { momentMs }),
      kind: 'request-fire',
      by: 'ana',
      segments: 'all',
      measured: measuredAt(this.nowMs),
      via: slackVia('ana'),
      lift: false,
      sets: setsLeft(await this.launch()),
    });
  }

  /** Ana asks for all segments, Mia presses; the shot runs. */
  async fires(): Promise<Shot> {
    const asked = await this.asksForGo();
    if (asked.kind !== 'FireRequested') throw new Error(asked.kind);
    const approved = await this.does({
      kind: 'approve-fire',
      by: 'mia',
      orderId: asked.orderId,
      shownHash: asked.shownHash,
      pressedAtMs: this.nowMs,
      measured: measuredAt(this.nowMs),
      via: slackVia('mia'),
      observedHaltEpoch: 0,
      observedHalted: false,
    });
    const shot = approved.kind === 'FireApproved' ? (await this.launch()).shots[approved.shotId] : undefined;
    if (shot === undefined) throw new Error('MEMORY_NO_SHOT');
    return shot;
  }

  async launch(): Promise<Launch> {
    const launch = await this.context.journal.launch(LAUNCH_ID);
    if (launch === null) throw new Error('MEMORY_NO_LAUNCH');
    return launch;
  }

  entries(): Promise<Entry[]> {
    return this.context.journal.entries(LAUNCH_ID);
  }

  /** What the conductor has told people by itself. */
  async notes(): Promise<string[]> {
    return (await this.entries()).flatMap((entry) =>
      entry.kind === 'Noted' && 'system' in entry.by ? [entry.text ?? ''] : [],
    );
  }
}

/** `takes`: false, and whoever puts a fact hears of a fault. */
function memoryFacts(): FactStore & { takes: boolean; clear: () => void } {
  const facts = new Map<string, string>();
  const store = {
    takes: true,
    get: async (launchId: string, name: string) => facts.get(`${launchId}\n${name}`) ?? null,
    put: async (launchId: string, name: string, value: string) => {
      if (!store.takes) throw new Error('MEMORY_PUT_FAILED');
      facts.set(`${launchId}\n${name}`, value);
    },
    clear: () => facts.clear(),
  };
  return store;
}
