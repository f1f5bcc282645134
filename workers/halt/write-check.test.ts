import { expect, test } from 'vitest';
import { Lease } from '../send/lease.ts';
import { composedWrite, composeWrite, writeClockMs } from './composed-write.ts';
import { ShotStop } from './shot-stop.ts';
import { createSwitchMemory, sharedClockMs, sharedNowMs, SwitchView, writeReading } from './switch-view.ts';
import { WriteCheck } from './write-check.ts';

function setUp() {
  const switches = createSwitchMemory();
  const say = (halted: boolean) =>
    writeReading(switches, { haltEpoch: halted ? 1 : 0, halted, pace: { ios: 0, android: 0 } }, sharedNowMs() + 60_000);
  say(false);
  const lease = Lease.create();
  const grant = (mark: number, untilMs = sharedClockMs() + 60_000) =>
    lease.grant({ untilMs, lateAtMs: untilMs + 60_000, mark });
  grant(10);
  const stopped = ShotStop.create();
  return {
    say,
    grant,
    lease,
    stopped,
    check: new WriteCheck({ haltEpoch: 0, lease: lease.memory, stopped: stopped.memory }, new SwitchView(switches)),
  };
}

/** What the check says of these devices in one write, with something that happens between the first and the others. */
function inOneWrite(
  check: WriteCheck,
  devices: readonly number[],
  between: () => void = () => undefined,
): (string | null)[] {
  const said: (string | null)[] = [];
  composeWrite(() => {
    for (const [at, device] of devices.entries()) {
      if (at === 1) between();
      said.push(check.stop(device));
    }
    return devices.length;
  });
  return said;
}

test('what stops a batch is seen at the next write, whatever it is', () => {
  for (const [what, why] of [
    [({ say }: ReturnType<typeof setUp>) => say(true), 'halted'],
    [({ lease }: ReturnType<typeof setUp>) => lease.giveBack(), 'returned'],
    [({ stopped }: ReturnType<typeof setUp>) => stopped.halt(), 'halted'],
    [({ grant }: ReturnType<typeof setUp>) => grant(10, sharedClockMs()), 'paused'],
  ] as const) {
    const stage = setUp();
    // The write under composition goes as a whole.
    expect(inOneWrite(stage.check, [0, 1, 2], () => what(stage))).toEqual([null, null, null]);
    expect(inOneWrite(stage.check, [3, 4])).toEqual([why, why]);
  }
});

test('outside a write it is asked anew each time', () => {
  const { check, say } = setUp();
  expect(check.stop(0)).toBeNull();
  say(true);
  expect(check.stop(0)).toBe('halted');
  say(false);
  expect(check.stop(0)).toBeNull();
});

test('each batch of a write is asked by itself, and each device against the mark of its lease', () => {
  const one = setUp();
  const other = setUp();
  other.say(true);
  expect(inOneWrite(one.check, [0, 9, 10, 11, 3])).toEqual([null, null, 'paused', 'paused', null]);
  composeWrite(() => {
    expect([one.check.stop(0), other.check.stop(0), one.check.stop(1)]).toEqual([null, 'halted', null]);
    return 0;
  });
});

test('a write that could not be composed is over all the same', () => {
  expect(() =>
    composeWrite(() => {
      throw new Error('no');
    }),
  ).toThrow('no');
  expect(composedWrite()).toBe(0);
  const beforeMs = sharedClockMs();
  expect(writeClockMs()).toBeGreaterThanOrEqual(beforeMs);
});
