import { ErrorCode } from '@slack/web-api';
import { beforeEach, expect, test } from 'vitest';
import { MemoryContext } from '../../../test/memory-context.ts';
import { LAUNCH_ID, measuredAt, setsLeft, slackVia } from '../../../test/properties/scene.ts';
import type { SlackPort } from '../../slack/slack-port.ts';
import { UpdateBudget } from '../../slack/update-budget.ts';
import type { Context } from '../context.ts';
import { FACT, keepFact } from '../facts.ts';
import { Room } from '../room/room.ts';
import { Standings } from '../room/standing.ts';
import { BoardWatch } from './board-watch.ts';

/** The real room and its budget over a record in memory; Slack takes every edit, or none. With a real workspace: bot/conductor/room/slack-faults.test.ts. */

const CLOCK_STEP_MS = 30_000;
const BOARD = '1.board';
const ORDER = '2.order';

let memory: MemoryContext;
let context: Context;
/** The ts of each message that was edited. */
let edits: string[];
let takes: boolean;
let look: () => Promise<string[]>;

beforeEach(async () => {
  memory = await MemoryContext.ready();
  edits = [];
  takes = true;
  const update: SlackPort['update'] = (_channel, ts) => {
    if (!takes)
      return Promise.reject(Object.assign(new Error('limited'), { code: ErrorCode.RateLimitedError, retryAfter: 1 }));
    edits.push(ts);
    return Promise.resolve();
  };
  context = { ...memory.context, slack: { update } as SlackPort };
  // The clock of the board stands at the beginning of a step.
  memory.nowMs = Math.ceil(memory.nowMs / CLOCK_STEP_MS) * CLOCK_STEP_MS;
  await keepFact(context, LAUNCH_ID, FACT.board, BOARD);
  look = lookWith(context);
});

/** Looks once, and says what was edited. */
function lookWith(its: Context): () => Promise<string[]> {
  const standings = new Standings(its, new Room(its, LAUNCH_ID), new UpdateBudget(() => memory.nowMs, 600));
  const watch = new BoardWatch(its, standings);
  return async () => {
    edits = [];
    await watch.look(await memory.launch());
    return edits;
  };
}

async function requested() {
  const order = await memory.does({
    kind: 'request-fire',
    by: 'ana',
    segments: 'all',
    measured: measuredAt(memory.nowMs),
    via: slackVia('ana'),
    lift: false,
    sets: setsLeft(await memory.launch()),
  });
  if (order.kind !== 'FireRequested') throw new Error(order.kind);
  await keepFact(context, LAUNCH_ID, FACT.order(order.orderId), ORDER);
  return order;
}

async function fired() {
  const { orderId, shownHash } = await requested();
  await memory.does({
    kind: 'approve-fire',
    by: 'mia',
    orderId,
    shownHash,
    pressedAtMs: memory.nowMs,
    measured: measuredAt(memory.nowMs),
    via: slackVia('mia'),
    observedHaltEpoch: 0,
    observedHalted: false,
  });
}

const red = () => measuredAt(memory.nowMs, { workers: { status: 'red', value: 0, say: 'none is ready' } });

test('what is on the board is not written again until it changes, and its clock changes every 30 s', async () => {
  expect(await look()).toEqual([BOARD]);
  memory.nowMs += CLOCK_STEP_MS - 1;
  expect(await look()).toEqual([]);
  memory.nowMs += 1;
  expect(await look()).toEqual([BOARD]);
  memory.gates = red();
  expect(await look()).toEqual([BOARD]);
});

test('what Slack did not take is shown at a later look', async () => {
  takes = false;
  expect(await look()).toEqual([]);
  takes = true;
  memory.nowMs += 5_000;
  expect(await look()).toEqual([BOARD]);
});

test('without Slack nothing is shown, and nothing fails', async () => {
  expect(await lookWith({ ...context, slack: null })()).toEqual([]);
});

test("an open order's message follows its gates; one that is over is left as it is", async () => {
  const order = await requested();
  expect(await look()).toEqual([ORDER, BOARD]);
  memory.gates = red();
  expect(await look()).toContain(ORDER);
  memory.nowMs = (await memory.launch()).orders[order.orderId]?.expiresAtMs ?? 0;
  memory.nowMs += CLOCK_STEP_MS;
  memory.gates = measuredAt(memory.nowMs);
  expect(await look()).not.toContain(ORDER);
});

test('an order that was pressed is no longer an order to look at', async () => {
  await fired();
  memory.gates = red();
  expect(await look()).toEqual([BOARD]);
});

test('while a shot runs the board keeps out of the way for 10 s, but what is decided shows at once', async () => {
  await fired();
  expect(await look()).toEqual([BOARD]);
  memory.nowMs += 9_999;
  memory.gates = red();
  expect(await look()).toEqual([]);
  memory.nowMs += 1;
  expect(await look()).toEqual([BOARD]);
  const { halt } = await memory.launch();
  await memory.does({
    kind: 'set-halt',
    by: 'ben',
    source: 'slack',
    epoch: halt.epoch + 1,
    reason: 'wrong link',
    pressedAtMs: memory.nowMs,
  });
  expect(await look()).toEqual([BOARD]);
});

test('the board of a closed launch is brought up to date once, and left', async () => {
  await look();
  await memory.does({ kind: 'close-launch', by: 'ana', reason: 'over' } as never);
  expect(await look()).toEqual([BOARD]);
  memory.nowMs += CLOCK_STEP_MS;
  memory.gates = red();
  expect(await look()).toEqual([]);
});
