import type { Campaign } from '../playbook/schema.ts';
import { canonicalJson } from './canonical-json.ts';
import type { FrozenSet, Moment, SegmentAttempt, Shown } from './entries.ts';
import type { Launch } from './launch.ts';
import { covers } from './skip-cover.ts';

type Sha256 = (text: string) => string;

/**
 * What a second person is shown, as the launch stands now. `seenSkipList` is the skip list that an order showed: while the launch's holds all of
 * it, the order is shown the same, because more people taken away is nothing to approve anew. `sets`: who of segments that have been sent to before is left. Throws NO_AUDIENCE when there is no audience yet.
 */
export function shownFor(
  launch: Launch,
  segments: readonly SegmentAttempt[],
  seenSkipList?: string | null,
  sets: readonly FrozenSet[] = [],
  moment?: Moment,
): Shown {
  if (launch.audience === null)
    throw Object.assign(new Error('NO_AUDIENCE: nothing can be shown before an audience is set'), {
      code: 'NO_AUDIENCE',
    });
  const { delivery } = launch.runbook;
  const isSilent = launch.rehearses?.what === 'silent';
  return {
    launchId: launch.id,
    segments: segments.map(({ segment, attempt }) => ({ segment, attempt })),
    ...(sets.length === 0
      ? {}
      : { sets: sets.map(({ segment, attempt, devices, hash, seq }) => ({ segment, attempt, devices, hash, seq })) }),
    contentHash: launch.contentHash,
    audienceHash: launch.audience.hash,
    skipListHash:
      seenSkipList !== undefined && covers(launch.skipList, seenSkipList)
        ? seenSkipList
        : (launch.skipList?.hash ?? null),
    collapseId: collapseIdOf(launch.id, launch.campaign),
    notAfterMs: { ios: delivery.ios_not_after, android: delivery.android_not_after },
    expiresAfterMs: delivery.expires_after,
    priority: isSilent ? SILENT_PRIORITY : { apns: launch.campaign.apns.priority, fcm: launch.campaign.fcm.priority },
    uncertain: delivery.uncertain,
    ...(isSilent ? { silent: true } : {}),
    ...(moment === undefined ? {} : { moment: { atMs: moment.atMs, withinMs: moment.withinMs } }),
  };
}

/** As silent-payload.ts writes it. */
const SILENT_PRIORITY = { apns: 5, fcm: 'normal' } as const;

/** The hash that travels in the GO button and that an approval is bound to. */
export function shownHash(shown: Shown, sha256: Sha256): string {
  return sha256(canonicalJson(shown));
}

/** Hash over everything of the campaign: texts, link, sound, data, priorities. */
export function contentHash(campaign: Campaign, sha256: Sha256): string {
  return sha256(canonicalJson(campaign));
}

/** APNs allows `apns-collapse-id` at most 64 bytes (docs/facts.md#apns-collapse-id). */
const COLLAPSE_ID_BYTES = 64;

/**
 * The same for every attempt, so that a device that is sent to again after an unknown outcome shows one
 * notification. Launch and campaign ids are ASCII; a pair that is too long is cut and told apart by a checksum.
 */
export function collapseIdOf(launchId: string, campaign: Pick<Campaign, 'id'>): string {
  const whole = `${launchId}.${campaign.id}`;
  if (whole.length <= COLLAPSE_ID_BYTES) return whole;
  const sum = fnv1a64(whole);
  return `${whole.slice(0, COLLAPSE_ID_BYTES - sum.length - 1)}.${sum}`;
}

/** FNV-1a, 64 bits, as 16 hex digits: it only tells long names apart, nothing rests on it being hard to invert. */
function fnv1a64(text: string): string {
  let sum = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) sum = BigInt.asUintN(64, (sum ^ BigInt(byte)) * 0x100000001b3n);
  return sum.toString(16).padStart(16, '0');
}
