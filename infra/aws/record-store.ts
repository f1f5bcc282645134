import { randomUUID } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Entry, NewEntry } from '../../runbooks/launch/entries.ts';
import { deletedIn, MESSAGE_FORMAT } from '../../runbooks/record/rows.ts';
import type { Box } from '../../runbooks/record/rows.ts';
import { messageHash, provenGiven, readable, readStored, storedOf } from './channel-message.ts';
import type { ChannelMessage } from './channel-message.ts';
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
   * must not take it for what was said. What is no message is `unread` too, and those behind it are read all the same: verifyChannel says from where on
   * they are not proven. What was deleted alone is `forgotten` from its note on; with `evenDeleted` it is read as long as its key is there, for who deletes it.
   * What was given for an entry and is not what its hash says is no message either; of the first behind `afterSeq` that needs `prev`, the hash at `afterSeq`.
   */
  messagesAfter(
    launchId: string,
    afterSeq: number,
    options?: { isToldAway?: boolean; evenDeleted?: boolean; prev?: string },
  ): Promise<(ChannelMessage & Head)[]>;
}

/** Partition of a launch's channel messages, in the same table. */
export const channelPartition = (launchId: string) => `${launchId}/channel`;

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
        ProjectionExpression: '#s, #t',
        ExpressionAttributeNames: { '#s': 'seq', '#t': 'token' },
      }),
      withSignal(signal === undefined ? deadline : AbortSignal.any([deadline, signal])),
    );
    // One that somebody has put there without a token has the place all the same.
    return answer.Item === undefined ? null : (answer.Item['token']?.S ?? '');
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
      const box = isPlain ? {} : { box: await words.seal(launchId, seq, JSON.stringify(message)) };
      const stored = { ...message, ...box, v: MESSAGE_FORMAT };
      const hash = messageHash(launchId, seq, head.hash, stored);
      const body = JSON.stringify(storedOf(stored));
      const won = await putOnce(channelPartition(launchId), seq, randomUUID(), hash, body);
      return won ? { won, head: { seq, hash } } : { won };
    },

    async messagesAfter(launchId, afterSeq, { isToldAway = false, evenDeleted = false, prev } = {}) {
      const found = await readItems(channelPartition(launchId), afterSeq, (item) => ({
        message: readStored(item['body']?.S ?? ''),
        seq: Number(item['seq']?.N),
        hash: hashIn(item),
      }));
      // Whoever writes behind such a note has read it, and seals with none of its keys.
      words?.retire(found.flatMap(({ message }) => ('forgot' in message ? (message.forgot?.keys ?? []) : [])));
      const deleted = evenDeleted
        ? new Set()
        : deletedIn(found.map(({ message }) => ('ts' in message ? message : {}))).seqs;
      const boxes = found.flatMap(({ message: { box }, seq }) => (box === undefined ? [] : [{ seq, box }]));
      const away = (error: unknown): null => {
        if (isToldAway) return null;
        throw error;
      };
      const texts = words === null ? boxes.map(() => null) : await words.open(launchId, boxes).catch(away);
      const opened = texts === null ? null : new Map(boxes.map(({ box }, index) => [box, texts[index] ?? null]));
      const read: (ChannelMessage & Head)[] = [];
      const hashes = new Map([
        [0, ''],
        [afterSeq, afterSeq === 0 ? '' : prev],
        ...found.map(({ seq, hash }) => [seq, hash] as const),
      ]);
      for (const { message, ...place } of found) {
        const item = { ...readable(message, deleted.has(place.seq) ? NONE : opened), ...place };
        const isUnasked = place.seq - 1 === afterSeq && hashes.get(afterSeq) === undefined;
        read.push(isUnasked ? item : provenGiven(launchId, item, hashes.get(place.seq - 1) ?? null));
        if (read.length % PORTION === 0) await turn();
      }
      return read;
    },
  };
}

/** Looking into so many holds the process for a few milliseconds: presses wait for no chain of tens of thousands. */
const PORTION = 500;

/** Nothing of it is opened. */
const NONE: ReadonlyMap<Box, string | null> = new Map();

/** What the next message chains to. Where an item has none there is one for its text, the same for every reader. */
function hashIn(item: Record<string, AttributeValue>): string {
  const hash = item['hash']?.S ?? '';
  return /^[0-9a-f]{64}$/.test(hash) ? hash : sha256(item['body']?.S ?? '');
}

const key = (partition: string, seq: number) => ({ launchId: { S: partition }, seq: { N: String(seq) } });
