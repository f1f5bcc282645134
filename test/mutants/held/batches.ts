import type { Held } from './held-file.ts';

/** How a worker takes, holds and sends its batches. */
export const BATCHES: Held[] = [
  {
    file: 'workers/send/sender.ts',
    by: ['workers/send/sender-rules.test.ts'],
    accepted: [
      {
        line: 'if (paused) await this.#buffer.backAll();',
        change: 'paused → true',
        why: 'At the end of a pause nothing is at hand.',
      },
      {
        line: 'this.#buffer.count > AT_HAND / 2 ||',
        change: 'this.#buffer.count > AT_HAND / 2 → this.#buffer.count >= AT_HAND / 2',
        why: 'A receive brings ten at most: with ten at hand there is room for them, and with nine.',
      },
      {
        line: 'await this.#wait(LOOK_AGAIN_MS / 2);',
        change: 'LOOK_AGAIN_MS / 2 → LOOK_AGAIN_MS * 2',
        why: 'Some hundredths of a second until it looks again: a test that holds them fails on a slow machine.',
      },
      {
        line: 'if (why !== null || !active) await this.#wait(LOOK_AGAIN_MS);',
        change: 'why !== null || !active → true',
        why: 'Where the lane has no room for some time it is asked a twentieth of a second later: room is not lost by that.',
      },
      ...['times !== null → true', 'run.trace?.end → run.trace.end'].map((change) => ({
        line: 'if (times !== null) run.trace?.end(times);',
        change,
        why: 'There are times where there is a trace, and only there: asked for the type alone.',
      })),
      {
        line: 'await sleep(ms, null, { signal: this.#stop.signal }).catch(() => null);',
        change: '{ signal: this.#stop.signal } → {}',
        why: 'A drain would wait for its end: half a second at most.',
      },
      {
        line: 'await sleep(ms, null, { signal: this.#stop.signal }).catch(() => null);',
        change: '() => null → () => undefined',
        why: 'What the wait gives is asked by nobody.',
      },
    ],
  },
  {
    file: 'workers/send/pacer.ts',
    accepted: [
      {
        line: 'this.#timer.unref();',
        change: 'this.#timer.unref(); → ;',
        why: 'Only a process that should end by itself could tell, and a worker stops its pacer.',
      },
      {
        line: 'if (this.#timer !== null) clearInterval(this.#timer);',
        change: 'this.#timer !== null → true',
        why: 'To clear no timer does nothing.',
      },
    ],
  },
  {
    file: 'workers/send/batch-run.ts',
    by: ['workers/send/batch-run-rules.test.ts'],
    accepted: [
      {
        line: 'if (atMs > run.activeAtMs) run.activeAtMs = atMs;',
        change: 'atMs > run.activeAtMs → atMs >= run.activeAtMs',
        why: 'The same moment is written over itself.',
      },
      {
        line: 'settle(toSend[index] ?? -1, stateFrom(outcome), outcome, clock.atMs(atMs));',
        change: '-1 → +1',
        why: 'A lane settles the devices of its job alone, and each of them is in the list.',
      },
      {
        line: `run.tally.settled(view.platform, state, outcome.state === 'failed' ? outcome.reason : null, atMs);`,
        change: `outcome.state === 'failed' → true`,
        why: 'The tally counts reasons of failures alone.',
      },
    ],
  },
  {
    file: 'workers/send/take-batch.ts',
    by: [
      'workers/send/take-batch-rules.test.ts',
      'workers/send/take-batch.test.ts',
      'workers/send/lease-renewals.test.ts',
    ],
    accepted: [
      {
        line: 'if (set === undefined) throw new Error(`SET_NOT_READ: batch ${view.id}`);',
        change: 'throw new Error(`SET_NOT_READ: batch ${view.id}`); → ;',
        why: 'There is a set for each batch that was asked for.',
      },
      {
        line: 'if (set === undefined) throw new Error(`SET_NOT_READ: batch ${view.id}`);',
        change: 'set === undefined → false',
        why: 'There is a set for each batch that was asked for.',
      },
      {
        line: 'for (let waitMs = RETRY_FIRST_MS; sharedClockMs() < untilMs; waitMs = Math.min(LET_GO_WITHIN_MS / 4, waitMs * 2)) {',
        change: 'sharedClockMs() < untilMs → sharedClockMs() <= untilMs',
        why: 'A moment more or less of two seconds.',
      },
      {
        line: 'if (standing === undefined || (standing.token !== token && standing.parts.every((part) => part.token !== token)))',
        change: 'standing.token !== token && standing.parts.every((part) => … → false',
        why: 'What follows asks by the same token again, and does nothing for a claim that is not ours.',
      },
      {
        line: 'if (standing === undefined || (standing.token !== token && standing.parts.every((part) => part.token !== token)))',
        change: '(part) => part.token !== token → () => undefined',
        why: 'What follows asks by the same token again, and does nothing for a claim that is not ours.',
      },
      {
        line: 'if (standing === undefined || (standing.token !== token && standing.parts.every((part) => part.token !== token)))',
        change: 'part.token !== token → false',
        why: 'What follows asks by the same token again, and does nothing for a claim that is not ours.',
      },
      {
        line: `if (!chain && standing.token === token && standing.state === 'claimed')`,
        change: 'standing.token === token → true',
        why: 'A claim of somebody else is left alone two lines before, or ours is among those that were given up: the word is the same.',
      },
      {
        line: `if (!chain && standing.token === token && standing.state === 'claimed')`,
        change: `standing.state === 'claimed' → true`,
        why: 'One that is closed gets the same word in the next line.',
      },
      {
        line: 'standing.parts.some((part) => part.token === token && part.account === null) ||',
        change: 'part.account === null → true',
        why: 'An account that stands is replaced by none.',
      },
      {
        line: 'return devices >= toSend.length',
        change: 'devices >= toSend.length → false',
        why: 'Past the end there is no device, so that the mark is behind all of them.',
      },
      {
        line: 'return devices >= toSend.length',
        change: 'devices >= toSend.length → devices > toSend.length',
        why: 'Past the end there is no device, so that the mark is behind all of them.',
      },
    ],
  },
  { file: 'workers/send/lease.ts' },
  {
    file: 'workers/send/lease-keeper.ts',
    by: ['workers/send/lease-renewals.test.ts', 'workers/send/lease-keeper.test.ts'],
    accepted: [
      {
        line: 'if (atMs > keeping.movedAtMs) keeping.movedAtMs = atMs;',
        change: 'atMs > keeping.movedAtMs → atMs >= keeping.movedAtMs',
        why: 'The same moment is written over itself.',
      },
      {
        line: 'if (this.#keeping.size > 0 || this.#timer === null) return;',
        change: 'this.#timer === null → false',
        why: 'To clear no timer does nothing.',
      },
      {
        line: 'if (this.#options.isPaused() || keeping.held.lease.leftMs(nowMs) <= 0) keeping.movedAtMs = nowMs;',
        change: 'keeping.held.lease.leftMs(nowMs) <= 0 → keeping.held.lease.leftMs(nowMs) < 0',
        why: 'A millisecond of a whole lease, and looks are a tenth of a second apart.',
      },
      {
        line: 'if (held.lease.leftMs(nowMs) < leaseMs / 2) return true;',
        change: 'held.lease.leftMs(nowMs) < leaseMs / 2 → held.lease.leftMs(nowMs) <= leaseMs / 2',
        why: 'A lease is rounded down to the millisecond: which look sees exactly its half is chance.',
      },
      {
        line: 'const left = markFor(keeping, { perSecond, active: true });',
        change: '{ perSecond, active: true } → {}',
        why: 'All of the batch is left then, and where that differs more than half of the lease is unwritten: not due either.',
      },
      {
        line: 'const left = markFor(keeping, { perSecond, active: true });',
        change: 'true → false',
        why: 'How far a lease goes is asked of the pace alone.',
      },
    ],
  },
  { file: 'workers/send/prefetch-buffer.ts' },
  {
    file: 'workers/send/admission.ts',
    accepted: [
      {
        line: 'async () => (runs.get(shotId) !== undefined || (await known.shot(shotId)) ? runs.find(shotId) : UNKNOWN),',
        change: 'runs.get(shotId) !== undefined → false',
        why: 'What runs here is known to the record as well: it saves a look.',
      },
      {
        line: 'return audience?.batch(batch) ?? null;',
        change: 'audience?.batch → audience.batch',
        why: 'What throws is no place either, and without an audience it was handed back before.',
      },
    ],
  },
  {
    file: 'workers/send/roll.ts',
    accepted: [
      {
        line: 'while (this.#sights.length > 1 && (this.#sights[0]?.untilMs ?? 0) < nowMs - SETTLE_MS) this.#sights.shift();',
        change: 'this.#sights.length > 1 → true',
        why: 'The last one is of this very moment, and none is older without one.',
      },
      {
        line: 'while (this.#sights.length > 1 && (this.#sights[0]?.untilMs ?? 0) < nowMs - SETTLE_MS) this.#sights.shift();',
        change: 'this.#sights.length > 1 → this.#sights.length >= 1',
        why: 'The last one is of this very moment.',
      },
      {
        line: 'while (this.#sights.length > 1 && (this.#sights[0]?.untilMs ?? 0) < nowMs - SETTLE_MS) this.#sights.shift();',
        change: 'this.#sights[0]?.untilMs → this.#sights[0].untilMs',
        why: 'There is one at least: asked for the type alone.',
      },
      ...[
        `roll === null || mode === 'none' → false`,
        `roll === null || mode === 'none' → roll === null && mode === 'none'`,
        'roll === null → false',
        `mode === 'none' → false`,
      ].map((change) => ({
        line: `if (roll === null || mode === 'none' || size === 0) return { mode: 'none', size };`,
        change,
        why: 'Without a roll the mode is none and nobody is on it, and where the mode is none nobody asks for a rank.',
      })),
      ...[
        {
          line: 'function isSame(one: Sight, other: Sight): boolean {',
          change: '{ return JSON.stringify(one) === JSON.stringify(other); } → {}',
        },
        {
          line: 'return JSON.stringify(one) === JSON.stringify(other);',
          change: 'JSON.stringify(one) === JSON.stringify(other) → false',
        },
      ].map((one) => ({ ...one, why: 'The same sight twice gives the same least share: it only takes room.' })),
    ],
  },
];
