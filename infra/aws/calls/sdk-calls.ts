import { BatchGetItemCommand, GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
} from '@aws-sdk/client-sqs';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { withSignal } from '../with-signal.ts';
import type { CallOptions, Calls, DynamoCalls, DynamoOperations, SqsCalls, SqsOperations } from './calls.ts';

export const DYNAMO_COMMANDS = {
  PutItem: PutItemCommand,
  UpdateItem: UpdateItemCommand,
  GetItem: GetItemCommand,
  BatchGetItem: BatchGetItemCommand,
} satisfies Record<keyof DynamoOperations, unknown>;
export const SQS_COMMANDS = {
  ReceiveMessage: ReceiveMessageCommand,
  DeleteMessageBatch: DeleteMessageBatchCommand,
  ChangeMessageVisibilityBatch: ChangeMessageVisibilityBatchCommand,
  SendMessageBatch: SendMessageBatchCommand,
} satisfies Record<keyof SqsOperations, unknown>;

export const sdkDynamoCalls = (dynamo: DynamoDBClient): DynamoCalls =>
  callsOf<DynamoOperations>(dynamo, DYNAMO_COMMANDS);
export const sdkSqsCalls = (sqs: SQSClient): SqsCalls => callsOf<SqsOperations>(sqs, SQS_COMMANDS);

/** Which input belongs to which command, and which output to both, the SDK's own types can't tell a name: `Operations` does. */
function callsOf<Operations extends object>(
  client: unknown,
  commands: Record<keyof Operations & string, unknown>,
): Calls<Operations> {
  const sdk = client as { send(command: object, options: object): Promise<never> };
  return (name, input, { signal, timeoutMs }: CallOptions = {}) => {
    const Command = commands[name] as new (input: unknown) => object;
    return sdk.send(new Command(input), {
      ...(timeoutMs === undefined ? {} : { requestTimeout: timeoutMs }),
      ...withSignal(signal),
    });
  };
}
