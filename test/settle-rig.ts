import type { Manifest } from '../contract/manifest.ts';
import type { Claim } from '../infra/aws/claim-item.ts';
import { createJournal } from '../infra/aws/journal.ts';
import type { Shot } from '../runbooks/launch/launch.ts';
import { stateCode, toAccount } from '../settle/account-codec.ts';
import type { AttemptState } from '../settle/account-codec.ts';
import type { CloseDeps } from '../settle/close.ts';
import { workerKeyring } from './keys.ts';
import { MemoryClaims } from './memory-claims.ts';
import { MemoryRecord } from './properties/memory-record.ts';
import { LAUNCH_ID, sampleRunbook, Scene } from './properties/scene.ts';

/** Devices of a batch. */
export const COUNT = 4;

/** Two segments of one platform each; the iOS one has two batches. */
export const MANIFEST = {
  segments: [
    { id: 'ios', platform: 'ios', devices: 8, batches: ['ios.0', 'ios.1'].map(batch) },
    { id: 'android', platform: 'android', devices: 4, batches: ['android.0'].map(batch) },
  ],
} as unknown as Manifest;

function batch(id: string) {
  return { id, shard: 's', start: 0, count: COUNT };
}

export const account = (...states: AttemptState[]) =>
  toAccount(
    Uint8Array.from({ length: COUNT }, (_, device) =>
      stateCode(states[Math.min(device, states.length - 1)] ?? 'absent'),
    ),
    {},
  );

/** A launch with eight iOS and four Android devices whose record, claims and clock are in memory; what is decided and how it is closed is real. Its two platforms' windows end at different times, as `delivery` says. */
export function settleRig(delivery: Record<string, string> = { ios_not_after: '60s', android_not_after: '90s' }) {
  const scene = Scene.created(sampleRunbook({ delivery: { uncertain: 'resend', ...delivery } }));
  const hash = 'a'.repeat(64);
  scene.does({
    kind: 'set-audience',
    by: 'ana',
    audience: {
      hash,
      manifestKey: `audiences/${hash}/manifest.json`,
      devices: 12,
      segments: MANIFEST.segments.map(({ id, platform, devices, batches }) => ({
        id,
        platform,
        devices,
        batches: batches.length,
      })),
      locales: { en: 12 },
    },
  });
  scene.does({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
  const record = new MemoryRecord();
  const claims = new MemoryClaims();
  const journal = createJournal({ record, keyring: workerKeyring(), nowMs: () => scene.nowMs });
  const deps: CloseDeps = {
    claims,
    journal,
    manifestOf: () => Promise.resolve(MANIFEST),
    setOf: () => Promise.reject(new Error('no set was frozen')),
  };
  /** What has happened in the scene so far is what lies in the table. */
  const write = () => record.tamper(LAUNCH_ID, () => scene.entries);
  const key = (id: string, attempt = 1) => `${LAUNCH_ID}/${id.slice(0, id.indexOf('.'))}/${attempt}/${id}`;
  const claim = (
    id: string,
    { sendUntilMs = scene.nowMs + 5_000, mark = Number.POSITIVE_INFINITY, attempt = 1 } = {},
  ) => claims.claim(key(id, attempt), { bootId: 'b', token: id, claimedAtMs: scene.nowMs, sendUntilMs, mark });
  const accounted = async (id: string, ...states: AttemptState[]) => {
    await claim(id);
    return claims.account(key(id), id, account(...states));
  };
  const standing = (id: string): Claim['state'] | undefined => claims.items.get(key(id))?.state;
  const shotNow = async (shot: Shot): Promise<Shot> => {
    const found = (await journal.launch(LAUNCH_ID))?.shots[shot.id];
    if (found === undefined) throw new Error(`no shot ${shot.id}`);
    return found;
  };
  const totals = async (shot: Shot) =>
    Object.fromEntries(((await shotNow(shot)).totals ?? []).map((one) => [one.segment, one.totals]));
  return { scene, record, claims, journal, deps, write, key, claim, accounted, standing, shotNow, totals };
}
