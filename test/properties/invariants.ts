import { linkProblem } from '../../infra/aws/seal.ts';
import { sha256 } from '../../infra/aws/sha256.ts';
import { canonicalJson } from '../../runbooks/launch/canonical-json.ts';
import { DEVICE_STATES } from '../../runbooks/launch/entries.ts';
import type { Entry, EntryOf, PersonId, SegmentTotals, Shown } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { planOf } from '../../runbooks/launch/plan-changes.ts';
import type { Person, Plan } from '../../runbooks/playbook/schema.ts';
import { changedGates, isSentBy, isWithinOne, keepsForGood, mayFire } from './plan-rules.ts';
import { audience as firstAudience, LAUNCH_ID } from './scene.ts';
import { humanBehind, humanOf } from './world.ts';
import type { History } from './world.ts';

/**
 * The rules, stated a second time and without the core: a plain walk over the entries with a model of its own. It shares
 * with the core the types, the canonical JSON and the hash, and none of decide, evolve, gates or remaining devices.
 * One piece over 300 lines, so that all the rules can be read in one go.
 */
export function checkHistory(history: History): void {
  const model = new Model(history.uncertain);
  for (const entry of history.entries) model.take(entry);
  must(model.running.size === 0, 'EVERY_SHOT_CLOSES', [...model.running.keys()].join());
  model.endsAs(history.end);
  const isLinked = history.entries.every(
    (entry, at, all) => linkProblem(LAUNCH_ID, all[at - 1] ?? { seq: 0, hash: '' }, entry) === null,
  );
  must(isLinked, 'CHAIN_HOLDS', '');
  checkSubmits(history);
}

export class InvariantBroken extends Error {
  readonly invariant: string;
  constructor(invariant: string, found: string) {
    super(`${invariant}: ${found}`);
    this.invariant = invariant;
  }
}

function must(holds: boolean, invariant: string, found: string): asserts holds {
  if (!holds) throw new InvariantBroken(invariant, found);
}

/** Each accepted command became one entry of its own, each refused one none, and nothing else is in the record. */
function checkSubmits({ entries, submits }: History): void {
  const accepted = submits.flatMap(({ result }) => (!(result instanceof Error) && result.ok ? [result.entry] : []));
  const unknown = submits.filter(({ result }) => result instanceof Error).length;
  must(
    new Set(accepted.map(({ seq }) => seq)).size === accepted.length,
    'ONE_ENTRY_PER_COMMAND',
    accepted.map(({ seq }) => seq).join(),
  );
  for (const entry of accepted)
    must(entries[entry.seq - 1]?.token === entry.token, 'ACCEPTED_IS_RECORDED', `${entry.seq} ${entry.kind}`);
  must(
    entries.length - accepted.length <= unknown,
    'REFUSED_LEAVES_NOTHING',
    `${entries.length} entries, ${accepted.length} accepted, ${unknown} unknown`,
  );
  for (const { command, result } of submits) {
    if (result instanceof Error || !result.ok) continue;
    if (command.kind === 'approve-fire' || command.kind === 'release-fire') {
      const hard = command.measured.find(({ gate }) => gate === 'credentials');
      const { entry } = result;
      // What is only armed is measured again when it goes.
      must(
        hard?.status === 'green' || entry.kind === 'FireArmed',
        'HARD_GATE_GREEN_AT_PRESS',
        `entry ${result.entry.seq}`,
      );
      must(
        (entry.kind === 'FireApproved' || entry.kind === 'FireArmed') && command.observedHaltEpoch <= entry.haltEpoch,
        'NOTHING_APPROVED_WHILE_HALTED',
        `entry ${entry.seq}: the switch stood at a newer epoch`,
      );
      must(
        !command.observedHalted || (entry.kind === 'FireApproved' && entry.lifts === command.observedHaltEpoch),
        'NOTHING_APPROVED_WHILE_HALTED',
        `entry ${entry.seq}: the switch stood on halt`,
      );
    }
    if (command.kind === 'request-fire') checkGates(entries, command.measured, result.entry);
  }
}

/** Asked for only with every gate green, or waived by two people, softly, and within the waiver's limits. */
function checkGates(
  entries: readonly Entry[],
  measured: readonly { gate: string; status: string; value: number | null }[],
  asked: Entry,
): void {
  if (asked.kind !== 'FireRequested') throw new InvariantBroken('ACCEPTED_IS_RECORDED', asked.kind);
  const before = entries.slice(0, asked.seq - 1);
  const changes = gateChanges(before);
  const granted = before.flatMap((entry) => (entry.kind === 'WaiverGranted' ? [entry.waiverId] : []));
  const waived = (gate: string, value: number | null) =>
    before.some(
      (entry) =>
        entry.kind === 'WaiverRequested' &&
        granted.includes(entry.waiverId) &&
        entry.gate === gate &&
        !changes.some((change) => change.seq > entry.seq && change.gates.has(gate)) &&
        asked.atMs < entry.endsAtMs &&
        (entry.segments === 'all' || asked.shown.segments.every(({ segment }) => entry.segments.includes(segment))) &&
        (value === null ? entry.worst === null : entry.worst !== null && value <= entry.worst),
    );
  const isRunning = before.some(
    (entry) =>
      entry.kind === 'FireApproved' &&
      !before.some((other) => other.kind === 'ShotClosed' && other.shotId === entry.shotId),
  );
  for (const { gate, status, value } of measured) {
    const fine =
      status === 'green' ||
      (gate === 'queues' && isRunning) ||
      (gate === 'credentials' ? asked.shown.moment !== undefined : waived(gate, value));
    must(fine, 'GATES_BLOCK_THE_REQUEST', `entry ${asked.seq}: ${gate} is ${status}`);
  }
  const last = before.findLast(
    (entry) =>
      entry.kind === 'GateTicked' ||
      entry.kind === 'CampaignSet' ||
      (entry.kind === 'AudienceSet' && entry.audience.hash !== firstAudience.hash),
  );
  const isAnother = changes.some(({ seq, gates }) => seq > (last?.seq ?? 0) && gates.has('copy-read'));
  must(
    (last?.kind === 'GateTicked' && last.green && !isAnother) || waived('copy-read', null),
    'GATES_BLOCK_THE_REQUEST',
    `entry ${asked.seq}: the copy was not read`,
  );
}

/** After which entries which gates were others. */
function gateChanges(entries: readonly Entry[]): { seq: number; gates: Set<string> }[] {
  let plan: Plan | null = null;
  return entries.flatMap((entry) => {
    if (entry.kind !== 'LaunchCreated' && entry.kind !== 'RunbookChanged') return [];
    const before = plan;
    plan = entry.kind === 'LaunchCreated' ? planOf(entry.runbook) : entry.plan;
    return before === null ? [] : [{ seq: entry.seq, gates: changedGates(before, plan) }];
  });
}

/** Until when a second person may answer it. */
function endsAtMs(asked: Entry): number {
  switch (asked.kind) {
    case 'RunbookChangeRequested':
    case 'RosterChangeRequested':
    case 'LiftRequested':
    case 'SwitchRequested':
      break;
    default:
      return Infinity;
  }
  if (asked.expiresAtMs === undefined) throw new InvariantBroken('CHANGE_WAITS_ITS_TIME', `entry ${asked.seq}`);
  return asked.expiresAtMs;
}

interface Attempt {
  attempt: number;
  shotId: string;
  devices: number;
  totals: SegmentTotals | null;
}

class Model {
  readonly running = new Map<string, EntryOf<'FireApproved'>>();
  readonly #closed = new Set<string>();
  readonly #uncertain: 'leave' | 'resend';
  #people: readonly Person[] = [];
  #rosterSeq = 0;
  #plan: { plan: Plan; hash: string } | null = null;
  #content = '';
  #audience = '';
  #skipList: string | null = null;
  #halt = { active: false, epoch: 0 };
  #ended = false;
  #calledOff = false;
  /** Asked for and not answered yet, by id. */
  readonly #orders = new Map<string, EntryOf<'FireRequested'>>();
  /** Orders that something has ended, and which rule an approval would break. */
  readonly #over = new Map<string, string>();
  /** Armed orders: by whose press, and in which entry. */
  readonly #armed = new Map<string, EntryOf<'FireArmed'>>();
  readonly #asked = new Map<string, { seq: number; by: PersonId; what: Entry }>();
  readonly #attempts = new Map<string, Attempt[]>();
  /** Devices by segment that only a further order would reach. */
  readonly #behind = new Map<string, number>();
  readonly #started = new Set<string>();
  readonly #nonces = new Set<string>();
  readonly #corrected = new Set<string>();
  readonly #noted = new Set<number>();

  constructor(uncertain: 'leave' | 'resend') {
    this.#uncertain = uncertain;
  }

  take(entry: Entry): void {
    must(
      !this.#ended || entry.kind === 'ShotCorrected' || entry.kind === 'Noted',
      'CLOSED_LAUNCH_IS_OVER',
      `${entry.seq} ${entry.kind}`,
    );
    switch (entry.kind) {
      case 'LaunchCreated': {
        this.#people = entry.runbook.people;
        this.#content = entry.contentHash;
        this.#plan = { plan: planOf(entry.runbook), hash: entry.runbookHash };
        return;
      }
      case 'CampaignSet': {
        must(entry.contentHash === sha256(canonicalJson(entry.campaign)), 'HASH_IS_OF_THE_CONTENT', `${entry.seq}`);
        this.#content = entry.contentHash;
        return this.#endStale();
      }
      case 'AudienceSet': {
        must(this.#attempts.size === 0, 'FIRED_AUDIENCE_IS_FINAL', `${entry.seq}`);
        this.#audience = entry.audience.hash;
        return this.#endStale();
      }
      case 'SkipListSet': {
        this.#skipList = entry.skipList.hash;
        return this.#endStale();
      }
      case 'FireRequested':
        return this.#requested(entry);
      case 'FireArmed':
        return this.#arms(entry);
      case 'FireHeld': {
        must(this.#orders.has(entry.orderId), this.#over.get(entry.orderId) ?? 'ORDER_ENDS_ONCE', `${entry.seq}`);
        this.#armed.delete(entry.orderId);
        return;
      }
      case 'FireApproved':
        return this.#approved(entry);
      case 'FireRenewed':
        return this.#renewed(entry);
      case 'StoodDown': {
        must(this.running.size === 0, 'EVERY_SHOT_CLOSES', `${entry.seq}`);
        this.#calledOff = true;
        return this.#end(() => true, 'NOTHING_AFTER_STAND_DOWN');
      }
      case 'FireDeclined':
      case 'FireExpired': {
        must(this.#orders.delete(entry.orderId), 'ORDER_ENDS_ONCE', `${entry.seq} ${entry.orderId}`);
        return;
      }
      case 'ShotClosed':
        return this.#shotClosed(entry);
      case 'ShotCorrected':
        return this.#shotCorrected(entry);
      case 'HaltSet': {
        must(entry.epoch > this.#halt.epoch, 'EPOCHS_GO_UP', `${entry.seq}`);
        this.#halt = { active: true, epoch: entry.epoch };
        this.#end(() => true, 'HALT_ENDS_ORDERS');
        return;
      }
      case 'RosterChangeRequested':
      case 'RunbookChangeRequested':
        return this.#ask(entry.changeId, entry);
      case 'RunbookChanged':
        return this.#runbookChanged(entry);
      case 'ChangeExpired': {
        const asked = this.#asked.get(entry.changeId);
        must(asked !== undefined, this.#over.get(entry.changeId) ?? 'ENDS_ONCE', `${entry.seq} ${entry.changeId}`);
        must(entry.atMs > endsAtMs(asked.what), 'CHANGE_WAITS_ITS_TIME', `${entry.seq} ${entry.changeId}`);
        this.#asked.delete(entry.changeId);
        this.#over.set(entry.changeId, 'BEFORE_EXPIRY');
        return;
      }
      case 'WaiverRequested': {
        must(entry.gate !== 'credentials', 'HARD_GATES_TAKE_NO_WAIVER', `${entry.seq}`);
        return this.#ask(entry.waiverId, entry);
      }
      case 'LiftRequested':
        return this.#ask(entry.liftId, entry);
      case 'SwitchRequested':
        return this.#ask(entry.requestId, entry);
      case 'RosterChanged': {
        const { what } = this.#answer(entry.changeId, entry);
        if (what.kind !== 'RosterChangeRequested') throw new InvariantBroken('TWO_PEOPLE', `${entry.seq}`);
        this.#people = what.people;
        this.#rosterSeq = entry.seq;
        this.#end(() => true, 'ROSTER_CHANGE_ENDS_REQUESTS');
        must(
          this.#people.some(({ roles }) => roles.includes('on-call')),
          'ROSTER_CAN_FIRE',
          `${entry.seq}`,
        );
        must(
          this.#people.filter(({ roles }) => roles.includes('on-call') || roles.includes('marketer')).length >= 2,
          'ROSTER_CAN_FIRE',
          `${entry.seq}`,
        );
        return;
      }
      case 'PersonRemoved': {
        this.#people = this.#people.filter(({ id }) => id !== entry.person);
        return this.#end(
          ({ by, orderId }) =>
            ('person' in by && by.person === entry.person) || this.#armedBy(orderId) === entry.person,
          'REMOVED_PEOPLE_COUNT_AT_ONCE',
        );
      }
      case 'WaiverGranted': {
        this.#answer(entry.waiverId, entry);
        return;
      }
      case 'HaltLifted': {
        const { what } = this.#answer(entry.liftId, entry);
        must(
          this.#halt.active &&
            entry.epoch === this.#halt.epoch &&
            what.kind === 'LiftRequested' &&
            what.epoch === entry.epoch,
          'LIFT_IS_OF_THE_PRESENT_HALT',
          `${entry.seq}`,
        );
        this.#halt.active = false;
        return;
      }
      case 'SwitchSet': {
        if (entry.switch === 'dark') this.#answer(entry.requestId ?? '', entry);
        return;
      }
      case 'StepStarted': {
        must(!this.#started.has(entry.step), 'STEP_RUNS_ONCE', `${entry.seq} ${entry.step}`);
        this.#started.add(entry.step);
        return;
      }
      case 'LaunchClosed': {
        must(this.running.size === 0, 'EVERY_SHOT_CLOSES', `${entry.seq}`);
        this.#ended = true;
        return;
      }
      case 'Noted': {
        const { item } = entry;
        must(item === undefined || !this.#noted.has(item.seq), 'NOTED_ONCE', `${entry.seq} m${item?.seq}`);
        if (item !== undefined) this.#noted.add(item.seq);
        return;
      }
      default:
        return;
    }
  }

  /** Orders that showed something else than what is now; also when it is changed back later. */
  #endStale(): void {
    this.#end(({ shown }) => !this.#isPresent(shown), 'EXACTLY_WHAT_WAS_SHOWN');
  }

  #end(which: (order: EntryOf<'FireRequested'>) => boolean, invariant: string): void {
    for (const order of this.#orders.values()) {
      if (!which(order)) continue;
      this.#orders.delete(order.orderId);
      this.#over.set(order.orderId, invariant);
    }
  }

  #person(entry: Entry): PersonId {
    if (!('person' in entry.by))
      throw new InvariantBroken('TWO_PEOPLE', `entry ${entry.seq} is by the ${entry.by.system}`);
    const id = entry.by.person;
    const person = this.#people.find((one) => one.id === id);
    must(
      person !== undefined && person.roles.some((role) => role !== 'observer'),
      'ON_DUTY',
      `entry ${entry.seq} is by ${id}`,
    );
    return id;
  }

  #ask(id: string, what: Entry): void {
    must(
      endsAtMs(what) === Infinity || endsAtMs(what) === what.atMs + this.#inForce().order_expires_after,
      'LIVES_AS_THE_RUNBOOK_SAYS',
      `entry ${what.seq}`,
    );
    this.#asked.set(id, { seq: what.seq, by: this.#person(what), what });
  }

  /** Answered once, by another person, while both are on the roster that it was asked under. */
  #answer(id: string, entry: Entry): { what: Entry } {
    const asked = this.#asked.get(id);
    must(
      asked !== undefined,
      this.#over.get(id) ?? 'TWO_PEOPLE',
      `entry ${entry.seq} answers ${id}, which nobody asked`,
    );
    const by = this.#person(entry);
    must(asked.by !== by, 'TWO_PEOPLE', `entry ${entry.seq}: ${asked.by} answers their own ${id}`);
    must(humanOf(asked.by) !== humanOf(by), 'TWO_HUMANS', `entry ${entry.seq}: ${humanOf(by)} answers their own ${id}`);
    must(entry.atMs <= endsAtMs(asked.what), 'BEFORE_EXPIRY', `entry ${entry.seq} answers ${id}`);
    must(asked.seq > this.#rosterSeq, 'ROSTER_CHANGE_ENDS_REQUESTS', `entry ${entry.seq}`);
    must(
      this.#people.some((person) => person.id === asked.by),
      'REMOVED_PEOPLE_COUNT_AT_ONCE',
      `entry ${entry.seq}`,
    );
    this.#asked.delete(id);
    return asked;
  }

  /** The plan in force. */
  #inForce(): Plan {
    if (this.#plan === null) throw new InvariantBroken('ACCEPTED_IS_RECORDED', 'there is no plan yet');
    return this.#plan.plan;
  }

  #armedBy(orderId: string): PersonId | null {
    const by = this.#armed.get(orderId)?.by;
    return by !== undefined && 'person' in by ? by.person : null;
  }

  /** Of what binds people only by two, as it was asked for; what was asked, pressed or ticked under another plan is over. */
  #runbookChanged(entry: EntryOf<'RunbookChanged'>): void {
    const before = this.#inForce();
    const { changeId, plan, runbookHash: hash } = entry;
    must(keepsForGood(before, plan), 'SOME_OF_A_PLAN_STAYS', `entry ${entry.seq}`);
    if (changeId === null) {
      this.#person(entry);
      must(isWithinOne(before, plan), 'TWO_PEOPLE', `entry ${entry.seq}: one changes what binds people`);
    } else {
      const { what } = this.#answer(changeId, entry);
      must(
        what.kind === 'RunbookChangeRequested' &&
          what.runbookHash === hash &&
          canonicalJson(what.plan) === canonicalJson(plan),
        'CHANGED_AS_WAS_ASKED',
        `entry ${entry.seq}`,
      );
    }
    this.#plan = { plan, hash };
    for (const [id, { what }] of this.#asked) {
      if (what.kind !== 'RunbookChangeRequested') continue;
      this.#asked.delete(id);
      this.#over.set(id, 'CHANGED_RUNBOOK_ENDS_WHAT_WAITED');
    }
    const gates = changedGates(before, plan);
    const isOfAnother = (order: EntryOf<'FireRequested'>) =>
      gates.size > 0 || !isSentBy(plan, order.shown) || !this.#areFirers(order);
    const over = [...this.#orders.values()].filter(isOfAnother).map(({ orderId }) => orderId);
    must(
      canonicalJson(over.toSorted()) === canonicalJson(entry.voids.orders.toSorted()),
      'CHANGED_RUNBOOK_ENDS_WHAT_WAITED',
      `entry ${entry.seq} ends ${entry.voids.orders.join()}, expected ${over.join()}`,
    );
    this.#end(({ orderId }) => over.includes(orderId), 'CHANGED_RUNBOOK_ENDS_WHAT_WAITED');
  }

  /** Who asked, and who armed it, are those whom the plan in force lets. */
  #areFirers({ orderId, by }: EntryOf<'FireRequested'>): boolean {
    const armedBy = this.#armedBy(orderId);
    return (
      'person' in by &&
      mayFire(this.#inForce(), this.#people, 'may_ask', by.person) &&
      (armedBy === null || mayFire(this.#inForce(), this.#people, 'may_approve', armedBy))
    );
  }

  /** The launch that people see is by the runbook that the record has, and so is everything that is sent from now on. */
  endsAs(end: Launch | null): void {
    if (this.#plan === null || end === null) return;
    const { plan, hash } = this.#plan;
    must(
      end.runbookHash === hash && canonicalJson(planOf(end.runbook)) === canonicalJson(plan),
      'RUNBOOK_IS_THE_RECORDS',
      `the launch has ${end.runbookHash}, the record ${hash}`,
    );
  }

  /** By who asked, in time, and for four lifetimes in all. */
  #renewed(entry: EntryOf<'FireRenewed'>): void {
    const order = this.#orders.get(entry.orderId);
    must(order !== undefined, this.#over.get(entry.orderId) ?? 'ORDER_ENDS_ONCE', `${entry.seq} ${entry.orderId}`);
    const asker = 'person' in order.by ? order.by.person : null;
    must(this.#person(entry) === asker && entry.atMs <= order.expiresAtMs, 'RENEWED_BY_ITS_ASKER', `${entry.seq}`);
    must(!this.#armed.has(entry.orderId), 'ORDER_ENDS_ONCE', `${entry.seq}: it is armed`);
    const fromMs = order.shown.moment?.atMs ?? order.atMs;
    const livesMs = 4 * this.#inForce().order_expires_after;
    must(entry.expiresAtMs <= fromMs + livesMs, 'RENEWED_WITHIN_ITS_BOUND', `${entry.seq}`);
    this.#orders.set(entry.orderId, { ...order, expiresAtMs: entry.expiresAtMs });
  }

  #requested(entry: EntryOf<'FireRequested'>): void {
    must(!this.#calledOff, 'NOTHING_AFTER_STAND_DOWN', `${entry.seq}`);
    this.#person(entry);
    this.#nonce(entry);
    this.#present(entry);
    must(this.#areFirers(entry), 'FIRED_BY_WHOM_THE_RUNBOOK_LETS', `entry ${entry.seq}`);
    must(
      entry.expiresAtMs === (entry.shown.moment?.atMs ?? entry.atMs) + this.#inForce().order_expires_after,
      'LIVES_AS_THE_RUNBOOK_SAYS',
      `entry ${entry.seq}`,
    );
    must(
      this.#halt.active ? entry.lifts === this.#halt.epoch : entry.lifts === null,
      'NOTHING_ASKED_WHILE_HALTED',
      `${entry.seq}`,
    );
    for (const other of this.#orders.values()) {
      const isRival = other.shown.segments.some(({ segment }) =>
        entry.shown.segments.some((one) => one.segment === segment),
      );
      if (!isRival) continue;
      must(other.expiresAtMs < entry.atMs, 'ONE_OPEN_ORDER_PER_SEGMENT', `${entry.seq} beside ${other.seq}`);
      this.#orders.delete(other.orderId);
      this.#over.set(other.orderId, 'ONE_OPEN_ORDER_PER_SEGMENT');
    }
    must(
      entry.devices === entry.shown.segments.reduce((sum, { segment }) => sum + this.#left(segment), 0),
      'ONLY_WHAT_REMAINS',
      `${entry.seq}: ${entry.devices} devices`,
    );
    this.#orders.set(entry.orderId, entry);
  }

  /** A press of the second person, which sends it or arms it. */
  #pressed(entry: EntryOf<'FireApproved' | 'FireArmed'>): EntryOf<'FireRequested'> {
    const order = this.#openOrder(entry);
    must(!this.#armed.has(entry.orderId), 'APPROVED_ONCE', `entry ${entry.seq}: it was armed already`);
    const approver = this.#person(entry);
    this.#nonce(entry);
    must(
      'person' in order.by && order.by.person !== approver,
      'TWO_PEOPLE',
      `entry ${entry.seq}: ${approver} answers their own order`,
    );
    must(
      humanBehind(order.via) !== humanBehind(entry.via),
      'TWO_HUMANS',
      `entry ${entry.seq}: ${humanBehind(entry.via)} pressed on their own order`,
    );
    must(
      this.#areFirers(order) && mayFire(this.#inForce(), this.#people, 'may_approve', approver),
      'FIRED_BY_WHOM_THE_RUNBOOK_LETS',
      `entry ${entry.seq}: ${approver}`,
    );
    must(
      entry.atMs <= order.expiresAtMs && entry.pressedAtMs <= order.expiresAtMs,
      'BEFORE_EXPIRY',
      `entry ${entry.seq}`,
    );
    return order;
  }

  #openOrder(entry: EntryOf<'FireApproved' | 'FireArmed'>): EntryOf<'FireRequested'> {
    const order = this.#orders.get(entry.orderId);
    must(
      order !== undefined,
      this.#over.get(entry.orderId) ?? 'APPROVED_ONCE',
      `entry ${entry.seq} approves ${entry.orderId}, which is over`,
    );
    return order;
  }

  #arms(entry: EntryOf<'FireArmed'>): void {
    const { shown, shownHash } = this.#pressed(entry);
    must(
      entry.shownHash === shownHash && this.#isPresent(shown) && isSentBy(this.#inForce(), shown),
      'EXACTLY_WHAT_WAS_SHOWN',
      `entry ${entry.seq}`,
    );
    must(shown.moment !== undefined && entry.atMs < shown.moment.atMs, 'ARMED_BEFORE_ITS_MOMENT', `entry ${entry.seq}`);
    must(!this.#halt.active, 'NOTHING_APPROVED_WHILE_HALTED', `entry ${entry.seq}`);
    this.#armed.set(entry.orderId, entry);
  }

  /** Its moment has come: with the press that armed it, by people who may still, and no later than was shown. */
  #released(entry: EntryOf<'FireApproved'>): EntryOf<'FireRequested'> {
    const order = this.#openOrder(entry);
    const press = this.#armed.get(entry.orderId);
    must(
      press !== undefined && entry.armed?.seq === press.seq && entry.armed.by === this.#armedBy(entry.orderId),
      'TWO_PEOPLE',
      `entry ${entry.seq} goes by itself, and nobody had armed it`,
    );
    must(this.#areFirers(order), 'FIRED_BY_WHOM_THE_RUNBOOK_LETS', `entry ${entry.seq}`);
    const { moment } = order.shown;
    must(
      moment !== undefined && entry.atMs >= moment.atMs && entry.atMs <= moment.atMs + moment.withinMs,
      'GOES_AT_ITS_MOMENT',
      `entry ${entry.seq}`,
    );
    return order;
  }

  #approved(entry: EntryOf<'FireApproved'>): void {
    const order = entry.armed === undefined ? this.#pressed(entry) : this.#released(entry);
    this.#orders.delete(entry.orderId);
    this.#armed.delete(entry.orderId);
    must(
      entry.shownHash === order.shownHash && canonicalJson(entry.shown) === canonicalJson(order.shown),
      'EXACTLY_WHAT_WAS_SHOWN',
      `entry ${entry.seq}`,
    );
    this.#present(entry);
    must(!this.#halt.active || entry.lifts === this.#halt.epoch, 'NOTHING_APPROVED_WHILE_HALTED', `entry ${entry.seq}`);
    must(
      entry.lifts === order.lifts &&
        (entry.lifts === null || entry.lifts === this.#halt.epoch) &&
        entry.haltEpoch === this.#halt.epoch,
      'LIFT_IS_OF_THE_PRESENT_HALT',
      `entry ${entry.seq}`,
    );
    this.#halt.active = false;
    for (const { segment, attempt } of entry.shown.segments) {
      this.#attempts.set(segment, [
        ...(this.#attempts.get(segment) ?? []),
        { attempt, shotId: entry.shotId, devices: this.#left(segment), totals: null },
      ]);
      this.#behind.delete(segment);
    }
    this.running.set(entry.shotId, entry);
  }

  #nonce({ seq, via }: EntryOf<'FireRequested' | 'FireApproved' | 'FireArmed'>): void {
    if (via.kind !== 'operator') return;
    must(!this.#nonces.has(via.nonce), 'SIGNATURE_PROVES_ONE_PRESS', `entry ${seq}: ${via.nonce}`);
    this.#nonces.add(via.nonce);
  }

  /** What is shown is what the launch is now, each segment on the attempt after its last closed one, for somebody. */
  #present(entry: EntryOf<'FireRequested'> | EntryOf<'FireApproved'>): void {
    const { shown } = entry;
    must(entry.shownHash === sha256(canonicalJson(shown)), 'HASH_IS_OF_WHAT_IS_SHOWN', `entry ${entry.seq}`);
    must(this.#isPresent(shown), 'EXACTLY_WHAT_WAS_SHOWN', `entry ${entry.seq}: the launch has changed`);
    must(isSentBy(this.#inForce(), shown), 'EXACTLY_WHAT_WAS_SHOWN', `entry ${entry.seq}: the runbook has changed`);
    must(
      new Set(shown.segments.map(({ segment }) => segment)).size === shown.segments.length && shown.segments.length > 0,
      'ONCE_PER_ATTEMPT',
      `entry ${entry.seq}: a segment twice`,
    );
    for (const { segment, attempt } of shown.segments) {
      const last = this.#attempts.get(segment)?.at(-1);
      must(attempt === (last?.attempt ?? 0) + 1, 'ONCE_PER_ATTEMPT', `entry ${entry.seq}: ${segment}#${attempt}`);
      must(last?.totals !== null, 'ONCE_PER_ATTEMPT', `entry ${entry.seq}: ${segment} is still being sent`);
      must(this.#left(segment) > 0, 'ONLY_WHAT_REMAINS', `entry ${entry.seq}: nothing of ${segment}`);
    }
  }

  #isPresent(shown: Shown): boolean {
    return (
      shown.contentHash === this.#content &&
      shown.audienceHash === this.#audience &&
      shown.skipListHash === this.#skipList
    );
  }

  #left(segment: string): number {
    const last = this.#attempts.get(segment)?.at(-1);
    if (last === undefined) return firstAudience.segments.find(({ id }) => id === segment)?.devices ?? 0;
    return last.totals === null ? 0 : this.#within(last.totals) + (this.#behind.get(segment) ?? 0);
  }

  #within({ totals: { halted, late, uncertain, reachable = 0 } }: SegmentTotals): number {
    return halted + late + reachable + (this.#uncertain === 'resend' ? uncertain : 0);
  }

  /** Of attempts that others came after: nobody else would ever ask for them. */
  #leaveBehind({ shotId, segments }: EntryOf<'ShotCorrected'>): void {
    for (const now of segments) {
      const tries = this.#attempts.get(now.segment) ?? [];
      const mine = tries.find((one) => one.shotId === shotId);
      if (mine?.totals == null || mine === tries.at(-1)) continue;
      this.#behind.set(
        now.segment,
        (this.#behind.get(now.segment) ?? 0) + Math.max(0, this.#within(now) - this.#within(mine.totals)),
      );
    }
  }

  #shotClosed(entry: EntryOf<'ShotClosed'>): void {
    const shot = this.running.get(entry.shotId);
    must(shot !== undefined && !this.#closed.has(entry.shotId), 'CLOSES_ONCE', `${entry.seq}`);
    must(entry.segments.length === shot.shown.segments.length, 'STATES_SUM_UP', `${entry.seq}`);
    this.running.delete(entry.shotId);
    this.#closed.add(entry.shotId);
    this.#count(entry);
  }

  #shotCorrected(entry: EntryOf<'ShotCorrected'>): void {
    this.#leaveBehind(entry);
    this.#end(
      ({ shown }) => shown.segments.some(({ segment }) => entry.segments.some((one) => one.segment === segment)),
      'LATE_ACCOUNT_ENDS_ORDERS',
    );
    must(this.#closed.has(entry.shotId), 'CLOSES_ONCE', `${entry.seq} corrects what is not closed`);
    const late = `${entry.shotId}/${entry.batch}`;
    must(!this.#corrected.has(late), 'LATE_ACCOUNT_COUNTS_ONCE', `${entry.seq}: ${late}`);
    this.#corrected.add(late);
    this.#count(entry);
  }

  #count(entry: EntryOf<'ShotClosed'> | EntryOf<'ShotCorrected'>): void {
    for (const counted of entry.segments) {
      const tries = this.#attempts.get(counted.segment) ?? [];
      const mine = tries.find(({ shotId, attempt }) => shotId === entry.shotId && attempt === counted.attempt);
      must(
        mine !== undefined,
        'STATES_SUM_UP',
        `entry ${entry.seq}: ${counted.segment}#${counted.attempt} is not of this shot`,
      );
      const sum = DEVICE_STATES.reduce((total, state) => total + counted.totals[state], 0);
      must(sum === mine.devices, 'STATES_SUM_UP', `entry ${entry.seq}: ${sum} of ${mine.devices}`);
      mine.totals = counted;
      const accepted = tries.reduce((total, { totals }) => total + (totals?.totals.accepted ?? 0), 0);
      const all = firstAudience.segments.find(({ id }) => id === counted.segment)?.devices ?? 0;
      must(
        this.#uncertain === 'resend' || accepted <= all,
        'NOBODY_TWICE',
        `entry ${entry.seq}: ${accepted} accepted of ${all}`,
      );
    }
  }
}
