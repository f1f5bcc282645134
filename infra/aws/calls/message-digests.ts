import { hash } from 'node:crypto';
import type {
  ReceiveMessageCommandOutput,
  SendMessageBatchCommandInput,
  SendMessageBatchCommandOutput,
} from '@aws-sdk/client-sqs';

/** SQS says an MD5 of each body that it has taken or gives. Throws as the SDK does where one differs. */
export function checkReceived({ Messages = [] }: Pick<ReceiveMessageCommandOutput, 'Messages'>): void {
  refuse(Messages.filter(({ Body = '', MD5OfBody }) => MD5OfBody !== md5(Body)));
}

export function checkSent(
  { Entries = [] }: SendMessageBatchCommandInput,
  { Successful = [] }: Pick<SendMessageBatchCommandOutput, 'Successful'>,
): void {
  const sent = new Map(Entries.map(({ Id, MessageBody = '' }) => [Id, MessageBody]));
  refuse(Successful.filter(({ Id, MD5OfMessageBody }) => MD5OfMessageBody !== md5(sent.get(Id) ?? '')));
}

const md5 = (body: string): string => hash('md5', body, 'hex');

function refuse(wrong: readonly { MessageId?: string | undefined }[]): void {
  if (wrong.length > 0)
    throw new Error(`Invalid MD5 checksum on messages: ${wrong.map(({ MessageId }) => MessageId).join(', ')}`);
}
