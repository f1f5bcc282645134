import { invalid, notImplemented, refuseOtherFields } from './aws-error.ts';
import { ALARM_FIELDS, MetricAlarms } from './metric-alarms.ts';
import type { AlarmInput } from './metric-alarms.ts';
import type { QueueFigures } from './sqs.ts';

interface Dimension {
  Name: string;
  Value: string;
}
interface Datum {
  MetricName?: string;
  Dimensions?: Dimension[];
  Timestamp?: number;
  Value?: number;
  Values?: number[];
  Counts?: number[];
  Unit?: string;
  StatisticValues?: { SampleCount: number; Sum: number; Minimum: number; Maximum: number };
}
interface Metric {
  Namespace?: string;
  MetricName?: string;
  Dimensions?: Dimension[];
}
interface Input extends Metric, AlarmInput {
  MetricData?: Datum[];
  StartTime?: number;
  EndTime?: number;
  Statistics?: string[];
  ScanBy?: string;
  MetricDataQueries?: { Id: string; Label?: string; MetricStat?: { Metric: Metric; Period: number; Stat: string } }[];
}
interface Point {
  atSeconds: number;
  sum: number;
  count: number;
  least: number;
  most: number;
}

const FIELDS: Record<string, string[]> = {
  PutMetricData: ['Namespace', 'MetricData'],
  GetMetricStatistics: ['Namespace', 'MetricName', 'Dimensions', 'StartTime', 'EndTime', 'Period', 'Statistics'],
  GetMetricData: ['MetricDataQueries', 'StartTime', 'EndTime', 'ScanBy'],
  ListMetrics: ['Namespace', 'MetricName'],
  PutMetricAlarm: ALARM_FIELDS,
  DescribeAlarms: ['AlarmNames'],
};
const STATISTICS = ['Sum', 'Average', 'Minimum', 'Maximum', 'SampleCount'];
const POINTS_KEPT = 100_000;

export interface CloudWatchOptions {
  nowMs: () => number;
  /** What AWS itself tells of queues: looked at when somebody looks at a metric or an alarm, where AWS does it once a minute. */
  queues: () => Promise<QueueFigures[]>;
}

/**
 * CloudWatch metrics in memory: what was put, and what AWS tells of queues, can be read back as sums, averages, extremes and counts, and
 * rings alarms. Nothing more.
 */
export function startCloudWatch({
  nowMs,
  queues,
}: CloudWatchOptions): (operation: string, input: unknown) => Promise<unknown> {
  const metrics = new Map<string, { metric: Metric; points: Point[] }>();

  function put(input: Input): unknown {
    for (const datum of input.MetricData ?? []) {
      const metric = {
        Namespace: input.Namespace ?? '',
        MetricName: datum.MetricName ?? '',
        Dimensions: datum.Dimensions ?? [],
      };
      if (metric.Namespace === '' || metric.MetricName === '')
        throw invalid('The parameters Namespace and MetricData.MetricName are required.');
      const kept = metrics.get(keyOf(metric)) ?? { metric, points: [] };
      metrics.set(keyOf(metric), kept);
      kept.points.push(toPoint(datum, nowMs));
      kept.points.splice(0, Math.max(0, kept.points.length - POINTS_KEPT));
    }
    return {};
  }

  /** As docs/facts.md#sqs-metrics says. */
  async function lookAtQueues(): Promise<void> {
    for (const { name, visible, oldestSeconds } of await queues())
      put({
        Namespace: 'AWS/SQS',
        MetricData: Object.entries({
          ApproximateAgeOfOldestMessage: oldestSeconds,
          ApproximateNumberOfMessagesVisible: visible,
        }).map(([MetricName, Value]) => ({ MetricName, Value, Dimensions: [{ Name: 'QueueName', Value: name }] })),
      });
  }

  /** Periods that have data, oldest first. */
  function read(metric: Metric, input: Input, periodSeconds: number): { atSeconds: number; point: Point }[] {
    if (!(periodSeconds > 0)) throw invalid('The parameter Period must be greater than 0.');
    const periods = new Map<number, Point>();
    for (const point of metrics.get(keyOf(metric))?.points ?? []) {
      if (point.atSeconds < (input.StartTime ?? 0) || point.atSeconds >= (input.EndTime ?? Number.POSITIVE_INFINITY))
        continue;
      const at = Math.floor(point.atSeconds / periodSeconds) * periodSeconds;
      const now = periods.get(at);
      periods.set(
        at,
        now === undefined
          ? { ...point }
          : {
              atSeconds: at,
              sum: now.sum + point.sum,
              count: now.count + point.count,
              least: Math.min(now.least, point.least),
              most: Math.max(now.most, point.most),
            },
      );
    }
    return [...periods.entries()].sort(([a], [b]) => a - b).map(([atSeconds, point]) => ({ atSeconds, point }));
  }

  const alarms = new MetricAlarms((alarm, fromSeconds, periodSeconds) => {
    const range = { StartTime: fromSeconds, EndTime: fromSeconds + periodSeconds };
    const [found] = read(alarm, range, periodSeconds);
    return found === undefined ? null : statistic(alarm.Statistic ?? '', found.point);
  }, nowMs);

  return async (operation, raw) => {
    const input = raw as Input;
    const fields = FIELDS[operation];
    if (fields === undefined) throw notImplemented('cloudwatch', operation);
    refuseOtherFields('cloudwatch', operation, input, fields);
    if (!operation.startsWith('Put')) await lookAtQueues();
    switch (operation) {
      case 'PutMetricData':
        if (input.Namespace?.startsWith('AWS/') === true)
          throw invalid('The value AWS/ for parameter Namespace is invalid.');
        return put(input);
      case 'PutMetricAlarm':
        return alarms.put(input);
      case 'DescribeAlarms':
        return alarms.describe(input.AlarmNames);
      case 'GetMetricStatistics': {
        const names = input.Statistics ?? [];
        return {
          Label: input.MetricName,
          Datapoints: read(input, input, input.Period ?? 60).map(({ atSeconds, point }) => ({
            Timestamp: atSeconds,
            Unit: 'None',
            ...Object.fromEntries(names.map((name) => [name, statistic(name, point)])),
          })),
        };
      }
      case 'GetMetricData':
        return {
          MetricDataResults: (input.MetricDataQueries ?? []).map((query) => {
            refuseOtherFields('cloudwatch', 'GetMetricData', query, ['Id', 'Label', 'MetricStat', 'ReturnData']);
            if (query.MetricStat === undefined) throw invalid('MetricStat is required.');
            const { Metric: metric, Period: period, Stat: name } = query.MetricStat;
            const ascending = read(metric, input, period);
            const found = input.ScanBy === 'TimestampAscending' ? ascending : ascending.toReversed();
            return {
              Id: query.Id,
              Label: query.Label ?? metric.MetricName,
              StatusCode: 'Complete',
              Timestamps: found.map((one) => one.atSeconds),
              Values: found.map((one) => statistic(name, one.point)),
            };
          }),
        };
      case 'ListMetrics':
        return {
          Metrics: [...metrics.values()]
            .map((one) => one.metric)
            .filter(
              (one) =>
                (input.Namespace === undefined || one.Namespace === input.Namespace) &&
                (input.MetricName === undefined || one.MetricName === input.MetricName),
            ),
        };
      default:
        throw notImplemented('cloudwatch', operation);
    }
  };
}

function keyOf(metric: Metric): string {
  const dimensions = (metric.Dimensions ?? []).map((one) => `${one.Name}=${one.Value}`).sort();
  return JSON.stringify([metric.Namespace, metric.MetricName, dimensions]);
}

function toPoint(datum: Datum, nowMs: () => number): Point {
  const atSeconds = datum.Timestamp ?? nowMs() / 1_000;
  const set = datum.StatisticValues;
  if (set !== undefined)
    return { atSeconds, sum: set.Sum, count: set.SampleCount, least: set.Minimum, most: set.Maximum };
  const values = datum.Values ?? (datum.Value === undefined ? [] : [datum.Value]);
  if (values.length === 0)
    throw invalid('At least one of the parameters Value, Values and StatisticValues must be given.');
  const counts = values.map((_, at) => datum.Counts?.[at] ?? 1);
  return {
    atSeconds,
    sum: values.reduce((sum, value, at) => sum + value * (counts[at] ?? 1), 0),
    count: counts.reduce((sum, one) => sum + one, 0),
    least: Math.min(...values),
    most: Math.max(...values),
  };
}

function statistic(name: string, point: Point): number {
  switch (name) {
    case 'Sum':
      return point.sum;
    case 'Average':
      return point.sum / point.count;
    case 'Minimum':
      return point.least;
    case 'Maximum':
      return point.most;
    case 'SampleCount':
      return point.count;
    default:
      throw notImplemented('cloudwatch', `the statistic ${name}; there are ${STATISTICS.join(', ')}`);
  }
}
