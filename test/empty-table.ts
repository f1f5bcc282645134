import { BatchWriteItemCommand, DescribeTableCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { createClients } from '../infra/aws/clients.ts';
import type { CloudConfig } from '../infra/aws/cloud-config.ts';

/** What somebody does who deletes every item of a table: how many there were. */
export async function emptyTable(config: CloudConfig, table: string): Promise<number> {
  const clients = createClients(config);
  const { dynamo } = clients;
  try {
    const TableName = `${config.tablePrefix}-${table}`;
    const names = ((await dynamo.send(new DescribeTableCommand({ TableName }))).Table?.KeySchema ?? []).flatMap(
      ({ AttributeName }) => AttributeName ?? [],
    );
    let deleted = 0;
    for (;;) {
      const { Items = [] } = await dynamo.send(new ScanCommand({ TableName, Limit: 25 }));
      if (Items.length === 0) return deleted;
      await dynamo.send(
        new BatchWriteItemCommand({
          RequestItems: {
            [TableName]: Items.map((item) => ({
              DeleteRequest: {
                Key: Object.fromEntries(
                  names.flatMap((name) => (item[name] === undefined ? [] : [[name, item[name]]])),
                ),
              },
            })),
          },
        }),
      );
      deleted += Items.length;
    }
  } finally {
    clients.destroy();
  }
}
