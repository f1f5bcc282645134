import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { localCloudForTests } from '../local/cloud/for-tests.ts';
import { deploymentForTests } from './for-tests.ts';
import { askQuotas } from './quotas.ts';

const VCPUS = 'L-3032A538';
const WRITES = 'L-AB614373';
const CANARY = 'registry.example.com/worker:next';

let local: Awaited<ReturnType<typeof localCloudForTests>>;
beforeAll(async () => {
  local = await localCloudForTests();
});
beforeEach(() => {
  local.localCloud.account.quotas = {};
});
afterAll(() => local.stop());

async function ask(overQuotas: string[], quotas: Record<string, number>, canary?: string) {
  Object.assign(local.localCloud.account.quotas, quotas);
  const said: string[] = [];
  const found = await askQuotas({
    deployment: deploymentForTests(({ config }) => {
      if (canary !== undefined) config.images.canary = canary;
    }),
    env: { AWS_ENDPOINT_URL: local.url },
    options: { overQuotas },
    say: (line) => said.push(line),
  });
  return { ...found, said };
}

test('what is short is refused, with the names by which it is gone over', async () => {
  const { problem, over } = await ask([], { [VCPUS]: 6, [WRITES]: 100 });
  expect(problem).toMatch(
    /Fargate vCPUs: found 6 vCPUs.*--over-quota quotas\.fargate-vcpus --over-quota quotas\.table-writes\./s,
  );
  expect(over).toEqual([]);
});

test('a quota that is named is gone over, and said; another one that is short is not', async () => {
  const one = await ask(['quotas.fargate-vcpus'], { [VCPUS]: 6, [WRITES]: 100 });
  expect(one.problem).toMatch(/below what this configuration needs:\n {2}Writes of a DynamoDB table/);
  expect(one.problem).not.toContain('Fargate vCPUs: found');
  expect(one.said).toEqual([]);
  const both = await ask(['quotas.fargate-vcpus', 'quotas.table-writes'], {});
  expect(both.problem).toBeNull();
  expect(both.over).toEqual([
    expect.stringMatching(/^Fargate vCPUs \(found 6 vCPUs, needed [\d,]+ vCPUs\)$/),
    expect.stringMatching(/^Writes of a DynamoDB table \(found 100 write units/),
  ]);
  expect(both.said[0]).toMatch(/^deployed over a quota that is short: Fargate vCPUs \(found 6.*open are told$/);
});

test('to go over a quota that is not short, or that nothing here comes near, is refused', async () => {
  const { problem } = await ask(['quotas.tasks', 'quotas.fargate-spot-vcpus'], {});
  expect(problem).toMatch(
    /^--over-quota quotas\.tasks: it is not short \(found 5,000 tasks, needed .*\)\. Leave it out\.$/m,
  );
  expect(problem).toMatch(/^--over-quota quotas\.fargate-spot-vcpus: this configuration does not come near it\./m);
});

test('a canary is one worker more, also for the quotas', async () => {
  const { workers } = deploymentForTests().config;
  const enough = { [VCPUS]: workers.count * workers.vcpu };
  expect((await ask([], enough)).problem).toBeNull();
  expect((await ask([], {}, CANARY)).problem).toMatch(
    new RegExp(`found ${enough[VCPUS]} vCPUs, needed ${(workers.count + 1) * workers.vcpu} vCPUs`),
  );
});
