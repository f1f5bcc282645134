import type { LiveStore } from '../../infra/aws/live-store.ts';
import { sha256 } from '../../infra/aws/sha256.ts';

const HOUR_MS = 3_600_000;

/**
 * Too many pushes to one device are a 429 (docs/facts.md#apns-device-rate) and throttle the connection
 * (docs/facts.md#apns-rejected-push), so the whole pool shares a ration per device and hour: as many leases as pushes,
 * each held for the hour. Of the sum each worker takes its share at most, so that the first to boot leaves something to
 * the others, and half of its share at most for its first connections, so that those which take their places within the
 * hour, under a new credential, can be primed too. Returns whether one more may go to `token`.
 */
export function primeRation(options: {
  live: Pick<LiveStore, 'lease'>;
  holder: string;
  perDeviceHour: number;
  share: () => number;
  nowMs?: () => number;
}): (token: string, isRenewal: boolean) => Promise<boolean> {
  const { live, holder, perDeviceHour, share, nowMs = Date.now } = options;
  let pushes = 0;
  const sent = new Set<{ atMs: number }>();

  async function taken(token: string, atMs: number): Promise<boolean> {
    const device = sha256(token).slice(0, 16);
    // From a random one on, so that workers which boot together don't all try the same; a few tries are enough when most are free.
    const from = Math.floor(Math.random() * Math.max(1, perDeviceHour));
    for (let tries = 0; tries < Math.min(perDeviceHour, 8); tries++) {
      const slot = (from + tries) % perDeviceHour;
      // A holder of its own per push: the same one would renew its lease and not take another.
      if (await live.lease(`prime/${device}/${slot}`, `${holder}/${++pushes}`, HOUR_MS, atMs)) return true;
    }
    return false;
  }

  return async (token, isRenewal) => {
    const mine = { atMs: nowMs() };
    for (const one of sent) if (one.atMs <= mine.atMs - HOUR_MS) sent.delete(one);
    if (sent.size >= (isRenewal ? share() : Math.ceil(share() / 2))) return false;
    // Before the look-up: sending threads ask at the same time.
    sent.add(mine);
    let may = false;
    try {
      may = await taken(token, mine.atMs);
    } finally {
      if (!may) sent.delete(mine);
    }
    return may;
  };
}

/** Priming pushes of one worker in an hour: a part of what `devices` may get, and two at least, so that each worker has tried its credential and the one after it. */
export function primeShare({
  devices,
  perDeviceHour,
  workers,
}: {
  devices: number;
  perDeviceHour: number;
  workers: number;
}): number {
  return Math.max(2, Math.floor((devices * perDeviceHour) / workers));
}
