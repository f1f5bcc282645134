import { pino } from 'pino';
import { fixedCredential } from '../../workers/credentials/fixed-for-tests.ts';
import type { LaneJob, Outcome } from '../../workers/lanes/lane.ts';
import { apnsProvider } from '../../workers/lanes/provider.ts';
import { WireLane } from '../../workers/lanes/wire-lane.ts';

export async function openLane(
  peer: { url: string; ca: string },
  connections: number,
  options: { authorization?: string } = {},
): Promise<WireLane> {
  const lane = new WireLane({
    provider: apnsProvider(),
    url: peer.url,
    ca: peer.ca,
    connections,
    credential: fixedCredential(options.authorization ?? 'bearer test.jwt.token'),
    prime: { headers: { 'apns-push-type': 'background' }, body: Buffer.from('{"aps":{}}') },
    mayPrime: () => Promise.resolve(true),
    log: pino({ level: 'silent' }),
  });
  await lane.open(new AbortController().signal);
  return lane;
}

export interface Fates {
  /** `accepted`, `Unregistered`, `uncertain` …, by token. */
  byToken: Map<string, string>;
  counts: Record<string, number>;
  /** Tokens that were settled more than once. */
  twice: string[];
}

/** Sends to `devices` tokens in jobs of 1,000, as a worker does, and waits until each is settled. */
export async function sendAll(
  lane: WireLane,
  devices: number,
  options: { token: (number: number) => string; bodyBytes?: number },
): Promise<Fates> {
  const shot = lane.prepare([
    {
      headers: { 'apns-topic': 'com.example.app', 'apns-push-type': 'alert', 'apns-priority': '10' },
      body: Buffer.from(JSON.stringify({ aps: { alert: 'x'.repeat(options.bodyBytes ?? 20) } })),
    },
  ]);
  const byToken = new Map<string, string>();
  const counts: Record<string, number> = {};
  const twice: string[] = [];
  const sent: Promise<void>[] = [];
  for (let from = 0; from < devices; from += 1_000) {
    await lane.capacity();
    const tokenAt = (index: number): string => options.token(from + index);
    const job: LaneJob = {
      count: Math.min(1_000, devices - from),
      token: tokenAt,
      template: () => 0,
      stop: () => null,
      settle(index, outcome) {
        const token = tokenAt(index);
        const fate = fateOf(outcome);
        if (byToken.has(token)) twice.push(token);
        byToken.set(token, fate);
        counts[fate] = (counts[fate] ?? 0) + 1;
      },
    };
    sent.push(lane.send(shot, job));
  }
  await Promise.all(sent);
  return { byToken, counts, twice };
}

function fateOf(outcome: Outcome): string {
  return outcome.state === 'failed' ? outcome.reason : outcome.state;
}

/** A device token; every tenth device is gone. */
export const apnsToken = (number: number): string =>
  `${number.toString(16).padStart(64, '0')}${number % 10 === 3 ? 'gone' : ''}`;
