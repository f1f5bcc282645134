import fc from 'fast-check';

/** What can happen in a launch, as small numbers that mean something only in the state that they meet. One piece over 300 lines: sequences are made of all of them. */
const small = fc.nat({ max: 7 });
const bot = fc.nat({ max: 2 });
const which = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: 3 }) });
const rarely = fc.nat({ max: 11 }).map((n) => n === 0);
/** Mostly Ana, Mia and Ben; at times the observer or somebody who may not be on the roster. */
const account = fc.oneof(
  { weight: 12, arbitrary: fc.nat({ max: 5 }) },
  { weight: 1, arbitrary: fc.constantFrom(6, 7) },
);
const acting = { bot, account };

const move = <K extends string, T extends object>(kind: K, fields: { [P in keyof T]: fc.Arbitrary<T[P]> }) =>
  fc.record({ kind: fc.constant(kind), ...fields } as { kind: fc.Arbitrary<K> } & {
    [P in keyof T]: fc.Arbitrary<T[P]>;
  }) as unknown as fc.Arbitrary<{ kind: K } & T>;

type Acting = { bot: number; account: number };
type Which = { which: number };

const request = move<'request', Acting & { segments: number; isLiar: boolean; aheadMs: number }>('request', {
  ...acting,
  segments: fc.oneof(fc.constant(0), small),
  isLiar: rarely,
  aheadMs: fc.constantFrom(0, 0, 0, 0, 0, 0, 18_000),
});
/** It goes by itself, once a second person has armed it. One bot: the clocks of two are further apart than it may be late. */
const requestAhead = move<'request', Acting & { segments: number; isLiar: boolean; aheadMs: number }>('request', {
  bot: fc.constant(0),
  account: fc.constant(0),
  segments: fc.constant(0),
  isLiar: fc.constant(false),
  aheadMs: fc.constant(18_000),
});
const mostlyTheSame = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: bot });
const release = move<'release', { bot: number } & Which>('release', { bot: mostlyTheSame, which });
const hold = move<'hold', { bot: number } & Which>('hold', { bot: mostlyTheSame, which });
const untilItsMoment = fc.record({ kind: fc.constant('advance' as const), ms: fc.constant<number>(18_000) });
const press = move<'press', Acting & Which & { agoMs: number; isStale: boolean; isLiar: boolean }>('press', {
  ...acting,
  which,
  agoMs: fc.constantFrom(0, 0, 0, 40, 30_000, 61_000, -4_000),
  isStale: rarely,
  isLiar: rarely,
});
/** By Mia, at once. */
const arm = move<'press', Acting & Which & { agoMs: number; isStale: boolean; isLiar: boolean }>('press', {
  bot: fc.constant(0),
  account: fc.constant(3),
  which: fc.constant(0),
  agoMs: fc.constant(0),
  isStale: fc.constant(false),
  isLiar: fc.constant(false),
});
const decline = move<'decline', Acting & Which>('decline', { ...acting, which });
const renew = move<'renew', Acting & Which>('renew', { ...acting, which });
const expire = move<'expire', { bot: number } & Which>('expire', { bot, which });
const close = move<'close', { bot: number } & Which & { split: number; isWrong: boolean }>('close', {
  bot,
  which,
  split: small,
  isWrong: rarely,
});
const closeWrongly = move<'close', { bot: number } & Which & { split: number; isWrong: boolean }>('close', {
  bot,
  which,
  split: small,
  isWrong: fc.constant(true),
});
const correct = move<'correct', { bot: number } & Which & { split: number }>('correct', { bot, which, split: small });
const halt = move<'halt', Acting & { isSlow: boolean }>('halt', { ...acting, isSlow: fc.boolean() });
const land = fc.constant({ kind: 'land' as const });
const requestLift = move<'request-lift', Acting>('request-lift', acting);
const approveLift = move<'approve-lift', Acting & Which>('approve-lift', { ...acting, which });
const content = move<'content', Acting & { what: 'campaign' | 'audience' | 'skip-list'; version: number }>('content', {
  ...acting,
  what: fc.constantFrom('campaign', 'audience', 'skip-list'),
  version: fc.nat({ max: 2 }),
});
const requestRoster = move<'request-roster', Acting & { version: number }>('request-roster', {
  ...acting,
  version: small,
});
const approveRoster = move<'approve-roster', Acting & Which>('approve-roster', { ...acting, which });
const changeRunbook = move<'change-runbook', Acting & { version: number }>('change-runbook', {
  ...acting,
  version: small,
});
/** By one who may ask, of who may fire. */
const changeFirers = move<'change-runbook', Acting & { version: number }>('change-runbook', {
  bot,
  account: fc.constant(0),
  version: fc.constantFrom(1, 2, 3),
});
/** Of how it goes out. */
const changeDelivery = move<'change-runbook', Acting & { version: number }>('change-runbook', {
  bot,
  account: fc.constant(0),
  version: fc.constant(4),
});
const approveRunbook = move<'approve-runbook', Acting & Which>('approve-runbook', { ...acting, which });
const lapse = move<'lapse', { bot: number } & Which>('lapse', { bot, which });
const remove = move<'remove', { bot: number } & Which>('remove', { bot, which: small });
const requestWaiver = move<'request-waiver', Acting & { gate: number; segments: number; worst: number }>(
  'request-waiver',
  {
    ...acting,
    gate: small,
    segments: fc.constantFrom(0, 0, 1, 3),
    worst: fc.nat({ max: 3 }),
  },
);
const grantWaiver = move<'grant-waiver', Acting & Which>('grant-waiver', { ...acting, which });
const tick = move<'tick', Acting & { green: boolean }>('tick', {
  ...acting,
  green: fc.constantFrom(true, true, true, false),
});
const setSwitch = move<'set-switch', Acting & { isOwn: boolean; value: boolean }>('set-switch', {
  ...acting,
  isOwn: fc.boolean(),
  value: fc.boolean(),
});
const approveSwitch = move<'approve-switch', Acting & Which>('approve-switch', { ...acting, which });
const step = move<
  'step',
  Acting & { step: number; act: 'start' | 'hold' | 'miss' | 'put' | 'run' | 'skip' | 'finish' }
>('step', {
  ...acting,
  step: small,
  act: fc.constantFrom('start', 'hold', 'miss', 'put', 'run', 'skip', 'finish'),
});
const sameStep = move<'step', Acting & { step: number; act: 'run' | 'start' }>('step', {
  bot,
  account: fc.constant(0),
  step: fc.constant(1),
  act: fc.constantFrom('run', 'start'),
});
const note = move<'note', Acting>('note', acting);
const advance = fc.record({
  kind: fc.constant('advance' as const),
  ms: fc.constantFrom<number[]>(1_000, 20_000, 300_000, 895_000),
});
/** Longer than an order lives, but for clocks apart. */
const wait = fc.record({ kind: fc.constant('advance' as const), ms: fc.constant<number>(900_000) });
/** The hard gate, so that presses meet it. */
const reddenHard = fc.record({ kind: fc.constant('redden' as const), gate: fc.constant(0), value: fc.constant(1) });
const redden = fc.record({ kind: fc.constant('redden' as const), gate: small, value: fc.constantFrom(0, 0, 0, 1, 2) });
const restart = fc.record({ kind: fc.constant('restart' as const), bot });
const closeLaunch = move<'close-launch', Acting>('close-launch', acting);
const standDown = move<'stand-down', Acting>('stand-down', { bot, account: fc.constant(0) });
/** Most of a lifetime, so that a renewal gives something. */
const lateInLife = fc.record({ kind: fc.constant('advance' as const), ms: fc.constant<number>(700_000) });

type Of<A> = A extends fc.Arbitrary<infer T> ? T : never;
type Single = Of<
  | typeof request
  | typeof press
  | typeof decline
  | typeof renew
  | typeof expire
  | typeof close
  | typeof correct
  | typeof halt
  | typeof land
  | typeof requestLift
  | typeof approveLift
  | typeof content
  | typeof requestRoster
  | typeof release
  | typeof hold
  | typeof changeRunbook
  | typeof approveRunbook
  | typeof lapse
  | typeof approveRoster
  | typeof remove
  | typeof requestWaiver
  | typeof grantWaiver
  | typeof tick
  | typeof setSwitch
  | typeof approveSwitch
  | typeof step
  | typeof note
  | typeof advance
  | typeof redden
  | typeof restart
  | typeof closeLaunch
  | typeof standDown
>;
/** `together`: at the same time, each on its own bot; GO against GO, GO against halt, GO against a change. */
export type Move = Single | { kind: 'together'; moves: Single[] };

const oneOf = (weighted: readonly [number, fc.Arbitrary<Move>][]) =>
  fc.oneof(...weighted.map(([weight, arbitrary]) => ({ weight, arbitrary })));
const single = oneOf([
  [8, request],
  [12, press],
  [2, decline],
  [2, expire],
  [4, close],
  [2, correct],
  [2, halt],
  [2, land],
  [2, requestLift],
  [3, approveLift],
  [3, content],
  [1, requestRoster],
  [2, approveRoster],
  [2, changeRunbook],
  [3, approveRunbook],
  [1, lapse],
  [1, release],
  [1, hold],
  [1, remove],
  [2, requestWaiver],
  [2, grantWaiver],
  [3, tick],
  [2, setSwitch],
  [2, approveSwitch],
  [3, step],
  [1, note],
  [3, advance],
  [3, redden],
  [3, restart],
]);

/** What people do one after the other, so that histories get somewhere; each part may fail and anything may come after. */
const sequence = (...parts: fc.Arbitrary<Move>[]): fc.Arbitrary<Move[]> => fc.tuple(...parts);
const sequences = fc.oneof(
  sequence(request, press, press),
  sequence(request, press, press, close),
  sequence(request, press, press, closeWrongly, close),
  sequence(request, press, press, halt, land, close, requestLift, approveLift, approveLift),
  sequence(request, press, press, close, request, press, press, close),
  sequence(halt, land, close, request, press, press),
  sequence(request, press, close, correct, request, press),
  sequence(request, redden, press),
  sequence(request, reddenHard, press),
  sequence(request, content, press),
  sequence(request, requestRoster, approveRoster, approveRoster, press),
  sequence(requestRoster, request, approveRoster, press, press),
  sequence(request, changeRunbook, approveRunbook, approveRunbook, press),
  sequence(changeFirers, approveRunbook, approveRunbook, request, press, press),
  sequence(request, press, press, changeDelivery, close),
  sequence(changeRunbook, changeRunbook, approveRunbook, approveRunbook),
  sequence(requestAhead, arm, untilItsMoment, release, hold, press),
  sequence(requestAhead, untilItsMoment, hold, press, press),
  sequence(requestAhead, arm, changeRunbook, approveRunbook, approveRunbook, untilItsMoment, release),
  sequence(requestAhead, arm, changeFirers, approveRunbook, approveRunbook, untilItsMoment, release),
  sequence(changeFirers, wait, approveRunbook, lapse, approveRunbook),
  sequence(requestRoster, wait, approveRoster, lapse, approveRoster),
  sequence(request, remove, press),
  sequence(request, wait, press, expire),
  sequence(request, lateInLife, renew, renew, lateInLife, press, press),
  sequence(request, standDown, press, press),
  sequence(redden, requestWaiver, grantWaiver, grantWaiver, request, press),
  sequence(setSwitch, approveSwitch, approveSwitch),
  sequence(setSwitch, wait, approveSwitch, lapse, approveSwitch),
  sequence(sameStep, restart, sameStep),
  sequence(closeLaunch, correct, press),
);

const together = fc
  .array(
    oneOf([
      [5, press],
      [2, request],
      [1, halt],
      [1, content],
      [1, approveLift],
      [1, approveRoster],
      [1, approveRunbook],
      [1, close],
    ]) as fc.Arbitrary<Single>,
    { minLength: 2, maxLength: 3 },
  )
  .map((moves): Move[] => [{ kind: 'together', moves }]);

// Without bias: short histories and small numbers find nothing here.
const moves = fc.noBias(
  fc
    .array(
      fc.oneof(
        { weight: 8, arbitrary: single.map((one) => [one]) },
        { weight: 4, arbitrary: sequences },
        { weight: 1, arbitrary: together },
      ),
      { minLength: 6, maxLength: 24, size: 'max' },
    )
    .map((parts) => parts.flat()),
);

/** Clocks of two bots are never at the same millisecond, so that entries tell who decided them. */
export const history = fc.record({
  moves,
  skewsMs: fc.tuple(
    fc.constant(0),
    fc.integer({ min: -45_000, max: 45_000 }).map((ms) => ms * 4 + 1),
    fc.integer({ min: -2_500, max: 2_500 }).map((ms) => ms * 4 + 2),
  ),
  faults: fc.array(
    fc.constantFrom(null, null, null, null, null, null, 'lost' as const, 'failed' as const, 'late' as const),
    { minLength: 60, maxLength: 60 },
  ),
  uncertain: fc.constantFrom('leave' as const, 'resend' as const),
});
