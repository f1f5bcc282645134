import type { Gate, Probe } from '../playbook/schema.ts';
import { backupsAssigned } from './backups.ts';
import { badTokensGate } from './bad-token-rate.ts';
import { own } from './decision.ts';
import type { GateLine, Launch } from './launch.ts';
import { findPerson, nameOf } from './people.ts';
import { rehearsedGate } from './rehearsal-report.ts';
import { surgeGate } from './surge.ts';
import { clock, listed, span } from './words.ts';

/** Gates that nothing has to be measured for: the record and the clock answer them. */

/** `sinceMs`: where the rule knows it. No change of these is recorded. */
type Found = Pick<GateLine, 'status' | 'value' | 'say'> & Partial<Pick<GateLine, 'sinceMs'>>;
const KINDS = ['quarter-hours', 'people-present', 'backups-assigned', 'surge', 'rehearsed', 'bad-tokens'] as const;
type RuleProbe = Extract<Probe, { kind: (typeof KINDS)[number] }>;
/** What somebody must ask the world for. */
export type MeasuredProbe = Exclude<Probe, RuleProbe>;

const isRule = (probe: Probe): probe is RuleProbe => KINDS.some((kind) => kind === probe.kind);

/** Has a probe that somebody must ask the world for. */
export function isMeasured(gate: Gate): gate is Gate & { probe: MeasuredProbe } {
  return gate.probe !== undefined && !isRule(gate.probe);
}

/** Null: it has to be measured. `goesAtMs`: when it would go. */
export function foundByRule(
  launch: Launch,
  { probe }: Gate,
  segments: readonly string[] | 'all',
  { nowMs, goesAtMs }: { nowMs: number; goesAtMs: number },
): Found | null {
  if (probe === undefined || !isRule(probe)) return null;
  switch (probe.kind) {
    case 'quarter-hours':
      return quarterHours(launch, probe.apart, segments, goesAtMs);
    case 'people-present':
      return peoplePresent(launch, probe, nowMs);
    case 'backups-assigned':
      return backupsAssigned(launch, probe);
    case 'rehearsed':
      return rehearsedGate(launch, probe, nowMs);
    case 'bad-tokens':
      return badTokensGate(launch, probe, nowMs);
    case 'surge':
      return surgeGate(launch, segments);
  }
}

const QUARTER_MS = 15 * 60_000;

/** docs/facts.md#fcm-ramp. The figure is how many seconds it is inside. */
function quarterHours(launch: Launch, apartMs: number, segments: readonly string[] | 'all', atMs: number): Found {
  const asked = (launch.audience?.segments ?? []).filter(({ id }) => segments === 'all' || segments.includes(id));
  if (asked.length > 0 && asked.every(({ platform }) => platform === 'ios'))
    return { status: 'green', value: 0, say: 'nothing to Android' };
  const nearestMs = Math.round(atMs / QUARTER_MS) * QUARTER_MS;
  const awayMs = Math.abs(atMs - nearestMs);
  const where = `${clock(atMs)} is ${span(awayMs)} ${atMs < nearestMs ? 'before' : 'after'} ${clock(nearestMs)}`;
  if (awayMs >= apartMs) return { status: 'green', value: 0, say: where };
  return {
    status: 'red',
    value: Math.ceil((apartMs - awayMs) / 1_000),
    say: `${where}; FCM asks for ${span(apartMs)} from a quarter hour, which is from ${clock(nearestMs + apartMs)} on`,
  };
}

/** The figure is how many are missing. */
function peoplePresent(
  launch: Launch,
  { within, people }: Extract<RuleProbe, { kind: 'people-present' }>,
  nowMs: number,
): Found {
  const needed = (people ?? wanted(launch)).filter((id) => findPerson(launch.people, id) !== undefined);
  const missing = needed.filter((id) => nowMs - (own(launch.present, id) ?? Number.NEGATIVE_INFINITY) > within);
  const lapsed = missing.map((id) => (own(launch.present, id) ?? launch.createdAtMs - within) + within);
  return missing.length === 0
    ? { status: 'green', value: 0, say: `all of ${needed.length} were heard of within ${span(within)}` }
    : {
        status: 'red',
        value: missing.length,
        say: `not heard of within ${span(within)}: ${listed(missing.map((id) => nameOf(launch, id)))}`,
        sinceMs: Math.min(...lapsed),
      };
}

function wanted({ people, runbook }: Launch): string[] {
  const owners = runbook.gates.flatMap(({ owner }) => owner ?? []);
  return people.filter(({ id, roles }) => roles.includes('on-call') || owners.includes(id)).map(({ id }) => id);
}
