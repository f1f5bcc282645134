import { AwsError, invalid, notImplemented } from './aws-error.ts';

export interface AlarmInput {
  AlarmName?: string;
  AlarmNames?: string[];
  AlarmDescription?: string;
  Namespace?: string;
  MetricName?: string;
  Dimensions?: { Name: string; Value: string }[];
  Statistic?: string;
  Period?: number;
  EvaluationPeriods?: number;
  Threshold?: number;
  ComparisonOperator?: string;
  TreatMissingData?: string;
}
interface Alarm extends AlarmInput {
  StateValue: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
  StateUpdatedTimestamp: number;
}

export const ALARM_FIELDS = [
  'AlarmName',
  'AlarmDescription',
  'Namespace',
  'MetricName',
  'Dimensions',
  'Statistic',
  'Period',
  'EvaluationPeriods',
  'Threshold',
  'ComparisonOperator',
  'TreatMissingData',
];

const COMPARE: Record<string, (value: number, threshold: number) => boolean> = {
  GreaterThanThreshold: (value, threshold) => value > threshold,
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
  LessThanOrEqualToThreshold: (value, threshold) => value <= threshold,
};
const MISSING = ['missing', 'ignore', 'breaching', 'notBreaching'];

/** The statistic of a metric in the period that begins then; null: it has no data. */
type StatisticOf = (alarm: AlarmInput, fromSeconds: number, periodSeconds: number) => number | null;

/** Alarms over one metric. They are evaluated when they are asked for, by the periods up to then; nobody is told. */
export class MetricAlarms {
  readonly #alarms = new Map<string, Alarm>();
  readonly #value: StatisticOf;
  readonly #nowMs: () => number;

  constructor(value: StatisticOf, nowMs: () => number) {
    this.#value = value;
    this.#nowMs = nowMs;
  }

  put(input: AlarmInput): Record<string, never> {
    const { AlarmName: name = '', Period: period = 0, EvaluationPeriods: periods = 0 } = input;
    if (name === '' || input.MetricName === undefined || input.Threshold === undefined)
      throw new AwsError('MissingParameter', 'AlarmName, MetricName and Threshold are required.');
    if (!(period === 10 || period === 30 || (period > 0 && period % 60 === 0)))
      throw invalid('Period must be 10, 30 or a multiple of 60.');
    if (!(periods > 0)) throw invalid('EvaluationPeriods must be greater than 0.');
    if (COMPARE[input.ComparisonOperator ?? ''] === undefined)
      throw notImplemented('cloudwatch', `the comparison ${input.ComparisonOperator ?? ''}`);
    if (!MISSING.includes(input.TreatMissingData ?? 'missing'))
      throw invalid(`TreatMissingData must be one of ${MISSING.join(', ')}.`);
    // A changed alarm begins anew.
    this.#alarms.set(name, {
      ...input,
      StateValue: 'INSUFFICIENT_DATA',
      StateUpdatedTimestamp: this.#nowMs() / 1_000,
    });
    return {};
  }

  describe(names: readonly string[] | undefined): { MetricAlarms: Alarm[] } {
    const found = [...this.#alarms.values()].filter(({ AlarmName: name = '' }) => names?.includes(name) ?? true);
    for (const alarm of found) this.#evaluate(alarm);
    return { MetricAlarms: found };
  }

  #evaluate(alarm: Alarm): void {
    const { Period: period = 60, EvaluationPeriods: periods = 1, TreatMissingData: missing = 'missing' } = alarm;
    const last = Math.floor(this.#nowMs() / 1_000 / period) * period;
    const values = Array.from({ length: periods }, (_, at) => this.#value(alarm, last - at * period, period));
    if (values.every((value) => value === null) && (missing === 'missing' || missing === 'ignore')) {
      if (missing === 'missing') this.#set(alarm, 'INSUFFICIENT_DATA');
      return;
    }
    const isOver = COMPARE[alarm.ComparisonOperator ?? ''] ?? (() => false);
    const breaches = values.every((value) =>
      value === null ? missing === 'breaching' : isOver(value, alarm.Threshold ?? 0),
    );
    this.#set(alarm, breaches ? 'ALARM' : 'OK');
  }

  #set(alarm: Alarm, state: Alarm['StateValue']): void {
    if (alarm.StateValue === state) return;
    alarm.StateValue = state;
    alarm.StateUpdatedTimestamp = this.#nowMs() / 1_000;
  }
}
