import type { FleetUnit } from '../../../runbooks/cost/fleets.ts';
import type { ScaleFound } from '../../../runbooks/launch/entries.ts';
import type { ScaleGoal } from '../../../runbooks/launch/scale-goal.ts';
import type { ScaleTarget } from '../../../runbooks/playbook/schema.ts';
import { CloudError } from '../cloud-error.ts';
import { fleetUnits } from './fleet-unit.ts';
import { asScaleError } from './scale-error.ts';
import { groupScaling } from './scaling-groups.ts';
import type { ScaleObservation, ScalingClients } from './scaling-kind.ts';
import { serviceScaling } from './scaling-services.ts';
import { tableScaling } from './scaling-tables.ts';
import type { ScheduledCount } from './scheduled-counts.ts';

/** ECS services, EC2 Auto Scaling groups, DynamoDB write capacity behind one verb each. Idempotent. */
export interface Scaling {
  /** Count, bounds and scalable targets as they stand: to be kept before the first `desire`. */
  find(target: ScaleTarget): Promise<ScaleFound>;
  /**
   * Holds the count against the target's own scaling (minimum up to the count, maximum never down; scalable targets pinned,
   * their scale-in and scheduled scaling suspended), or puts back what was found. Lowers what runs only if the goal says so.
   */
  desire(target: ScaleTarget, goal: ScaleGoal, found: ScaleFound): Promise<void>;
  observe(target: ScaleTarget): Promise<ScaleObservation>;
  /**
   * Has AWS raise the count by itself at these times, and takes away all others whose name begins with `owner`. Never lowers what
   * runs. Resolves to why AWS can't be told of them at this target; null: it is.
   */
  schedule(target: ScaleTarget, owner: string, wanted: readonly ScheduledCount[]): Promise<string | null>;
  /** What one of its units is, for its price. */
  unit(target: ScaleTarget): Promise<FleetUnit>;
}

/** Rejects with a CloudError: SCALE_TARGET_MISSING (cluster, service, group or table), SCALE_BUSY (try again), SCALE_REFUSED. Other failures as they are. */
export function createScaling(clients: ScalingClients): Scaling {
  const service = serviceScaling(clients);
  const group = groupScaling(clients);
  const table = tableScaling(clients);
  const unit = fleetUnits(clients);
  async function of<T>(target: ScaleTarget, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw asScaleError(target, error);
    }
  }
  return {
    unit: (target) => of(target, () => unit(target)),
    async find(target) {
      switch (target.kind) {
        case 'ecs-service':
          return of(target, () => service.find(target));
        case 'auto-scaling-group':
          return of(target, () => group.find(target));
        case 'dynamodb-table':
          return of(target, () => table.find(target));
        default:
          throw unknownKind(target);
      }
    },
    async desire(target, goal, found) {
      switch (target.kind) {
        case 'ecs-service':
          return of(target, () => service.desire(target, goal, found));
        case 'auto-scaling-group':
          return of(target, () => group.desire(target, goal, found));
        case 'dynamodb-table':
          return of(target, () => table.desire(target, goal, found));
        default:
          throw unknownKind(target);
      }
    },
    async schedule(target, owner, wanted) {
      switch (target.kind) {
        case 'ecs-service':
          return of(target, () => service.schedule(target, owner, wanted));
        case 'auto-scaling-group':
          return of(target, () => group.schedule(target, owner, wanted));
        case 'dynamodb-table':
          return of(target, () => table.schedule(target, owner, wanted));
        default:
          throw unknownKind(target);
      }
    },
    async observe(target) {
      switch (target.kind) {
        case 'ecs-service':
          return of(target, () => service.observe(target));
        case 'auto-scaling-group':
          return of(target, () => group.observe(target));
        case 'dynamodb-table':
          return of(target, () => table.observe(target));
        default:
          throw unknownKind(target);
      }
    },
  };
}

function unknownKind(target: never): CloudError {
  return new CloudError('SCALE_REFUSED', `unknown scale target ${JSON.stringify(target)}`);
}
