import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { Command } from '../../../runbooks/launch/commands.ts';
import type { Entry } from '../../../runbooks/launch/entries.ts';
import { MemoryContext } from '../../../test/memory-context.ts';
import { keptAt, slackVia } from '../../../test/properties/scene.ts';
import type { Context } from '../context.ts';
import { armedOrders } from './armed-orders.ts';

const HOUR_MS = 3_600_000;

/** Ana asks for an hour from now; Mia arms, if she does. */
async function armed({ arms = true } = {}): Promise<{ memory: MemoryContext; momentMs: number }> {
  const memory = await MemoryContext.ready();
  const momentMs = memory.nowMs + HOUR_MS;
  const asked = await memory.asksForGo(momentMs);
  if (asked.kind !== 'FireRequested') throw new Error(asked.kind);
  if (arms)
    await memory.does({
      kind: 'approve-fire',
      by: 'mia',
      orderId: asked.orderId,
      shownHash: asked.shownHash,
      pressedAtMs: memory.nowMs,
      measured: [],
      via: slackVia('mia'),
      observedHaltEpoch: 0,
      observedHalted: false,
    });
  return { memory, momentMs };
}

/** The moment has come, and everything is green. */
function comes(memory: MemoryContext, atMs: number): void {
  memory.nowMs = atMs;
  memory.gates = keptAt(atMs);
}

/** What is asked of the record, and what the log says. */
function watched(memory: MemoryContext) {
  const asked: string[] = [];
  const lines: object[] = [];
  const context: Context = {
    ...memory.context,
    log: pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line) as object) }),
    execute: (id, command) => {
      asked.push(typeof command === 'function' ? 'made' : command.kind);
      return memory.context.execute(id, command);
    },
  };
  return { context, asked, lines };
}

const last = async (memory: MemoryContext): Promise<Entry | undefined> => (await memory.entries()).at(-1);
const kinds = async (memory: MemoryContext): Promise<string[]> =>
  (await memory.entries()).map(({ kind }) => kind).filter((kind) => kind === 'FireApproved' || kind === 'FireHeld');

test('an armed order goes at its moment, not before, and once, also if two bots look', async () => {
  const { memory, momentMs } = await armed();
  const { context, asked, lines } = watched(memory);
  memory.nowMs = momentMs - 1_001;
  await armedOrders(context, await memory.launch());
  expect(asked).toEqual([]);
  comes(memory, momentMs);
  const launch = await memory.launch();
  await Promise.all([armedOrders(context, launch), armedOrders(memory.bot(), launch)]);
  await armedOrders(context, await memory.launch());
  expect([await kinds(memory), asked]).toEqual([['FireApproved'], ['release-fire']]);
  expect(lines.filter((line) => !('code' in line))).toEqual([]);
  expect(await last(memory)).toMatchObject({ armed: { by: 'mia' }, pressedAtMs: momentMs });
});

test('it is waited for within a second, so that it goes at its moment and not at the next look', async () => {
  const { memory, momentMs } = await armed();
  comes(memory, momentMs - 200);
  const launch = await memory.launch();
  const startMs = performance.now();
  const look = armedOrders({ ...memory.context, nowMs: () => memory.nowMs }, launch);
  memory.nowMs = momentMs;
  await look;
  expect(performance.now() - startMs).toBeGreaterThan(195);
  expect(await kinds(memory)).toEqual(['FireApproved']);
});

test('what comes due within a second is waited for, to the millisecond', async () => {
  const { memory, momentMs } = await armed();
  comes(memory, momentMs);
  const asked: number[] = [];
  // It was looked at a second ahead, and a second has passed when the wait begins.
  const nowMs = () => (asked.push(0) === 1 ? momentMs - 1_000 : momentMs);
  await armedOrders({ ...memory.context, nowMs }, await memory.launch());
  expect(await kinds(memory)).toEqual(['FireApproved']);
});

test('an order without a moment is none of these, and one that is held already is left to its press', async () => {
  const { memory, momentMs } = await armed({ arms: false });
  comes(memory, momentMs);
  await armedOrders(memory.context, await memory.launch());
  const held = watched(memory);
  await armedOrders(held.context, await memory.launch());
  const other = await MemoryContext.ready();
  await other.asksForGo();
  const plain = watched(other);
  await armedOrders(plain.context, await other.launch());
  expect([held.asked, plain.asked]).toEqual([[], []]);
});

test('where nobody has ever written a halt switch nothing is halted', async () => {
  const { memory, momentMs } = await armed();
  comes(memory, momentMs);
  memory.switchItem = null;
  await armedOrders(memory.context, await memory.launch());
  expect(await last(memory)).toMatchObject({ kind: 'FireApproved', observed: { haltEpoch: 0, halted: false } });
});

test.each<{ what: string; make: (memory: MemoryContext, momentMs: number) => void; reason: RegExp; says: object[] }>([
  {
    what: 'no bot was there in time',
    make: (memory, momentMs) => comes(memory, momentMs + 60_000),
    reason: /more than 5 s late it does not go by itself/,
    says: [{ level: 30, code: 'TIME_INVALID' }],
  },
  {
    what: 'a hard gate is red',
    make: (memory, momentMs) => {
      memory.gates = keptAt(momentMs, { credentials: { status: 'red', say: 'expired' } });
    },
    reason: /red \(expired; hard/,
    says: [{ level: 30, code: 'HARD_GATE_RED' }],
  },
  {
    what: 'no gate can be measured',
    make: (memory) => {
      memory.areGatesAway = true;
    },
    reason: /not measured yet/,
    says: [
      { level: 50, err: { message: 'MEMORY_NO_ANSWER' } },
      { level: 30, code: 'HARD_GATE_RED' },
    ],
  },
  {
    what: 'the halt switch stands halted',
    make: (memory) => {
      memory.switchItem = { haltEpoch: 1, halted: true };
    },
    reason: /halt/,
    says: [{ level: 30, code: 'HALTED' }],
  },
  {
    what: 'the halt switch can not be read',
    make: (memory) => {
      memory.switchItem = 'unreadable';
    },
    reason: /the halt switch could not be read/,
    says: [{ level: 50, err: { message: 'MEMORY_NO_ANSWER' } }],
  },
])('it is held for a press, with the reason, when $what', async ({ make, reason, says }) => {
  const { memory, momentMs } = await armed();
  comes(memory, momentMs);
  make(memory, momentMs);
  const { context, lines } = watched(memory);
  const launch = await memory.launch();
  await armedOrders(context, launch);
  expect(await last(memory)).toMatchObject({ kind: 'FireHeld', reason: expect.stringMatching(reason) });
  const of = { launchId: launch.id, orderId: Object.keys(launch.orders)[0] };
  expect(lines).toMatchObject([
    ...says.map((one) => ({ ...of, ...one })),
    { ...of, level: 40, held: true, reason: expect.stringMatching(reason) as string },
  ]);
  await armedOrders(memory.context, await memory.launch());
  expect(await kinds(memory)).toEqual(['FireHeld']);
});

test('what nobody has armed by its moment is held for a press', async () => {
  const { memory, momentMs } = await armed({ arms: false });
  comes(memory, momentMs);
  await armedOrders(memory.context, await memory.launch());
  expect(await last(memory)).toMatchObject({ kind: 'FireHeld', reason: 'nobody had armed it by then' });
});

test.each<[string, (orderId: string) => Command]>([
  ['disarmed', (orderId) => ({ kind: 'decline-fire', by: 'ben', orderId, reason: '' })],
  ['called off with the launch', () => ({ kind: 'stand-down', by: 'ana', reason: '' })],
])('what was %s meanwhile is left alone', async (_, ends) => {
  const { memory, momentMs } = await armed();
  const seen = await memory.launch();
  await memory.does(ends(Object.keys(seen.orders)[0] ?? ''));
  comes(memory, momentMs);
  const { context, asked } = watched(memory);
  await armedOrders(context, seen);
  expect([asked, await kinds(memory)]).toEqual([['release-fire'], []]);
});
