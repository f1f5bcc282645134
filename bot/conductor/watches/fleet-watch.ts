import { fleetsNow } from '../../../infra/aws/scaling/fleets-now.ts';
import { forgotten, isEventOver, stillUp } from '../../../runbooks/cost/fleets.ts';
import type { FleetNow, FleetUnit } from '../../../runbooks/cost/fleets.ts';
import { launchCost } from '../../../runbooks/cost/launch-cost.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { COST_HEAD } from '../../../runbooks/postmortem/ordinary-notes.ts';
import { costText, stillUpText } from '../../views/fleets.ts';
import type { Context } from '../context.ts';
import { FACT, fact, keepFact } from '../facts.ts';
import { noteOnce } from '../shots/note-once.ts';

const DAY_MS = 86_400_000;
/** A closed launch is looked after for so long; what still runs then is somebody's decision, or nobody reads the channel. */
const GIVEN_UP_AFTER_MS = 14 * DAY_MS;

/** When the next reminder is due, and how many there were. */
interface Reminded {
  nextMs: number;
  times: number;
}

/**
 * What the launch's fleets are and cost now, for the board; once the event is over a reminder of what it raised and nobody
 * has lowered, ever more seldom; and when all of it is down and the launch closed, what it cost, as the record's last line.
 */
export class FleetWatch {
  readonly #context: Context;
  #fleets: readonly FleetNow[] = [];
  #settled = false;
  /** By target, as it was kept last. */
  readonly #units = new Map<string, string>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** As last seen. */
  get fleets(): readonly FleetNow[] {
    return this.#fleets;
  }

  /** Nothing of it is left to be watched. */
  isSettled(launch: Launch): boolean {
    return this.#settled || (launch.closed && Object.keys(launch.scale).length === 0);
  }

  async look(launch: Launch): Promise<void> {
    if (this.isSettled(launch)) return;
    const seen = await fleetsNow(this.#context.cloud, launch);
    this.#fleets = await Promise.all(seen.map((fleet) => this.#withUnit(launch, fleet)));
    const nowMs = this.#context.nowMs();
    if (!isEventOver(launch, nowMs)) return;
    const up = stillUp(this.#fleets);
    if (up.length > 0 && !(await this.#isGivenUp(launch, nowMs))) return this.#remind(launch, up, nowMs);
    if (launch.closed && this.#isAllSeen(launch)) await this.#tellCost(launch, nowMs);
  }

  /** What a fleet was is kept: with its stack it goes before its hours are paid, and nobody could say any more what one cost. */
  async #withUnit(launch: Launch, fleet: FleetNow): Promise<FleetNow> {
    const name = FACT.fleetUnit(fleet.target);
    // An empty group does not say any more of what it was.
    if (fleet.unit === null || (fleet.unit.kind === 'instances' && fleet.unit.type === undefined)) {
      const kept = await fact(this.#context, launch.id, name);
      return kept === null ? fleet : { ...fleet, unit: JSON.parse(kept) as FleetUnit };
    }
    const unit = JSON.stringify(fleet.unit);
    if (this.#units.get(fleet.target) !== unit) await keepFact(this.#context, launch.id, name, unit);
    this.#units.set(fleet.target, unit);
    return fleet;
  }

  /** A target that could not be looked at may still be up. */
  #isAllSeen(launch: Launch): boolean {
    return Object.keys(launch.scale).every((id) => this.#fleets.some(({ target }) => target === id));
  }

  async #isGivenUp(launch: Launch, nowMs: number): Promise<boolean> {
    const reminded = await this.#reminded(launch);
    return launch.closed && reminded !== null && nowMs >= reminded.nextMs && reminded.times >= REMINDERS_MOST;
  }

  async #reminded(launch: Launch): Promise<Reminded | null> {
    const found = await fact(this.#context, launch.id, FACT.fleetsReminded);
    return found === null ? null : (JSON.parse(found) as Reminded);
  }

  async #remind(launch: Launch, up: readonly FleetNow[], nowMs: number): Promise<void> {
    const { fleetReminderMs } = this.#context.timings;
    const last = await this.#reminded(launch);
    const keep = (reminded: Reminded) =>
      keepFact(this.#context, launch.id, FACT.fleetsReminded, JSON.stringify(reminded));
    // Somebody is about to press a button: the first one comes a while after the end.
    if (last === null) return keep({ nextMs: nowMs + fleetReminderMs, times: 0 });
    const left = forgotten(launch, up, nowMs);
    if (nowMs < last.nextMs || left.length === 0) return;
    const times = last.times + 1;
    if (!(await noteOnce(this.#context, launch, `Reminder ${times}: `, stillUpText(left)))) return;
    await keep({ nextMs: nowMs + Math.min(DAY_MS, fleetReminderMs * 2 ** times), times });
  }

  async #tellCost(launch: Launch, nowMs: number): Promise<void> {
    const { record, region, prices } = this.#context.cloud;
    if ((await fact(this.#context, launch.id, FACT.costTold)) === null) {
      const cost = launchCost(launch, await record.readAfter(launch.id, 0), this.#fleets, prices, nowMs);
      if (!(await noteOnce(this.#context, launch, COST_HEAD, costText(cost, { prices, region })))) return;
      await keepFact(this.#context, launch.id, FACT.costTold, String(nowMs));
    }
    this.#settled = true;
  }
}

/** After an hour, two, four … and then daily: two weeks. */
const REMINDERS_MOST = Math.ceil(GIVEN_UP_AFTER_MS / DAY_MS) + 4;
