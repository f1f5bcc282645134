import { METRICS, NAMESPACE } from './metric-names.ts';
import type { MetricName } from './metric-names.ts';

/**
 * One log event in CloudWatch's embedded metric format, of which CloudWatch Logs makes metrics: at most 100 metrics and 30
 * dimensions (docs/facts.md#cloudwatch-emf). `more`: fields that are searched for and no metrics. Resolution: a second or a minute.
 */
export function emf(
  atMs: number,
  dimensions: Readonly<Record<string, string>>,
  values: Readonly<Partial<Record<MetricName, number>>>,
  { more = {}, everySecond = false }: { more?: Readonly<Record<string, string>>; everySecond?: boolean } = {},
): Record<string, unknown> {
  const given = Object.entries(values) as [MetricName, number][];
  return {
    _aws: {
      Timestamp: Math.round(atMs),
      CloudWatchMetrics: [
        {
          Namespace: NAMESPACE,
          Dimensions: [Object.keys(dimensions)],
          Metrics: given.map(([name]) => ({
            Name: name,
            Unit: METRICS[name].unit,
            ...(everySecond ? { StorageResolution: 1 } : {}),
          })),
        },
      ],
    },
    ...dimensions,
    ...Object.fromEntries(given.map(([name, value]) => [name, Math.round(value * 1_000) / 1_000])),
    ...more,
  };
}
