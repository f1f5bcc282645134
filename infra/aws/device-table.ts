import { BatchGetItemCommand, DescribeTableCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { AttributeValue, DynamoDBClient, KeySchemaElement } from '@aws-sdk/client-dynamodb';
import { AudienceError } from '../../contract/audience-error.ts';
import { errorName } from './cloud-error.ts';

export type TableItem = Record<string, AttributeValue>;

/** BatchGetItem takes no more keys (docs/facts.md#dynamodb-batch-get). */
export const KEYS_A_CALL = 100;

/** `sortKey`: a user has an item for each device. Null: a user has one item. */
export interface KeyShape {
  key: string;
  keyType: 'S' | 'N';
  sortKey: string | null;
  /** Which table it is: one of this name elsewhere, or made anew, is another. */
  tableId: string;
}

/** What one call came to. `wait`: nothing was read, because of a throttle or a failure that passes; the error that says so. */
export type TableAnswer<Left> =
  | { wait: null; items: TableItem[]; left: Left; units: number }
  | { wait: { kind: 'throttled' | 'unavailable'; error: unknown } };

/** A table that belongs to somebody else: it is only read, each call once, and never consistently (that costs double). */
export interface DeviceTable {
  /** Throws TABLE_MISSING, TABLE_KEY, TABLE_DENIED, TABLE_UNAVAILABLE. */
  shape(): Promise<KeyShape>;
  /** Up to KEYS_A_CALL different keys. `left`: what DynamoDB did not get to (16 MB, or no capacity for it). */
  get(shape: KeyShape, ids: readonly string[]): Promise<TableAnswer<string[]>>;
  /** A page of the items of one user. `left`: where the next one begins; null: this was the last. */
  query(shape: KeyShape, id: string, from: TableItem | null): Promise<TableAnswer<TableItem | null>>;
}

export function createDeviceTable({ dynamo, table }: { dynamo: DynamoDBClient; table: string }): DeviceTable {
  const keyOf = ({ key, keyType }: KeyShape, id: string): TableItem => ({
    [key]: keyType === 'S' ? { S: id } : { N: id },
  });

  async function answered<Left>(
    call: () => Promise<Omit<TableAnswer<Left> & { wait: null }, 'wait'>>,
  ): Promise<TableAnswer<Left>> {
    try {
      return { wait: null, ...(await call()) };
    } catch (error) {
      return { wait: { kind: passes(table, error), error } };
    }
  }

  return {
    async shape() {
      const described = await dynamo.send(new DescribeTableCommand({ TableName: table })).catch((error: unknown) => {
        throw new AudienceError(
          'TABLE_UNAVAILABLE',
          `${table}: found no answer of DynamoDB (${passes(table, error)}), expected the table's description`,
          { cause: error },
        );
      });
      const schema = described.Table?.KeySchema ?? [];
      const named = (type: KeySchemaElement['KeyType']) =>
        schema.find(({ KeyType }) => KeyType === type)?.AttributeName ?? null;
      const key = named('HASH') ?? '';
      const keyType = described.Table?.AttributeDefinitions?.find(
        ({ AttributeName }) => AttributeName === key,
      )?.AttributeType;
      if (keyType !== 'S' && keyType !== 'N')
        throw new AudienceError(
          'TABLE_KEY',
          `${table}: found the partition key "${key}" of type ${keyType ?? 'unknown'}, expected user ids as text (S) or numbers (N)`,
        );
      return { key, keyType, sortKey: named('RANGE'), tableId: described.Table?.TableId ?? '' };
    },

    get: (shape, ids) =>
      answered(async () => {
        const { Responses, UnprocessedKeys, ConsumedCapacity } = await dynamo.send(
          new BatchGetItemCommand({
            RequestItems: { [table]: { Keys: ids.map((id) => keyOf(shape, id)) } },
            ReturnConsumedCapacity: 'TOTAL',
          }),
        );
        const left = Object.values(UnprocessedKeys ?? {}).flatMap(({ Keys }) => Keys ?? []);
        return {
          items: Object.values(Responses ?? {}).flat(),
          left: left.map((key) => idOf(key[shape.key])),
          units: (ConsumedCapacity ?? []).reduce((sum, { CapacityUnits: units = 0 }) => sum + units, 0),
        };
      }),

    query: (shape, id, from) =>
      answered(async () => {
        const { Items, LastEvaluatedKey, ConsumedCapacity } = await dynamo.send(
          new QueryCommand({
            TableName: table,
            KeyConditionExpression: '#k = :id',
            ExpressionAttributeNames: { '#k': shape.key },
            ExpressionAttributeValues: { ':id': keyOf(shape, id)[shape.key] ?? { S: id } },
            ExclusiveStartKey: from ?? undefined,
            ReturnConsumedCapacity: 'TOTAL',
          }),
        );
        return { items: Items ?? [], left: LastEvaluatedKey ?? null, units: ConsumedCapacity?.CapacityUnits ?? 0 };
      }),
  };
}

/** The user id in a key. */
export const idOf = (value: AttributeValue | undefined): string => value?.S ?? value?.N ?? '';

const THROTTLES: ReadonlySet<string> = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
]);
const DENIALS: ReadonlySet<string> = new Set([
  'AccessDeniedException',
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'ExpiredTokenException',
  'CredentialsProviderError',
]);

/** What may be better later; throws what won't be. */
function passes(table: string, error: unknown): 'throttled' | 'unavailable' {
  const name = errorName(error);
  const say = error instanceof Error ? error.message : String(error);
  if (THROTTLES.has(name)) return 'throttled';
  if (name === 'ResourceNotFoundException')
    throw new AudienceError(
      'TABLE_MISSING',
      `--device-table: found no table "${table}", expected one in the region and account of the environment (AWS_REGION, AWS_ENDPOINT_URL)`,
      { cause: error },
    );
  if (DENIALS.has(name))
    throw new AudienceError(
      'TABLE_DENIED',
      `${table}: found no permission (${say}), expected credentials that may do dynamodb:DescribeTable, BatchGetItem and Query on it`,
      { cause: error },
    );
  if (name === 'ValidationException')
    throw new AudienceError(
      'TABLE_KEY',
      `${table}: found that DynamoDB refuses the user ids (${say}), expected ids that fit its key`,
      { cause: error },
    );
  return 'unavailable';
}
