import { pino } from 'pino';
import { fixedCredential } from '../../../workers/credentials/fixed-for-tests.ts';
import type { LaneJob } from '../../../workers/lanes/lane.ts';
import { apnsProvider, fcmProvider } from '../../../workers/lanes/provider.ts';
import { WireLane } from '../../../workers/lanes/wire-lane.ts';
import { apnsHeaders, apnsPayload, fcmMessage, Tokens } from './bench-client.ts';
import type { BenchClient, Open, Target } from './bench-client.ts';

const JOB_DEVICES = 1_000;

export const openApns: Open = (target) => openLane(target, 'apns');
export const openFcm: Open = (target) => openLane(target, 'fcm');

/** Our lane as a worker drives it: primed, then jobs of a batch each as long as there is room. */
async function openLane(target: Target, which: 'apns' | 'fcm'): Promise<BenchClient> {
  const tokens = new Tokens(target);
  const isApns = which === 'apns';
  const authorization = isApns ? target.apnsAuthorization : target.fcmAuthorization;
  const tokenOf = (number: number): string => (isApns ? tokens.apns(number) : tokens.fcm(number));
  const lane = new WireLane({
    provider: isApns ? apnsProvider() : fcmProvider(target.projectId),
    url: isApns ? target.apnsUrl : target.fcmUrl,
    ca: target.ca,
    connections: target.connections,
    credential: fixedCredential(authorization),
    prime: isApns
      ? { headers: apnsHeaders, body: Buffer.from('{"aps":{"content-available":1}}') }
      : { headers: { 'x-validate-only': '1' }, body: Buffer.from(JSON.stringify(fcmMessage)) },
    mayPrime: () => Promise.resolve(true),
    log: pino({ level: 'error' }, pino.destination(2)),
  });
  await lane.open(new AbortController().signal);
  await lane.prime(
    Array.from({ length: target.connections }, () => ({ token: tokenOf(tokens.take(1) - 1) })),
    new AbortController().signal,
  );
  const shot = lane.prepare([
    isApns
      ? { headers: apnsHeaders, body: Buffer.from(JSON.stringify(apnsPayload)) }
      : { headers: {}, body: Buffer.from(JSON.stringify(fcmMessage)) },
  ]);

  return {
    async send(isOver) {
      let expected = 0;
      let wrong = '';
      const sent: Promise<void>[] = [];
      while (!isOver()) {
        await lane.capacity();
        const from = tokens.take(JOB_DEVICES);
        const job: LaneJob = {
          count: JOB_DEVICES,
          token: (index) => tokenOf(from + index),
          template: () => 0,
          stop: () => null,
          settle(index, outcome) {
            if (outcome.state === 'accepted' || (outcome.state === 'failed' && tokens.isUnregistered(from + index)))
              expected += 1;
            else wrong = JSON.stringify(outcome);
          },
        };
        sent.push(lane.send(shot, job));
      }
      await Promise.all(sent);
      if (wrong !== '') throw new Error(`BENCH_WRONG_ANSWER ${wrong}`);
      return expected;
    },
    close: () => lane.close(),
  };
}
