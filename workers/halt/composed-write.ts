import { sharedClockMs } from '../../infra/monotonic.ts';

/*
 * Halt, lease and window are asked for each write to a socket, not for each of the requests that are composed for it. Between the
 * first and the last of them this thread does nothing else, some 0.1 ms for the 64 KiB at most; and whatever changes meanwhile, the
 * bytes that lie there already go out with the rest, or not at all. So asking again for each keeps nothing back that asking once
 * doesn't: what a halt comes too late for is one write of a connection, either way. It saves a tenth of a device's CPU time.
 */
let begun = 0;
let composing = 0;
let beganAtMs = 0;

/** Whatever `compose` asks is asked for one write, which it hands to the socket before it returns. */
export function composeWrite(compose: () => number): number {
  begun += 1;
  composing = begun;
  beganAtMs = sharedClockMs();
  try {
    return compose();
  } finally {
    composing = 0;
  }
}

/** Number of the write that is being composed in this thread; 0: none is. */
export function composedWrite(): number {
  return composing;
}

/** When the write that is being composed was begun, or now; on the shared monotonic clock. */
export function writeClockMs(): number {
  return composing === 0 ? sharedClockMs() : beganAtMs;
}
