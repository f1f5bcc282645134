import type { ClaimStore } from '../infra/aws/claim-store.ts';
import type { LiveStore } from '../infra/aws/live-store.ts';
import { PLATFORMS } from '../runbooks/launch/entries.ts';
import type { Platform } from '../runbooks/launch/entries.ts';
import type { Launch } from '../runbooks/launch/launch.ts';
import type { TrustedKeys } from '../runbooks/launch/signers.ts';
import type { Part } from './part.ts';

/**
 * Whether the claims table has lost claims of a running shot: every device that a provider has answered for lay in a claimed
 * batch, so there can't be more answers than devices with a claim. Who has got it can't be told from the table then: what
 * has no claim is sent by nobody again, and counts as uncertain.
 *
 * Reports lag behind, and handed-on batches count once: it never says so without cause. What it can't see is a loss of less
 * than what is claimed and not answered yet, and one that took the workers' reports along.
 */
export interface LostClaims {
  platform: Platform;
  answered: number;
  claimed: number;
}

export async function lostClaims(
  { claims, live }: { claims: Pick<ClaimStore, 'read'>; live: Pick<LiveStore, 'signedReports'> },
  launch: Launch,
  { trusted, shotId, parts }: { trusted: TrustedKeys | null; shotId: string; parts: readonly Part[] },
): Promise<LostClaims | null> {
  // Else whoever can write the live table could have a shot end as uncertain.
  const { reports } = await live.signedReports(launch, trusted);
  const snapshots = reports.flatMap(({ shots }) => shots.filter((shot) => shot.shotId === shotId));
  for (const platform of PLATFORMS) {
    const answered = snapshots.reduce(
      (sum, { platforms }) => sum + platforms[platform].accepted + platforms[platform].failed,
      0,
    );
    if (answered === 0) continue;
    const batches = parts.filter((part) => part.platform === platform).flatMap((part) => part.batches);
    // After the reports: a claim that they know of is there by now.
    const found = await claims.read(
      batches.map(({ key }) => key),
      true,
    );
    const claimed = batches.reduce((sum, { key, set }) => sum + (found.has(key) ? set.size : 0), 0);
    if (answered > claimed) return { platform, answered, claimed };
  }
  return null;
}
