import { AlarmClock } from './alarm-clock.ts';
import { AwsError, notImplemented } from './aws-error.ts';
import { members } from './xml.ts';

/** Null is left as it stands. */
export interface Sizes {
  min: number | null;
  max: number | null;
  desired: number | null;
}
export interface ScheduledSizes extends Sizes {
  atMs: number;
}

interface Group {
  name: string;
  kept: { suspended: string[]; scheduled?: Record<string, ScheduledSizes> };
}

/** Of one group (docs/facts.md#aws-scheduled-actions). */
const MOST = 125;
const PAGE = 50;

/** Scheduled actions of Auto Scaling groups that happen once. Recurring ones, and so time zones, are refused by who asks for them here. */
export function groupSchedule<G extends Group>(options: {
  groups: readonly G[];
  save(): void;
  /** Rejects sizes that don't fit what stands by then, and a group that is busy. */
  resize(group: G, sizes: Sizes): void;
  fail(group: G, description: string, say: string): void;
}) {
  const clock = new AlarmClock();
  const keyOf = (group: G, name: string) => `${group.name}/${name}`;
  for (const group of options.groups) for (const name of Object.keys(group.kept.scheduled ?? {})) arm(group, name);

  function arm(group: G, name: string): void {
    const action = group.kept.scheduled?.[name];
    if (action === undefined) return;
    clock.set(keyOf(group, name), action.atMs, () => {
      delete group.kept.scheduled?.[name];
      options.save();
      if (group.kept.suspended.includes('ScheduledActions')) return;
      try {
        options.resize(group, action);
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        options.fail(group, `Executing scheduled action ${name}`, error.message);
      }
    });
  }

  return {
    put(group: G, parameters: URLSearchParams, { min, max, desired }: Sizes): void {
      const name = parameters.get('ScheduledActionName') ?? '';
      if (name === '' || name.length > 255) throw invalid('ScheduledActionName must have 1 to 255 characters');
      if (min === null && max === null && desired === null)
        throw invalid('At least one of MinSize, MaxSize and DesiredCapacity is required');
      if (min !== null && max !== null && min > max)
        throw invalid(`Max bound, ${max}, must be greater than or equal to min bound, ${min}`);
      const atMs = Date.parse(parameters.get('StartTime') ?? '');
      if (Number.isNaN(atMs)) throw notImplemented('autoscaling', 'PutScheduledUpdateGroupAction without StartTime');
      if (atMs <= Date.now()) throw invalid('Given start time is in the past');
      const scheduled = (group.kept.scheduled ??= {});
      const others = Object.entries(scheduled).filter(([other]) => other !== name);
      const [sameTime] = others.find(([, one]) => one.atMs === atMs) ?? [];
      if (sameTime !== undefined)
        throw new AwsError('AlreadyExists', `The scheduled action ${sameTime} has the same start time`);
      if (others.length >= MOST)
        throw new AwsError('LimitExceeded', `${group.name} has ${MOST} scheduled actions already`);
      scheduled[name] = { atMs, min, max, desired };
      options.save();
      arm(group, name);
    },

    remove(group: G, parameters: URLSearchParams): void {
      const name = parameters.get('ScheduledActionName') ?? '';
      if (group.kept.scheduled?.[name] === undefined) throw invalid('Scheduled action name not found');
      clock.clear(keyOf(group, name));
      delete group.kept.scheduled[name];
      options.save();
    },

    /** No names: all of them. */
    page(group: G, parameters: URLSearchParams, names: readonly string[]) {
      const found = Object.entries(group.kept.scheduled ?? {}).filter(
        ([name]) => names.length === 0 || names.includes(name),
      );
      const from = Number(parameters.get('NextToken') ?? 0);
      return {
        ScheduledUpdateGroupActions: members(
          found.slice(from, from + PAGE).map(([name, { atMs, min, max, desired }]) => ({
            AutoScalingGroupName: group.name,
            ScheduledActionName: name,
            StartTime: new Date(atMs).toISOString(),
            Time: new Date(atMs).toISOString(),
            MinSize: min,
            MaxSize: max,
            DesiredCapacity: desired,
          })),
        ),
        NextToken: from + PAGE < found.length ? String(from + PAGE) : null,
      };
    },

    close: () => clock.close(),
  };
}

const invalid = (message: string) => new AwsError('ValidationError', message);
