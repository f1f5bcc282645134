import { paginateScan } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createClients } from '../aws/clients.ts';
import type { Clients } from '../aws/clients.ts';
import { errorName } from '../aws/cloud-error.ts';
import { createRecordStore } from '../aws/record-store.ts';
import { standsBy } from './config-rules.ts';
import { namesOf } from './names.ts';
import { launchIds, openWord } from './open-launches.ts';
import type { Deployment } from './read-config.ts';
import type { Work } from './work.ts';

/**
 * Bots of a launch run in one of its two regions. Which one the file says; a file that nobody has told of a take-over would stop
 * those that run, or start others beside them. Null: it says what is so.
 */
export async function takenOverProblem(work: Pick<Work, 'account' | 'deployment' | 'env'>): Promise<string | null> {
  const { config, runbook } = work.deployment;
  if (runbook.regions === undefined) return null;
  return standsBy(config, runbook) ? stopsProblem(work) : startsProblem(work, runbook.regions);
}

/** A deployment of a region that stands by sets its bots to none: after a take-over they run there, started by hand. */
async function stopsProblem({ account, deployment }: Pick<Work, 'account' | 'deployment'>): Promise<string | null> {
  const { config, runbook } = deployment;
  const { botCluster, botService } = namesOf(deployment);
  const bots = await account.desired(botCluster, botService);
  if (bots === null || bots === 0) return null;
  const active = config.second_region?.active ?? runbook.regions?.home ?? 'the other region';
  return `${bots} bots run in ${config.region}, and by this configuration the launch is in ${active}: a deployment would stop them. If ${config.region} has taken the launch over, say so in the files of both regions, second_region: { active: ${config.region} }. If it has not, stop them first: aws ecs update-service --region ${config.region} --cluster ${botCluster} --service ${botService} --desired-count 0`;
}

interface Regions {
  home: string;
  standby: string;
}

/** One of any other region starts bots and workers: not where an open launch is in the other region, by what both have recorded. */
async function startsProblem(
  { deployment, env }: Pick<Work, 'deployment' | 'env'>,
  regions: Regions,
): Promise<string | null> {
  const { region: here, second_region: second } = deployment.config;
  const other = here === regions.home ? regions.standby : regions.home;
  const standsBy = `second_region: { witness: ${second?.witness ?? 'REGION'}, active: ${other} }`;
  const names = namesOf(deployment);
  const clients = createClients({
    endpoint: env['AWS_ENDPOINT_URL'] ?? null,
    region: here,
    tablePrefix: names.tablePrefix,
    bucket: names.bucket,
    homes: env['GOBUTTON_HOMES_URL'] ?? null,
    otherRegion: env['GOBUTTON_OTHER_REGION_URL'] ?? null,
  });
  try {
    const there = await openThere(deployment, clients, { regions, here, other });
    if (there.length === 0) return null;
    return `By what is recorded these are in ${other}, and open: ${there.join(', ')}. A deployment of ${here} would start bots and workers beside those there. Say where the launch is in the files of both regions, ${standsBy}: ${here} is then deployed as the one that stands by, with none. Or close it there first (\`/go close\`).`;
  } catch (error) {
    return `Whether ${other} has a launch of this deployment can't be read (${errorName(error)}), and a deployment of ${here} would start bots beside those there. Run it again when the table ${names.homes} answers; or deploy ${here} as the one that stands by, with none: ${standsBy}.`;
  } finally {
    clients.destroy();
  }
}

/** Launches that the other region has, in words; one whose record can't be read there counts as open. */
async function openThere(
  deployment: Deployment,
  clients: Clients,
  { regions, here, other }: { regions: Regions; here: string; other: string },
): Promise<string[]> {
  const { homes: homesTable, tables } = namesOf(deployment);
  const elsewhere = clients.otherRegion(other);
  const ofHere = await orNone(homesIn(clients.homes, homesTable));
  // A region that lost its replica too is told by the other one.
  const homes = ofHere ?? (await orNone(homesIn(elsewhere, homesTable))) ?? new Map<string, string>();
  const known = new Set([...homes.keys(), ...((await orNone(launchIds(clients.dynamo, tables.record))) ?? [])]);
  const record = createRecordStore({ dynamo: elsewhere, table: tables.record });
  const found = await Promise.all(
    [...known]
      .filter((id) => (homes.get(id) ?? regions.home) !== here)
      .map(async (id) =>
        record
          .readAfter(id, 0)
          .then((entries) => openWord(id, entries))
          .catch((error: unknown) => `${id} (its record can't be read there: ${errorName(error)})`),
      ),
  );
  return found.filter((word) => word !== null).toSorted();
}

/** Of each launch that anybody has written the home of, the region. */
async function homesIn(client: DynamoDBClient, table: string): Promise<Map<string, string>> {
  const homes = new Map<string, string>();
  const pages = paginateScan(
    { client },
    {
      TableName: table,
      ConsistentRead: true,
      ProjectionExpression: 'launchId, #region',
      ExpressionAttributeNames: { '#region': 'region' },
    },
  );
  for await (const { Items: items = [] } of pages)
    for (const { launchId, region } of items)
      if (launchId?.S !== undefined && region?.S !== undefined) homes.set(launchId.S, region.S);
  return homes;
}

/** Null: there is no such table. */
async function orNone<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (errorName(error) === 'ResourceNotFoundException') return null;
    throw error;
  }
}
