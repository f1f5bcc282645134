import type { Decision, Given } from './commands.ts';
import { accept, byPerson, own, refuse } from './decision.ts';
import type { CommandOf } from './decision.ts';
import { PLATFORMS } from './entries.ts';
import type { PersonId, Platform } from './entries.ts';
import { paceOf } from './forecast.ts';
import type { GateLine, Launch } from './launch.ts';
import { ownerOf } from './owners.ts';
import { findPerson, nameOf } from './people.ts';
import { lastRehearsal } from './rehearsal-report.ts';
import { plannedSteps } from './steps.ts';
import { listed } from './words.ts';

/**
 * What comes back: people who open the push, and apps and phones that ask for something by themselves. Requests a second are
 * pushes a second × (share that opens × requests an open + requests a delivery) + what comes anyway. Opens are taken to come as fast as pushes go
 * out, which is the worst that can be.
 */

/** The numbers that hold now: those of the runbook, and over them what was measured last. */
export interface SurgeNumbers {
  openRate: number | null;
  unpacedPerSecond: number | null;
  fleets: { target: string; perUnit: number | null; perOpen: number | null; perDelivery: number; usual: number }[];
}

export function surgeNumbers(launch: Launch): SurgeNumbers | null {
  const { surge } = launch.runbook;
  const { surge: measured } = launch;
  if (surge === undefined && measured === null) return null;
  const targets = launch.runbook.scale_targets
    .map(({ id }) => id)
    .filter((id) => surge?.fleets.some(({ target }) => target === id) === true || measured?.fleets[id] !== undefined);
  return {
    openRate: measured?.openRate ?? surge?.open_rate ?? null,
    unpacedPerSecond: measured?.unpacedPerSecond ?? surge?.unpaced_per_second ?? null,
    fleets: targets.map((target) => {
      const written = surge?.fleets.find((one) => one.target === target);
      const found = measured === null ? undefined : own(measured.fleets, target);
      return {
        target,
        perUnit: found?.perUnit ?? written?.per_unit ?? null,
        perOpen: found?.perOpen ?? written?.per_open ?? null,
        perDelivery: found?.perDelivery ?? written?.per_delivery ?? 0,
        usual: written?.usual ?? 0,
      };
    }),
  };
}

/** What the last rehearsal that has sent really brought: pushes in all, and in its best second. Fewer devices than go out in a second say less of that. */
export function rehearsedPushes(
  launch: Launch,
): { rehearsal: string; endedAtMs: number; accepted: number; bestSecond: number } | null {
  const last = lastRehearsal(launch, 'limited');
  if (last === null || last.report.totals === null || last.report.timing === null) return null;
  const { accepted } = last.report.totals;
  const { peakPerSecond: bestSecond } = last.report.timing;
  return accepted === 0 ? null : { rehearsal: last.id, endedAtMs: last.endedAtMs, accepted, bestSecond };
}

/** One fleet. Null where a number is missing. */
export interface FleetSurge {
  target: string;
  title: string;
  /** Requests for one push, on average. */
  perPush: number | null;
  /** Requests a second at the peak, and how many units take that. */
  needed: number | null;
  units: number | null;
  /** Units that stand, were ordered or are planned before the event, and what they take. */
  has: number;
  takes: number | null;
  isShort: boolean;
  /** Pushes a second that it can bear, with what it has; infinite if a push asks nothing of it. */
  fits: number | null;
}

export interface Surge {
  /** Pushes a second at the peak; null: a platform has no pace, and nobody has said how fast it goes without one. */
  perSecond: number | null;
  /** Platforms whose speed is not known. */
  unknown: Platform[];
  fleets: FleetSurge[];
}

/** Null: neither the runbook nor anybody has said anything of it. */
export function surgeOf(launch: Launch, segments: readonly string[] | 'all'): Surge | null {
  const numbers = surgeNumbers(launch);
  if (numbers === null) return null;
  const speeds = PLATFORMS.map((platform) => speedOf(launch, platform, segments, numbers.unpacedPerSecond));
  const unknown = PLATFORMS.filter((_, at) => speeds[at] === null);
  const perSecond = unknown.length > 0 ? null : speeds.reduce<number>((sum, one) => sum + (one ?? 0), 0);
  const fleets = numbers.fleets.map((fleet): FleetSurge => {
    const { target, perUnit, perOpen, perDelivery, usual } = fleet;
    const has = unitsOf(launch, target);
    const takes = perUnit === null ? null : has * perUnit;
    const perPush = perOpen === null || numbers.openRate === null ? null : numbers.openRate * perOpen + perDelivery;
    const needed = perPush === null || perSecond === null ? null : perSecond * perPush + usual;
    return {
      target,
      title: launch.runbook.scale_targets.find(({ id }) => id === target)?.title ?? target,
      perPush,
      needed,
      units: needed === null || perUnit === null ? null : Math.ceil(needed / perUnit),
      has,
      takes,
      isShort: needed !== null && takes !== null && needed > takes,
      fits: takes === null || perPush === null ? null : Math.max(0, Math.floor((takes - usual) / perPush)),
    };
  });
  return { perSecond, unknown, fleets };
}

/** No second sees more pushes than there are devices. */
function speedOf(
  launch: Launch,
  platform: Platform,
  segments: readonly string[] | 'all',
  unpaced: number | null,
): number | null {
  const devices =
    launch.audience === null
      ? Number.POSITIVE_INFINITY
      : launch.audience.segments
          .filter((one) => one.platform === platform && (segments === 'all' || segments.includes(one.id)))
          .reduce((sum, one) => sum + one.devices, 0);
  if (devices === 0) return 0;
  const perSecond = paceOf(launch, platform).perSecond || unpaced;
  return perSecond === null ? null : Math.min(devices, perSecond);
}

/** What was ordered last, or what the plan still orders, if that is more. */
function unitsOf(launch: Launch, target: string): number {
  const planned = plannedSteps(launch.runbook).flatMap((step) => {
    const state = own(launch.steps, step.id)?.state;
    const isToCome = state === undefined || state === 'held' || state === 'put';
    return step.do.kind === 'scale' && step.do.target === target && isToCome ? [step.do.to] : [];
  });
  return Math.max(own(launch.scale, target)?.desired ?? 0, ...planned);
}

/** The pace at which every fleet gets along; null: no number is known that could say so. */
export function paceThatFits({ fleets }: Surge): number | null {
  const fits = fleets.flatMap((fleet) => fleet.fits ?? []);
  return fits.length === 0 ? null : Math.min(...fits);
}

const figure = (value: number): string => Math.round(value).toLocaleString('en-US');

/** What is wrong with one fleet, in a sentence part. */
function shortText({ title, needed, takes, units, has }: FleetSurge): string {
  return `${title}: ${figure(needed ?? 0)} requests a second, and ${figure(has)} take ${figure(takes ?? 0)}; ${figure(units ?? 0)} are needed`;
}

/** The figure is how many units are missing in all. */
export function surgeGate(
  launch: Launch,
  segments: readonly string[] | 'all',
): Pick<GateLine, 'status' | 'value' | 'say'> & Partial<Pick<GateLine, 'sinceMs'>> {
  const surge = surgeOf(launch, segments);
  const unknown = surge === null ? null : unknownText(surge);
  if (surge === null || unknown !== null)
    return { status: 'unknown', value: null, say: unknown ?? 'no numbers yet: /go forecast takes them' };
  const short = surge.fleets.filter(({ isShort }) => isShort);
  // Alone, the one who wants to send could call everything large enough.
  if (short.length === 0 && launch.surge?.unconfirmed === true)
    return {
      status: 'unknown',
      value: null,
      say: `large enough by the figures of ${nameOf(launch, launch.surge.by)}, and on-call has not looked at all of them yet: /go forecast shows them, and entering them again confirms them`,
      sinceMs: launch.surge.atMs,
    };
  if (short.length === 0)
    return {
      status: 'green',
      value: 0,
      say: `${figure(surge.perSecond ?? 0)} pushes a second; ${listed(surge.fleets.map(({ title, needed, takes }) => `${title} ${figure(needed ?? 0)} of ${figure(takes ?? 0)} requests a second`))}`,
    };
  return {
    status: 'red',
    value: short.reduce((sum, { units, has }) => sum + (units ?? 0) - has, 0),
    say: `${listed(short.map(shortText))}. ${figure(paceThatFits(surge) ?? 0)} pushes a second would fit`,
  };
}

/** What is not known, so that nothing can be said; null: all is. */
export function unknownText({ unknown, fleets }: Surge): string | null {
  if (unknown.length > 0)
    return `${listed(unknown.map((platform) => (platform === 'ios' ? 'iOS' : 'Android')))} has no pace, and nobody has said how many go out in a second without one`;
  const lacking = fleets.filter(({ perPush, takes }) => perPush === null || takes === null);
  return lacking.length === 0
    ? null
    : `of ${listed(lacking.map(({ title }) => title))} it is not known what a push asks of it, or what one unit takes`;
}

/** Numbers of a rehearsal, or of anywhere: they hold over those of the runbook from then on. */
export function measureSurge(launch: Launch, command: CommandOf<'measure-surge'>, { nowMs }: Given): Decision {
  const { source, openRate, unpacedPerSecond, fleets } = command;
  const known = launch.runbook.scale_targets.map(({ id }) => id);
  const strange = fleets.find(({ target }) => !known.includes(target));
  if (strange !== undefined)
    return refuse('TARGET_UNKNOWN', `There is no scale target ${strange.target}; this runbook has ${listed(known)}.`);
  const twice = fleets.find(({ target }, at) => fleets.findIndex((one) => one.target === target) !== at);
  if (twice !== undefined)
    return refuse('VALUE_INVALID', `${twice.target} is named twice; expected one line for each fleet.`);
  if (openRate !== undefined && !(openRate >= 0 && openRate <= 1))
    return refuse('VALUE_INVALID', `An open rate of ${openRate} is none; expected a share from 0 to 1.`);
  const isCount = (value: number | undefined, least: number) =>
    value === undefined || (value >= least && value <= MOST);
  if (
    !isCount(unpacedPerSecond, 1) ||
    fleets.some(
      ({ perUnit, perOpen, perDelivery }) =>
        !isCount(perUnit, Number.MIN_VALUE) || !isCount(perOpen, 0) || !isCount(perDelivery, 0),
    )
  )
    return refuse(
      'VALUE_INVALID',
      `A figure is none; expected numbers from 0 to ${figure(MOST)}, and above 0 for what goes out or what a unit takes.`,
    );
  if (openRate === undefined && unpacedPerSecond === undefined && fleets.length === 0)
    return refuse('VALUE_INVALID', 'Nothing was measured; expected at least one figure.');
  return accept(byPerson(command.by), nowMs, {
    kind: 'SurgeMeasured',
    ...(vouchesForSurge(launch, command.by) && !leavesUnconfirmed(launch, command) ? {} : { unconfirmed: true }),
    source,
    ...(openRate === undefined ? {} : { openRate }),
    ...(unpacedPerSecond === undefined ? {} : { unpacedPerSecond }),
    fleets,
  });
}

/** On-call, and whoever owns a gate that goes by it. A marketer wants to send, and answers for no server. */
function vouchesForSurge(launch: Launch, by: PersonId): boolean {
  const owners = launch.runbook.gates.flatMap(({ probe, owner }) =>
    probe?.kind === 'surge' && owner !== undefined ? ownerOf(launch, owner).people : [],
  );
  return owners.includes(by) || findPerson(launch.people, by)?.roles.includes('on-call') === true;
}

/** What stays and nobody has confirmed was perhaps not on the form that on-call had before them. */
function leavesUnconfirmed({ surge }: Launch, command: CommandOf<'measure-surge'>): boolean {
  if (surge?.unconfirmed !== true) return false;
  const named = (of: object, figures: object) =>
    Object.entries(of).every(
      ([name, value]) => value === undefined || (figures as Record<string, unknown>)[name] !== undefined,
    );
  const { openRate, unpacedPerSecond, fleets } = surge;
  return !(
    named({ openRate, unpacedPerSecond }, command) &&
    Object.entries(fleets).every(([target, figures]) =>
      named(figures, command.fleets.find((one) => one.target === target) ?? {}),
    )
  );
}

const MOST = 1_000_000_000;
