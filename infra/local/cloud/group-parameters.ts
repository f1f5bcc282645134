import { AwsError, notImplemented } from './aws-error.ts';
import type { Sizes } from './group-schedule.ts';

/** What requests about Auto Scaling groups say. */

const MOST = 10_000;

export const invalidGroup = (message: string) => new AwsError('ValidationError', message);

export const NAMED = ['AutoScalingGroupName', 'ScheduledActionName'];
export const SIZES = ['MinSize', 'MaxSize', 'DesiredCapacity'];

export function sizesOf(parameters: URLSearchParams): Sizes {
  const [min = null, max = null, desired = null] = SIZES.map((size) => count(parameters, size));
  return { min, max, desired };
}

export function list(parameters: URLSearchParams, name: string): string[] {
  return [...parameters.entries()].filter(([key]) => key.startsWith(`${name}.member.`)).map(([, value]) => value);
}

export function count(parameters: URLSearchParams, name: string): number | null {
  const text = parameters.get(name);
  if (text === null) return null;
  if (!/^\d+$/.test(text) || Number(text) > MOST)
    throw invalidGroup(
      `Value '${text}' at '${name}' failed to satisfy constraint: Member must be a whole number up to ${MOST}`,
    );
  return Number(text);
}

export function refuseOthers(operation: string, parameters: URLSearchParams, known: string[]): void {
  const other = [...parameters.keys()].find(
    (key) => !['Action', 'Version', ...known].includes(key.split('.')[0] ?? ''),
  );
  if (other !== undefined) throw notImplemented('autoscaling', `${operation} with ${other}`);
}
