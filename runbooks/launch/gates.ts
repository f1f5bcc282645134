import type { Gate } from '../playbook/schema.ts';
import { CLOCKS_GATE, clocksGate } from './clocks-gate.ts';
import type { Decision, Given } from './commands.ts';
import { COPY_GATE, copyDoubts, doubtsText } from './copy-doubts.ts';
import { accept, CONDUCTOR, own, refuse } from './decision.ts';
import type { CommandOf } from './decision.ts';
import type { Measured, PersonId } from './entries.ts';
import { wantedText } from './gate-figures.ts';
import { HOME_GATE, homeGate } from './home-gate.ts';
import type { FireOrder, GateLine, Launch, Waiver } from './launch.ts';
import { ownerOf } from './owners.ts';
import { nameOf } from './people.ts';
import { PROVIDERS_GATE, providersGate } from './providers-gate.ts';
import { runningShots } from './remaining.ts';
import { foundByRule, isMeasured } from './rule-gates.ts';
import { platformsOutOfSight } from './test-copies.ts';
import { VERSIONS_GATE, versionsGate } from './versions-gate.ts';
import { clock, listed, span } from './words.ts';

/** A measurement older than this says nothing about now. The same holds for one dated this far in the future. */
const MEASUREMENT_LIFE_MS = 15_000;

const STATUSES: readonly Measured['status'][] = ['green', 'red', 'unknown'];

/** Hard gates block the press and take no waiver. Credentials and payload size are hard whatever the runbook says: with either red every push would be refused. */
export function isHardGate(gate: Gate): boolean {
  return gate.hard || gate.probe?.kind === 'credentials' || gate.probe?.kind === 'payload-size';
}

/** Those that are made for launches whose runbooks don't ask for them; only what they have found is shown. */
const MADE: readonly Gate[] = [CLOCKS_GATE, PROVIDERS_GATE, VERSIONS_GATE, HOME_GATE];
export const isMadeGate = (gate: Gate | undefined): boolean => gate !== undefined && MADE.includes(gate);

/** The gates of a launch: the runbook's own, those that are made for it, and one for text that looks unfinished as long as there is any. */
export function gatesOf(launch: Pick<Launch, 'runbook' | 'campaign'>): readonly Gate[] {
  return [
    ...launch.runbook.gates,
    ...clocksGate(launch),
    ...providersGate(launch),
    ...versionsGate(launch),
    ...homeGate(launch),
    ...(copyDoubts(launch.campaign).length === 0 ? [] : [COPY_GATE]),
  ];
}

/** A gate by id, also the one for unfinished text when there is none any more: for messages about what was. */
export function gateNamed({ runbook }: Pick<Launch, 'runbook'>, id: string): Gate | undefined {
  return [...runbook.gates, ...MADE, COPY_GATE].find((gate) => gate.id === id);
}

/** The gates of an order, for its segments and, with a moment ahead, for that moment. */
export function orderGates(
  launch: Launch,
  { shown, held }: Pick<FireOrder, 'shown' | 'held'>,
  measured: readonly Measured[],
  nowMs: number,
): GateLine[] {
  const segments = shown.segments.map(({ segment }) => segment);
  return gateLines(launch, measured, nowMs, segments, held === null ? shown.moment?.atMs : undefined);
}

/** The readiness board: every gate of the launch, for these segments, with waivers applied. `goesAtMs`: when it would go, if that is not now. */
export function gateLines(
  launch: Launch,
  measured: readonly Measured[],
  nowMs: number,
  segments: readonly string[] | 'all',
  goesAtMs = nowMs,
): GateLine[] {
  return gatesOf(launch).flatMap((gate) => {
    const found =
      gate.probe === undefined
        ? ticked(launch, gate, nowMs)
        : (foundByRule(launch, gate, segments, { nowMs, goesAtMs }) ?? measuredNow(launch, gate, measured, nowMs));
    // Nobody has asked for these, so only what they have found is shown.
    if (isMadeGate(gate) && found.status !== 'red') return [];
    const line: GateLine = {
      id: gate.id,
      title: gate.title,
      hard: isHardGate(gate),
      manual: gate.probe === undefined,
      owner: gate.owner === undefined ? null : ownerOf(launch, gate.owner).name,
      wanted: gate.probe === undefined ? null : wantedText(launch, gate.probe),
      sinceMs: sinceOf(launch, gate, found.status),
      ...found,
    };
    if (line.status === 'green' || line.hard) return line;
    const waiver = coveringWaiver(launch, gate.id, line.value, segments, nowMs);
    if (waiver?.grantedBy == null) return line;
    const names = `${nameOf(launch, waiver.requestedBy)} and ${nameOf(launch, waiver.grantedBy)}`;
    return {
      ...line,
      status: 'waived',
      say: `${line.say}; waived by ${names} until ${clock(waiver.endsAtMs)}: ${waiver.reason}`,
    };
  });
}

type Found = Pick<GateLine, 'status' | 'value' | 'say'>;

/** By its tick, else by the record's last change; null: it has turned since, and may turn back before that is recorded. */
function sinceOf(launch: Launch, gate: Gate, status: GateLine['status']): number | null {
  const tick = own(launch.ticks, gate.id);
  if (gate.probe === undefined) return tick?.atMs ?? null;
  const change = own(launch.gateChanges, gate.id);
  return change?.status === status ? change.atMs : null;
}

function ticked(launch: Launch, gate: Gate, nowMs: number): Found {
  const tick = own(launch.ticks, gate.id);
  const doubts = gate.id === COPY_GATE.id ? `${doubtsText(copyDoubts(launch.campaign))}; ` : '';
  if (tick === undefined)
    return {
      status: 'unknown',
      value: null,
      say: doubts === '' ? 'not ticked yet' : `${doubts}nobody has judged it yet`,
    };
  // Anyone on duty may, since the owner may be away; whoever relies on it must see that it was somebody else.
  const other =
    gate.owner === undefined || ownsIt(launch, gate, tick.by)
      ? ''
      : `, who is not its owner ${ownerOf(launch, gate.owner).name},`;
  const who = `by ${nameOf(launch, tick.by)}${other} at ${clock(tick.atMs)}${tick.note === '' ? '' : `: ${tick.note}`}`;
  if (isStale(gate, tick, nowMs))
    return {
      status: 'unknown',
      value: null,
      say: `${doubts}ticked ${who}; a tick holds for ${span(gate.stale_after ?? 0)}, so look again and tick anew`,
    };
  const out =
    gate.after === 'test-copies' ? platformsOutOfSight(launch).map((one) => `no ${PHONE[one]} is on the roster`) : [];
  const unlooked = out.length === 0 ? '' : `; ${listed(out)}, so nobody has seen it there`;
  return tick.green
    ? { status: 'green', value: null, say: `${doubts}ticked ${who}${holdsText(gate)}${unlooked}` }
    : { status: 'red', value: null, say: `${doubts}set to red ${who}` };
}

export const PHONE = { ios: 'iPhone', android: 'Android phone' } as const;
const HOLDS = { content: 'this text', audience: 'this audience', launch: 'this launch' } as const;
const holdsText = ({ holds_for: about }: Gate): string => (about === undefined ? '' : `; holds for ${HOLDS[about]}`);

type Tick = Launch['ticks'][string];

export function isStale({ stale_after: lifeMs }: Gate, { green, atMs }: Tick, nowMs: number): boolean {
  return green && lifeMs !== undefined && nowMs - atMs > lifeMs;
}

/** Ticks that a change of this leaves standing: a typo does not make anybody look at the audience again. */
export function ticksHolding(
  launch: Pick<Launch, 'runbook' | 'ticks'>,
  changed: 'content' | 'audience',
): Launch['ticks'] {
  return Object.fromEntries(
    Object.entries(launch.ticks).filter(([id]) => {
      const about = gateNamed(launch, id)?.holds_for;
      return about !== undefined && about !== changed;
    }),
  );
}

/** Gates that a change of this opens again, whether they were ticked or not. */
export function openedBy({ runbook }: Pick<Launch, 'runbook'>, changed: 'content' | 'audience'): Gate[] {
  return runbook.gates.filter(
    ({ probe, holds_for: about }) => probe === undefined && (about === undefined || about === changed),
  );
}

function measuredNow(launch: Launch, gate: Gate, measured: readonly Measured[], nowMs: number): Found {
  // A shot fills the queues by design; its messages say nothing about readiness.
  if (gate.probe?.kind === 'queue-empty' && runningShots(launch).length > 0)
    return { status: 'green', value: null, say: 'not looked at while a shot runs' };
  const newest = newestOf(gate.id, measured);
  if (newest === null) return { status: 'unknown', value: null, say: 'not measured yet' };
  const ageMs = nowMs - newest.atMs;
  // Measurements lie in a table that anybody may have written: what can't be understood opens nothing.
  if (!STATUSES.includes(newest.status) || !Number.isFinite(ageMs))
    return { status: 'unknown', value: null, say: 'measured in a way that this version does not understand' };
  if (Math.abs(ageMs) > MEASUREMENT_LIFE_MS) {
    return {
      status: 'unknown',
      value: null,
      say: `${ageMs > 0 ? `last measured ${span(ageMs)} ago` : `measured ${span(-ageMs)} ahead of our clock`}: ${newest.say}`,
    };
  }
  return { status: newest.status, value: newest.value, say: newest.say };
}

function newestOf(gate: string, measured: readonly Measured[]): Measured | null {
  return measured
    .filter((one) => one.gate === gate)
    .reduce<Measured | null>((best, one) => (best === null || one.atMs > best.atMs ? one : best), null);
}

/** Whether anything is known of a gate now, if only that it can't be measured. A tick, and what a rule answers, is always known. */
export function isKnown(launch: Launch, id: string, measured: readonly Measured[], nowMs: number): boolean {
  const gate = gateNamed(launch, id);
  if (gate === undefined || !isMeasured(gate)) return true;
  const newest = newestOf(id, measured);
  return newest !== null && Math.abs(nowMs - newest.atMs) <= MEASUREMENT_LIFE_MS;
}

/** The granted waiver that covers this gate now, if one does. `segments` are those that are asked for. */
export function coveringWaiver(
  launch: Launch,
  gateId: string,
  value: number | null,
  segments: readonly string[] | 'all',
  nowMs: number,
): Waiver | undefined {
  const asked = segments === 'all' ? (launch.audience?.segments.map(({ id }) => id) ?? null) : segments;
  return Object.values(launch.waivers).find((waiver) => {
    if (waiver.gate !== gateId || waiver.grantedBy === null || nowMs >= waiver.endsAtMs) return false;
    if (waiver.segments !== 'all' && (asked === null || !asked.every((segment) => waiver.segments.includes(segment))))
      return false;
    // A figure is covered by a figure, "no figure" by "no figure": a waiver for 3 missing workers says nothing of an unknown count.
    return value === null ? waiver.worst === null : waiver.worst !== null && value <= waiver.worst;
  });
}

/** Lines in the way: neither green nor waived. */
export function redLines(lines: readonly GateLine[]): GateLine[] {
  return lines.filter(({ status }) => status !== 'green' && status !== 'waived');
}

/** `“Workers ready” is red (12 of 20)`, one after the other. */
export function redText(lines: readonly GateLine[]): string {
  return listed(
    lines.map(({ title, status, say, hard }) => `“${title}” is ${status} (${say}${hard ? '; hard, no waiver' : ''})`),
  );
}

export function reportGate(launch: Launch, command: CommandOf<'report-gate'>, given: Given): Decision {
  const { measured } = command;
  const gate = gatesOf(launch).find(({ id }) => id === measured.gate);
  if (gate === undefined)
    return refuse(
      'GATE_UNKNOWN',
      `There is no gate ${measured.gate}; this runbook has ${listed(launch.runbook.gates.map(({ id }) => id))}.`,
    );
  if (gate.probe === undefined)
    return refuse('VALUE_INVALID', `“${gate.title}” is ticked by a person; expected a gate with a probe.`);
  if (own(launch.gateChanges, gate.id)?.status === measured.status)
    return refuse('ALREADY_SO', `“${gate.title}” is ${measured.status} already; only changes are recorded.`);
  return accept(CONDUCTOR, given.nowMs, { kind: 'GateChanged', measured });
}

/** Alone or with others of a group. */
export const ownsIt = (launch: Launch, { owner }: Gate, person: PersonId): boolean =>
  owner !== undefined && ownerOf(launch, owner).people.includes(person);
