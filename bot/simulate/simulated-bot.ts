import { pino } from 'pino';
import { createJournal } from '../../infra/aws/journal.ts';
import type { Journal } from '../../infra/aws/journal.ts';
import type { Keyring } from '../../infra/aws/keyring.ts';
import { gateNamed } from '../../runbooks/launch/gates.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import type { Context } from '../conductor/context.ts';
import { GateWatch } from '../conductor/gates/gate-watch.ts';
import { measureGates } from '../conductor/gates/probes.ts';
import { Room } from '../conductor/room/room.ts';
import { Standings } from '../conductor/room/standing.ts';
import { TIMINGS } from '../conductor/timings.ts';
import { armedOrders } from '../conductor/watches/armed-orders.ts';
import { AutomationWatch } from '../conductor/watches/automation-watch.ts';
import { followSteps } from '../conductor/watches/followed-steps.ts';
import { rehearsalWatch } from '../conductor/watches/rehearsal-watch.ts';
import { ScaleWatch } from '../conductor/watches/scale-watch.ts';
import { scheduleTick } from '../conductor/watches/schedule-tick.ts';
import { UpdateBudget } from '../slack/update-budget.ts';
import { inSpan } from './mishaps.ts';
import type { Mishaps } from './mishaps.ts';
import type { World } from './world.ts';

/** What gates of these kinds ask for, regions and the quotas of accounts, such a day has none of: green, if nothing else was chosen. */
const NOT_PLAYED: ReadonlySet<string> = new Set(['home', 'doctor']);

/** A bot of a simulated day: the parts of the conductor that a plan is run by, over a record that it shares with other bots. */
export class SimulatedBot {
  readonly context: Context;
  readonly #launchId: string;
  readonly #journal: Journal;
  readonly #gates: GateWatch;
  readonly #scale: ScaleWatch;
  readonly #automations: AutomationWatch;

  constructor(
    world: World,
    keyring: Keyring,
    { launchId, targetAtMs, mishaps }: { launchId: string; targetAtMs: number; mishaps: Mishaps },
  ) {
    const { cloud } = world;
    const nowMs = () => world.nowMs;
    this.#launchId = launchId;
    this.#journal = createJournal({ record: cloud.record, staff: cloud.staff, keyring, nowMs });
    this.context = {
      cloud,
      journal: this.#journal,
      slack: null,
      // Everybody who is called takes it.
      outside: {
        page: async () => ({ ok: true, say: 'PagerDuty has taken it' }),
        webhook: async (to) => ({ ok: true, say: `The webhook ${to} has taken it` }),
      },
      log: pino({ level: 'silent' }),
      holder: 'simulated',
      hasEnded: () => false,
      version: null,
      // A gate that has changed is looked at some half a minute later.
      timings: { ...TIMINGS, gateSettleMs: 0 },
      nowMs,
      execute: (id, command) => this.#journal.append(id, command),
    };
    this.#gates = new GateWatch(this.context, async (...asked) =>
      (await measureGates(...asked)).map((one) => {
        const wrong = mishaps.gates.find(
          ({ gate, ...span }) => gate === one.gate && inSpan(span, nowMs() - targetAtMs),
        );
        if (wrong !== undefined) return { ...one, status: wrong.status, value: null, say: 'so chosen for this day' };
        const kind = gateNamed(asked[1], one.gate)?.probe?.kind ?? '';
        return NOT_PLAYED.has(kind) ? { ...one, status: 'green', value: 0, say: 'so on every simulated day' } : one;
      }),
    );
    const budget = new UpdateBudget(nowMs);
    const standings = new Standings(this.context, new Room(this.context, launchId), budget);
    this.#scale = new ScaleWatch(this.context, standings);
    this.#automations = new AutomationWatch(this.context, standings);
  }

  launch(): Promise<Launch | null> {
    return this.#journal.launch(this.#launchId);
  }

  /** What it does by the clock. */
  async looks(): Promise<void> {
    for (const look of [
      (launch: Launch) => this.#gates.look(launch),
      (launch: Launch) => scheduleTick(this.context, launch),
      (launch: Launch) => armedOrders(this.context, launch),
      (launch: Launch) => rehearsalWatch(this.context, launch),
      (launch: Launch) => this.#scale.look(launch),
      (launch: Launch) => this.#automations.look(launch),
      (launch: Launch) => followSteps(this.context, launch),
    ]) {
      const launch = await this.launch();
      if (launch !== null && !launch.closed) await look(launch);
    }
  }
}
