import { expect, test } from 'vitest';
import { eventCost, instanceHour, taskHour } from './event-cost.ts';
import type { CostQuestion } from './event-cost.ts';
import { pricesOf, US_EAST_1 } from './prices.ts';

/* Each figure was worked out by hand from the price table; none is copied from the code's answer. */

const QUESTION: CostQuestion = {
  workers: { tasks: 16, vcpu: 4, gib: 8, cpu: 'x64', hours: 5, spot: false },
  bot: { tasks: 2, vcpu: 0.5, gib: 1, cpu: 'arm64', hours: 24, spot: false },
  devices: 6_000_000,
  batchSize: 1_000,
  warm: { reads: 12_000, writes: 10_000 },
  audienceBytes: 512 * 1024 ** 2,
  egress: 'public',
  zones: 3,
  stackHours: 73,
  loadBalancer: false,
};
const of = (change: Partial<CostQuestion> = {}) => {
  const { lines, usd } = eventCost({ ...QUESTION, ...change }, US_EAST_1);
  return { usd, ...Object.fromEntries(lines.map((line) => [line.service, line.usd])) } as Record<string, number>;
};

test('the reference event by hand, service by service', () => {
  const cost = of();
  // 16 x 5 h x (4 x 0.04048 + 8 x 0.004445) = 80 x 0.19748; 2 x 24 h x (0.5 x 0.03238 + 0.00356) = 48 x 0.01975.
  expect(cost['ECS on Fargate']).toBeCloseTo(15.7984 + 0.948, 6);
  // 6,000 batches x 2 + 288,000 worker seconds x 1.1 = 328,800 writes; 6,000 + 288,000 x 9.5 = 2,742,000 reads; 6,000 writes warmed.
  expect(cost['DynamoDB']).toBeCloseTo(0.3288 * 0.625 + 2.742 * 0.125 + 6_000 * 0.00065, 6);
  // 2,400 for batches; 288,000 / 20 x 3 = 43,200 polls, a third of them of a FIFO queue.
  expect(cost['SQS']).toBeCloseTo(((2_400 + 28_800) * 0.4 + 14_400 * 0.5) / 1e6, 9);
  // 64 shards, read by 16; half a GiB for a tenth of a month.
  expect(cost['S3']).toBeCloseTo((64 * 0.005 + 1_024 * 0.0004) / 1_000 + 0.5 * 0.023 * 0.1, 9);
  // 4.2e9 bytes; 80 + 48 task hours with an address each.
  expect(cost['Network']).toBeCloseTo((4.2e9 / 1024 ** 3) * 0.09 + 128 * 0.005, 6);
  expect(cost['Secrets and alarms']).toBeCloseTo((5 * 0.4 + 15 * 0.1) * 0.1, 9);
  const { usd, ...services } = cost;
  expect(usd).toBeCloseTo(
    Object.values(services).reduce((sum, one) => sum + one, 0),
    9,
  );
});

test('a rehearsal of the infrastructure alone sends nothing and pays for no batch', () => {
  const cost = of({ devices: 0, warm: { reads: 0, writes: 0 } });
  expect(cost['DynamoDB']).toBeCloseTo((288_000 * 1.1 * 0.625 + 288_000 * 9.5 * 0.125) / 1e6, 9);
  expect(cost['Network']).toBeCloseTo(128 * 0.005, 9);
});

test('NAT gateways are paid for each zone and for the bytes, IPv6 for neither', () => {
  const bytes = (4.2e9 / 1024 ** 3) * 0.09;
  expect(of({ egress: 'ipv6' })['Network']).toBeCloseTo(bytes, 9);
  expect(of({ egress: 'nat' })['Network']).toBeCloseTo(bytes * 1.5 + 3 * 73 * 0.045, 9);
  expect(of({ egress: 'ipv6', loadBalancer: true })['Network']).toBeCloseTo(bytes + 73 * 0.0225, 9);
});

test('workers on instances are paid by the instance and its disk, and bots by the task', () => {
  const workers = { ...QUESTION.workers, instance: 'c7g.2xlarge' };
  const cost = of({ workers });
  // 16 x 5 h x (0.29 + 30 GiB x 0.08 / 730 h).
  expect(cost['EC2']).toBeCloseTo(80 * (0.29 + 2.4 / 730), 9);
  expect(cost['ECS on Fargate']).toBeCloseTo(0.948, 9);
  expect(of({ workers: { ...workers, spot: true } })['EC2']).toBe(cost['EC2']);
  expect(instanceHour('x9.huge', US_EAST_1)).toBeNull();
  expect(instanceHour('constructor', US_EAST_1)).toBeNull();
});

test('Spot leaves a part of the price, and arm64 has its own', () => {
  const task = { vcpu: 2, gib: 4, cpu: 'arm64', spot: false } as const;
  expect(taskHour(task, US_EAST_1)).toBeCloseTo(0.079, 9);
  expect(taskHour({ ...task, spot: true }, US_EAST_1)).toBeCloseTo(0.0237, 9);
});

test('the dearest service comes first, each says what was counted', () => {
  const { lines } = eventCost(QUESTION, US_EAST_1);
  expect(lines.map(({ service }) => service)).toEqual([
    'ECS on Fargate',
    'DynamoDB',
    'Network',
    'Secrets and alarms',
    'SQS',
    'S3',
  ]);
  expect(lines[0]?.of).toBe('16 workers of 4 vCPU and 8 GiB for 5 h, 2 bots of 0.5 vCPU and 1 GiB for 24 h');
});

test('figures that make no sense are named', () => {
  expect(() => of({ devices: -1, batchSize: 0, workers: { ...QUESTION.workers, hours: Number.NaN } })).toThrow(
    'COST_QUESTION: workers.hours, devices, batchSize',
  );
});

test('a region without a table has no prices', () => {
  expect([pricesOf('us-east-1')?.region, pricesOf('eu-west-1')]).toEqual(['us-east-1', null]);
});
