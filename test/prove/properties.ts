import { claimKey } from '../../contract/orders.ts';
import type { Claim } from '../../infra/aws/claim-item.ts';
import { createJournal } from '../../infra/aws/journal.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { remainingDevices, runningShots } from '../../runbooks/launch/remaining.ts';
import { stateOf } from '../../settle/account-codec.ts';
import { newestStates } from '../../settle/batch-words.ts';
import { closeShot } from '../../settle/close.ts';
import { correctLateAccounts, LateMemo } from '../../settle/late-accounts.ts';
import { SEND } from '../../settle/members.ts';
import { LAUNCH_ID } from '../properties/scene.ts';
import type { Bounds } from './config.ts';
import {
  askCommand,
  batchesOf,
  decideOn,
  deviceName,
  headOf,
  launchOf,
  manifestOf,
  pressCommand,
  SEGMENT,
  setOf,
  setsOf,
} from './launch.ts';
import { claimsFor, Directly, keyringOf, recordFor, seal } from './stores.ts';
import type { Stored } from './stores.ts';
import { claimsText } from './world.ts';
import type { World } from './world.ts';

/** What must hold in every state and at every step. A sentence is what is wrong. */

export const PROPERTIES = {
  'once-per-attempt': 'no device is written twice in one attempt',
  'accepted-stays': 'no device that was known to be answered is written again in a later attempt',
  'in-time': 'nothing is written after notAfter by true time',
  'under-lease': "nothing is written but by the batch's holder, below its mark, before its lease ends by true time",
  'halt-holds': 'nothing is written after halt has reached the worker',
  'lease-lasts': 'no lease is ended by others before its time is over',
  'words-are-true': 'what an account says of a device is what happened to it',
  'shown-is-sent': 'an attempt is for exactly the devices that its order showed',
  closes: 'every shot can close, its sums add up, and corrections land',
  'within-reach': 'no device that was never written is out of reach while the launch is open',
} as const;
export type Property = keyof typeof PROPERTIES;
export interface Violation {
  property: Property;
  say: string;
}

const broken = (property: Property, say: string): Violation => ({ property, say });

export interface Write {
  device: string;
  attempt: number;
  by: string;
  shotId: string;
  settled: readonly string[];
}

/** A device goes onto the wire. */
export function writeProblem(world: World, { device, attempt, by, shotId, settled }: Write): Violation | null {
  const launch = launchOf(world.entries);
  const shot = launch?.shots[shotId];
  if (shot === undefined)
    return broken('once-per-attempt', `${device} is written for a shot that is not in the record`);
  if (world.written[attempt]?.includes(device) === true)
    return broken('once-per-attempt', `${by} writes ${device} a second time in attempt ${attempt}`);
  if (settled.includes(device))
    return broken(
      'accepted-stays',
      `${by} writes ${device} in attempt ${attempt}, and an account of an earlier attempt had said before that it was answered`,
    );
  if (world.atMs >= shot.notAfterAtMs.ios)
    return broken('in-time', `${by} writes ${device} ${world.atMs - shot.notAfterAtMs.ios} ms after notAfter`);
  if (world.halt.epoch > shot.haltEpoch)
    return broken('halt-holds', `${by} writes ${device} though it has read halt ${world.halt.epoch}`);
  const [batch = '', place = ''] = device.split(':');
  const claim = world.claims.get(claimKey(LAUNCH_ID, SEGMENT, attempt, batch));
  if (claim === undefined || claim.state !== 'claimed' || claim.bootId !== by)
    return broken(
      'under-lease',
      `${by} writes ${device}, and the claim is not its (${claim === undefined ? 'unclaimed' : `${claim.state}, ${claim.bootId}`})`,
    );
  if (world.atMs >= claim.sendUntilMs)
    return broken(
      'under-lease',
      `${by} writes ${device} ${world.atMs - claim.sendUntilMs} ms after the end of its lease`,
    );
  if (Number(place) - 1 >= claim.mark)
    return broken('under-lease', `${by} writes ${device}, which lies beyond its mark`);
  return null;
}

/** A claim changes hands, or ends. */
export function claimProblem(
  before: Claim | undefined,
  after: Claim | undefined,
  atMs: number,
  by: string,
): Violation | null {
  if (before === undefined || after === undefined || before === after) return null;
  const isTaken =
    before.state === 'claimed' &&
    atMs < before.sendUntilMs &&
    after.bootId !== before.bootId &&
    after.state === 'claimed';
  const isClosed = before.state === 'claimed' && atMs < before.sendUntilMs && after.state === 'closed';
  return isTaken || isClosed
    ? broken('lease-lasts', `${by} ends the lease of ${before.bootId} ${before.sendUntilMs - atMs} ms before its time`)
    : null;
}

/** Every state. */
export class StateChecks {
  readonly #bounds: Bounds;
  readonly #ignore: readonly Property[];
  readonly #known = new Map<string, Violation | null>();

  constructor(bounds: Bounds, ignore: readonly Property[]) {
    this.#bounds = bounds;
    this.#ignore = ignore;
  }

  async problem(world: World): Promise<Violation | null> {
    const key = `${headOf(world.entries).hash} ${claimsText(world.claims)} ${JSON.stringify(world.written)}`;
    let problem = this.#known.get(key);
    if (problem === undefined) {
      const counts = (found: Violation | null) =>
        found === null || this.#ignore.includes(found.property) ? null : found;
      problem =
        counts(this.#wordProblem(world)) ??
        counts(await this.#shownProblem(world)) ??
        counts(await this.#endProblem(world));
      this.#known.set(key, problem);
    }
    return problem;
  }

  #wordProblem({ claims, written }: World): Violation | null {
    for (const [key, claim] of claims) {
      const [, , attempt = '', batch = ''] = key.split('/');
      const codes = newestStates(claim, this.#bounds.devicesPerBatch);
      for (const [index, code] of codes.entries()) {
        const device = deviceName(batch, index);
        const wasWritten = written[Number(attempt)]?.includes(device) === true;
        const state = stateOf(code);
        if ((state === 'accepted' || state === 'failed' || state === 'bad-token') && !wasWritten)
          return broken(
            'words-are-true',
            `${device} counts as ${state} in attempt ${attempt}, and it was never written there`,
          );
        if ((state === 'halted' || state === 'late' || state === 'skipped') && wasWritten)
          return broken(
            'words-are-true',
            `${device} counts as ${state} in attempt ${attempt}, and it was written there`,
          );
      }
    }
    return null;
  }

  /** Right after a press. */
  async #shownProblem(world: World): Promise<Violation | null> {
    const last = world.entries.at(-1);
    if (last?.kind !== 'FireApproved') return null;
    const launch = launchOf(world.entries);
    const shot = launch?.shots[last.shotId];
    const attempt = shot?.segments[0]?.attempt ?? 0;
    const shown = launch?.orders[last.orderId]?.devices ?? 0;
    if (shot === undefined) return null;
    let devices = 0;
    for (const { size } of (await setsOf(world, shot, attempt, this.#bounds)).values()) devices += size;
    return devices === shown
      ? null
      : broken('shown-is-sent', `the order showed ${shown} devices, and attempt ${attempt} is for ${devices}`);
  }

  /** As if every process died now: the shot closes at its time, late accounts are counted, and then a further order finds what was never written. */
  async #endProblem(world: World): Promise<Violation | null> {
    const ended = await this.#ended(world);
    if ('property' in ended) return ended;
    const launch = launchOf(ended.entries);
    if (launch === null || launch.closed) return null;
    const within = await this.#nextSet(ended, launch);
    if ('property' in within) return within;
    const ever = new Set(Object.values(world.written).flat());
    const last = launch.attempts[SEGMENT]?.length ?? 0;
    for (const { id, count } of batchesOf(this.#bounds)) {
      for (let index = 0; index < count; index++) {
        const device = deviceName(id, index);
        if (ever.has(device) || within.devices.has(device)) continue;
        const states = Array.from({ length: last }, (_, at) =>
          stateOf(newestStates(ended.claims.get(claimKey(LAUNCH_ID, SEGMENT, at + 1, id)), count)[index] ?? 0),
        );
        // By the policy "leave" what may have been written stays as it is.
        if (this.#bounds.uncertain === 'leave' && states.includes('uncertain')) continue;
        return broken(
          'within-reach',
          `${device} was never written (${states.map((state, at) => `attempt ${at + 1}: ${state}`).join(', ')}), and no further order sends it: ${remainingDevices(launch, SEGMENT)} devices remain`,
        );
      }
    }
    return null;
  }

  async #ended(world: World): Promise<Stored | Violation> {
    const directly = new Directly(world);
    const nowMs = world.atMs + 3_600_000;
    const claims = claimsFor(directly);
    const journal = createJournal({
      record: recordFor(directly, 'bot'),
      keyring: keyringOf('bot'),
      nowMs: () => nowMs,
    });
    const deps = { claims, journal, setOf, manifestOf: () => Promise.resolve(manifestOf(this.#bounds)) };
    try {
      for (const { id } of runningShots(launchOf(world.entries) as Launch)) {
        const closed = await closeShot(deps, { launchId: LAUNCH_ID, shotId: id, nowMs });
        if (closed.state !== 'closed')
          return broken(
            'closes',
            `shot ${id} does not close an hour later: ${closed.state === 'refused' ? `${closed.code}, ${closed.say}` : `${closed.left} batches are open`}`,
          );
      }
      for (const shot of Object.values(((await journal.launch(LAUNCH_ID)) as Launch).shots)) {
        const { refused } = await correctLateAccounts(
          deps,
          (await journal.launch(LAUNCH_ID)) as Launch,
          shot,
          new LateMemo(),
        );
        if (refused.length > 0) return broken('closes', `a late account can't be counted: ${refused.join('; ')}`);
      }
    } catch (error) {
      return broken('closes', `closing fails: ${error instanceof Error ? error.message : String(error)}`);
    }
    return directly.stored;
  }

  /** What a further order would send, if people asked and pressed now, in place of an order that waits. */
  async #nextSet(stored: Stored, launch: Launch): Promise<{ devices: Set<string> } | Violation> {
    const nowMs = (stored.entries.at(-1)?.atMs ?? 0) + 1_000;
    let standing = stored.entries;
    for (const { id } of Object.values(launch.orders).filter(({ state }) => state === 'open')) {
      const declined = decideOn(standing, { kind: 'decline-fire', by: 'ana', orderId: id, reason: '' }, nowMs);
      if (declined.ok) standing = [...standing, seal(headOf(standing), declined.entry, 'bot')];
    }
    const asked = decideOn(standing, await askCommand({ ...stored, entries: standing }, nowMs, this.#bounds), nowMs);
    if (!asked.ok) return { devices: new Set() };
    const withOrder = [...standing, seal(headOf(standing), asked.entry, 'bot')];
    const orderId = asked.entry.kind === 'FireRequested' ? asked.entry.orderId : '';
    const pressed = decideOn(
      withOrder,
      pressCommand(launchOf(withOrder) as Launch, orderId, nowMs, {
        epoch: launch.halt.epoch,
        halted: launch.halt.active,
      }),
      nowMs,
    );
    if (!pressed.ok)
      return broken('within-reach', `nobody can approve a further order: ${pressed.code} ${pressed.say}`);
    const entries = [...withOrder, seal(headOf(withOrder), pressed.entry, 'bot')];
    const shot =
      pressed.entry.kind === 'FireApproved' ? (launchOf(entries) as Launch).shots[pressed.entry.shotId] : undefined;
    if (shot === undefined) return { devices: new Set() };
    const sets = await setsOf({ ...stored, entries }, shot, shot.segments[0]?.attempt ?? 0, this.#bounds);
    return {
      devices: new Set(
        [...sets].flatMap(([batch, { members }]) =>
          [...members].flatMap((member, index) => (member === SEND ? [deviceName(batch, index)] : [])),
        ),
      ),
    };
  }
}
