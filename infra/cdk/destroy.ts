import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteBucketCommand } from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import pLimit from 'p-limit';
import { createClients } from '../aws/clients.ts';
import { errorName } from '../aws/cloud-error.ts';
import { createObjects } from '../aws/objects.ts';
import type { StandingStack } from './account.ts';
import { foreignAccount, frozenAsDeployed } from './deploy.ts';
import { freezeOf, freezeProblem } from './freeze.ts';
import { namesOf, TAGS } from './names.ts';
import { openLaunches } from './open-launches.ts';
import { synthesise } from './synthesise.ts';
import { done, endOf, refused } from './work.ts';
import type { Outcome, Work } from './work.ts';

/**
 * Takes down what costs by the hour. Tables and bucket stay, with their stack: they hold what was sent to whom, and cost cents;
 * `--with-data` ends them too. Each step may have been done by an earlier run that was cut off.
 */
export async function destroy(work: Work): Promise<Outcome> {
  const { deployment, nowMs, options, account, say } = work;
  const { config } = deployment;
  const freeze = freezeProblem(freezeOf(deployment), nowMs, options.duringFreeze);
  if (freeze !== null) return refused(freeze);
  const foreign = await foreignAccount(work);
  if (foreign !== null) return refused(foreign);
  const frozen = await frozenAsDeployed(work);
  if (frozen !== null) return refused(frozen);
  const names = namesOf(deployment);
  const all = (await account.stacks()).filter(({ tags }) => tags[TAGS.name] === config.name);
  const clients = createClients({
    endpoint: work.env['AWS_ENDPOINT_URL'] ?? null,
    region: config.region,
    tablePrefix: names.tablePrefix,
    bucket: names.bucket,
  });
  // It takes a while, so before the look at what is open.
  if (options.yes && all.length > 0) synthesise(work);
  try {
    const open = await openProblem(clients, names, CLOSE_FIRST);
    if (open !== null) return refused(open);
    const fleet = all.filter(({ name }) => name !== names.stacks.data);
    const data = all.filter(({ name }) => options.withData && name === names.stacks.data);
    const what = [
      ...[...fleet, ...data].map(({ name }) => name),
      ...(options.withData
        ? [`the tables ${names.tablePrefix}-* and the bucket ${names.bucket}, with all that is in them`]
        : []),
    ];
    if (what.length === 0) {
      say('Nothing of it is there.');
      return done;
    }
    if (!options.yes)
      return refused(`This would end: ${what.join(', ')}. Nothing was changed; run it again with --yes.`);
    return await endAll(work, clients, names, { fleet, data });
  } finally {
    clients.destroy();
  }
}

const CLOSE_FIRST =
  'Close it first (`/go close` in the room): without bot and workers nobody could, and nobody could halt.';
const OPENED_SINCE =
  'It was opened while the fleet was taken down, and all data stands. Deploy again (npm run infra -- deploy), close it, then run this again.';
const OPENED_ELSEWHERE =
  'It was opened with the fleet gone, so a bot runs elsewhere on these tables, which stand without their stack. Close it there, end that bot, then run this again.';

/**
 * To take stacks down takes minutes: before each step that would leave a launch alone it is looked whether one was opened
 * meanwhile. The data goes last, when no bot is left to open one.
 */
async function endAll(
  work: Work,
  clients: ReturnType<typeof createClients>,
  names: ReturnType<typeof namesOf>,
  { fleet, data }: { fleet: readonly StandingStack[]; data: readonly StandingStack[] },
): Promise<Outcome> {
  const code = await endStacks(work, fleet);
  if (code !== 0) return endOf(code, AGAIN);
  const since = await openProblem(clients, names, OPENED_SINCE);
  if (since !== null) return refused(since);
  if (!work.options.withData) return done;
  const last = await endStacks(work, data);
  if (last !== 0) return endOf(last, AGAIN);
  // What follows can't be taken back.
  const elsewhere = await openProblem(clients, names, OPENED_ELSEWHERE);
  if (elsewhere !== null) return refused(elsewhere);
  await endData(clients, names, work.say);
  return done;
}

const AGAIN = 'Run the same command again: it goes on from there.';

async function endStacks({ account, cdk, outdir }: Work, stacks: readonly StandingStack[]): Promise<number> {
  if (stacks.length === 0) return 0;
  for (const { name, isProtected } of stacks) if (isProtected) await account.unprotect(name);
  const going = stacks.map(({ name }) => name);
  return cdk(['destroy', ...going, '--exclusively', '--force', '--concurrency', '4', '--app', outdir]);
}

async function openProblem(
  { dynamo }: { dynamo: DynamoDBClient },
  names: ReturnType<typeof namesOf>,
  way: string,
): Promise<string | null> {
  const open = await openLaunches(dynamo, names.tables.record);
  if (open.length === 0) return null;
  return `There ${open.length === 1 ? 'is a launch' : 'are launches'} open: ${open.join(', ')}. ${way}`;
}

/** The stack has let go of them: it would not delete what holds data. */
async function endData(
  { dynamo, s3 }: { dynamo: DynamoDBClient; s3: S3Client },
  names: ReturnType<typeof namesOf>,
  say: (line: string) => void,
): Promise<void> {
  for (const table of Object.values(names.tables)) {
    const gone = await unless('ResourceNotFoundException', dynamo.send(new DeleteTableCommand({ TableName: table })));
    say(`${table}: ${gone ? 'was gone already' : 'ended'}`);
  }
  for (const bucket of [names.bucket, names.accessLogBucket]) {
    const gone = await unless('NoSuchBucket', endBucket(s3, bucket));
    say(`${bucket}: ${gone ? 'was gone already' : 'ended'}`);
  }
}

const REMOVALS_AT_ONCE = 16;

async function endBucket(s3: S3Client, bucket: string): Promise<void> {
  const objects = createObjects({ s3, bucket });
  const limit = pLimit(REMOVALS_AT_ONCE);
  await Promise.all((await objects.list('')).map(({ key }) => limit(() => objects.remove(key))));
  await s3.send(new DeleteBucketCommand({ Bucket: bucket }));
}

/** True if it failed for just this reason. */
async function unless(name: string, work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return false;
  } catch (error) {
    if (errorName(error) === name) return true;
    throw error;
  }
}
