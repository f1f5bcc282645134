import type {
  BatchGetItemCommandInput,
  BatchGetItemCommandOutput,
  GetItemCommandInput,
  GetItemCommandOutput,
  PutItemCommandInput,
  PutItemCommandOutput,
  UpdateItemCommandInput,
  UpdateItemCommandOutput,
} from '@aws-sdk/client-dynamodb';
import type {
  ChangeMessageVisibilityBatchCommandInput,
  ChangeMessageVisibilityBatchCommandOutput,
  DeleteMessageBatchCommandInput,
  DeleteMessageBatchCommandOutput,
  ReceiveMessageCommandInput,
  ReceiveMessageCommandOutput,
  SendMessageBatchCommandInput,
  SendMessageBatchCommandOutput,
} from '@aws-sdk/client-sqs';

/**
 * The calls that a worker makes for every batch, in the SDK's own terms. There are two ways to make them, which take and give the
 * same and fail by the same names: through the SDK (sdk-calls.ts), and straight over a socket (direct-calls.ts), at a fifth of the CPU time
 * (docs/decisions/calls-without-middleware.md).
 */
export type Calls<Operations extends object> = <Name extends keyof Operations & string>(
  name: Name,
  input: In<Operations, Name>,
  options?: CallOptions,
) => Promise<Out<Operations, Name>>;

/** `timeoutMs`: of one try; absent: the client's own. An aborted call rejects with an AbortError. */
export interface CallOptions {
  signal?: AbortSignal;
  timeoutMs?: number;
}

type In<Operations, Name extends keyof Operations> = Operations[Name] extends [infer Input, unknown] ? Input : never;
type Out<Operations, Name extends keyof Operations> = Operations[Name] extends [unknown, infer Output]
  ? Omit<Output, '$metadata'>
  : never;

export interface DynamoOperations {
  PutItem: [PutItemCommandInput, PutItemCommandOutput];
  UpdateItem: [UpdateItemCommandInput, UpdateItemCommandOutput];
  GetItem: [GetItemCommandInput, GetItemCommandOutput];
  BatchGetItem: [BatchGetItemCommandInput, BatchGetItemCommandOutput];
}

export interface SqsOperations {
  ReceiveMessage: [ReceiveMessageCommandInput, ReceiveMessageCommandOutput];
  DeleteMessageBatch: [DeleteMessageBatchCommandInput, DeleteMessageBatchCommandOutput];
  ChangeMessageVisibilityBatch: [ChangeMessageVisibilityBatchCommandInput, ChangeMessageVisibilityBatchCommandOutput];
  SendMessageBatch: [SendMessageBatchCommandInput, SendMessageBatchCommandOutput];
}

export type DynamoCalls = Calls<DynamoOperations>;
export type SqsCalls = Calls<SqsOperations>;
