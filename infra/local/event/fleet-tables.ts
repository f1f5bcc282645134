import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import type { ScaleTarget } from '../../../runbooks/playbook/schema.ts';
import { createClients } from '../../aws/clients.ts';
import type { CloudConfig } from '../../aws/cloud-config.ts';
import { errorName } from '../../aws/cloud-error.ts';

/** Write and read units of a table that nobody has scaled yet. */
const UNITS = { ReadCapacityUnits: 5, WriteCapacityUnits: 5 };

/** Tables of the app that a runbook scales, provisioned and empty. What is there stays as it is: gobutton's own tables, and those of an earlier start. */
export async function ensureFleetTables(config: CloudConfig, fleets: readonly ScaleTarget[]): Promise<void> {
  const tables = new Set(fleets.flatMap((one) => (one.kind === 'dynamodb-table' ? [one.table] : [])));
  if (tables.size === 0) return;
  const clients = createClients(config);
  try {
    for (const table of tables)
      await clients.dynamo
        .send(
          new CreateTableCommand({
            TableName: table,
            BillingMode: 'PROVISIONED',
            ProvisionedThroughput: UNITS,
            AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
            KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
          }),
        )
        .catch((error: unknown) => {
          if (errorName(error) !== 'ResourceInUseException') throw error;
        });
  } finally {
    clients.destroy();
  }
}
