import type { WorkerReport } from '../../contract/report.ts';
import type { AutomationSeen } from '../../infra/aws/automations.ts';
import type { Cloud } from '../../infra/aws/cloud.ts';
import { createStaffDevices } from '../../infra/aws/staff-devices.ts';
import type { Counts } from '../../runbooks/launch/counts.ts';
import { ENTRY_VERSION } from '../../runbooks/launch/entries.ts';
import type { AudienceRef, Measured, SegmentRef } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { splitOf, textName } from '../../runbooks/launch/variants.ts';
import type { Campaign, Runbook, ScaleTarget } from '../../runbooks/playbook/schema.ts';
import { memoryRecord } from './memory-record.ts';
import { inSpan } from './mishaps.ts';
import type { Mishaps } from './mishaps.ts';

/** A fleet's count comes so long after it was ordered, and an automation takes as long. */
const ARRIVES_MS = 4 * 60_000;
/** Of each segment. */
const DEVICES = 100_000;
const BATCH = 1_000;

interface Fleet {
  desired: number;
  orderedAtMs: number;
  /** What ran when it was ordered. */
  before: number;
}

/**
 * What a simulated day finds around it: fleets that come some minutes after they were ordered, workers that are ready once
 * they run, providers that answer, and a record. As much of the cloud as steps, gates and scale orders ask for.
 */
export class World {
  nowMs: number;
  readonly cloud: Cloud;
  readonly #fleets = new Map<string, Fleet>();
  readonly #targetAtMs: number;
  readonly #broken: Mishaps['fleets'];
  readonly #failing: ReadonlySet<string>;
  /** When each step's automation was started; its id is the step's. */
  readonly #automations = new Map<string, number>();
  #launch: Launch | null = null;
  #measured: Measured[] = [];

  constructor(
    runbook: Runbook,
    nowMs: number,
    { targetAtMs, mishaps }: { targetAtMs: number; mishaps: Pick<Mishaps, 'fleets' | 'automations'> },
  ) {
    const { fleets, automations } = mishaps;
    this.nowMs = nowMs;
    this.#targetAtMs = targetAtMs;
    this.#broken = fleets;
    this.#failing = new Set(automations);
    for (const { id } of runbook.scale_targets)
      this.#fleets.set(id, {
        desired: leastOf(runbook, id),
        orderedAtMs: Number.NEGATIVE_INFINITY,
        before: leastOf(runbook, id),
      });
    this.cloud = this.#cloudOf(runbook);
  }

  /** What workers read of it: which audience they hold. */
  sees(launch: Launch): void {
    this.#launch = launch;
  }

  get gates(): Measured[] {
    return this.#measured;
  }

  #running(id: string): number {
    const { desired, before, orderedAtMs } = this.#fleetOf(id);
    const isHeldUp = this.#broken.some(
      ({ fleet, ...span }) => fleet === id && inSpan(span, this.nowMs - this.#targetAtMs),
    );
    const isThere = this.nowMs - orderedAtMs >= ARRIVES_MS && !(isHeldUp && desired > before);
    return isThere ? desired : before;
  }

  #fleetOf(id: string): Fleet {
    const fleet = this.#fleets.get(id);
    if (fleet === undefined) throw new Error(`SIMULATION_IMPOSSIBLE fleet ${id}`);
    return fleet;
  }

  #automationAt(step: string): AutomationSeen {
    const isOver = this.nowMs - (this.#automations.get(step) ?? this.nowMs) >= ARRIVES_MS;
    if (!isOver)
      return { state: 'running', status: 'InProgress', steps: [{ name: 'run', phase: 'running' }], say: null };
    return this.#failing.has(step)
      ? { state: 'failed', status: 'Failed', steps: [{ name: 'run', phase: 'failed' }], say: 'so chosen for this day' }
      : { state: 'done', status: 'Success', steps: [{ name: 'run', phase: 'done' }], say: null };
  }

  /** The rest would be asked by nothing that a day simulates; if it is after all, the call fails by its name. */
  #cloudOf(runbook: Runbook): Cloud {
    const facts = new Map<string, string>();
    const objects = new Map<string, Uint8Array>();
    const cloud: Pick<Cloud, 'record' | 'staff' | 'automations' | 'prices' | 'workerInstance'> & {
      [K in 'live' | 'queues' | 'facts' | 'scaling' | 'clock' | 'switches']: Partial<Cloud[K]>;
    } = {
      record: memoryRecord(),
      staff: createStaffDevices({
        put: async (key, body) => void objects.set(key, body),
        get: async (key) => objects.get(key) ?? null,
        list: async (prefix) =>
          [...objects].filter(([key]) => key.startsWith(prefix)).map(([key, body]) => ({ key, bytes: body.length })),
        remove: async (key) => void objects.delete(key),
      }),
      automations: {
        start: async ({ step }) => {
          if (!this.#automations.has(step)) this.#automations.set(step, this.nowMs);
          return { ok: true, executionId: step };
        },
        look: async (step) => this.#automationAt(step),
      },
      facts: {
        get: async (launchId, name) => facts.get(`${launchId}\n${name}`) ?? null,
        put: async (launchId, name, value) => void facts.set(`${launchId}\n${name}`, value),
      },
      live: {
        signedReports: async () => ({ reports: this.#reports(runbook), foreign: [] }),
        gates: async () => this.#measured,
        putGates: async (_, measured) => {
          this.#measured = measured;
        },
        leaseVersion: async () => null,
        assignPool: async () => {},
      },
      queues: {
        depth: async () => ({ visible: 0, delayed: 0, inFlight: 0 }),
        ensurePool: async () => {},
      },
      scaling: {
        find: async ({ id }: ScaleTarget) => ({
          desired: this.#fleetOf(id).desired,
          min: null,
          max: null,
          targets: [],
          indexes: {},
        }),
        desire: async ({ id }: ScaleTarget, { count }) => {
          if (this.#fleetOf(id).desired === count) return;
          this.#fleets.set(id, { desired: count, before: this.#running(id), orderedAtMs: this.nowMs });
        },
        schedule: async () => null,
        observe: async ({ id }: ScaleTarget) => {
          const { desired } = this.#fleetOf(id);
          const running = this.#running(id);
          return { desired, running, pending: Math.max(0, desired - running), say: null };
        },
      },
      prices: null,
      workerInstance: null,
      clock: { offset: () => ({ aheadMs: 0, errorMs: 1 }) },
      // Nothing is halted on such a day.
      switches: { readWithin: async () => null },
    };
    return cloud as unknown as Cloud;
  }

  #reports({ pool }: Runbook): WorkerReport[] {
    const launch = this.#launch;
    if (launch === null) return [];
    return Array.from({ length: this.#running(pool.scale_target) }, (_, at) => reportOf(launch, at, this.nowMs));
  }
}

/** What runs before anything is ordered: the least that the plan ever orders, which is what it goes back to. */
function leastOf({ phases }: Runbook, fleet: string): number {
  const orders = phases.flatMap(({ steps }) =>
    steps.flatMap(({ do: act }) => (act.kind === 'scale' && act.target === fleet ? [act.to] : [])),
  );
  return orders.length < 2 ? 0 : Math.min(...orders);
}

/** Some devices for each market and platform that the plan knows, cut into variants and hold-out as the campaign says. `time`: which of its compiles. */
export function audienceOf({ targets = {}, audience, campaign }: Runbook, time = 0): AudienceRef {
  const named = Object.keys(targets);
  const markets = audience.segment_by.includes('market') ? (named.length === 0 ? ['us'] : named) : [];
  const part = partOf(campaign);
  const segments = (['ios', 'android'] as const).flatMap((platform) =>
    (markets.length === 0
      ? [platform]
      : markets.map((market) => (market.endsWith(`-${platform}`) ? market : `${market}-${platform}`))
    ).map((id) => ({ id, platform, ...part })),
  );
  const split = splitOf(campaign);
  const hash = String(time).padStart(8, '0').repeat(8);
  return {
    hash,
    manifestKey: `audiences/${hash}/manifest.json`,
    devices: segments.length * part.devices,
    segments,
    locales: Object.fromEntries(
      Object.entries(part.locales).map(([text, devices]) => [text, segments.length * devices]),
    ),
    ...(split === null ? {} : { split }),
    ...(part.heldOut === undefined ? {} : { heldOut: segments.length * part.heldOut }),
  };
}

/** A segment, by the shares of the campaign to the device. */
function partOf(campaign: Campaign): Omit<SegmentRef, 'id' | 'platform'> & { locales: Counts } {
  const { variants = [], hold_out: holdOut = 0, default_locale: locale } = campaign;
  const heldOut = Math.round(DEVICES * holdOut);
  const counts = variants.map(({ id, share }) => ({ id, devices: Math.round(DEVICES * share) }));
  const devices = variants.length === 0 ? DEVICES - heldOut : counts.reduce((sum, one) => sum + one.devices, 0);
  return {
    devices,
    batches: Math.ceil(devices / BATCH),
    locales:
      variants.length === 0
        ? { [locale]: devices }
        : Object.fromEntries(counts.map((one) => [textName(locale, one.id), one.devices])),
    ...(variants.length === 0 ? {} : { variants: Object.fromEntries(counts.map((one) => [one.id, one.devices])) }),
    ...(heldOut === 0 ? {} : { heldOut }),
  };
}

function reportOf(launch: Launch, at: number, atMs: number): WorkerReport {
  const lane = (provider: 'apns' | 'fcm') => ({
    provider,
    connections: 4,
    primed: 4,
    streams: 400,
    inFlight: 0,
    credentialAgeMs: 60_000,
    credentialLeftMs: 50 * 60_000,
  });
  return {
    v: 1,
    launchId: launch.id,
    bootId: `simulated-${at}`,
    host: `simulated-${at}`,
    pid: 1,
    atMs,
    startedAtMs: atMs,
    state: launch.audience === null ? 'loading' : 'ready',
    say: '',
    audienceHash: launch.audience?.hash ?? null,
    skipListHash: launch.skipList?.hash ?? null,
    shardsLoaded: 1,
    shardsTotal: 1,
    lanes: [lane('apns'), lane('fcm')],
    switchReadAgoMs: 100,
    clock: { aheadMs: 0, errorMs: 1 },
    reads: ENTRY_VERSION,
    rssMb: 100,
    shots: [],
  };
}
