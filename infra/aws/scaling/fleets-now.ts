import type { FleetNow, FleetUnit } from '../../../runbooks/cost/fleets.ts';
import { unitHour } from '../../../runbooks/cost/fleets.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import type { ScaleTarget } from '../../../runbooks/playbook/schema.ts';
import { CloudError } from '../cloud-error.ts';
import type { Cloud } from '../cloud.ts';

/** What runs of the launch's scale targets, and what that costs an hour. One that can't be looked at is left out; its order's message says why. */
export async function fleetsNow(
  { scaling, prices, workerInstance }: Pick<Cloud, 'scaling' | 'prices' | 'workerInstance'>,
  launch: Launch,
): Promise<FleetNow[]> {
  const now = (target: ScaleTarget, running: number, unit: FleetUnit | null): FleetNow => {
    const hour = prices === null || unit === null ? null : unitHour(unit, prices);
    return {
      target: target.id,
      title: target.title ?? target.id,
      running,
      before: launch.scaleFound[target.id]?.desired ?? null,
      unit,
      usdHour: hour === null ? null : hour * running,
    };
  };
  const fleets = await Promise.all(
    launch.runbook.scale_targets.map(async (target) => {
      try {
        // Without the right to read a task definition the counts are worth showing all the same.
        const [{ running }, unit] = await Promise.all([
          scaling.observe(target),
          scaling.unit(target).catch(() => null),
        ]);
        const isPool = target.id === launch.runbook.pool.scale_target;
        return [now(target, running, isPool ? onInstance(unit, workerInstance) : unit)];
      } catch (error) {
        if (!(error instanceof CloudError)) throw error;
        // Taken down with its stack, nothing of it runs.
        return error.code === 'SCALE_TARGET_MISSING' ? [now(target, 0, null)] : [];
      }
    }),
  );
  return fleets.flat();
}

/** A service on instances does not say of which type they are; whoever made them does. */
const onInstance = (unit: FleetUnit | null, type: string | null): FleetUnit | null =>
  unit?.kind === 'instances' && unit.type === undefined && type !== null ? { ...unit, type } : unit;
