import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudFormationClient,
  CreateChangeSetCommand,
  DescribeStacksCommand,
  ExecuteChangeSetCommand,
} from '@aws-sdk/client-cloudformation';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { localCloudForTests } from '../local/cloud/for-tests.ts';
import { accountOf } from './account.ts';
import type { Account } from './account.ts';
import { canaryStep, promoteStep, rollbackStep, take } from './canary.ts';
import type { Step } from './canary.ts';
import { asWarmAsItStands } from './deploy.ts';
import { deploymentForTests, exampleForTests } from './for-tests.ts';
import { claimsWarmth } from './needs.ts';
import { readDeployment } from './read-config.ts';
import { done, refused } from './work.ts';
import type { Outcome, Work } from './work.ts';

let local: Awaited<ReturnType<typeof localCloudForTests>>;
let account: Account;
let folder: string;
let file: string;
let said: string[];

beforeAll(async () => {
  local = await localCloudForTests();
  vi.stubEnv('AWS_ENDPOINT_URL', local.url);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'local');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
  account = accountOf('us-east-1', async () => undefined);
  folder = mkdtempSync(join(tmpdir(), 'gobutton-canary-'));
  file = join(folder, 'launch.yaml');
});
afterAll(async () => {
  account.close();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
  await local.stop();
});

const IN_FREEZE = Date.parse('2027-02-14T12:00:00Z');
const images = () => {
  const read = readDeployment(file);
  if (!read.ok) throw new Error(read.problems.join());
  return read.deployment.config.images;
};

function work(nowMs = 0): Work {
  said = [];
  return {
    deployment: deploymentForTests(),
    file,
    outdir: join(folder, 'out'),
    env: {},
    nowMs,
    account,
    options: {
      yes: true,
      duringFreeze: null,
      overDrift: false,
      overQuotas: [],
      withData: false,
      to: '.env',
      image: null,
      botImage: null,
    },
    say: (line) => said.push(line),
    cdk: async () => 0,
  };
}

/** What deploys is tried with the CDK itself in cli.test.ts. */
const taken = (step: Step, outcome: Outcome = done) => take(step, work(), async () => outcome);

const NEXT = 'registry.example.com/worker:2b3c4d5';

test('one worker of another image, then all of them, then back: after each step the file says what stands', async () => {
  const text = exampleForTests();
  writeFileSync(file, text);
  const { worker, bot } = images();
  expect(await taken(canaryStep(images(), NEXT))).toEqual(done);
  expect(images()).toMatchObject({ worker, canary: NEXT });
  expect(said.join('\n')).toMatch(/One worker of .*:2b3c4d5 is beside the fleet.*promote.*rollback/s);

  expect(await taken(promoteStep(images(), null))).toEqual(done);
  expect(images()).toEqual({ ...images(), worker: NEXT, bot, previous: { worker, bot } });
  expect(images().canary).toBeUndefined();
  expect(said.join('\n')).toMatch(/The bots still run .*gobutton-bot:1295d11/);

  expect(await taken(rollbackStep(images()))).toEqual(done);
  expect(readFileSync(file, 'utf8')).toBe(text);
});

test('a canary is taken back before what was promoted, and bots are promoted and taken back with the workers', async () => {
  writeFileSync(file, exampleForTests());
  const before = images();
  await taken(canaryStep(images(), NEXT));
  await taken(promoteStep(images(), 'registry.example.com/bot:2b3c4d5'));
  expect(images().bot).toBe('registry.example.com/bot:2b3c4d5');
  await taken(canaryStep(images(), 'registry.example.com/worker:3c4d5e6'));
  await taken(rollbackStep(images()));
  expect(images()).toMatchObject({ worker: NEXT, previous: { worker: before.worker, bot: before.bot } });
  await taken(rollbackStep(images()));
  expect(images()).toEqual(before);
});

test('canary and promotion ask the quotas as a deployment does, and go over one by its name alone', async () => {
  writeFileSync(file, exampleForTests().replaceAll('123456789012', '000000000000'));
  const { quotas } = local.localCloud.account;
  quotas['L-3032A538'] = 6;
  const asked = (step: Step, overQuotas: string[] = []) =>
    take(step, { ...work(), env: { AWS_ENDPOINT_URL: local.url }, options: { ...work().options, overQuotas } });
  try {
    const before = readFileSync(file, 'utf8');
    const short = { ok: false, problems: [expect.stringMatching(/Fargate vCPUs: found 6 vCPUs/)] };
    expect(await asked(canaryStep(images(), NEXT))).toEqual(short);
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect(await asked(canaryStep(images(), NEXT), ['quotas.fargate-vcpus'])).toEqual(done);
    expect(said.join('\n')).toMatch(/deployed over a quota that is short: Fargate vCPUs/);
    expect(await asked(promoteStep(images(), null))).toEqual(short);
    expect(images()).toMatchObject({ canary: NEXT });
  } finally {
    delete quotas['L-3032A538'];
  }
});

test('what was not deployed is not written; in the freeze nothing is', async () => {
  writeFileSync(file, exampleForTests());
  expect(await taken(canaryStep(images(), NEXT), refused('no'))).toEqual(refused('no'));
  expect(await take(canaryStep(images(), NEXT), work(IN_FREEZE))).toMatchObject({
    ok: false,
    problems: [expect.stringMatching(/Nothing is changed from/)],
  });
  expect(readFileSync(file, 'utf8')).toBe(exampleForTests());
});

test.each<[string, (now: ReturnType<typeof images>) => Step, RegExp]>([
  ['no image', (now) => canaryStep(now, null), /found no --image/],
  ['the image that all run', (now) => canaryStep(now, now.worker), /which all workers run already/],
  [
    'an image that names no build',
    (now) => canaryStep(now, 'worker'),
    /images.canary: found "worker", which names no build/,
  ],
  ['nothing to promote', (now) => promoteStep(now, null), /found no images.canary/],
  ['nothing to take back', (now) => rollbackStep(now), /neither images.canary nor images.previous/],
])('refused: %s', async (_, step, words) => {
  writeFileSync(file, exampleForTests());
  const outcome = await taken(step(images()));
  expect(outcome.ok ? '' : outcome.problems.join()).toMatch(words);
  expect(readFileSync(file, 'utf8')).toBe(exampleForTests());
});

test('a smaller size after a larger one keeps the warm throughput that AWS would not lower', async () => {
  const formation = new CloudFormationClient({ region: 'us-east-1' });
  const change = async (writes: number, ChangeSetType: 'CREATE' | 'UPDATE') => {
    const { Id } = await formation.send(
      new CreateChangeSetCommand({
        StackName: 'superbowl-data',
        ChangeSetName: `to-${writes}`,
        ChangeSetType,
        TemplateBody: JSON.stringify({
          Resources: {
            claims: {
              Type: 'AWS::DynamoDB::GlobalTable',
              Properties: {
                TableName: 'superbowl-claims',
                WarmThroughput: { ReadUnitsPerSecond: 12_000, WriteUnitsPerSecond: writes },
              },
            },
          },
        }),
      }),
    );
    await formation.send(new ExecuteChangeSetCommand({ ChangeSetName: Id }));
    const { Stacks: [stack] = [] } = await formation.send(new DescribeStacksCommand({ StackName: 'superbowl-data' }));
    return stack?.StackStatus;
  };
  expect(await asWarmAsItStands(work())).toEqual(deploymentForTests());
  expect(await change(7_500, 'CREATE')).toBe('CREATE_COMPLETE');
  // As it would be without looking.
  expect(claimsWarmth(deploymentForTests()).writes).toBe(4_000);
  expect(await change(4_000, 'UPDATE')).toBe('UPDATE_ROLLBACK_COMPLETE');

  const kept = await asWarmAsItStands(work());
  expect(said).toEqual([
    'superbowl-claims stands ready for 7,500 writes and 12,000 reads a second already; AWS never lowers that, so it stays (this size asks for 4,000 and 12,000).',
  ]);
  expect(claimsWarmth(kept)).toEqual({ reads: 12_000, writes: 7_500 });
  expect(await change(claimsWarmth(kept).writes, 'UPDATE')).toBe('UPDATE_COMPLETE');
  formation.destroy();
});
