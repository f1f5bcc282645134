import { claimUnits, size, SIZE_DEFAULTS } from '../../../contract/sizing.ts';
import { BATCH_READS, WORKER_READS } from '../../../runbooks/cost/event-cost.ts';
import type { AudienceRef } from '../../../runbooks/launch/entries.ts';
import type { Runbook } from '../../../runbooks/playbook/schema.ts';

/** What an event asks of an account: the sizing's figures for its audience and its plan. */
export interface Need {
  name: string;
  targetAtMs: number | null;
  devices: { ios: number; android: number };
  seconds: number;
  perSecond: { ios: number; android: number };
  batchSize: number;
  tasks: number;
  vcpusPerTask: number;
  connections: number;
  /** Write units a second of the claims. */
  claimUnits: number;
  /** Read units a second of the busiest table, taken as if all were of one. */
  readUnits: number;
  segments: number;
  fcm: {
    pacePerSecond: number;
    /** Null: none was granted, Google's default counts. */
    eventQuota: { reference: string; perSecond: number; confirmed: { by: string; on: string } | null } | null;
    notAfterMs: number;
  };
}

export interface NeedOptions {
  /** Devices in all; null: those of the audience. */
  devices: number | null;
  iosShare: number | null;
  seconds: number;
  latencyMs: number;
  /** That are to stand at the moment, whatever the sizing says; null: nobody has said. */
  tasks?: number | null;
  /** As the task definition says; null: not known, a core to send with and one for the main thread. */
  vcpusPerTask: number | null;
}

export const NEED_DEFAULTS = { seconds: 5, latencyMs: 80 } as const;

/** Null: nobody has said how many devices there are. */
export function needOf(
  {
    name,
    runbook,
    audience,
    targetAtMs,
  }: {
    name: string;
    runbook: Runbook;
    audience: Pick<AudienceRef, 'devices' | 'segments'> | null;
    targetAtMs: number | null;
  },
  options: NeedOptions,
): Need | null {
  const counted = countDevices(audience, options);
  if (counted === null) return null;
  const { delivery, pool } = runbook;
  const total = counted.ios + counted.android;
  const sized = size({
    ...SIZE_DEFAULTS,
    devices: total,
    seconds: options.seconds,
    latencyMs: options.latencyMs,
    iosShare: counted.ios / total,
  });
  const quota = delivery.android_event_quota;
  const tasks = Math.max(sized.tasks, pool.workers, options.tasks ?? 0, ...plannedTasks(runbook));
  return {
    name,
    targetAtMs,
    devices: counted,
    seconds: options.seconds,
    perSecond: { ios: counted.ios / options.seconds, android: counted.android / options.seconds },
    batchSize: delivery.batch_size,
    tasks,
    vcpusPerTask: options.vcpusPerTask ?? SIZE_DEFAULTS.cores + 1,
    connections: sized.connectionsOpen,
    claimUnits: claimUnits({ devices: total, seconds: options.seconds, batchSize: delivery.batch_size }),
    readUnits: Math.ceil(tasks * WORKER_READS + (total / delivery.batch_size / options.seconds) * BATCH_READS),
    segments: audience?.segments.length ?? 0,
    fcm: {
      pacePerSecond: quota?.per_second ?? delivery.android_per_second,
      eventQuota:
        quota === undefined
          ? null
          : { reference: quota.reference, perSecond: quota.per_second, confirmed: confirmedOf(quota) },
      notAfterMs: delivery.android_not_after,
    },
  };
}

type EventQuota = NonNullable<Runbook['delivery']['android_event_quota']>;
const confirmedOf = ({ confirmed_by: by, confirmed_on: on }: EventQuota) =>
  by === undefined || on === undefined ? null : { by, on };

function countDevices(
  audience: Pick<AudienceRef, 'devices' | 'segments'> | null,
  { devices, iosShare }: NeedOptions,
): Need['devices'] | null {
  const total = devices ?? audience?.devices ?? null;
  if (total === null || total <= 0) return null;
  const ofAudience = (audience?.segments ?? [])
    .filter(({ platform }) => platform === 'ios')
    .reduce((sum, segment) => sum + segment.devices, 0);
  const share =
    iosShare ?? (audience === null || audience.devices === 0 ? SIZE_DEFAULTS.iosShare : ofAudience / audience.devices);
  const ios = Math.round(total * share);
  return { ios, android: total - ios };
}

/** What the plan itself orders for the pool. */
function plannedTasks({ phases, pool }: Runbook): number[] {
  return phases.flatMap(({ steps }) =>
    steps.flatMap(({ do: act }) => (act.kind === 'scale' && act.target === pool.scale_target ? [act.to] : [])),
  );
}

/** Null: the pool is something else than an ECS service. */
export function poolService({ pool, scale_targets: targets }: Runbook): { cluster: string; service: string } | null {
  const target = targets.find(({ id }) => id === pool.scale_target);
  return target?.kind === 'ecs-service' ? { cluster: target.cluster, service: target.service } : null;
}

/** What the plan scales, by kind. */
export function scaledBy({ scale_targets: targets }: Runbook) {
  return {
    services: targets.flatMap((one) =>
      one.kind === 'ecs-service' ? [{ cluster: one.cluster, service: one.service }] : [],
    ),
    groups: targets.flatMap((one) => (one.kind === 'auto-scaling-group' ? [one.group] : [])),
    tables: targets.flatMap((one) => (one.kind === 'dynamodb-table' ? [one.table] : [])),
  };
}
