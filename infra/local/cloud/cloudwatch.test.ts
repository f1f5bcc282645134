import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  GetMetricStatisticsCommand,
  ListMetricsCommand,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
} from '@aws-sdk/client-cloudwatch';
import { SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { poolQueues } from '../../aws/queue-attributes.ts';
import { ALARMS } from '../../watch/alarms.ts';
import { localCloudForTests } from './for-tests.ts';

let local: Awaited<ReturnType<typeof localCloudForTests>>;
let client: CloudWatchClient;
/** What the cloud's clock is ahead: minutes pass at once. */
let aheadMs = 0;
beforeAll(async () => {
  local = await localCloudForTests({ nowMs: () => Date.now() + aheadMs });
  client = new CloudWatchClient({
    endpoint: local.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
});
afterAll(async () => {
  client.destroy();
  await local.stop();
});

const Dimensions = [{ Name: 'launch', Value: 'l' }];
const at = (seconds: number) => new Date(1_700_000_040_000 + seconds * 1_000);

test('what was put is read back by period and dimension, a large and compressed put included', async () => {
  // Over 10 KB the client compresses.
  const MetricData = Array.from({ length: 400 }, (_, n) => ({
    MetricName: 'Sent',
    Dimensions,
    Timestamp: at(n % 120),
    Value: n < 200 ? 1 : 3,
  }));
  await client.send(new PutMetricDataCommand({ Namespace: 'gobutton', MetricData }));
  await client.send(
    new PutMetricDataCommand({
      Namespace: 'gobutton',
      MetricData: [{ MetricName: 'Sent', Timestamp: at(0), Value: 1_000 }],
    }),
  );

  const range = { StartTime: at(0), EndTime: at(120) };
  const statistics = await client.send(
    new GetMetricStatisticsCommand({
      Namespace: 'gobutton',
      MetricName: 'Sent',
      Dimensions,
      Period: 120,
      Statistics: ['Sum', 'Average', 'Maximum', 'SampleCount'],
      ...range,
    }),
  );
  expect(statistics.Datapoints).toEqual([
    expect.objectContaining({ Sum: 800, Average: 2, Maximum: 3, SampleCount: 400 }),
  ]);
  const data = await client.send(
    new GetMetricDataCommand({
      ...range,
      MetricDataQueries: [
        {
          Id: 'q',
          MetricStat: { Metric: { Namespace: 'gobutton', MetricName: 'Sent', Dimensions }, Period: 60, Stat: 'Sum' },
        },
      ],
    }),
  );
  expect(data.MetricDataResults?.[0]?.Values?.reduce((sum, value) => sum + value, 0)).toBe(800);
  expect((await client.send(new ListMetricsCommand({ Namespace: 'gobutton' }))).Metrics).toHaveLength(2);
});

/** Alarms of the list as the stack makes them, of one queue each. */
async function alarmOver(id: 'queue-age' | 'dead-letters', queue: string): Promise<() => Promise<string | undefined>> {
  const spec = ALARMS.find((one) => one.id === id);
  if (spec === undefined) throw new Error(`no alarm ${id}`);
  await client.send(
    new PutMetricAlarmCommand({
      AlarmName: id,
      Namespace: spec.metric.namespace,
      MetricName: spec.metric.name,
      Dimensions: [{ Name: 'QueueName', Value: queue }],
      Statistic: spec.statistic,
      Period: spec.periodSeconds,
      EvaluationPeriods: spec.periods,
      Threshold: spec.threshold,
      ComparisonOperator: spec.comparison === 'over' ? 'GreaterThanThreshold' : 'LessThanThreshold',
      TreatMissingData: spec.silence,
    }),
  );
  return async () => {
    // Another minute, so that nothing of the one before counts.
    aheadMs += 60_000;
    const { MetricAlarms } = await client.send(new DescribeAlarmsCommand({ AlarmNames: [id] }));
    return MetricAlarms?.[0]?.StateValue;
  };
}

test('a message that waits, and a dead letter, ring the alarms of their queues until they are gone', async () => {
  const { queues } = local.cloud;
  await queues.ensurePool('pool');
  const batches = poolQueues('pool').find(({ name }) => name.endsWith('batches-ios'));
  if (batches === undefined || batches.deadLetters === null) throw new Error('no queue');
  const [age, dead] = [
    await alarmOver('queue-age', batches.name),
    await alarmOver('dead-letters', batches.deadLetters.name),
  ];
  expect([await age(), await dead()]).toEqual(['OK', 'OK']);

  await queues.send(batches.name, ['junk']);
  await age();
  expect([await age(), await dead()]).toEqual(['ALARM', 'OK']);

  // Whoever takes it and never deletes it: once too often.
  const sqs = new SQSClient({
    endpoint: local.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const taken = { max: 1, waitSeconds: 0, visibilitySeconds: 0, signal: AbortSignal.timeout(10_000) };
  await queues.receive(batches.name, taken);
  const arn = `arn:aws:sqs:us-east-1:000000000000:${batches.deadLetters.name}`;
  await sqs.send(
    new SetQueueAttributesCommand({
      QueueUrl: `${local.url}/000000000000/${batches.name}`,
      Attributes: { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount: 1 }) },
    }),
  );
  sqs.destroy();
  expect(await queues.receive(batches.name, taken)).toEqual([]);
  expect([await age(), await dead()]).toEqual(['OK', 'ALARM']);

  const [letter] = await queues.receive(batches.deadLetters.name, { ...taken, visibilitySeconds: 30 });
  await queues.remove(batches.deadLetters.name, [letter?.receipt ?? '']);
  expect([await age(), await dead()]).toEqual(['OK', 'OK']);
});

test('nobody puts figures in the name of AWS', async () => {
  const put = new PutMetricDataCommand({ Namespace: 'AWS/SQS', MetricData: [{ MetricName: 'Age', Value: 1 }] });
  await expect(client.send(put)).rejects.toThrow('Namespace is invalid');
});
