import { scriptArguments } from '../../infra/command-line/command-line.ts';
import { become } from '../../infra/local/providers/for-tests.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import { openLaneRig } from '../lane-rig.ts';
import type { LaneRig, Sent } from '../lane-rig.ts';

/**
 * `npm run bench:storm`: a send of half a million that a storm of 429 with Retry-After meets when it is a fifth through,
 * at full speed and paced. Prints what became of the devices and the providers' own curve of receipts; exits with 1 when anything was lost to
 * the storm, sent twice, or asked for before its time.
 */
const USAGE = `npm run bench:storm -- [--devices N] [--threads N] [--connections N] [--platform ios|android] [--how HOW]
                [--storm-ms N] [--retry-after N] [--pace N]`;

const { values } = scriptArguments(USAGE, {
  devices: { type: 'string', default: '500000' },
  threads: { type: 'string', default: '1' },
  connections: { type: 'string', default: '20' },
  platform: { type: 'string', default: 'ios' },
  how: { type: 'string', default: '429' },
  'storm-ms': { type: 'string', default: '3000' },
  'retry-after': { type: 'string', default: '1' },
  pace: { type: 'string', default: '60000' },
});
const STREAMS = 100;
const LATENCY_MS = 30;
const devices = Number(values.devices);
const stormMs = Number(values['storm-ms']);
const platform: Platform = values.platform === 'android' ? 'android' : 'ios';
const connections = Number(values.connections);

async function measure(rig: LaneRig, perSecond: number): Promise<boolean> {
  let stormAtMs = 0;
  const sent = await rig.send({
    platform,
    devices,
    connections,
    perSecond,
    threads: Number(values.threads),
    windowMs: 120_000,
    providers: { streamLimit: STREAMS, latencyMs: LATENCY_MS },
    async during(progress) {
      await progress.received(devices / 5);
      stormAtMs = Date.now();
      become(rig.providers, {
        storm: { how: values.how as '429', retryAfterSeconds: Number(values['retry-after']), forMs: stormMs },
      });
    },
  });
  const { counts, state } = sent;
  process.stdout.write(
    `\n${perSecond === 0 ? 'as fast as it goes' : `${perSecond} a second`}: ${(sent.ms / 1_000).toFixed(1)} s, accepted ${sent.accepted}, burnt ${sent.burnt}, received ${counts.received}, duplicates ${counts.duplicates}, ` +
      `requests that the storm answered ${state.storm}, before their time ${state.impatient}\n${curveOf(sent, stormAtMs)}`,
  );
  return (
    sent.accepted === devices &&
    counts.received === devices &&
    counts.duplicates === 0 &&
    state.storm <= 2 * connections * STREAMS &&
    state.impatient <= 2 * Math.max(1, Number(values.threads))
  );
}

/** A bar for each fifth of a second; ▒ beside those in which the storm was. */
function curveOf({ counts: { curve } }: Sent, stormAtMs: number): string {
  const slotMs = 200;
  const [[startMs] = [0]] = curve;
  const slots = new Map<number, number>();
  for (const [atMs, receipts] of curve) {
    const slot = Math.floor((atMs - startMs) / slotMs);
    slots.set(slot, (slots.get(slot) ?? 0) + receipts);
  }
  const most = Math.max(...slots.values());
  const last = Math.max(...slots.keys());
  return Array.from({ length: last + 1 }, (_, slot) => {
    const fromMs = startMs + slot * slotMs;
    const isStormy = fromMs + slotMs > stormAtMs && fromMs < stormAtMs + stormMs;
    const receipts = slots.get(slot) ?? 0;
    return `${((slot * slotMs) / 1_000).toFixed(1).padStart(6)} s ${isStormy ? '▒' : ' '} ${String(receipts).padStart(7)} ${'█'.repeat(Math.ceil((receipts / most) * 60))}\n`;
  }).join('');
}

const rig = await openLaneRig({ ios: platform === 'ios' ? devices : 0, android: platform === 'android' ? devices : 0 });
const isGood = [await measure(rig, 0), await measure(rig, Number(values.pace))].every(Boolean);
await rig.stop();
process.exit(isGood ? 0 : 1);
