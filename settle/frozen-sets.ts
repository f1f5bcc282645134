import { z } from 'zod';
import type { Manifest, ManifestBatch } from '../contract/manifest.ts';
import { claimKey } from '../contract/orders.ts';
import type { Claim } from '../infra/aws/claim-item.ts';
import type { ClaimStore } from '../infra/aws/claim-store.ts';
import { CloudError } from '../infra/aws/cloud-error.ts';
import type { Objects } from '../infra/aws/objects.ts';
import { sha256 } from '../infra/aws/sha256.ts';
import type { AudienceRef, FrozenSet } from '../runbooks/launch/entries.ts';
import type { Launch, SegmentShot } from '../runbooks/launch/launch.ts';
import { nextAttempt, runningShotOf } from '../runbooks/launch/remaining.ts';
import { stateCode } from './account-codec.ts';
import { newestStates } from './batch-words.ts';

/**
 * Who is left of a segment that has been sent to before. It is found when a further order is asked for, in the claims of
 * ALL earlier attempts: a device whose newest state is within reach, and that no attempt has as answered. The list is
 * frozen as an object that is named by its hash, like an audience, and the hash is part of what two people approve: the
 * number that they see is the number that is sent to, whatever account comes late meanwhile.
 */
export interface FreezeDeps {
  claims: Pick<ClaimStore, 'read'>;
  objects: Pick<Objects, 'put' | 'get'>;
  manifestOf: (audience: AudienceRef) => Promise<Manifest>;
}

/** Members of each batch that has any, one byte per device: 1 or 0. */
type SetMembers = ReadonlyMap<string, Uint8Array>;

export type SetReader = (launchId: string, set: FrozenSet) => Promise<SetMembers>;

const content = z.strictObject({
  v: z.literal(1),
  launchId: z.string(),
  segment: z.string(),
  attempt: z.number().int().min(2),
  devices: z.number().int().min(0),
  /** `bits`: base64, first device in the lowest bit. */
  batches: z.array(z.strictObject({ id: z.string(), count: z.number().int().min(1), bits: z.string() })),
});

const BATCHES_AT_ONCE = 500;

const ANSWERED = new Set([stateCode('accepted'), stateCode('bad-token')]);

/** Of those segments that have been sent to before; the others need none, nor do those that are being sent. `launch` was read before this: what is recorded since makes the set a stale one. Errors: those of the stores, and CLAIMS_LOST. */
export async function freezeSets(deps: FreezeDeps, launch: Launch, segments: readonly string[]): Promise<FrozenSet[]> {
  const again = segments.filter(
    (segment) => nextAttempt(launch, segment) > 1 && runningShotOf(launch, segment) === undefined,
  );
  if (again.length === 0 || launch.audience === null) return [];
  const manifest = await deps.manifestOf(launch.audience);
  return Promise.all(
    again.map(async (segment) => {
      const batches = manifest.segments.find(({ id }) => id === segment)?.batches ?? [];
      return store(deps.objects, launch, segment, await whoIsLeft(deps, launch, segment, batches));
    }),
  );
}

async function store(
  objects: FreezeDeps['objects'],
  launch: Launch,
  segment: string,
  left: Map<string, Uint8Array>,
): Promise<FrozenSet> {
  const { id: launchId, seq } = launch;
  const attempt = nextAttempt(launch, segment);
  const batches = [...left].map(([id, members]) => ({
    id,
    count: members.length,
    bits: Buffer.from(bitsOf(members)).toString('base64'),
  }));
  const devices = [...left.values()].reduce(
    (sum, members) => sum + members.reduce((own, member) => own + member, 0),
    0,
  );
  const text = JSON.stringify({ v: 1, launchId, segment, attempt, devices, batches } satisfies z.output<
    typeof content
  >);
  const hash = sha256(text);
  await objects.put(keyOf(launchId, hash), new TextEncoder().encode(text), 'application/json');
  return { segment, attempt, devices, hash, seq };
}

async function whoIsLeft(
  { claims, objects }: FreezeDeps,
  launch: Launch,
  segment: string,
  batches: readonly ManifestBatch[],
): Promise<Map<string, Uint8Array>> {
  const tries = launch.attempts[segment] ?? [];
  const setOf = setReader(objects);
  const before = new Map(
    await Promise.all(
      tries.map(async (one): Promise<[SegmentShot, SetMembers | null]> => {
        const set = launch.shots[one.shotId]?.shown.sets?.find((shown) => shown.segment === segment);
        return [one, set === undefined ? null : await setOf(launch.id, set)];
      }),
    ),
  );
  const left = new Map<string, Uint8Array>();
  const missing = new Map<number, number>();
  for (let from = 0; from < batches.length; from += BATCHES_AT_ONCE) {
    const some = batches.slice(from, from + BATCHES_AT_ONCE);
    const found = await claims.read(
      some.flatMap(({ id }) => tries.map(({ attempt }) => claimKey(launch.id, segment, attempt, id))),
      true,
    );
    for (const { id, count } of some) {
      const own = tries.map((one) => {
        const claim = found.get(claimKey(launch.id, segment, one.attempt, id));
        // Of an attempt from before sets were frozen it is not known whether this batch had a part in it.
        const mustBe = one.attempt === 1 || before.get(one)?.has(id) === true;
        if (mustBe && claim?.state !== 'accounted' && claim?.state !== 'closed')
          missing.set(one.attempt, (missing.get(one.attempt) ?? 0) + 1);
        return claim;
      });
      const members = leftOf(own, count, launch.runbook.delivery.uncertain);
      if (members.includes(1)) left.set(id, members);
    }
  }
  if (missing.size > 0) throw lost(segment, batches.length, missing);
  return left;
}

/** Fail closed: a further attempt would go to nobody, or to who has got it. */
function lost(segment: string, batches: number, missing: ReadonlyMap<number, number>): CloudError {
  const what = [...missing]
    .map(
      ([attempt, gone]) =>
        `attempt ${attempt} of ${segment}: ${gone} of ${attempt === 1 ? '' : 'up to '}${batches} accounts are gone`,
    )
    .join('; ');
  return new CloudError(
    'CLAIMS_LOST',
    `The claims table has lost what earlier attempts say of each device (${what}), so nobody can tell who has got it, and nothing of this segment is sent again. ` +
      'Restore the table to a time before the loss (DynamoDB point-in-time recovery), then ask again; leave the segment out; or go on in a new launch whose audience leaves out who was sent to.',
  );
}

/** `own`: the batch's claims of all earlier attempts, in order. */
function leftOf(own: readonly (Claim | undefined)[], count: number, policy: 'leave' | 'resend'): Uint8Array {
  const within = new Set([
    stateCode('halted'),
    stateCode('late'),
    stateCode('failed'),
    ...(policy === 'resend' ? [stateCode('uncertain')] : []),
  ]);
  const left = new Uint8Array(count);
  const answered = new Uint8Array(count);
  for (const claim of own) {
    newestStates(claim, count).forEach((code, device) => {
      if (code === stateCode('absent')) return;
      if (ANSWERED.has(code)) answered[device] = 1;
      left[device] = within.has(code) ? 1 : 0;
    });
  }
  return left.map((member, device) => (answered[device] === 1 ? 0 : member));
}

/** Per device 1 where an earlier attempt has an answer by now. */
export function answeredBy(own: readonly (Claim | undefined)[], count: number): Uint8Array {
  const answered = new Uint8Array(count);
  for (const claim of own)
    newestStates(claim, count).forEach((code, device) => {
      if (ANSWERED.has(code)) answered[device] = 1;
    });
  return answered;
}

/** Reads sets, each once. Errors: those of the store, SET_GONE, SET_BROKEN, SET_UNKNOWN. */
export function setReader(objects: Pick<Objects, 'get'>): SetReader {
  const known = new Map<string, Promise<SetMembers>>();
  return (launchId, set) => {
    let members = known.get(set.hash);
    if (members === undefined) {
      members = read(objects, launchId, set);
      known.set(set.hash, members);
      members.catch(() => known.delete(set.hash));
    }
    return members;
  };
}

async function read(
  objects: Pick<Objects, 'get'>,
  launchId: string,
  { segment, attempt, devices, hash }: FrozenSet,
): Promise<SetMembers> {
  const key = keyOf(launchId, hash);
  const bytes = await objects.get(key);
  if (bytes === null)
    throw new CloudError(
      'SET_GONE',
      `${key}: found no such object, expected who of ${segment} is left for attempt ${attempt}`,
    );
  const text = Buffer.from(bytes).toString('utf8');
  if (sha256(text) !== hash)
    throw new CloudError(
      'SET_BROKEN',
      `${key}: found content with the hash ${sha256(text)}, expected the one of its name`,
    );
  // The hash is right, so that is what was approved: by a bot of a newer version.
  const parsed = content.safeParse(JSON.parse(text));
  if (!parsed.success)
    throw new CloudError(
      'SET_UNKNOWN',
      `${key}: found a set that this version of gobutton can't read, expected version 1. Update this process`,
      { cause: parsed.error },
    );
  const set = parsed.data;
  if (set.launchId !== launchId || set.segment !== segment || set.attempt !== attempt || set.devices !== devices) {
    throw new CloudError(
      'SET_BROKEN',
      `${key}: found ${set.devices} devices of ${set.segment} for attempt ${set.attempt} of ${set.launchId}, expected ${devices} of ${segment} for attempt ${attempt} of ${launchId}`,
    );
  }
  return new Map(set.batches.map(({ id, count, bits }) => [id, membersOf(Buffer.from(bits, 'base64'), count)]));
}

function keyOf(launchId: string, hash: string): string {
  return `sets/${launchId}/${hash}.json`;
}

function bitsOf(members: Uint8Array): Uint8Array {
  const bits = new Uint8Array(Math.ceil(members.length / 8));
  members.forEach((member, device) => {
    bits[device >> 3] = (bits[device >> 3] ?? 0) | (member << (device & 7));
  });
  return bits;
}

function membersOf(bits: Uint8Array, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, device) => ((bits[device >> 3] ?? 0) >> (device & 7)) & 1);
}
