import {
  CloudWatchClient,
  GetMetricDataCommand,
  GetMetricStatisticsCommand,
  ListMetricsCommand,
  PutMetricDataCommand,
} from '@aws-sdk/client-cloudwatch';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { localCloudForTests } from './for-tests.ts';

let local: Awaited<ReturnType<typeof localCloudForTests>>;
let client: CloudWatchClient;
beforeAll(async () => {
  local = await localCloudForTests();
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
