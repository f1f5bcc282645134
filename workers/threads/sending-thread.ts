import { parentPort, workerData } from 'node:worker_threads';
import { pino } from 'pino';
import type { LanePeer } from '../../contract/report.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import { attachAudience } from '../audience/packed/loaded-audience.ts';
import type { LoadedAudience } from '../audience/packed/loaded-audience.ts';
import { collectGarbage } from '../collect-garbage.ts';
import { SwitchView } from '../halt/switch-view.ts';
import type { FromThread, ThreadData, ToThread } from './messages.ts';
import { ReasonWriter } from './reason-ids.ts';
import { ThreadSide } from './thread-side.ts';

const PULSE_MS = 50;
/** How long a thread that is to go may take before it exits from inside; less than the main thread gives it. */
const LEAVE_MS = 1_000;

/**
 * Entry of a sending thread: lanes of its own to both providers, over the audience and the switches that all threads
 * share. It asks before every write by itself; the main thread gives it whole batches and reads what became of them.
 */
const { lanes, switches, reasons, pulse, logLevel } = workerData as ThreadData;
const port = parentPort;
if (port === null) throw new Error('THREAD_ONLY: this is the entry of a thread, not of a process');

const post = (message: FromThread): void => port.postMessage(message);
// The main thread's log knows where lines go and what must not be in them.
const log = pino(
  { level: logLevel, base: null, timestamp: false },
  { write: (line: string) => post({ kind: 'log', line }) },
);
const questions = new Map<number, (allowed: boolean) => void>();
let asked = 0;

const common = {
  met: (platform: Platform, peer: LanePeer) => post({ kind: 'peer', platform, peer }),
  refused: (platform: Platform, version: number) => post({ kind: 'refused', platform, version }),
  switches: new SwitchView(switches),
  reasons: new ReasonWriter(reasons),
  log,
  mayPrime: (platform: Platform, token: string, isRenewal: boolean) =>
    new Promise<boolean>((resolve) => {
      asked += 1;
      questions.set(asked, resolve);
      post({ kind: 'may-prime', asked, platform, token, isRenewal });
    }),
};
const sides = Object.fromEntries(lanes.map((setup) => [setup.platform, new ThreadSide(setup, common)])) as Record<
  Platform,
  ThreadSide
>;
let audience: LoadedAudience | null = null;

/** Somebody looks whether it goes on (PULSE in sending-threads.ts). */
const beats = new Int32Array(pulse);
const beat = setInterval(() => Atomics.add(beats, 0, 1), PULSE_MS);
Atomics.add(beats, 0, 1);

/**
 * Lets go of everything, so that the event loop comes to its end by itself: the mildest way for a thread to go. Whatever else holds
 * it up, it then exits from inside.
 */
function leave(handsOver: boolean): void {
  setTimeout(() => process.exit(1), LEAVE_MS).unref();
  void Promise.allSettled(Object.values(sides).map((side) => side.close(handsOver))).then(() => {
    clearInterval(beat);
    port?.close();
  });
}

let hasFailed = false;
process.on('uncaughtException', (error) => {
  // Once: what goes wrong on the way out is no news.
  if (hasFailed) return;
  hasFailed = true;
  log.fatal({ err: error }, 'a sending thread has failed: what it has not sent goes to another one');
  leave(true);
});

function answer(ask: number, work: Promise<void>): void {
  work.then(
    () => post({ kind: 'done', ask, problem: null }),
    (error: unknown) => post({ kind: 'done', ask, problem: error instanceof Error ? error.message : String(error) }),
  );
}

port.on('message', (message: ToThread) => {
  switch (message.kind) {
    case 'credential':
      return sides[message.platform].credential.take(message.issued);
    case 'freeze':
      return sides[message.platform].lane.freezeCredential(message.frozen);
    case 'audience':
      audience = message.audience === null ? null : attachAudience(message.audience);
      // The message itself holds it for as long as it is being served.
      if (message.audience === null) setImmediate(collectGarbage);
      return;
    case 'shot':
      return sides[message.platform].prepare(message.shot, message.templates);
    case 'job':
      return sides[message.platform].send(message, audience);
    case 'open':
      return answer(message.ask, sides[message.platform].open());
    case 'prime':
      return answer(message.ask, sides[message.platform].prime(message.devices));
    case 'may-prime':
      questions.get(message.asked)?.(message.allowed);
      questions.delete(message.asked);
      return;
    case 'paced':
      return sides[message.platform].lane.schedule();
    case 'close':
      return answer(message.ask, sides[message.platform].close());
    case 'end':
      return leave(message.handsOver);
    default:
      return message satisfies never;
  }
});
