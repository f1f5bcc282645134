import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ECSClient, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { DeleteParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { NewEntry } from '../../runbooks/launch/entries.ts';
import { createCloud, ensureTables } from '../aws/create-cloud.ts';
import { localCloudForTests } from '../local/cloud/for-tests.ts';
import { accountOf } from './account.ts';
import { main } from './cli.ts';
import { deploymentForTests, exampleForTests } from './for-tests.ts';
import { readDeployment } from './read-config.ts';
import { takenOverProblem } from './taken-over.ts';

/** The command line, the CDK's own behind it, and the SDK, against the local cloud: what stands is looked up there. */

let local: Awaited<ReturnType<typeof localCloudForTests>>;
let folder = '';
/** A month before the example's kickoff. */
const BEFORE = Date.parse('2027-01-14T00:00:00Z');
const IN_FREEZE = Date.parse('2027-02-14T12:00:00Z');

beforeAll(async () => {
  local = await localCloudForTests({
    // A bot that is ordered, and never comes.
    services: [
      {
        cluster: 'superbowl-bot',
        service: 'superbowl-bot',
        command: [process.execPath, '--version'],
        env: {},
        cwd: '/',
        startDelayMs: 3_600_000,
      },
    ],
  });
  folder = mkdtempSync(join(tmpdir(), 'gobutton-infra-'));
  vi.stubEnv('AWS_ENDPOINT_URL', local.url);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'local');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
});
afterAll(async () => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
  await local.stop();
});

/** The example in the local account, changed as a person would. */
function configFile(change: (text: string) => string = (text) => text): string {
  const file = join(folder, `launch-${Math.random()}.yaml`);
  writeFileSync(file, change(exampleForTests().replaceAll('123456789012', '000000000000')));
  return file;
}

async function infra(words: readonly string[], file = configFile(), nowMs = BEFORE) {
  let out = '';
  let err = '';
  const code = await main(
    [...words, '--config', file, ...(words[0] === 'env' ? [] : ['--out', join(folder, 'out')])],
    process.env,
    { write: (text: string) => (out += text) },
    { write: (text: string) => (err += text) },
    () => nowMs,
  );
  return { code, out, err };
}

const stacks = () =>
  Object.fromEntries([...local.localCloud.formation.stacks].map(([name, { status }]) => [name, status]));

test('a deployment makes every stack, and protects the data', { timeout: 120_000 }, async () => {
  const first = await infra(['deploy', '--yes']);
  expect(first, first.out).toMatchObject({ code: 0, err: '' });
  const standing = stacks();
  expect(standing).toMatchObject({ 'superbowl-data': 'CREATE_COMPLETE', 'superbowl-queues': 'CREATE_COMPLETE' });
  expect(new Set(Object.values(standing))).toEqual(new Set(['CREATE_COMPLETE']));
  const data = local.localCloud.formation.stacks.get('superbowl-data');
  expect(data).toMatchObject({
    isProtected: true,
    tags: { 'gobutton:name': 'superbowl', 'gobutton:runbook': 'superbowl' },
  });
});

test('what would change is told: now, nothing', async () => {
  const diff = await infra(['diff']);
  expect(diff, diff.out).toMatchObject({ code: 0, err: '' });
  expect(diff.out).toContain('Number of stacks with differences: 0');
});

test('what stands becomes variables of an .env, beside what else is in it, for its owner alone', async () => {
  const to = join(folder, '.env');
  writeFileSync(to, 'LOG_LEVEL=debug\nGOBUTTON_BUCKET=old\n');
  expect(await infra(['env', '--to', to])).toMatchObject({ code: 0, err: '' });
  expect(readFileSync(to, 'utf8').trim().split('\n')).toEqual([
    'LOG_LEVEL=debug',
    'AWS_REGION=us-east-1',
    expect.stringMatching(/^GOBUTTON_BOT_ROLE=./),
    'GOBUTTON_BUCKET=superbowl-000000000000-us-east-1',
    'GOBUTTON_POOL=gobutton-workers',
    'GOBUTTON_TABLE_PREFIX=superbowl',
    'SLACK_CONNECTIONS=2',
    'SLACK_MODE=socket',
  ]);
  const fresh = join(folder, '.env.fresh');
  await infra(['env', '--to', fresh]);
  expect(statSync(fresh).mode & 0o777).toBe(0o600);
});

test('a kickoff that is over is no reason for a deployment', async () => {
  const before = stacks();
  const refused = await infra(['deploy', '--yes'], configFile(), Date.parse('2027-02-15T03:30:00Z'));
  expect(refused.code).toBe(1);
  expect(refused.err).toMatch(/kickoff: found 2027-02-14 23:30 UTC, which is over, expected one to come/);
  expect(stacks()).toEqual(before);
});

test.each<[string, (text: string) => string, RegExp]>([
  [
    'another runbook under the name',
    (text) => text.replace('superbowl.yaml', 'other.yaml'),
    /superbowl is deployed for the runbook superbowl, and this configuration is for other: .*another name/,
  ],
  [
    'the pool of another deployment',
    (text) => text.replace('name: superbowl', 'name: halftime'),
    /pool gobutton-workers belongs to superbowl .*another name/,
  ],
  [
    'credentials of another account',
    (text) => text.replaceAll('000000000000', '999999999999'),
    /for the account 000000000000, and the configuration is for 999999999999/,
  ],
  [
    'a budget below its cost',
    (text) => text.replace(/usd: \d+/, 'usd: 3'),
    /costs \$[\d.]+, and budget.usd is \$3.00.*ECS on Fargate/s,
  ],
])('no deployment with %s, and nothing of it is made', async (_, change, said) => {
  const before = stacks();
  writeFileSync(join(folder, 'other.yaml'), exampleRunbook().replace('id: superbowl', 'id: other'));
  const file = configFile((text) =>
    change(text).replace(/runbook: .*other.yaml/, `runbook: ${join(folder, 'other.yaml')}`),
  );
  const refused = await infra(['deploy', '--yes'], file);
  expect(refused.code).toBe(1);
  expect(refused.err).toMatch(said);
  expect(stacks()).toEqual(before);
});

test('no deployment that needs more than the account’s quotas, and nothing of it is made; one on instances needs none of Fargate’s', async () => {
  const before = stacks();
  const { quotas } = local.localCloud.account;
  try {
    Object.assign(quotas, { 'L-3032A538': 6, 'L-AB614373': 100 });
    const refused = await infra(['deploy', '--yes']);
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(
      /quotas are below what this configuration needs:\n {2}Fargate vCPUs: found 6 vCPUs, needed \d+ vCPUs\n {4}aws service-quotas request-service-quota-increase --region us-east-1 --service-code fargate --quota-code L-3032A538 --desired-value \d+\n {2}Writes of a DynamoDB table: found 100 write units a second/,
    );
    expect(stacks()).toEqual(before);
    const onInstances = configFile((text) =>
      text.replace('launch: fargate,', 'launch: ec2, instance_type: c7i.2xlarge,'),
    );
    expect((await infra(['deploy', '--yes'], onInstances)).err).not.toContain('Fargate vCPUs');
  } finally {
    delete quotas['L-3032A538'];
    delete quotas['L-AB614373'];
  }
});

const exampleRunbook = () => readFileSync(join(import.meta.dirname, '../../runbooks/library/superbowl.yaml'), 'utf8');

test('a standby that has taken the launch over is not deployed by a file that does not know of it', async () => {
  const before = stacks();
  const bots = (count: number) =>
    ecs.send(new UpdateServiceCommand({ cluster: 'superbowl-bot', service: 'superbowl-bot', desiredCount: count }));
  const ecs = new ECSClient({ endpoint: local.url, region: 'us-east-1' });
  const runbook = join(folder, 'two-regions.yaml');
  writeFileSync(
    runbook,
    exampleRunbook().replace('id: superbowl', 'id: superbowl\nregions: { home: us-west-2, standby: us-east-1 }'),
  );
  const file = (more = '') =>
    configFile(
      (text) => `${text.replace(/runbook: .*/, `runbook: ${runbook}`)}\nsecond_region: { witness: us-east-2${more} }\n`,
    );
  await bots(2);
  const refused = await infra(['deploy', '--yes'], file());
  expect(refused.code).toBe(1);
  expect(refused.err).toMatch(
    /2 bots run in us-east-1, and by this configuration the launch is in us-west-2: .*\{ active: us-east-1 \}.*--desired-count 0/,
  );
  expect(stacks()).toEqual(before);
  const account = accountOf('us-east-1', async () => undefined);
  const problemOf = async (path: string) => {
    const read = readDeployment(path);
    if (!read.ok) throw new Error(read.problems.join());
    return takenOverProblem({ account, deployment: read.deployment, env: process.env });
  };
  expect(await problemOf(file(', active: us-east-1'))).toBeNull();
  await bots(0);
  expect(await problemOf(file())).toBeNull();
  account.close();
  ecs.destroy();
});

test('within the freeze nothing is deployed or taken down without a reason', async () => {
  const before = stacks();
  for (const command of ['deploy', 'destroy']) {
    const refused = await infra([command, '--yes'], configFile(), IN_FREEZE);
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(/from 2027-02-13 23:30 UTC to 2027-02-15 03:30 UTC.*--during-freeze/);
  }
  expect(stacks()).toEqual(before);
});

test('another kickoff in the file ends no freeze of what is deployed, for a deployment and for the end of one', async () => {
  const ssm = new SSMClient({ endpoint: local.url, region: 'us-east-1' });
  const Name = '/gobutton-deployments/superbowl';
  // As the data stack writes it.
  const Value = JSON.stringify({
    kickoff: '2027-01-14T12:00:00.000Z',
    frozenFrom: '2027-01-13T12:00:00.000Z',
    frozenUntil: '2027-01-14T16:00:00.000Z',
  });
  await ssm.send(new PutParameterCommand({ Name, Value, Type: 'String', Overwrite: true }));
  const before = stacks();
  for (const command of ['deploy', 'destroy'])
    expect(await infra([command, '--yes'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('from 2027-01-13 12:00 UTC to 2027-01-14 16:00 UTC') as string,
    });
  expect(stacks()).toEqual(before);
  await ssm.send(new DeleteParameterCommand({ Name }));
  ssm.destroy();
});

test('what was changed by hand is told, and not deployed over in silence; what gobutton changes is none; both refusals can be overridden', async () => {
  const { drifts } = local.localCloud.formation;
  const drifted = (path: string) => [
    {
      logicalId: 'q',
      physicalId: 'gobutton-workers-segments.fifo',
      type: 'AWS::SQS::Queue',
      differences: [{ path, expected: '60', found: '5' }],
    },
  ];
  drifts.set('superbowl-queues', drifted('/VisibilityTimeout'));
  const refused = await infra(['deploy', '--yes']);
  expect(refused.code).toBe(1);
  expect(refused.err).toMatch(
    /superbowl-queues: AWS::SQS::Queue gobutton-workers-segments.fifo \/VisibilityTimeout: found 5, expected 60\n.*--over-drift/,
  );
  drifts.set('superbowl-data', [
    { logicalId: 't', physicalId: 'superbowl-live', type: 'AWS::DynamoDB::GlobalTable', differences: null },
  ]);
  drifts.set('superbowl-queues', drifted('/DesiredCount'));
  expect((await infra(['deploy', '--yes'])).err).toMatch(
    /^.*\n +superbowl-data: AWS::DynamoDB::GlobalTable superbowl-live is gone\nPut/,
  );
  const before = stacks();
  const over = await infra(
    ['deploy', '--yes', '--over-drift', '--during-freeze', 'the queue policy is wrong'],
    configFile(),
    IN_FREEZE,
  );
  expect(over, over.out).toMatchObject({ code: 0, err: '' });
  expect(over.out).toContain('deployed within the freeze, because: the queue policy is wrong');
  expect(over.out).toContain('deployed over: superbowl-data: AWS::DynamoDB::GlobalTable superbowl-live is gone');
  // The templates are the same: AWS is not asked to change anything.
  expect(stacks()).toEqual(before);
  drifts.clear();
});

test('a stack that is being changed, or could not be put back, is left alone', async () => {
  const queues = local.localCloud.formation.stacks.get('superbowl-queues');
  if (queues === undefined) throw new Error('not deployed');
  for (const [status, said] of [
    ['UPDATE_IN_PROGRESS', /being changed right now .* Wait/],
    ['UPDATE_ROLLBACK_FAILED', /npx cdk rollback --app cdk.out superbowl-queues/],
    ['DELETE_FAILED', /npm run infra -- destroy/],
  ] as const) {
    queues.status = status;
    const refused = await infra(['deploy', '--yes']);
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(said);
  }
  queues.status = 'CREATE_COMPLETE';
});

const LAUNCH: NewEntry = {
  kind: 'LaunchCreated',
  name: 'Big game',
  channelId: 'C1',
  runbook: deploymentForTests().runbook,
  runbookHash: 'h',
  targetAtMs: 1,
  compress: 1,
  contentHash: 'c',
  atMs: 1,
  by: { person: 'ana' },
};

test('nothing is taken down with a launch open; then the fleet goes and the data stays, until it is asked for by name', async () => {
  const config = { ...local.config, tablePrefix: 'superbowl', bucket: 'superbowl-000000000000-us-east-1' };
  await ensureTables(config);
  const cloud = createCloud(config);
  const created = await cloud.record.append('game', { seq: 0, hash: '' }, LAUNCH);
  const before = stacks();
  const open = await infra(['destroy', '--yes', '--with-data']);
  expect(open.code).toBe(1);
  expect(open.err).toMatch(/a launch open: Big game \(game\)\. Close it first/);
  if (!created.won) throw new Error('not created');
  await cloud.record.append('game', created.entry, {
    kind: 'LaunchClosed',
    reason: 'done',
    atMs: 2,
    by: { person: 'ana' },
  });

  const asked = await infra(['destroy']);
  expect(asked.err).toMatch(/This would end: .*superbowl-queues.*Nothing was changed/);
  expect(stacks()).toEqual(before);

  const taken = await infra(['destroy', '--yes']);
  expect(taken, taken.out).toMatchObject({ code: 0, err: '' });
  expect(stacks()).toEqual({ 'superbowl-data': 'CREATE_COMPLETE' });

  await cloud.objects.put('audience/1', new Uint8Array([1]));
  const ended = await infra(['destroy', '--yes', '--with-data']);
  expect(ended, ended.out).toMatchObject({ code: 0, err: '' });
  expect(stacks()).toEqual({});
  expect(ended.out).toContain('superbowl-record: ended');
  expect(ended.out).toContain('superbowl-000000000000-us-east-1: ended');
  await expect(cloud.objects.list('')).rejects.toMatchObject({ name: 'NoSuchBucket' });
  cloud.close();
  expect((await infra(['destroy', '--yes', '--with-data'])).out).toContain('superbowl-record: was gone already');
});

test('tables that stand without their stack are told before anything is made, and can be ended', async () => {
  await ensureTables({ ...local.config, tablePrefix: 'superbowl', bucket: 'superbowl-000000000000-us-east-1' });
  const refused = await infra(['deploy', '--yes']);
  expect(refused.code).toBe(1);
  expect(refused.err).toMatch(/without their stack: superbowl-record, .*superbowl-000000000000-us-east-1\. End them/);
  expect(stacks()).toEqual({});
  expect((await infra(['destroy', '--yes', '--with-data'])).code).toBe(0);
});

test('a first deployment that fails leaves a stack that the next one makes anew', async () => {
  local.localCloud.formation.failing.add('superbowl-data');
  const failed = await infra(['deploy', '--yes']);
  expect(failed.code).toBe(1);
  expect(failed.err).toMatch(/what it did stands. Run the same command again/);
  expect(stacks()).toMatchObject({ 'superbowl-data': 'ROLLBACK_COMPLETE' });
  const again = await infra(['deploy', '--yes']);
  expect(again, again.out).toMatchObject({ code: 0, err: '' });
  expect(again.out).toContain('superbowl-data was left half-made (ROLLBACK_COMPLETE): it is made anew');
  expect(stacks()).toMatchObject({ 'superbowl-data': 'CREATE_COMPLETE' });
});

test('without credentials, or without AWS, it says what to do', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'another');
  expect((await infra(['deploy', '--yes'])).err).toMatch(/AWS does not know these credentials/);
  vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', undefined);
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  vi.stubEnv('HOME', folder);
  for (const command of [['diff'], ['deploy', '--yes'], ['env'], ['destroy', '--yes']])
    expect((await infra(command)).err).toMatch(/No AWS credentials were found.*aws sso login/);
  vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:1');
  // Templates are made from the file alone.
  expect(await infra(['synth'])).toMatchObject({ code: 0, err: '', out: expect.stringContaining('superbowl-data') });
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'local');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
  expect((await infra(['deploy', '--yes'])).err).toMatch(/AWS can't be reached/);
  vi.stubEnv('AWS_ENDPOINT_URL', local.url);
});

test('an action that the account forbids is named', async () => {
  local.localCloud.account.denied.push('cloudformation:DescribeStacks');
  const refused = await infra(['deploy', '--yes']);
  local.localCloud.account.denied.length = 0;
  expect(refused.err).toMatch(/^AWS refuses: .*cloudformation:DescribeStacks/);
});

test.each<[string[], RegExp]>([
  [['deplyo'], /found the command "deplyo", expected synth, .*; did you mean deploy\?/],
  [['deploy', 'now'], /found "now" with deploy, expected no word more/],
  [['deploy', '--during-freeze', ' '], /--during-freeze: found no value after it/],
  [['deploy', '--force'], /found --force, which deploy does not take/],
  [['diff', '--yes'], /found --yes, which diff does not take, expected of --config, --out\n/],
  [['deploy', '--over-quota', 'vcpus'], /--over-quota: found "vcpus", expected one of quotas\.fargate-vcpus, /],
  [['destroy', '--over-quota', 'quotas.tasks'], /found --over-quota, which destroy does not take/],
])('%j is a wrong command line', async (words, said) => {
  const wrong = await infra(words);
  expect(wrong.code).toBe(2);
  expect(wrong.err).toMatch(said);
  expect(wrong.err).toMatch(/^.*\nnpm run infra -- help lists commands and options\.\n$/);
});
