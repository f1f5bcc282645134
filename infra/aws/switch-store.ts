import { setTimeout as sleep } from 'node:timers/promises';
import { GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { AttributeValue, DynamoDBClient, UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import { canonicalJson } from '../../runbooks/launch/canonical-json.ts';
import type { SwitchValue } from '../../runbooks/launch/entries.ts';
import { within } from '../time-limit.ts';
import { READ_BACK_TIMEOUT_MS, SWITCH_READ_TIMEOUT_MS } from './clients.ts';
import { CloudError, errorName, isConditionFailure } from './cloud-error.ts';

/** An answer that takes longer than this gets another read beside it. */
const READ_BESIDE_MS = 300;
/** No count of halts: words, or a number that one more makes no larger (docs/facts.md#dynamodb-keys). */
const UNCOUNTABLE = 'attribute_exists(haltEpoch) AND (NOT attribute_type(haltEpoch, :number) OR haltEpoch > :safest)';

/** The item that workers poll. Table `<prefix>-switches`, key `launchId`. */
export interface SwitchItem {
  launchId: string;
  halted: boolean;
  /** Goes up by one with every halt; a shot approved under a lower epoch is over for good. */
  haltEpoch: number;
  /** Sequence of the entry that last set anything but the halt; older effects never overwrite newer. */
  seq: number;
  /** Messages per second for the pool by platform; 0: as the runbook says. */
  pace: { ios: number; android: number };
  zombie: boolean;
  custom: Record<string, SwitchValue>;
  /** The record's head as of its last fire, halt, lift, close or phase end, kept here so that a record that is cut short is noticed. Null: none was noted yet. */
  head: { seq: number; hash: string } | null;
}

export interface SwitchStore {
  /** Null: not there yet, or lost; workers pause then. Eventually consistent unless asked. */
  read(launchId: string, options?: { consistent?: boolean; signal?: AbortSignal }): Promise<SwitchItem | null>;
  /** Consistent, and as patient as a press: one slow or lost answer does not count, as another read begins beside it every 300 ms. Rejects when none has come within the time. */
  readWithin(launchId: string, withinMs: number): Promise<SwitchItem | null>;
  /** Halt now: halted = true, haltEpoch + 1, unconditionally. Returns the item after it. */
  halt(launchId: string): Promise<SwitchItem>;
  /** Notes the record's head, upwards only, in an item that is there. False: a later one stands, or there is no item (only `apply` and a halt make one: workers pause without it). */
  noteHead(launchId: string, head: { seq: number; hash: string }): Promise<boolean>;
  /** The same for an item that is there. Null: there is none, and none was made. */
  haltExisting(launchId: string): Promise<SwitchItem | null>;
  /**
   * Brings an item that has seen fewer halts than the record, or none, to what the record says of the last one: `haltEpoch` =
   * epoch, `halted` as given. False: it counts as many already, or more, and nothing was written. However often and from
   * however many processes: the count never passes the record's, where it would be a halt that nobody pressed.
   */
  catchUp(launchId: string, halt: { epoch: number; active: boolean }): Promise<boolean>;
  /** Halts at `epoch` in place of one that can't be: only while the item holds `wrong`, or what no number says exactly. False: it has changed since. */
  resetEpoch(launchId: string, wrong: number, epoch: number): Promise<boolean>;
  /** Sets halted = false only while haltEpoch = epoch. False: a newer halt stands. */
  lift(launchId: string, epoch: number): Promise<boolean>;
  /** Writes the other switches as of entry `seq`; false: a newer entry has been written already. */
  apply(launchId: string, seq: number, values: Pick<SwitchItem, 'pace' | 'zombie' | 'custom'>): Promise<boolean>;
}

/**
 * `reads` serves the workers' polls: one try, aborted after 550 ms. `writes` is the client of the record. The item: the halt
 * (`halted`, `haltEpoch`) and, under `seq`, the other switches as one JSON text in `rest`.
 */
export function createSwitchStore({
  reads,
  writes,
  table,
}: {
  reads: DynamoDBClient;
  writes: DynamoDBClient;
  table: string;
}): SwitchStore {
  async function readConsistent(launchId: string, cause: unknown): Promise<SwitchItem | null> {
    const read = new GetItemCommand({ TableName: table, Key: { launchId: { S: launchId } }, ConsistentRead: true });
    const answer = await writes
      .send(read, { abortSignal: AbortSignal.timeout(READ_BACK_TIMEOUT_MS) })
      .catch((readError: unknown) => {
        throw new CloudError('SWITCHES_UNAVAILABLE', `cannot write or read the switches of ${launchId}`, {
          cause: new AggregateError([cause, readError]),
        });
      });
    return answer.Item === undefined ? null : toSwitchItem(answer.Item);
  }

  async function haltWhere(launchId: string, condition: string | undefined): Promise<SwitchItem> {
    const update = (parts: Pick<UpdateItemCommandInput, 'UpdateExpression' | 'ConditionExpression'>, values = {}) =>
      writes.send(
        new UpdateItemCommand({
          TableName: table,
          Key: { launchId: { S: launchId } },
          ReturnValues: 'ALL_NEW',
          ExpressionAttributeValues: { ':true': { BOOL: true }, ':one': { N: '1' }, ...values },
          ...parts,
        }),
      );
    // A retry after a lost answer counts the epoch up twice. That is as good: only its growth matters.
    const answer = await update({
      UpdateExpression: 'SET halted = :true ADD haltEpoch :one',
      ConditionExpression: condition,
    }).catch(async (error: unknown) => {
      if (errorName(error) !== 'ValidationException') throw error;
      // Whoever writes the table may have put there what can't be counted up: it is halted all the same, and counts anew.
      return update(
        { UpdateExpression: 'SET halted = :true, haltEpoch = :one', ConditionExpression: UNCOUNTABLE },
        { ':number': { S: 'N' }, ':safest': { N: String(Number.MAX_SAFE_INTEGER) } },
      ).catch(() => {
        throw error;
      });
    });
    return toSwitchItem(answer.Attributes ?? {});
  }

  /** One conditional write. False: the condition no longer holds, and nothing was written. */
  async function updateWhere(
    launchId: string,
    update: Pick<UpdateItemCommandInput, 'UpdateExpression' | 'ConditionExpression' | 'ExpressionAttributeValues'>,
    cannot: string,
  ): Promise<boolean> {
    try {
      await writes.send(new UpdateItemCommand({ TableName: table, Key: { launchId: { S: launchId } }, ...update }));
      return true;
    } catch (error) {
      if (isConditionFailure(error)) return false;
      throw new CloudError('SWITCHES_UNAVAILABLE', cannot, { cause: error });
    }
  }

  return {
    async read(launchId, options = {}) {
      const deadline = AbortSignal.timeout(SWITCH_READ_TIMEOUT_MS);
      const answer = await reads.send(
        new GetItemCommand({
          TableName: table,
          Key: { launchId: { S: launchId } },
          ConsistentRead: options.consistent ?? false,
        }),
        { abortSignal: options.signal === undefined ? deadline : AbortSignal.any([deadline, options.signal]) },
      );
      return answer.Item === undefined ? null : toSwitchItem(answer.Item);
    },

    async readWithin(launchId, withinMs) {
      const tries: Promise<SwitchItem | null>[] = [];
      const readOnce = async (signal: AbortSignal) => {
        const read = new GetItemCommand({ TableName: table, Key: { launchId: { S: launchId } }, ConsistentRead: true });
        // The client of the writes: it waits longer for one answer than a poll may.
        const { Item: item } = await writes.send(read, { abortSignal: signal });
        return item === undefined ? null : toSwitchItem(item);
      };
      const firstAnswer = async (signal: AbortSignal) => {
        for (;;) {
          tries.push(readOnce(signal));
          const next = sleep(READ_BESIDE_MS, 'next' as const, { signal });
          const first = await Promise.race([Promise.any(tries).catch(() => next), next]);
          if (first !== 'next') return first;
        }
      };
      return within({ limitMs: withinMs, what: 'there was no answer' }, firstAnswer).catch((error: unknown) => {
        throw new CloudError('SWITCHES_UNAVAILABLE', `cannot read the switches of ${launchId}`, { cause: error });
      });
    },

    async halt(launchId) {
      return haltWhere(launchId, undefined).catch((error: unknown) => {
        throw new CloudError('SWITCHES_UNAVAILABLE', `cannot confirm the halt of ${launchId}`, { cause: error });
      });
    },

    async noteHead(launchId, { seq, hash }) {
      return updateWhere(
        launchId,
        {
          UpdateExpression: 'SET headSeq = :seq, headHash = :hash',
          ConditionExpression: 'attribute_exists(launchId) AND (attribute_not_exists(headSeq) OR headSeq < :seq)',
          ExpressionAttributeValues: { ':seq': { N: String(seq) }, ':hash': { S: hash } },
        },
        `cannot note the head of ${launchId}`,
      );
    },

    async haltExisting(launchId) {
      return haltWhere(launchId, 'attribute_exists(launchId)').catch((error: unknown) => {
        if (isConditionFailure(error)) return null;
        throw new CloudError('SWITCHES_UNAVAILABLE', `cannot confirm the halt of ${launchId}`, { cause: error });
      });
    },

    async catchUp(launchId, { epoch, active }) {
      return updateWhere(
        launchId,
        {
          UpdateExpression: 'SET halted = :active, haltEpoch = :epoch',
          ConditionExpression: 'attribute_not_exists(haltEpoch) OR haltEpoch < :epoch',
          ExpressionAttributeValues: { ':active': { BOOL: active }, ':epoch': { N: String(epoch) } },
        },
        `cannot bring ${launchId} to halt ${epoch}`,
      );
    },

    async resetEpoch(launchId, wrong, epoch) {
      return updateWhere(
        launchId,
        {
          UpdateExpression: 'SET halted = :true, haltEpoch = :epoch',
          // Of so many digits that it is read as another number, none is said exactly.
          ConditionExpression: 'haltEpoch = :wrong OR haltEpoch > :safest',
          ExpressionAttributeValues: {
            ':true': { BOOL: true },
            ':epoch': { N: String(epoch) },
            ':wrong': { N: String(wrong) },
            ':safest': { N: String(Number.MAX_SAFE_INTEGER) },
          },
        },
        `cannot reset the halt epoch of ${launchId}`,
      );
    },

    async lift(launchId, epoch) {
      return updateWhere(
        launchId,
        {
          UpdateExpression: 'SET halted = :false',
          ConditionExpression: 'haltEpoch = :epoch',
          ExpressionAttributeValues: { ':false': { BOOL: false }, ':epoch': { N: String(epoch) } },
        },
        `cannot lift the halt of ${launchId}`,
      );
    },

    async apply(launchId, seq, values) {
      const rest = canonicalJson({ pace: values.pace, zombie: values.zombie, custom: values.custom });
      try {
        await writes.send(
          new UpdateItemCommand({
            TableName: table,
            Key: { launchId: { S: launchId } },
            UpdateExpression: 'SET seq = :seq, rest = :rest',
            ConditionExpression: 'attribute_not_exists(seq) OR seq < :seq',
            ExpressionAttributeValues: { ':seq': { N: String(seq) }, ':rest': { S: rest } },
          }),
        );
        return true;
      } catch (error) {
        // The same sequence is the same entry: ours, by a lost answer or by another instance that did the same.
        if ((await readConsistent(launchId, error))?.seq === seq) return true;
        if (isConditionFailure(error)) return false;
        throw new CloudError('SWITCHES_UNAVAILABLE', `cannot write the switches of ${launchId}`, { cause: error });
      }
    },
  };
}

function toSwitchItem(item: Record<string, AttributeValue>): SwitchItem {
  const rest = JSON.parse(item['rest']?.S ?? '{}') as Partial<Pick<SwitchItem, 'pace' | 'zombie' | 'custom'>>;
  return {
    launchId: item['launchId']?.S ?? '',
    halted: item['halted']?.BOOL ?? false,
    haltEpoch: Number(item['haltEpoch']?.N ?? 0),
    seq: Number(item['seq']?.N ?? 0),
    pace: rest.pace ?? { ios: 0, android: 0 },
    zombie: rest.zombie ?? false,
    custom: rest.custom ?? {},
    head: item['headSeq']?.N === undefined ? null : { seq: Number(item['headSeq'].N), hash: item['headHash']?.S ?? '' },
  };
}
