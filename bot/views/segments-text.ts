import { PLATFORMS } from '../../runbooks/launch/entries.ts';
import type { Platform, SegmentAttempt, SegmentRef, Shown } from '../../runbooks/launch/entries.ts';
import type { Launch, Shot } from '../../runbooks/launch/launch.ts';
import { marketOf, targetNameOf } from '../../runbooks/launch/market.ts';
import { devicesShown } from '../../runbooks/launch/remaining.ts';
import { platformName } from './names.ts';
import { fit, safe } from './words.ts';

/** Segments in words, and their devices. */

/** More segments than this are counted, and then named by market. */
const NAMED_SEGMENTS = 3;
const NAMED_MARKETS = 6;

/** What an order or a shot is for: `us-ios, de-ios`, `all 7 iOS segments`, `5 segments: us, de, jp-ios`, `all 14 segments (5 of them: only what was not sent)`. */
export function segmentsText(launch: Launch, segments: readonly SegmentAttempt[]): string {
  const again = segments.filter(({ attempt }) => attempt > 1).length;
  const rest = again === 0 ? '' : ` (${again === segments.length ? '' : `${again} of them: `}only what was not sent)`;
  if (segments.length <= NAMED_SEGMENTS) return `${segments.map(({ segment }) => safe(segment, 60)).join(', ')}${rest}`;
  const all = launch.audience?.segments ?? [];
  const platform = PLATFORMS.find((one) => refsOf(launch, { segments }, one).length === segments.length);
  const ofPlatform = all.filter((segment) => segment.platform === platform).length;
  if (segments.length === (platform === undefined ? all.length : ofPlatform))
    return `all ${segments.length}${platform === undefined ? '' : ` ${platformName[platform]}`} segments${rest}`;
  const names = marketsOf(all, segments);
  const more = names.length - NAMED_MARKETS;
  return `${segments.length} segments: ${names
    .slice(0, NAMED_MARKETS)
    .map((name) => safe(name, 40))
    .join(', ')}${more > 0 ? ` and ${more} more` : ''}${rest}`;
}

/** What a shot is for, by the audience that it was approved with. */
export const shotSegments = (launch: Launch, shot: Pick<Shot, 'audience' | 'segments'>): string =>
  segmentsText({ ...launch, audience: shot.audience }, shot.segments);

/** Where the list and the runbook's `targets` don't name the same markets: a market that somebody misspelt goes at no moment of its own. */
export function targetsText(launch: Launch, segments: readonly SegmentRef[]): string {
  const targets = Object.keys(launch.runbook.targets ?? {});
  const namesOf = (ref: SegmentRef): string[] => [ref.id, marketOf(ref)];
  const without = segments.filter((ref) => targetNameOf(launch.runbook, ref) === undefined).map(marketOf);
  const empty = targets.filter((target) => !segments.some((ref) => namesOf(ref).includes(target)));
  const listOf = (names: string[]): string =>
    fit(
      names.map((name) => `\`${safe(name, 60)}\``),
      300,
    ).replaceAll('\n', ', ');
  return [
    targets.length === 0 || without.length === 0
      ? ''
      : ` Without a moment in the runbook's \`targets\`, so at T: ${listOf([...new Set(without)])}.`,
    empty.length === 0 ? '' : ` In \`targets\`, and in no row of the list: ${listOf(empty)}.`,
  ].join('');
}

/** Segments by market where all of a market's are there: `us` for us-ios and us-android. */
function marketsOf(all: readonly SegmentRef[], segments: readonly SegmentAttempt[]): string[] {
  const asked = new Set(segments.map(({ segment }) => segment));
  const isWhole = (market: string): boolean => all.every((ref) => marketOf(ref) !== market || asked.has(ref.id));
  return [
    ...new Set(
      segments.map(({ segment }) => {
        const ref = all.find(({ id }) => id === segment);
        return ref !== undefined && isWhole(marketOf(ref)) ? marketOf(ref) : segment;
      }),
    ),
  ];
}

/** Devices are those that the order is for: of a sent one as approved, of a further attempt who was frozen for it. */
export function refsOf(
  launch: Launch,
  shown: { segments: readonly SegmentAttempt[]; sets?: NonNullable<Shown['sets']> },
  platform: Platform,
): { id: string; attempt: number; devices: number }[] {
  const attempts = new Map(shown.segments.map(({ segment, attempt }) => [segment, attempt]));
  return (launch.audience?.segments ?? []).flatMap(({ id, platform: own }) => {
    const attempt = attempts.get(id);
    if (own !== platform || attempt === undefined) return [];
    const sent = launch.attempts[id]?.find((one) => one.attempt === attempt);
    return [{ id, attempt, devices: sent?.devices ?? devicesShown(launch, shown, id) }];
  });
}
