import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Launch } from '../runbooks/launch/launch.ts';
import { personOf } from '../runbooks/launch/people.ts';
import { Scene } from '../test/properties/scene.ts';
import type { HaltPress } from './conductor/conductor-port.ts';
import type { Acted } from './conductor/context.ts';
import { pressHalt } from './press-halt.ts';
import type { HaltAsked } from './press-halt.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

const launch = Scene.ready().state;
const never = () => new Promise<never>(() => undefined);
const away = () => Promise.reject(new Error('connect ECONNREFUSED'));
const from = (source: 'slack' | 'cli', slackId: string, alias: string | null = `pressed by ${slackId}`): HaltAsked => ({
  source,
  who: (now) => personOf(now, { slackId }),
  alias,
  reason: 'wrong link',
  pressedAtMs: 1,
  recordedWithinMs: 1_000,
});

function desk({
  known = null,
  read = () => Promise.resolve(launch),
  recorded = () => Promise.resolve({ ok: false, code: 'ALREADY_SO', say: '' }),
  halt,
}: {
  known?: Launch | null;
  read?: () => Promise<Launch | null>;
  recorded?: () => Promise<Acted>;
  halt?: () => Promise<never>;
} = {}) {
  const presses: HaltPress[] = [];
  return {
    presses,
    journal: { peek: () => known, launch: read },
    conductor: {
      halt: (_id: string, press: HaltPress) => {
        presses.push(press);
        return halt?.() ?? Promise.resolve({ epoch: 1, recorded: recorded() });
      },
    },
    log: pino({ level: 'silent' }),
  };
}

test('what is known here is enough to halt by, and is not read again', async () => {
  const one = desk({ known: launch, read: never });
  expect(await pressHalt(one, launch.id, from('slack', 'U0MARKET2'))).toMatchObject({ stands: true, epoch: 1 });
  expect(one.presses).toMatchObject([{ by: 'ben', source: 'slack', reason: 'wrong link' }]);
});

test('what is known here is never enough to refuse a halt by: when the record does not answer, it goes ahead without a name', async () => {
  const known = desk({ known: launch, read: away });
  expect(await pressHalt(known, launch.id, from('slack', 'U0SOMEBODY'))).toMatchObject({ stands: true });
  expect(known.presses).toMatchObject([
    { by: null, reason: 'wrong link (pressed by U0SOMEBODY; the roster could not be read)' },
  ]);
});

test.each(['slack', 'cli'] as const)(
  'a record that a newer version has written on is no reason against a halt from %s',
  async (source) => {
    const newer = () =>
      Promise.reject(Object.assign(new Error('it was written by a newer one'), { code: 'RECORD_BROKEN' }));
    const one = desk({ read: newer });
    expect(await pressHalt(one, launch.id, from(source, 'U0MARKET2'))).toMatchObject({ stands: true, epoch: 1 });
    expect(one.presses).toMatchObject([{ by: null, source }]);
  },
);

test.each(['slack', 'cli'] as const)('a roster that hangs holds up a halt from %s for 0.8 s', async (source) => {
  const one = desk({ read: never });
  const answer = pressHalt(one, launch.id, from(source, 'U0MARKET2', source === 'cli' ? null : 'pressed by U0MARKET2'));
  await vi.advanceTimersByTimeAsync(799);
  expect(one.presses).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(await answer).toMatchObject({ stands: true });
  expect(one.presses).toMatchObject([
    {
      by: null,
      source,
      reason: source === 'cli' ? 'wrong link' : 'wrong link (pressed by U0MARKET2; the roster could not be read)',
    },
  ]);
});

test('an entry that does not come holds up the answer no longer than its time', async () => {
  const answer = await pressHalt(desk({ recorded: never }), launch.id, from('cli', 'U0MARKET2'));
  if (!answer.stands) throw new Error('it does not stand');
  let taken: Acted | null | undefined;
  void answer.taken.then((said) => {
    taken = said;
  });
  await vi.advanceTimersByTimeAsync(999);
  expect(taken).toBeUndefined();
  await vi.advanceTimersByTimeAsync(1);
  expect(taken).toBeNull();
});

test('an entry that can’t come is not waited for, even if that shows only after the halt', async () => {
  const reading = Promise.withResolvers<never>();
  const one = desk({ read: () => reading.promise, recorded: never });
  const pressed = pressHalt(one, launch.id, from('cli', 'U0MARKET2'));
  await vi.advanceTimersByTimeAsync(800);
  const answer = await pressed;
  if (!answer.stands) throw new Error('it does not stand');
  reading.reject(Object.assign(new Error('entry 7: it was written by a newer one'), { code: 'RECORD_BROKEN' }));
  // No time passes.
  expect(await answer.taken).toEqual({
    ok: false,
    code: 'RECORD_BROKEN',
    say: 'entry 7: it was written by a newer one',
  });
});

test('who is not on the roster is refused in the room; who may use the cloud halts all the same', async () => {
  const room = desk();
  expect(await pressHalt(room, launch.id, from('slack', 'U0SOMEBODY'))).toEqual({
    stands: false,
    code: 'NOT_ON_ROSTER',
  });
  expect(room.presses).toEqual([]);
  const terminal = desk();
  expect(await pressHalt(terminal, launch.id, from('cli', 'U0SOMEBODY'))).toMatchObject({ stands: true });
  expect(terminal.presses).toMatchObject([{ by: null, reason: 'wrong link' }]);
});

test('a closed launch has nothing to halt, from either side', async () => {
  const closed = { ...launch, closed: true };
  for (const source of ['slack', 'cli'] as const) {
    const one = desk({ read: () => Promise.resolve(closed) });
    expect(await pressHalt(one, launch.id, from(source, 'U0MARKET2'))).toMatchObject({
      stands: false,
      code: 'LAUNCH_CLOSED',
    });
    expect(one.presses).toEqual([]);
  }
});

test('an id that is no launch’s is told apart from a launch whose record is empty: a typed one halts nothing', async () => {
  const typed = desk({ read: () => Promise.resolve(null) });
  expect(await pressHalt(typed, 'l-2', from('cli', 'U0MARKET2'))).toEqual({ stands: false, code: 'NO_LAUNCH' });
  expect(typed.presses).toEqual([]);
  const room = desk({ read: () => Promise.resolve(null) });
  expect(await pressHalt(room, 'l-2', from('slack', 'U0MARKET2'))).toMatchObject({ stands: true });
  const nowhere = desk({
    read: away,
    halt: () => Promise.reject(Object.assign(new Error('there is no launch'), { code: 'NO_LAUNCH' })),
  });
  expect(await pressHalt(nowhere, 'l-2', from('cli', 'U0MARKET2'))).toEqual({ stands: false, code: 'NO_LAUNCH' });
});
