import { GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { AttributeValue, DynamoDBClient, UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import { z } from 'zod';
import { firstHome, toSend, toTakeOver } from '../../runbooks/launch/home.ts';
import type { Home, HomeToSend, NextHome, Regions } from '../../runbooks/launch/home.ts';
import { READ_BACK_TIMEOUT_MS } from './clients.ts';
import { CloudError, isConditionFailure } from './cloud-error.ts';

/** The first person's word for a take-over, as it waits for the second's. */
export interface TakeOverAsked {
  by: string;
  to: string;
  reason: string;
  via: { publicKey: string; signature: string; nonce: string; signedAtMs: number; expiresAtMs: number };
}

const takeOverAsked = z.strictObject({
  by: z.string(),
  to: z.string(),
  reason: z.string(),
  via: z.strictObject({
    publicKey: z.string(),
    signature: z.string(),
    nonce: z.string(),
    signedAtMs: z.int(),
    expiresAtMs: z.int(),
  }),
});

/** Which region has a launch. Table `<prefix>-homes`, key `launchId`, one for both regions. All reject with HOME_UNAVAILABLE. */
export interface HomeStore {
  /** Strongly consistent, in whichever region it is asked. */
  read(launchId: string, regions: Regions): Promise<{ home: Home; asked: TakeOverAsked | null }>;
  /** To be resolved `ok` before the first push of a shot: from then on this region alone sends the launch, for ever. */
  send(launchId: string, regions: Regions, region: string, shotId: string): Promise<HomeToSend>;
  /** Keeps a request; the last one stands. */
  ask(launchId: string, asked: TakeOverAsked): Promise<void>;
  /** The point of no return of a take-over: resolved `ok`, `from` can't send any more. */
  takeOver(launchId: string, regions: Regions, from: string, to: string): Promise<NextHome>;
}

/** Races are lost only to writes that counted, and of those there are two or three in the life of a launch. */
const MAX_RACES = 20;

/**
 * Each write is decided by the rule (home.ts) on what was read, and lands only on exactly that. The item: `region`, `firstShot`
 * and `asked`, which no rule asks.
 */
export function createHomeStore({ dynamo, table }: { dynamo: DynamoDBClient; table: string }): HomeStore {
  async function item(launchId: string): Promise<Record<string, AttributeValue>> {
    const read = new GetItemCommand({ TableName: table, Key: { launchId: { S: launchId } }, ConsistentRead: true });
    const answer = await dynamo.send(read, { abortSignal: AbortSignal.timeout(READ_BACK_TIMEOUT_MS) });
    return answer.Item ?? {};
  }

  async function write(input: Omit<UpdateItemCommandInput, 'TableName' | 'Key'>, launchId: string): Promise<void> {
    await dynamo.send(new UpdateItemCommand({ TableName: table, Key: { launchId: { S: launchId } }, ...input }));
  }

  async function change<Next extends NextHome>(
    launchId: string,
    regions: Regions,
    decide: (home: Home) => Next,
  ): Promise<Next> {
    for (let races = 0; races < MAX_RACES; races += 1) {
      const found = await item(launchId).catch((error: unknown) => unavailable(launchId, error));
      const home = homeIn(found, regions);
      const next = decide(home);
      // What stands already was written by somebody: also when only the answer to our own write was lost.
      if (!next.ok || (found['region'] !== undefined && isSame(next.home, home))) return next;
      try {
        await write(becomes(found, next.home), launchId);
        return next;
      } catch (error) {
        if (!isConditionFailure(error)) unavailable(launchId, error);
      }
    }
    return unavailable(launchId, new Error(`lost ${MAX_RACES} races`));
  }

  return {
    async read(launchId, regions) {
      const found = await item(launchId).catch((error: unknown) => unavailable(launchId, error));
      return { home: homeIn(found, regions), asked: askedIn(found) };
    },
    send: (launchId, regions, region, shotId) => change(launchId, regions, (home) => toSend(home, region, shotId)),
    async ask(launchId, asked) {
      await write(
        {
          UpdateExpression: 'SET asked = :asked',
          ExpressionAttributeValues: { ':asked': { S: JSON.stringify(asked) } },
        },
        launchId,
      ).catch((error: unknown) => unavailable(launchId, error));
    },
    takeOver: (launchId, regions, from, to) => change(launchId, regions, (home) => toTakeOver(home, from, to)),
  };
}

/** The next home in the place of exactly what was read. */
function becomes(
  found: Record<string, AttributeValue>,
  { region, firstShot }: Home,
): Omit<UpdateItemCommandInput, 'TableName' | 'Key'> {
  const was = (name: string) =>
    found[name] === undefined ? `attribute_not_exists(#${name})` : `#${name} = :${name}Before`;
  const before = ['region', 'firstShot'].flatMap((name) =>
    found[name] === undefined ? [] : [[`:${name}Before`, found[name]] as const],
  );
  return {
    UpdateExpression: `SET #region = :region${firstShot === null ? '' : ', #firstShot = :firstShot'}`,
    ConditionExpression: `${was('region')} AND ${was('firstShot')}`,
    ExpressionAttributeNames: { '#region': 'region', '#firstShot': 'firstShot' },
    ExpressionAttributeValues: {
      ':region': { S: region },
      ...(firstShot === null ? {} : { ':firstShot': { S: firstShot } }),
      ...Object.fromEntries(before),
    },
  };
}

function homeIn(item: Record<string, AttributeValue>, regions: Regions): Home {
  const region = item['region']?.S;
  return region === undefined ? firstHome(regions) : { region, firstShot: item['firstShot']?.S ?? null };
}

/** What is none is nobody's request: whoever can write the table can't approve with it. */
function askedIn(item: Record<string, AttributeValue>): TakeOverAsked | null {
  try {
    return takeOverAsked.parse(JSON.parse(item['asked']?.S ?? 'null'));
  } catch {
    return null;
  }
}

const isSame = (one: Home, other: Home): boolean => one.region === other.region && one.firstShot === other.firstShot;

function unavailable(launchId: string, cause: unknown): never {
  throw new CloudError('HOME_UNAVAILABLE', `which region has ${launchId} can't be read or written`, { cause });
}
