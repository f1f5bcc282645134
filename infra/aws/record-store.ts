import { randomUUID } from 'node:crypto';
import { GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { canonicalJson } from '../../runbooks/launch/canonical-json.ts';
import type { Entry, NewEntry } from '../../runbooks/launch/entries.ts';
import { MESSAGE_FORMAT } from '../../runbooks/record/rows.ts';
import type { Box, Forgot, KeptFile, Mark, Refused } from '../../runbooks/record/rows.ts';
import { READ_BACK_TIMEOUT_MS } from './clients.ts';
import { CloudError, isConditionFailure } from './cloud-error.ts';
import type { Signer } from './keyring.ts';
import type { Head } from './seal.ts';
import { readEntry, sealEntry } from './seal.ts';
import { sha256 } from './sha256.ts';
import { withSignal } from './with-signal.ts';
import type { Words } from './words.ts';

export type Appended = { won: true; entry: Entry } | { won: false };

/** The append-only record in DynamoDB: table `<prefix>-record`, key `launchId` + `seq`. */
export interface RecordStore {
  /**
   * Puts the entry at head.seq + 1 if that sequence is free. A conditional failure (or a lost answer) is read
   * back consistently: an entry with our own token is success. `won: false`: somebody else has that sequence; re-read and re-decide.
   * Without a signer the entry is written as nobody's.
   */
  append(
    launchId: string,
    head: Head,
    entry: NewEntry,
    options?: { signal?: AbortSignal; signer?: Signer | null },
  ): Promise<Appended>;
  /** Entries after `afterSeq`, in order, strongly consistent, whole (paged inside). */
  readAfter(launchId: string, afterSeq: number, signal?: AbortSignal): Promise<Entry[]>;
  /** The chain of what people wrote in the channel: own partition, same rules. */
  appendMessage(
    launchId: string,
    head: Head,
    message: ChannelMessage,
  ): Promise<{ won: true; head: Head } | { won: false }>;
  /**
   * Rejects when the keys of their words don't come; with `isToldAway` such a message is `unread` instead, for who shows or verifies the chain and
   * must not take it for what was said.
   */
  messagesAfter(
    launchId: string,
    afterSeq: number,
    options?: { isToldAway?: boolean },
  ): Promise<(ChannelMessage & Head)[]>;
}

export interface ChannelMessage {
  ts: string;
  user: string;
  text: string;
  atMs: number;
  /** The ts that this edits or deletes. */ edits: string | null;
  deleted: boolean;
  permalink: string | null;
  files: string[];
  /** Not said but wanted: a press or command that was refused. */ refused?: Refused | undefined;
  /** The ts of the thread that it is a reply in; null: it stands in the channel. Absent: it was not kept. */ thread?:
    | string
    | null;
  /** It was not heard when it happened, but found in the channel's history afterwards. */ found?: true;
  /** Not said: a reaction that marks a message was put on or taken off. */ mark?: Mark;
  /** Not said: what became of a file that hangs on a message. */ file?: KeptFile;
  /** Not said: what people wrote before was deleted. */ forgot?: Forgot;
  /** As the chain has it. Absent: the chain has it as it is here. */ box?: Box;
  /** Its key was deleted, or its time was over: nothing but its time and place is known any more. */ forgotten?: true;
  /** What can't be read now: its keys did not come (`away`), or it is of a newer format (`newer`). */ unread?:
    | 'away'
    | 'newer';
  /** Its format, MESSAGE_FORMAT. Absent: 1, and not yet written. */ v?: number;
}

/** Partition of a launch's channel messages, in the same table. */
export const channelPartition = (launchId: string) => `${launchId}/channel`;

/** What stands in the table of a message whose words lie in a box. */
type Boxed = Required<Pick<ChannelMessage, 'atMs' | 'box'>> & Pick<ChannelMessage, 'v'>;
function storedOf({ atMs, box, v, ...rest }: ChannelMessage): ChannelMessage | Boxed {
  const format = v === undefined ? {} : { v };
  return box === undefined ? { ...format, atMs, ...rest } : { ...format, atMs, box };
}

/** sha256 hex of a channel message in its chain: over what is stored of it, its place and predecessor. */
export function messageHash(launchId: string, seq: number, prev: string, message: ChannelMessage): string {
  return sha256(canonicalJson({ launchId, seq, prev, message: storedOf(message) }));
}

const BLANK = {
  ts: '',
  user: '',
  text: '',
  edits: null,
  deleted: false,
  permalink: null,
  files: [],
} as const;

/**
 * Items: `launchId`, `seq`, `token`, `hash` and the whole entry as one JSON string in `body` (at most 400 KB an item), so
 * that what was hashed is what is stored. Rejects with CloudError RECORD_UNAVAILABLE when it is unknown whether the entry
 * is in: read again and decide again, a late write of one's own then shows as an entry.
 */
export function createRecordStore({
  dynamo,
  table,
  words = null,
}: {
  dynamo: DynamoDBClient;
  table: string;
  /** Null: messages are stored as they are, and what lies in a box is not read. */
  words?: Words | null;
}): RecordStore {
  async function tokenAt(partition: string, seq: number, signal?: AbortSignal): Promise<string | null> {
    const deadline = AbortSignal.timeout(READ_BACK_TIMEOUT_MS);
    const answer = await dynamo.send(
      new GetItemCommand({
        TableName: table,
        Key: key(partition, seq),
        ConsistentRead: true,
        ProjectionExpression: '#t',
        ExpressionAttributeNames: { '#t': 'token' },
      }),
      withSignal(signal === undefined ? deadline : AbortSignal.any([deadline, signal])),
    );
    return answer.Item?.['token']?.S ?? null;
  }

  /** True: this token stands at that sequence. False: another one does. */
  async function putOnce(
    partition: string,
    seq: number,
    token: string,
    hash: string,
    body: string,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const item = { ...key(partition, seq), token: { S: token }, hash: { S: hash }, body: { S: body } };
    try {
      await dynamo.send(
        new PutItemCommand({ TableName: table, Item: item, ConditionExpression: 'attribute_not_exists(launchId)' }),
        withSignal(signal),
      );
      return true;
    } catch (error) {
      signal?.throwIfAborted();
      const standing = await tokenAt(partition, seq, signal).catch((readError: unknown) => {
        throw new CloudError('RECORD_UNAVAILABLE', `cannot write or read ${partition} #${seq}`, {
          cause: new AggregateError([error, readError]),
        });
      });
      if (standing !== null) return standing === token;
      if (isConditionFailure(error))
        throw new CloudError('RECORD_INCONSISTENT', `${partition} #${seq} was taken and is not there`, {
          cause: error,
        });
      throw new CloudError('RECORD_UNAVAILABLE', `cannot write ${partition} #${seq}`, { cause: error });
    }
  }

  /** Read page by page (1 MB each): tens of thousands at once would hold the process for their parsing. */
  async function readItems<T>(
    partition: string,
    afterSeq: number,
    read: (item: Record<string, AttributeValue>) => T,
    signal?: AbortSignal,
  ): Promise<T[]> {
    const items: T[] = [];
    let from: Record<string, AttributeValue> | undefined;
    do {
      const page = await dynamo.send(
        new QueryCommand({
          TableName: table,
          ConsistentRead: true,
          ExclusiveStartKey: from,
          KeyConditionExpression: 'launchId = :launch AND seq > :seq',
          ExpressionAttributeValues: { ':launch': { S: partition }, ':seq': { N: String(afterSeq) } },
        }),
        withSignal(signal),
      );
      items.push(...(page.Items ?? []).map(read));
      from = page.LastEvaluatedKey;
    } while (from !== undefined);
    return items;
  }

  return {
    async append(launchId, head, newEntry, { signal, signer = null } = {}) {
      const token = randomUUID();
      const entry = sealEntry(launchId, head, newEntry, { token, signer });
      const won = await putOnce(launchId, entry.seq, token, entry.hash, JSON.stringify(entry), signal);
      return won ? { won, entry } : { won };
    },

    async readAfter(launchId, afterSeq, signal) {
      return readItems(
        launchId,
        afterSeq,
        (item) => readEntry(launchId, Number(item['seq']?.N), item['body']?.S ?? ''),
        signal,
      );
    },

    async appendMessage(launchId, head, message) {
      const seq = head.seq + 1;
      // That something was deleted is nobody's words.
      const isPlain = words === null || message.forgot !== undefined;
      const box = isPlain ? {} : { box: await words.seal(launchId, JSON.stringify(message)) };
      const stored = { ...message, ...box, v: MESSAGE_FORMAT };
      const hash = messageHash(launchId, seq, head.hash, stored);
      const body = JSON.stringify(storedOf(stored));
      const won = await putOnce(channelPartition(launchId), seq, randomUUID(), hash, body);
      return won ? { won, head: { seq, hash } } : { won };
    },

    async messagesAfter(launchId, afterSeq, { isToldAway = false } = {}) {
      const found = await readItems(channelPartition(launchId), afterSeq, (item) => ({
        message: JSON.parse(item['body']?.S ?? 'null') as ChannelMessage | Boxed,
        seq: Number(item['seq']?.N),
        hash: item['hash']?.S ?? '',
      }));
      // Whoever writes behind such a note has read it, and seals with none of its keys.
      words?.retire(found.flatMap(({ message }) => ('forgot' in message ? (message.forgot?.keys ?? []) : [])));
      const boxes = found.flatMap(({ message }) => (message.box === undefined ? [] : [message.box]));
      const away = (error: unknown): null => {
        if (isToldAway) return null;
        throw error;
      };
      const texts = words === null ? boxes.map(() => null) : await words.open(launchId, boxes).catch(away);
      const opened = texts === null ? null : new Map(boxes.map((box, index) => [box, texts[index] ?? null]));
      return found.map(({ message, ...place }) => ({ ...readable(message, opened), ...place }));
    },
  };
}

/** `opened` null: the keys did not come. */
function readable(message: ChannelMessage | Boxed, opened: ReadonlyMap<Box, string | null> | null): ChannelMessage {
  const { atMs, v = 1 } = message;
  if (v > MESSAGE_FORMAT) return { ...BLANK, files: [], atMs, v, unread: 'newer' };
  if ('ts' in message) return message;
  const { box } = message;
  const as = { box, ...('v' in message ? { v } : {}) };
  const text = opened?.get(box) ?? null;
  if (text !== null) return { ...(JSON.parse(text) as ChannelMessage), ...as };
  return { ...BLANK, files: [], atMs, ...(opened === null ? { unread: 'away' } : { forgotten: true }), ...as };
}

const key = (partition: string, seq: number) => ({ launchId: { S: partition }, seq: { N: String(seq) } });
