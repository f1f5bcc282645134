/** Every figure that gobutton gives to CloudWatch. Alarms and the dashboard are made from this list, and processes write no other. */
export const NAMESPACE = 'gobutton';

interface Metric {
  unit: 'Count' | 'Count/Second' | 'Milliseconds' | 'Megabytes';
  means: string;
}

const metric = (unit: Metric['unit'], means: string): Metric => ({ unit, means });

export const METRICS = {
  // Of a shot, from each worker, by Pool and Platform (and Reason)
  AcceptedPerSecond: metric('Count/Second', 'notifications that a provider accepts'),
  Written: metric('Count', 'notifications written'),
  Accepted: metric('Count', 'notifications that a provider accepted'),
  Failed: metric('Count', 'notifications that a provider refused for good'),
  Uncertain: metric('Count', 'notifications that were written and not answered, so far'),
  SinceGoP50: metric('Milliseconds', 'from GO to the answer, half of them'),
  SinceGoP95: metric('Milliseconds', 'from GO to the answer, 95 % of them'),
  SinceGoP99: metric('Milliseconds', 'from GO to the answer, 99 % of them'),
  FailedByReason: metric('Count', "refusals by the provider's reason"),
  // Vital signs, of every process by Deployment and Service, sent or not
  Alive: metric('Count', 'processes that work'),
  Throttled: metric('Count', 'calls of AWS that were refused for their rate, each try'),
  ClaimsFailed: metric('Count', 'claims that DynamoDB did not take, after all tries'),
  RecordFailed: metric('Count', 'entries that could not be written into the record'),
  Memory: metric('Megabytes', 'resident memory'),
  // … of a worker
  InFlight: metric('Count', 'requests that wait for an answer'),
  ProviderStopped: metric('Count', 'platforms whose provider takes nothing'),
  SickConnections: metric('Count', 'connections given up as sick since the lanes opened'),
  SwitchAge: metric('Milliseconds', 'since the halt switch was read last'),
  // … of the bot that leads
  Leading: metric('Count', '1 from the bot that leads, 0 from another'),
  WorkersMissing: metric('Count', 'workers that were ordered, had come, and are silent now'),
  HaltUnconfirmed: metric('Count', 'workers that have not read a standing halt within two seconds'),
  SlackAway: metric('Count', '1: this bot is not connected to Slack'),
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof METRICS;
