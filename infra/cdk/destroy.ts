import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteBucketCommand } from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import pLimit from 'p-limit';
import { createClients } from '../aws/clients.ts';
import { errorName } from '../aws/cloud-error.ts';
import { createObjects } from '../aws/objects.ts';
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
  try {
    const open = await openLaunches(clients.dynamo, names.tables.record);
    if (open.length > 0)
      return refused(
        `There ${open.length === 1 ? 'is a launch' : 'are launches'} open: ${open.join(', ')}. Close ${open.length === 1 ? 'it' : 'them'} first (\`/go close\` in the room): without bot and workers nobody could, and nobody could halt.`,
      );
    const going = all.map(({ name }) => name).filter((name) => options.withData || name !== names.stacks.data);
    const what = [
      ...going,
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
    synthesise(work);
    for (const stack of all) if (going.includes(stack.name) && stack.isProtected) await account.unprotect(stack.name);
    const code =
      going.length === 0
        ? 0
        : await work.cdk(['destroy', ...going, '--exclusively', '--force', '--concurrency', '4', '--app', work.outdir]);
    if (code !== 0) return endOf(code, 'Run the same command again: it goes on from there.');
    if (options.withData) await endData(clients, names, say);
    return done;
  } finally {
    clients.destroy();
  }
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
