import { PLATFORMS } from '../launch/entries.ts';
import type { SegmentAttempt } from '../launch/entries.ts';
import type { Launch } from '../launch/launch.ts';
import { listed } from '../launch/words.ts';

/** Segments as the record tells them. Nothing is left out: an order that never became a shot stands nowhere else. */

/** More than these are told by market. */
export const NAMED_SEGMENTS = 4;

/** `us-ios, us-android (attempt 2)`; of more than four `5 segments: br and de on ios and android; us on ios (attempt 2)`. */
export function segmentList(segments: readonly SegmentAttempt[]): string {
  if (segments.length <= NAMED_SEGMENTS)
    return segments.map(({ segment, attempt }) => `${segment}${attemptText(attempt)}`).join(', ');
  const parts = [...Map.groupBy(segments, ({ attempt }) => attempt)].map(
    ([attempt, ones]) => `${byPlatforms(ones.map(({ segment }) => segment))}${attemptText(attempt)}`,
  );
  return `${segments.length} segments: ${parts.join('; ')}`;
}

/**
 * `Never fired: br-ios (200 devices)`: of the audience whom nobody was sent to, who is in none of the shots and so in none of the figures;
 * '' for nobody.
 */
export function neverFiredText({
  audience,
  attempts,
  closed,
}: Pick<Launch, 'audience' | 'attempts' | 'closed'>): string {
  const segments = (audience?.segments ?? []).filter(({ id }) => (attempts[id] ?? []).length === 0);
  const devices = segments.reduce((sum, one) => sum + one.devices, 0);
  if (devices === 0) return '';
  const names = segmentList(segments.map(({ id }) => ({ segment: id, attempt: 1 })));
  return `${closed ? 'Never fired' : 'Not fired so far'}: ${names} (${devices.toLocaleString('en-US')} ${devices === 1 ? 'device' : 'devices'})`;
}

const attemptText = (attempt: number): string => (attempt === 1 ? '' : ` (attempt ${attempt})`);

/** `br, de and us on ios and android, gb on ios`, where all of them end in a platform. */
function byPlatforms(ids: readonly string[]): string {
  const cut = ids.map((id) => ({ id, platform: PLATFORMS.find((one) => id.endsWith(`-${one}`)) }));
  if (cut.some(({ platform }) => platform === undefined)) return listed(ids);
  const markets = Map.groupBy(cut, ({ id, platform = '' }) => id.slice(0, -platform.length - 1));
  const alike = Map.groupBy(markets, ([, ones]) =>
    listed(PLATFORMS.filter((one) => ones.some(({ platform }) => platform === one))),
  );
  return [...alike].map(([on, ones]) => `${listed(ones.map(([market]) => market))} on ${on}`).join(', ');
}
