import {
  DescribeScalableTargetsCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import type {
  ApplicationAutoScalingClient,
  ScalableDimension,
  ServiceNamespace,
} from '@aws-sdk/client-application-auto-scaling';
import type { ScalableTarget } from '../../../runbooks/launch/entries.ts';

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

  /** Nothing scales them below the count: not a policy, not a schedule. A registration that AWS gets moves the count within the new bounds at once. */
  async hold(standing: readonly ScalableTarget[], found: readonly ScalableTarget[], count: number): Promise<void> {
    for (const now of standing) {
      const before = found.find((one) => isSame(one, now)) ?? now;
      await this.#register(now, {
        ...now,
        min: Math.max(before.min, count),
        max: Math.max(before.max, now.max, count),
        suspended: { ...before.suspended, in: true, scheduled: true },
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

  async #register(now: ScalableTarget, next: ScalableTarget): Promise<void> {
    if (JSON.stringify(now) === JSON.stringify(next)) return;
    await this.#client.send(
      new RegisterScalableTargetCommand({
        ServiceNamespace: this.#namespace,
        ResourceId: next.resource,
        ScalableDimension: next.dimension as ScalableDimension,
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
