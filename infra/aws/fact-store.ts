import { GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/** Named values of a launch that outlive a process and are no entries: the last one put stands. */
export interface FactStore {
  get(launchId: string, name: string): Promise<string | null>;
  put(launchId: string, name: string, value: string): Promise<void>;
}

/** Items lie beside the effect marks, with the value in their attribute: so bots of every version find what another one has put. */
export function createFactStore({ dynamo, table }: { dynamo: DynamoDBClient; table: string }): FactStore {
  const key = (launchId: string, name: string) => ({ pk: { S: `effects/${launchId}` }, sk: { S: name } });
  return {
    async get(launchId, name) {
      const read = new GetItemCommand({ TableName: table, Key: key(launchId, name), ConsistentRead: true });
      return (await dynamo.send(read)).Item?.['result']?.S ?? null;
    },
    async put(launchId, name, value) {
      await dynamo.send(
        new UpdateItemCommand({
          TableName: table,
          Key: key(launchId, name),
          UpdateExpression: 'SET #result = :value',
          ExpressionAttributeNames: { '#result': 'result' },
          ExpressionAttributeValues: { ':value': { S: value } },
        }),
      );
    },
  };
}
