import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import type { Command, Decision, Given } from '../../runbooks/launch/commands.ts';
import type { evolve } from '../../runbooks/launch/evolve.ts';
import type { FireOrder, Launch } from '../../runbooks/launch/launch.ts';
import { checkHistory, InvariantBroken } from './invariants.ts';
import { history } from './moves.ts';
import { measuredAt } from './scene.ts';
import { World } from './world.ts';

/**
 * Do the invariants bite? Each mutant takes one rule out of the core, or out of the store, and the same histories must
 * then break the invariant that the rule is there for. The unbroken core keeps them all (launch.test.ts).
 */

type Decide = (launch: Launch | null, command: Command, given: Given) => Decision;
type Evolve = typeof evolve;
interface Mutant {
  decide?: (real: Decide) => Decide;
  evolve?: (real: Evolve) => Evolve;
  store?: (world: World) => void;
}

const mutant = vi.hoisted<{ now: Mutant }>(() => ({ now: {} }));

vi.mock(import('../../runbooks/launch/decide.ts'), async (original) => {
  const { decide } = await original();
  return { decide: (launch, command, given) => (mutant.now.decide?.(decide) ?? decide)(launch, command, given) };
});
vi.mock(import('../../runbooks/launch/evolve.ts'), async (original) => {
  const real = await original();
  return { ...real, evolve: (launch, entry) => (mutant.now.evolve?.(real.evolve) ?? real.evolve)(launch, entry) };
});

/** Lets decide see another launch, or another command, when it is asked for an approval. */
function onPress(
  change: (
    launch: Launch,
    command: Extract<Command, { kind: 'approve-fire' }>,
    given: Given,
  ) => [Launch, Command, Given],
): Mutant {
  return {
    decide: (real) => (launch, command, given) =>
      launch !== null && command.kind === 'approve-fire'
        ? real(...change(launch, command, given))
        : real(launch, command, given),
  };
}

function withOrders(launch: Launch, change: (order: FireOrder) => Partial<FireOrder>): Launch {
  return {
    ...launch,
    orders: Object.fromEntries(
      Object.entries(launch.orders).map(([id, order]) => [id, { ...order, ...change(order) }]),
    ),
  };
}

/** Whoever asked looks like somebody else. */
function askedByNobody(kind: Command['kind'], strip: (launch: Launch) => Partial<Launch>): Mutant {
  return {
    decide: (real) => (launch, command, given) =>
      launch !== null && command.kind === kind
        ? real({ ...launch, ...strip(launch) }, command, given)
        : real(launch, command, given),
  };
}

const each = <T extends object>(record: Record<string, T>, change: Partial<T>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).map(([id, value]) => [id, { ...value, ...change }]));

const MUTANTS: [string, Mutant, string[]][] = [
  [
    'the requester may approve',
    askedByNobody('approve-fire', (launch) => withOrders(launch, () => ({ requestedBy: 'nobody' }))),
    ['TWO_PEOPLE', 'TWO_HUMANS'],
  ],
  [
    'an account stands for whoever it says',
    {
      decide: (real) => (launch, command, given) =>
        real(
          launch,
          command.kind === 'approve-fire'
            ? {
                ...command,
                via: { kind: 'slack', slackId: launch?.people.find(({ id }) => id === command.by)?.slack[0] ?? '' },
              }
            : command,
          given,
        ).ok
          ? relabel(real, launch, command, given)
          : real(launch, command, given),
    },
    ['TWO_HUMANS'],
  ],
  [
    'a signature proves any number of presses',
    {
      decide: (real) => (launch, command, given) =>
        real(launch === null ? null : { ...launch, usedNonces: [] }, command, given),
    },
    ['SIGNATURE_PROVES_ONE_PRESS'],
  ],
  [
    'orders never expire',
    onPress((launch, command, given) => [
      withOrders(launch, () => ({ expiresAtMs: Number.POSITIVE_INFINITY })),
      command,
      given,
    ]),
    ['BEFORE_EXPIRY', 'ONE_OPEN_ORDER_PER_SEGMENT'],
  ],
  [
    'a change waits for ever',
    {
      decide: (real) => (launch, command, given) => {
        if (launch === null) return real(launch, command, given);
        const { runbookChanges, rosterChanges } = launch;
        const noEnd = { expiresAtMs: Number.POSITIVE_INFINITY };
        const changed = { runbookChanges: each(runbookChanges, noEnd), rosterChanges: each(rosterChanges, noEnd) };
        return real({ ...launch, ...changed }, command, given);
      },
    },
    ['BEFORE_EXPIRY'],
  ],
  [
    'changed content voids nothing',
    {
      evolve: (real) => (launch, entry) => {
        const after = real(launch, entry);
        return launch !== null && ['CampaignSet', 'AudienceSet', 'SkipListSet'].includes(entry.kind)
          ? { ...after, orders: launch.orders }
          : after;
      },
      ...onPress((launch, command, given) => {
        const shown = launch.orders[command.orderId]?.shown;
        if (shown === undefined || launch.audience === null) return [launch, command, given];
        const skipList = shown.skipListHash === null ? null : { hash: shown.skipListHash, key: '', tokens: 0 };
        return [
          {
            ...launch,
            contentHash: shown.contentHash,
            audience: { ...launch.audience, hash: shown.audienceHash },
            skipList,
          },
          command,
          given,
        ];
      }),
    },
    ['EXACTLY_WHAT_WAS_SHOWN'],
  ],
  [
    'a change of the roster leaves orders open',
    {
      evolve: (real) => (launch, entry) => {
        const after = real(launch, entry);
        return launch !== null && entry.kind === 'RosterChanged' ? { ...after, orders: launch.orders } : after;
      },
    },
    ['ROSTER_CHANGE_ENDS_REQUESTS'],
  ],
  [
    'a change of the runbook leaves orders open',
    {
      evolve: (real) => (launch, entry) => {
        const after = real(launch, entry);
        return launch !== null && entry.kind === 'RunbookChanged' ? { ...after, orders: launch.orders } : after;
      },
    },
    ['CHANGED_RUNBOOK_ENDS_WHAT_WAITED'],
  ],
  [
    'a change of the runbook leaves another one waiting',
    {
      evolve: (real) => (launch, entry) => {
        const after = real(launch, entry);
        if (launch === null || entry.kind !== 'RunbookChanged') return after;
        const { [entry.changeId ?? '']: _done, ...others } = launch.runbookChanges;
        return { ...after, runbookChanges: { ...after.runbookChanges, ...others } };
      },
    },
    ['CHANGED_RUNBOOK_ENDS_WHAT_WAITED'],
  ],
  [
    'one person changes what binds two',
    {
      decide: (real) => (launch, command, given) => {
        const decision = real(launch, command, given);
        if (!decision.ok || decision.entry.kind !== 'RunbookChangeRequested') return decision;
        const voids = { orders: [], ticks: [], waivers: [], requests: [], steps: [], missed: [] };
        return { ok: true, entry: { ...decision.entry, kind: 'RunbookChanged', changeId: null, voids } };
      },
    },
    ['TWO_PEOPLE'],
  ],
  [
    'whom the runbook lets press is not looked at',
    onPress((launch, command, given) => [
      { ...launch, runbook: { ...launch.runbook, fire: undefined } },
      command,
      given,
    ]),
    ['FIRED_BY_WHOM_THE_RUNBOOK_LETS'],
  ],
  [
    'an order goes on after a halt',
    {
      evolve: (real) => (launch, entry) => {
        const after = real(launch, entry);
        return launch !== null && entry.kind === 'HaltSet' ? { ...after, orders: launch.orders } : after;
      },
    },
    ['HALT_ENDS_ORDERS', 'ONE_OPEN_ORDER_PER_SEGMENT'],
  ],
  [
    "a removed person's order goes on",
    {
      evolve: (real) => (launch, entry) => {
        const after = real(launch, entry);
        return launch !== null && entry.kind === 'PersonRemoved' ? { ...after, orders: launch.orders } : after;
      },
    },
    ['REMOVED_PEOPLE_COUNT_AT_ONCE'],
  ],
  [
    'halt does not stop an approval',
    onPress((launch, command, given) => [
      { ...launch, halt: { ...launch.halt, active: false } },
      { ...command, observedHalted: false, observedHaltEpoch: 0 },
      given,
    ]),
    ['NOTHING_APPROVED_WHILE_HALTED', 'LIFT_IS_OF_THE_PRESENT_HALT'],
  ],
  [
    'the switch item is not looked at',
    onPress((launch, command, given) => [launch, { ...command, observedHalted: false, observedHaltEpoch: 0 }, given]),
    ['NOTHING_APPROVED_WHILE_HALTED'],
  ],
  [
    'hard gates do not stop an approval',
    onPress((launch, command, given) => [launch, { ...command, measured: measuredAt(given.nowMs) }, given]),
    ['HARD_GATE_GREEN_AT_PRESS'],
  ],
  [
    'gates do not stop a request',
    {
      decide: (real) => (launch, command, given) =>
        real(
          launch,
          command.kind === 'request-fire' ? { ...command, measured: measuredAt(given.nowMs) } : command,
          given,
        ),
    },
    ['GATES_BLOCK_THE_REQUEST'],
  ],
  [
    'hard gates take waivers',
    {
      decide: (real) => (launch, command, given) => {
        if (launch === null || command.kind !== 'request-waiver') return real(launch, command, given);
        const gates = launch.runbook.gates.map((gate) => ({ ...gate, hard: false, probe: undefined }));
        return real({ ...launch, runbook: { ...launch.runbook, gates } } as Launch, command, given);
      },
    },
    ['HARD_GATES_TAKE_NO_WAIVER'],
  ],
  [
    'a waiver never ends',
    {
      decide: (real) => (launch, command, given) =>
        real(
          launch !== null && command.kind === 'request-fire'
            ? {
                ...launch,
                waivers: each(launch.waivers, {
                  endsAtMs: Number.POSITIVE_INFINITY,
                  worst: 9,
                  segments: 'all' as const,
                }),
              }
            : launch,
          command,
          given,
        ),
    },
    ['GATES_BLOCK_THE_REQUEST'],
  ],
  [
    'a waiver is granted by its requester',
    askedByNobody('grant-waiver', (launch) => ({ waivers: each(launch.waivers, { requestedBy: 'nobody' }) })),
    ['TWO_PEOPLE'],
  ],
  [
    'a lift is approved by its requester',
    askedByNobody('approve-lift', (launch) => ({ lifts: each(launch.lifts, { by: 'nobody' }) })),
    ['TWO_PEOPLE'],
  ],
  [
    'a roster change is approved by its requester',
    askedByNobody('approve-roster-change', (launch) => ({
      rosterChanges: each(launch.rosterChanges, { by: 'nobody' }),
    })),
    ['TWO_PEOPLE'],
  ],
  [
    'a switch is approved by its requester',
    askedByNobody('approve-switch', (launch) => ({ switchRequests: each(launch.switchRequests, { by: 'nobody' }) })),
    ['TWO_PEOPLE'],
  ],
  [
    'a two-person switch needs one',
    {
      decide: (real) => (launch, command, given) =>
        real(
          launch === null
            ? null
            : {
                ...launch,
                runbook: {
                  ...launch.runbook,
                  switches: launch.runbook.switches.map((one) => ({ ...one, two_people: false })),
                },
              },
          command,
          given,
        ),
    },
    ['TWO_PEOPLE'],
  ],
  [
    'observers may do what marketers do',
    {
      decide: (real) => (launch, command, given) =>
        real(
          launch === null
            ? null
            : ({
                ...launch,
                people: launch.people.map((person) => ({ ...person, roles: ['on-call'] as const })),
              } as unknown as Launch),
          command,
          given,
        ),
    },
    ['ON_DUTY'],
  ],
  [
    'a segment may be asked for while it waits or runs',
    {
      decide: (real) => (launch, command, given) =>
        real(
          launch !== null && command.kind === 'request-fire'
            ? {
                ...launch,
                orders: {},
                shots: {},
                attempts: Object.fromEntries(
                  Object.entries(launch.attempts).map(([id, tries]) => [id, tries.filter(({ closed }) => closed)]),
                ),
              }
            : launch,
          command,
          given,
        ),
    },
    ['ONE_OPEN_ORDER_PER_SEGMENT', 'ONCE_PER_ATTEMPT'],
  ],
  [
    'everything remains after an attempt',
    {
      evolve: (real) => (launch, entry) => {
        const after = real(launch, entry);
        if (entry.kind !== 'ShotClosed') return after;
        const attempts = Object.fromEntries(
          Object.entries(after.attempts).map(([id, tries]) => [
            id,
            tries.map((one) =>
              one.totals === null
                ? one
                : {
                    ...one,
                    totals: { ...one.totals, totals: { ...one.totals.totals, halted: one.totals.devices, late: 0 } },
                  },
            ),
          ]),
        );
        return { ...after, attempts };
      },
    },
    ['ONLY_WHAT_REMAINS'],
  ],
  [
    'totals need not add up',
    {
      decide: (real) => (launch, command, given) =>
        launch !== null &&
        command.kind === 'close-shot' &&
        launch.shots[command.shotId]?.closed === null &&
        !launch.closed
          ? {
              ok: true,
              entry: {
                kind: 'ShotClosed',
                shotId: command.shotId,
                cause: command.cause,
                segments: command.segments,
                atMs: given.nowMs,
                by: { system: 'closer' },
              },
            }
          : real(launch, command, given),
    },
    ['STATES_SUM_UP', 'NOBODY_TWICE'],
  ],
  [
    'an account that came late is counted again',
    {
      decide: (real) => (launch, command, given) =>
        real(
          launch !== null && command.kind === 'correct-shot'
            ? { ...launch, shots: each(launch.shots, { corrected: [] }) }
            : launch,
          command,
          given,
        ),
    },
    ['LATE_ACCOUNT_COUNTS_ONCE'],
  ],
  [
    'a launch may close over a running shot',
    {
      decide: (real) => (launch, command, given) =>
        real(launch !== null && command.kind === 'close-launch' ? { ...launch, shots: {} } : launch, command, given),
    },
    ['EVERY_SHOT_CLOSES'],
  ],
  [
    'an audience may be replaced after it was fired',
    {
      decide: (real) => (launch, command, given) =>
        real(launch !== null && command.kind === 'set-audience' ? { ...launch, attempts: {} } : launch, command, given),
    },
    ['FIRED_AUDIENCE_IS_FINAL'],
  ],
  [
    'a step may run twice',
    {
      decide: (real) => (launch, command, given) =>
        real(
          launch !== null && (command.kind === 'start-step' || command.kind === 'run-step')
            ? { ...launch, steps: {} }
            : launch,
          command,
          given,
        ),
    },
    ['STEP_RUNS_ONCE'],
  ],
  [
    'the words of one press may be noted twice',
    {
      decide: (real) => (launch, command, given) =>
        real(launch !== null && command.kind === 'note' ? { ...launch, noted: [] } : launch, command, given),
    },
    ['NOTED_ONCE'],
  ],
  [
    'anybody renews an order',
    {
      decide: (real) => (launch, command, given) =>
        command.kind === 'renew-order' && launch !== null
          ? relabelled(
              real(launch, { ...command, by: launch.orders[command.orderId]?.requestedBy ?? '' }, given),
              command.by,
            )
          : real(launch, command, given),
    },
    ['RENEWED_BY_ITS_ASKER'],
  ],
  [
    'a launch that was stood down goes on',
    {
      decide: (real) => (launch, command, given) =>
        real(launch === null ? null : { ...launch, stoodDown: null }, command, given),
    },
    ['NOTHING_AFTER_STAND_DOWN'],
  ],
  [
    'a stand-down leaves orders open',
    {
      evolve: (real) => (launch, entry) => {
        const after = real(launch, entry);
        return entry.kind === 'StoodDown' && launch !== null
          ? { ...after, orders: launch.orders, stoodDown: null }
          : after;
      },
    },
    ['NOTHING_AFTER_STAND_DOWN'],
  ],
  [
    'a closed launch goes on',
    {
      decide: (real) => (launch, command, given) =>
        real(launch === null ? null : { ...launch, closed: false }, command, given),
    },
    ['CLOSED_LAUNCH_IS_OVER'],
  ],
  [
    'the store says yes to an append that it did not make',
    {
      store: (world) => {
        const append = world.record.append.bind(world.record);
        world.record.append = async (launchId, head, entry, options) => {
          const appended = await append(launchId, head, entry, options);
          const there = world.record.all(launchId)[head.seq];
          return appended.won || there === undefined ? appended : { won: true, entry: there };
        };
      },
    },
    ['ONE_ENTRY_PER_COMMAND', 'ACCEPTED_IS_RECORDED'],
  ],
];

/** Decided as if the account were right, recorded with the one that pressed. */
function relabel(real: Decide, launch: Launch | null, command: Command, given: Given): Decision {
  if (command.kind !== 'approve-fire') return real(launch, command, given);
  const right = { kind: 'slack' as const, slackId: launch?.people.find(({ id }) => id === command.by)?.slack[0] ?? '' };
  const decision = real(launch, { ...command, via: right }, given);
  return decision.ok && decision.entry.kind === 'FireApproved'
    ? { ok: true, entry: { ...decision.entry, via: command.via } }
    : decision;
}

/** Decided for one person, recorded with another. */
const relabelled = (decision: Decision, person: string): Decision =>
  decision.ok ? { ok: true, entry: { ...decision.entry, by: { person } } } : decision;

/** Where a mutant breaks within some ten histories; at the usual seed it takes up to hundreds. Any seed will do, only later. */
const SOONER: Record<string, number> = {
  'an account stands for whoever it says': 1,
  'a signature proves any number of presses': 31,
  'orders never expire': 3,
  'a change of the runbook leaves orders open': 5,
  'a change of the runbook leaves another one waiting': 3,
  'whom the runbook lets press is not looked at': 2,
  'an order goes on after a halt': 4,
  "a removed person's order goes on": 14,
  'halt does not stop an approval': 8,
  'the switch item is not looked at': 8,
  'hard gates do not stop an approval': 1,
  'a waiver never ends': 18,
  'a waiver is granted by its requester': 1,
  'a lift is approved by its requester': 3,
  'a roster change is approved by its requester': 4,
  'an account that came late is counted again': 39,
  'a launch may close over a running shot': 28,
  'a closed launch goes on': 1,
};

test.each(MUTANTS)('when %s, an invariant breaks', { timeout: 60_000 }, async (name, broken, expected) => {
  mutant.now = broken;
  const found = new Set<string>();
  try {
    await fc.check(
      fc.asyncProperty(history, async ({ moves, skewsMs, faults, uncertain }) => {
        const world = new World(skewsMs, faults, uncertain);
        broken.store?.(world);
        try {
          checkHistory(await world.play(moves));
        } catch (error) {
          if (error instanceof InvariantBroken) found.add(error.invariant);
          // A mutant may also trip over the core's own assertions; what counts is that an invariant sees it.
          if (error instanceof InvariantBroken && expected.includes(error.invariant)) throw error;
        }
      }),
      { seed: SOONER[name] ?? 11, numRuns: 600, endOnFailure: true },
    );
  } finally {
    mutant.now = {};
  }
  expect(
    [...found].filter((invariant) => expected.includes(invariant)),
    `broke ${[...found].join(', ') || 'nothing'}`,
  ).not.toEqual([]);
});
