import { canonicalJson } from './canonical-json.ts';
import type { Command, Given } from './commands.ts';
import { decide } from './decide.ts';
import type { Actor, Entry, EntryOf, HaltSource, PersonId } from './entries.ts';
import type { Launch } from './launch.ts';

/**
 * Whether an entry is what the rules give. A request or an approval holds all that it was decided by, so anyone can decide
 * it again, on the launch as it stood before it: the rules have one implementation, and nobody needs to believe who wrote it.
 */

/** What to decide anew: the entries that begin, approve or allow something that takes two people, halts, and the counts of shots. All others change nothing that a shot needs a second person for. */
export function commandOf(entry: Entry): Command | null {
  const by = 'person' in entry.by ? entry.by.person : null;
  if (entry.kind === 'HaltSet') {
    const source = haltSource(entry.by);
    return source === null
      ? null
      : { kind: 'set-halt', by, source, epoch: entry.epoch, reason: entry.reason, pressedAtMs: entry.pressedAtMs };
  }
  // A worker's key may write these, and devices stay within reach by what they say.
  if (entry.kind === 'ShotClosed')
    return { kind: 'close-shot', shotId: entry.shotId, cause: entry.cause, segments: entry.segments };
  if (entry.kind === 'ShotCorrected')
    return { kind: 'correct-shot', shotId: entry.shotId, segments: entry.segments, batch: entry.batch };
  if (entry.kind === 'FireApproved' && by === null && entry.armed !== undefined) {
    const { haltEpoch, halted } = entry.observed ?? { haltEpoch: entry.haltEpoch, halted: false };
    const { orderId, measured = [] } = entry;
    return { kind: 'release-fire', orderId, measured, observedHaltEpoch: haltEpoch, observedHalted: halted };
  }
  if (by === null) return null;
  switch (entry.kind) {
    case 'FireRequested':
      return {
        kind: 'request-fire',
        by,
        segments: entry.shown.segments.map(({ segment }) => segment),
        measured: entry.measured ?? [],
        via: entry.via,
        lift: entry.lifts !== null,
        ...(entry.shown.sets === undefined ? {} : { sets: entry.shown.sets }),
        ...(entry.shown.moment === undefined ? {} : { momentMs: entry.shown.moment.atMs }),
      };
    case 'FireApproved':
      return {
        kind: 'approve-fire',
        by,
        orderId: entry.orderId,
        shownHash: entry.shownHash,
        pressedAtMs: entry.pressedAtMs,
        measured: entry.measured ?? [],
        via: entry.via,
        observedHaltEpoch: entry.observed?.haltEpoch ?? entry.haltEpoch,
        observedHalted: entry.observed?.halted ?? false,
      };
    case 'FireArmed':
      return {
        kind: 'approve-fire',
        by,
        orderId: entry.orderId,
        shownHash: entry.shownHash,
        pressedAtMs: entry.pressedAtMs,
        measured: [],
        via: entry.via,
        observedHaltEpoch: entry.observed.haltEpoch,
        observedHalted: entry.observed.halted,
      };
    case 'FireRenewed':
      return { kind: 'renew-order', by, orderId: entry.orderId };
    case 'LiftRequested':
      return { kind: 'request-lift', by, reason: entry.reason };
    case 'HaltLifted':
      return { kind: 'approve-lift', by, liftId: entry.liftId };
    case 'RunbookChangeRequested':
      return changeOf(entry, by);
    case 'RunbookChanged':
      return entry.changeId === null
        ? changeOf(entry, by)
        : { kind: 'approve-runbook-change', by, changeId: entry.changeId };
    case 'RosterChangeRequested':
      return { kind: 'request-roster-change', by, people: entry.people, reason: entry.reason };
    case 'RosterChanged':
      return { kind: 'approve-roster-change', by, changeId: entry.changeId };
    case 'KeyChangeRequested':
      return { kind: 'request-key-change', by, keys: entry.keys, reason: entry.reason };
    case 'KeysChanged':
      return { kind: 'approve-key-change', by, changeId: entry.changeId };
    case 'TakenOver':
      return {
        kind: 'take-over',
        by,
        via: entry.via,
        requestedBy: entry.requestedBy,
        requestVia: entry.requestVia,
        to: entry.to,
        reason: entry.reason,
      };
    case 'WaiverRequested':
      return {
        kind: 'request-waiver',
        by,
        gate: entry.gate,
        segments: entry.segments,
        worst: entry.worst,
        reason: entry.reason,
        endsAtMs: entry.endsAtMs,
      };
    case 'WaiverGranted':
      return { kind: 'grant-waiver', by, waiverId: entry.waiverId };
    default:
      return null;
  }
}

function changeOf(
  { plan, runbookHash, changes, reason }: EntryOf<'RunbookChangeRequested' | 'RunbookChanged'>,
  by: PersonId,
): Command {
  // What is changed the rules say; where in the files it stands, whoever has read them.
  return { kind: 'change-runbook', by, plan, runbookHash, lines: changes.map(({ line }) => line), reason };
}

function haltSource(by: Actor): HaltSource | null {
  if ('person' in by) return 'slack';
  const { system } = by;
  return system === 'ssm' || system === 'cli' || system === 'slack' || system === 'conductor' ? system : null;
}

/** Kinds that only people can cause, and two of them: by the system they are forged. */
const PEOPLES: ReadonlySet<Entry['kind']> = new Set([
  'FireRequested',
  'FireApproved',
  'FireArmed',
  'FireRenewed',
  'LiftRequested',
  'HaltLifted',
  'RunbookChangeRequested',
  'RunbookChanged',
  'RosterChangeRequested',
  'RosterChanged',
  'KeyChangeRequested',
  'KeysChanged',
  'TakenOver',
  'WaiverRequested',
  'WaiverGranted',
]);

/** Why the rules would not have given this entry on the launch before it, as a sentence; null when they give exactly this, or have no say. */
export function vouchProblem(before: Launch, entry: Entry, sha256: Given['sha256']): string | null {
  const command = commandOf(entry);
  if (command === null)
    return PEOPLES.has(entry.kind) && !('person' in entry.by)
      ? 'it is by the system, and only people can do this'
      : null;
  const decision = decide(before, command, { nowMs: entry.atMs, sha256, rules: entry.v });
  if (!decision.ok) return `the rules refuse it: ${decision.say} (${decision.code})`;
  return canonicalJson(decision.entry) === canonicalJson(decidedPart(entry)) ? null : 'it is not what the rules give';
}

/** What `decide` gave, without what the shell has added. */
export function decidedPart(entry: Entry): object {
  const {
    v: _v,
    launchId: _launchId,
    seq: _seq,
    token: _token,
    prev: _prev,
    hash: _hash,
    key: _key,
    sig: _sig,
    ...decided
  } = entry;
  return decided;
}
