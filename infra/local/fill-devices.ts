import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { BatchWriteItemCommand, CreateTableCommand, DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createTableReads } from '../aws/clients.ts';
import { errorName } from '../aws/cloud-error.ts';
import { createCloud } from '../aws/create-cloud.ts';
import { scriptArguments } from '../command-line/command-line.ts';
import { visibleLines } from '../visible.ts';
import { whole } from './arguments.ts';
import { projectRoot, startChild } from './child.ts';

/** `npm run start:devices`: a table of made-up devices and a list of their users in the local cloud of `npm start`, as an app would have them. */

const USAGE = `npm run start:devices -- [--devices N] [--data DIR]     (beside a running npm start)
  --devices N   devices to make up, 1 to 200,000 (default 2000)
  --data DIR    data folder of npm start (default .gobutton)`;

const TABLE = 'devices-by-user';
const UPLOAD = 'uploads/users.csv';
const ITEMS_A_CALL = 25;

interface Device {
  platform: string;
  token: string;
  locale: string;
  market: string;
}

async function main(): Promise<void> {
  const { values } = scriptArguments(USAGE, {
    devices: { type: 'string', default: '2000' },
    data: { type: 'string', default: '.gobutton' },
  });
  const devices = whole('--devices', values.devices, 1, 200_000);
  const envFile = join(resolve(projectRoot, values.data), 'local.env');
  try {
    process.loadEnvFile(envFile);
  } catch (cause) {
    throw new Error(`--data: found no ${envFile}, expected the folder of an npm start that runs`, { cause });
  }
  const { AWS_ENDPOINT_URL: endpoint, AWS_REGION: region = '', GOBUTTON_BUCKET: bucket = '' } = process.env;
  // Only ever into a local cloud: in an account the table is the app's own.
  if (endpoint === undefined) throw new Error(`${envFile}: found no AWS_ENDPOINT_URL, expected that of npm start`);
  const byUser = await madeUp(devices);
  const dynamo = createTableReads({ region, endpoint });
  const cloud = createCloud({
    endpoint,
    region,
    bucket,
    tablePrefix: process.env['GOBUTTON_TABLE_PREFIX'] ?? 'gobutton',
  });
  try {
    await fill(dynamo, byUser);
    await cloud.objects.put(UPLOAD, Buffer.from(`user\n${[...byUser.keys()].join('\n')}\n`), 'text/csv');
  } finally {
    dynamo.destroy();
    cloud.close();
  }
  process.stdout.write(
    `${byUser.size.toLocaleString('en-US')} users with ${devices.toLocaleString('en-US')} devices are in the table ${TABLE}, and their ids in ${UPLOAD}. In the war room, before anything is fired:\n  /go audience compile --users ${UPLOAD} --device-table ${TABLE}\n`,
  );
}

async function madeUp(devices: number): Promise<Map<string, Device[]>> {
  const folder = await mkdtemp(join(tmpdir(), 'gobutton-devices-'));
  try {
    const file = join(folder, 'devices.ndjson');
    const child = await startChild({
      name: 'audience sample',
      script: 'workers/audience/cli.ts',
      args: ['sample', '--devices', String(devices), '--seed', '7', '--out', file],
      env: {},
      logFile: join(folder, 'sample.log'),
    });
    const how = await child.ended;
    if (how !== 0) throw new Error(`AUDIENCE_FAILED the sample ended with ${how}`);
    const byUser = new Map<string, Device[]>();
    for await (const line of createInterface({ input: createReadStream(file) })) {
      const { user, platform, token, locale, market } = JSON.parse(line) as Device & { user: string };
      byUser.set(user, [...(byUser.get(user) ?? []), { platform, token, locale, market }]);
    }
    return byUser;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Anew each time, so that what stands there is what was made up last. */
async function fill(dynamo: DynamoDBClient, byUser: ReadonlyMap<string, readonly Device[]>): Promise<void> {
  await dynamo.send(new DeleteTableCommand({ TableName: TABLE })).catch((error: unknown) => {
    if (errorName(error) !== 'ResourceNotFoundException') throw error;
  });
  await dynamo.send(
    new CreateTableCommand({
      TableName: TABLE,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'userId', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'userId', KeyType: 'HASH' }],
    }),
  );
  const items = [...byUser].map(([userId, own]) => ({
    userId: { S: userId },
    devices: { L: own.map((one) => ({ M: Object.fromEntries(Object.entries(one).map(([key, S]) => [key, { S }])) })) },
  }));
  for (let at = 0; at < items.length; at += ITEMS_A_CALL) {
    let left = items.slice(at, at + ITEMS_A_CALL).map((Item) => ({ PutRequest: { Item } }));
    while (left.length > 0) {
      const answer = await dynamo.send(new BatchWriteItemCommand({ RequestItems: { [TABLE]: left } }));
      left = (answer.UnprocessedItems?.[TABLE] ?? []) as typeof left;
    }
  }
}

if (import.meta.main) {
  main().catch((error: unknown) => {
    process.stderr.write(`${visibleLines(error instanceof Error ? error.message : String(error))}\n\n${USAGE}\n`);
    process.exit(1);
  });
}
