import type { AudienceRef, SegmentAttempt } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { heldOutIn, splitProblem, variantDevices } from '../../runbooks/launch/variants.ts';
import { count, safe } from './words.ts';

/** Variants and hold-out in words: everywhere the same. */

/** `*Variants*:  a 45,000 · b 45,010 · *10,000 held out, on purpose*`, of whole segments. Empty: everybody gets the same. */
export function splitLines(audience: AudienceRef | null, segments: readonly SegmentAttempt[]): string[] {
  const variants = Object.entries(variantDevices(audience, segments));
  const heldOut = heldOutIn(audience, segments);
  const held = heldOut === 0 ? [] : [`*${count(heldOut)} held out, on purpose*: they get nothing`];
  if (variants.length === 0) return held;
  const parts = variants.map(([id, devices]) => `${safe(id, 20)}\u00a0${count(devices)}`);
  return [`*Variants*:  ${[...parts, ...held].join(' · ')}`];
}

/** The campaign has other shares than the audience: nobody can ask for fire. '' if they are the same. */
export function otherSplit({ campaign, audience }: Pick<Launch, 'campaign' | 'audience'>): string {
  const problem = audience === null ? null : splitProblem(campaign, audience);
  return problem === null
    ? ''
    : `\n:warning: ${safe(problem, 400)}. Nothing can be fired before it is compiled again: \`/go audience compile …\``;
}
