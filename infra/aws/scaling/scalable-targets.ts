import {
  DeleteScheduledActionCommand,
  DescribeScalableTargetsCommand,
  DescribeScheduledActionsCommand,
  PutScheduledActionCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import type {
  ApplicationAutoScalingClient,
  ScalableDimension,
  ServiceNamespace,
} from '@aws-sdk/client-application-auto-scaling';
import type { ScalableTarget } from '../../../runbooks/launch/entries.ts';
import { reconcile, SCHEDULED_PREFIX } from './scheduled-counts.ts';
import type { ScheduledCount, Standing } from './scheduled-counts.ts';

/** Application Auto Scaling of a few resources of one service: what is registered for them, pinned and put back. */
export class ScalableTargets {
  readonly #client: ApplicationAutoScalingClient;
  readonly #namespace: ServiceNamespace;

  constructor(client: ApplicationAutoScalingClient, namespace: ServiceNamespace) {
    this.#client = client;
    this.#namespace = namespace;
  }

  /** In the order of `wanted`; without those that nobody has registered. */
  async standing(wanted: readonly { resource: string; dimension: ScalableDimension }[]): Promise<ScalableTarget[]> {
    const found: ScalableTarget[] = [];
    let next: string | undefined;
    do {
      const page = await this.#client.send(
        new DescribeScalableTargetsCommand({
          ServiceNamespace: this.#namespace,
          ResourceIds: wanted.map(({ resource }) => resource),
          NextToken: next,
        }),
      );
      for (const one of page.ScalableTargets ?? []) {
        const {
          DynamicScalingInSuspended: scaleIn,
          DynamicScalingOutSuspended: scaleOut,
          ScheduledScalingSuspended: scheduled,
        } = one.SuspendedState ?? {};
        found.push({
          resource: one.ResourceId ?? '',
          dimension: one.ScalableDimension ?? '',
          min: one.MinCapacity ?? 0,
          max: one.MaxCapacity ?? 0,
          suspended: { in: scaleIn === true, out: scaleOut === true, scheduled: scheduled === true },
        });
      }
      next = page.NextToken;
    } while (next !== undefined && next !== '');
    return wanted.flatMap((want) => found.filter((one) => isSame(one, want)));
  }

  /** Nothing scales them below the count: not a policy, not a schedule but ours, which only raises. A registration that AWS gets moves the count within the new bounds at once. */
  async hold(standing: readonly ScalableTarget[], found: readonly ScalableTarget[], count: number): Promise<void> {
    for (const now of standing) {
      const before = found.find((one) => isSame(one, now)) ?? now;
      await this.#register(now, {
        ...now,
        min: Math.max(before.min, count),
        max: Math.max(before.max, now.max, count),
        suspended: {
          ...before.suspended,
          in: true,
          scheduled: before.suspended.scheduled || (await this.#hasForeignSchedule(now)),
        },
      });
    }
  }

  /** One that somebody has deregistered since is theirs to register again. */
  async putBack(standing: readonly ScalableTarget[], found: readonly ScalableTarget[]): Promise<void> {
    for (const now of standing) {
      const before = found.find((one) => isSame(one, now));
      if (before !== undefined) await this.#register(now, before);
    }
  }

  /** Of what is registered; resolves to what keeps AWS from doing it. */
  async schedule(
    standing: readonly ScalableTarget[],
    owner: string,
    wanted: readonly ScheduledCount[],
  ): Promise<string | null> {
    for (const target of standing) {
      const named = this.#named(target);
      const found = (await this.#scheduled(target)).filter(({ name }) => name.startsWith(owner));
      await reconcile(found, wanted, {
        put: ({ name, atMs, count }) =>
          this.#client.send(
            new PutScheduledActionCommand({
              ...named,
              ScheduledActionName: name,
              Schedule: `at(${new Date(atMs).toISOString().slice(0, 19)})`,
              ScalableTargetAction: { MinCapacity: count, ...(count > target.max ? { MaxCapacity: count } : {}) },
            }),
          ),
        remove: (name) => this.#client.send(new DeleteScheduledActionCommand({ ...named, ScheduledActionName: name })),
      });
    }
    const off = standing.find(({ suspended }) => suspended.scheduled);
    return off === undefined ? null : `scheduled scaling of ${off.resource} is suspended`;
  }

  async #hasForeignSchedule(target: ScalableTarget): Promise<boolean> {
    return (await this.#scheduled(target)).some(({ name }) => !name.startsWith(SCHEDULED_PREFIX));
  }

  async #scheduled(target: ScalableTarget): Promise<Standing[]> {
    const found: Standing[] = [];
    let next: string | undefined;
    do {
      const page = await this.#client.send(
        new DescribeScheduledActionsCommand({ ...this.#named(target), NextToken: next }),
      );
      for (const {
        ScheduledActionName: name = '',
        Schedule: at = '',
        ScalableTargetAction: to,
      } of page.ScheduledActions ?? [])
        found.push({ name, atMs: onceAtMs(at), count: to?.MinCapacity ?? null });
      next = page.NextToken;
    } while (next !== undefined && next !== '');
    return found;
  }

  #named({ resource, dimension }: ScalableTarget) {
    return {
      ServiceNamespace: this.#namespace,
      ResourceId: resource,
      ScalableDimension: dimension as ScalableDimension,
    };
  }

  async #register(now: ScalableTarget, next: ScalableTarget): Promise<void> {
    if (JSON.stringify(now) === JSON.stringify(next)) return;
    await this.#client.send(
      new RegisterScalableTargetCommand({
        ...this.#named(next),
        MinCapacity: next.min,
        MaxCapacity: next.max,
        SuspendedState: {
          DynamicScalingInSuspended: next.suspended.in,
          DynamicScalingOutSuspended: next.suspended.out,
          ScheduledScalingSuspended: next.suspended.scheduled,
        },
      }),
    );
  }
}

const isSame = (a: { resource: string; dimension: string }, b: { resource: string; dimension: string }): boolean =>
  a.resource === b.resource && a.dimension === b.dimension;

/** Null: it recurs. */
function onceAtMs(schedule: string): number | null {
  const at = /^at\((.+)\)$/.exec(schedule)?.[1];
  return at === undefined ? null : Date.parse(`${at}Z`);
}
