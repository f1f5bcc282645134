import { randomUUID } from 'node:crypto';
import { DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { queueNames } from '../../contract/queue-names.ts';
import { createClients } from '../../infra/aws/clients.ts';
import type { Signer } from '../../infra/aws/keyring.ts';
import { sealEntry } from '../../infra/aws/seal.ts';
import type { Entry, EntryOf, NewEntry } from '../../runbooks/launch/entries.ts';
import { decidedPart } from '../../runbooks/launch/vouch.ts';
import type { Stage, StagedLaunch } from '../worker-stage.ts';

/** Somebody who can write the record's table and the queues, and has no key but what the test gives them. */
export class TableWriter {
  readonly #stage: Stage;
  readonly #launch: StagedLaunch;
  readonly #dynamo: DynamoDBClient;

  constructor(stage: Stage, launch: StagedLaunch) {
    this.#stage = stage;
    this.#launch = launch;
    this.#dynamo = createClients(stage.cloudConfig).dynamo;
  }

  stop(): void {
    this.#dynamo.destroy();
  }

  read(launchId = this.#launch.id): Promise<Entry[]> {
    return this.#stage.cloud.record.readAfter(launchId, 0);
  }

  async put(entry: Entry): Promise<void> {
    await this.#dynamo.send(
      new PutItemCommand({
        TableName: `${this.#stage.cloudConfig.tablePrefix}-record`,
        Item: {
          launchId: { S: this.#launch.id },
          seq: { N: String(entry.seq) },
          token: { S: entry.token },
          hash: { S: entry.hash },
          body: { S: JSON.stringify(entry) },
        },
      }),
    );
  }

  async remove(seq: number): Promise<void> {
    await this.#dynamo.send(
      new DeleteItemCommand({
        TableName: `${this.#stage.cloudConfig.tablePrefix}-record`,
        Key: { launchId: { S: this.#launch.id }, seq: { N: String(seq) } },
      }),
    );
  }

  /** Puts what was decided at the end of the record, hashed and chained as it should be. */
  async append(decided: NewEntry, signer: Signer | null): Promise<Entry> {
    const head = (await this.read()).at(-1);
    const entry = sealEntry(this.#launch.id, { seq: head?.seq ?? 0, hash: head?.hash ?? '' }, decided, {
      token: randomUUID(),
      signer,
    });
    await this.put(entry);
    return entry;
  }

  /** Writes the whole record anew from its first changed entry on, hashed and chained. */
  async rewrite(change: (entry: Entry) => object | null, signer: Signer | null): Promise<void> {
    const entries = await this.read();
    let head = { seq: 0, hash: '' };
    for (const entry of entries) {
      const changed = change(entry);
      if (changed === null) continue;
      const sealed = sealEntry(this.#launch.id, head, changed as NewEntry, { token: randomUUID(), signer });
      await this.put(sealed);
      head = sealed;
    }
    for (let seq = head.seq + 1; seq <= entries.length; seq++) await this.remove(seq);
  }

  /** Other entries in place of all: as they are, at the sequence of their new place, or, without a hash of their own, hashed and chained anew by nobody's key. */
  async replace(changed: readonly (Entry | object)[]): Promise<void> {
    const before = (await this.read()).length;
    let head = { seq: 0, hash: '' };
    for (const one of changed) {
      const seq = head.seq + 1;
      const entry =
        'hash' in one
          ? { ...(one as Entry), seq }
          : sealEntry(this.#launch.id, head, one as NewEntry, { token: randomUUID(), signer: null });
      await this.put(entry);
      head = { seq, hash: entry.hash };
    }
    for (let seq = changed.length + 1; seq <= before; seq++) await this.remove(seq);
  }

  /** Every wake-up that this shot could have: its orders, and all batches at once. */
  async wakeAll(shotId: string): Promise<void> {
    const names = queueNames(this.#launch.pool);
    const order = { v: 1, launchId: this.#launch.id, shotId, segment: 'ios', attempt: 1 };
    await this.#stage.cloud.queues.sendFifo(names.segments, [
      { body: JSON.stringify(order), group: randomUUID(), dedup: randomUUID() },
    ]);
    await this.wakeBatches(shotId);
  }

  async wakeBatches(shotId: string): Promise<void> {
    const names = queueNames(this.#launch.pool);
    const order = { v: 1, launchId: this.#launch.id, shotId, segment: 'ios', attempt: 1 };
    const batches = this.#launch.audience.manifest.segments.find(({ id }) => id === 'ios')?.batches ?? [];
    await this.#stage.cloud.queues.send(
      names.batches.ios,
      batches.map(({ id }) => JSON.stringify({ ...order, batch: id })),
    );
  }
}

/** A request and its approval as two people's presses would have made them, taken from a record where they did. */
export function fireOf(entries: readonly Entry[]): {
  request: EntryOf<'FireRequested'>;
  approval: EntryOf<'FireApproved'>;
} {
  const request = entries.find((entry): entry is EntryOf<'FireRequested'> => entry.kind === 'FireRequested');
  const approval = entries.find((entry): entry is EntryOf<'FireApproved'> => entry.kind === 'FireApproved');
  if (request === undefined || approval === undefined) throw new Error('NO_FIRE');
  return { request, approval };
}

export const decided = (entry: Entry): NewEntry => decidedPart(entry) as NewEntry;
