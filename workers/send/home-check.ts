import type { Cloud } from '../../infra/aws/cloud.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';

export type HomeCheck = (
  launch: Launch,
  shotId: string,
) => Promise<{ ok: true } | { ok: false; code: 'HOME_ELSEWHERE'; say: string }>;

/**
 * Whether this region may send the launch. Resolved `ok` it may for ever, and no other ever will (runbooks/launch/home.ts), so it is
 * asked once a shot. Rejects where that can't be known: then nothing is sent, and it is asked again.
 */
export function homeCheck({ homes, region }: Pick<Cloud, 'homes' | 'region'>): HomeCheck {
  return async ({ id, runbook: { regions } }, shotId) => {
    if (regions === undefined) return { ok: true };
    return homes.send(id, regions, region, shotId);
  };
}
