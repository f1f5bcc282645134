import { setTimeout as sleep } from 'node:timers/promises';
import type { Launch, Shot } from '../../runbooks/launch/launch.ts';
import { isPending } from '../../runbooks/launch/voiding.ts';
import { canArm, roundsOf } from './rehearsal-cast.ts';
import type { Round } from './rehearsal-cast.ts';
import type { CpuWatch } from './rehearsal-cpu.ts';
import { faults } from './rehearsal-faults.ts';
import type { Watched } from './rehearsal-outcome.ts';
import type { Stage, Talk } from './rehearsal-stage.ts';
import { ShotWatch } from './rehearsal-watch.ts';
import { mustGo } from './scripted-commands.ts';
import { until } from './scripted-person.ts';

/**
 * Where the plan does not run by itself, all at once, or one market after the other. Where it does, each at its moment: what has one of
 * its own that is far enough ahead is armed first and goes by itself. Nothing more behind a halt.
 */
export async function fireAll(stage: Stage, launchId: string, cpu: CpuWatch): Promise<Watched[]> {
  const { script, journal } = stage;
  const launch = (await journal.launch(launchId)) as Launch;
  const all: Round = { segments: ['all'], atMs: launch.targetAtMs, isOwn: false };
  const { target, targets } = launch.runbook;
  // Moments of their own stand where they are, and T of a launch that waits for no plan is hours from now: their order is the runbook's.
  const clock = script.compress === undefined ? { ...launch, targetAtMs: target?.atMs ?? launch.targetAtMs } : launch;
  const rounds = script.compress === undefined && targets === undefined ? [all] : roundsOf(clock);
  const [first] = rounds;
  const orders = new Map<Round, string>();
  for (const round of rounds)
    if (script.compress !== undefined && canArm(round, Date.now()))
      orders.set(round, await arm(stage, launchId, round));
  // Several may be under way at once: a bar each would be none.
  const quiet = orders.size === 0 ? stage : { ...stage, talk: { ...stage.talk, bar: false } };
  const armed = [...orders].map(([round, orderId]) =>
    goneByItself(quiet, launchId, { round, orderId }, cpu, round === first),
  );
  const pressed = oneByOne(
    quiet,
    launchId,
    rounds.filter((round) => !orders.has(round)),
    cpu,
    first,
  );
  const watched = (await Promise.all([...armed, pressed])).flat();
  return watched.toSorted((a, b) => a.shot.pressedAtMs - b.shot.pressedAtMs);
}

async function oneByOne(
  stage: Stage,
  launchId: string,
  rounds: readonly Round[],
  cpu: CpuWatch,
  first: Round | undefined,
): Promise<Watched[]> {
  const { script, journal } = stage;
  const watched: Watched[] = [];
  for (const round of rounds) {
    if (script.compress !== undefined) await waitUntil(round, stage.talk);
    const orderId = await press(stage, launchId, round, cpu);
    const shot = await until('the shot', 10_000, async () => shotOf(await journal.launch(launchId), orderId));
    watched.push({ shot, watch: await untilClosed(stage, launchId, shot, cpu, round === first) });
    if ((await journal.launch(launchId))?.shots[shot.id]?.haltedAtMs != null) break;
  }
  return watched;
}

async function waitUntil({ segments, atMs }: Round, talk: Talk): Promise<void> {
  const waitMs = atMs - Date.now();
  if (waitMs <= 0) return;
  talk.say(`${segments.join(', ')}: its moment is in ${Math.round(waitMs / 1_000)} s`);
  await sleep(waitMs);
}

/** The order, armed by two people. */
async function arm(stage: Stage, launchId: string, round: Round): Promise<string> {
  const orderId = await press(stage, launchId, round, null);
  await until('the armed order', 10_000, async () => {
    const order = (await stage.journal.launch(launchId))?.orders[orderId];
    return order !== undefined && order.armed !== null;
  });
  stage.talk.say(
    `${round.segments.join(', ')}: armed, and goes by itself in ${Math.round((round.atMs - Date.now()) / 1_000)} s`,
  );
  return orderId;
}

const shotOf = (launch: Launch | null, orderId: string): Shot | undefined =>
  Object.values(launch?.shots ?? {}).find((shot) => shot.orderId === orderId);

/** What has become of an armed order: its shot, or `void`, or that it waits for its moment or, `held`, for a press. */
export function armedNow(launch: Launch | null, orderId: string): Shot | 'waits' | 'held' | 'void' {
  const order = launch?.orders[orderId];
  if (order === undefined) return 'waits';
  if (!isPending(order)) return shotOf(launch, orderId) ?? 'void';
  return order.held === null ? 'waits' : 'held';
}

/** So long after its moment an armed order has gone, or was held and has been pressed. */
const GONE_WITHIN_MS = 60_000;

/** None: it was void before its moment. One that was held is pressed, as the room asks. */
async function goneByItself(
  stage: Stage,
  launchId: string,
  { round, orderId }: { round: Round; orderId: string },
  cpu: CpuWatch,
  isFirst: boolean,
): Promise<Watched[]> {
  const { journal, cast, talk } = stage;
  let isPressed = false;
  const withinMs = round.atMs - Date.now() + GONE_WITHIN_MS;
  const shot = await until<Shot | 'void'>(`the shot of ${orderId}`, withinMs, async () => {
    const now = armedNow(await journal.launch(launchId), orderId);
    if (now === 'held' && !isPressed) {
      isPressed = true;
      talk.say(`${round.segments.join(', ')}: held, so ${cast.approves.name} presses GO`);
      const go = (await cast.approves.room.buttons('fire.go')).find(({ value }) => value?.includes(`"${orderId}"`));
      if (go !== undefined) await cast.approves.room.press(go);
    }
    return now === 'held' || now === 'waits' ? null : now;
  });
  if (shot === 'void') return [];
  talk.say(`${round.segments.join(', ')}: gone, ${shot.pressedAtMs - round.atMs} ms after its moment`);
  return [{ shot, watch: await untilClosed(stage, launchId, shot, cpu, isFirst) }];
}

/** One asks, another presses, in a double press a third with them. The order: it has gone, or with a moment is armed. */
async function press(stage: Stage, launchId: string, round: Round, cpu: CpuWatch | null): Promise<string> {
  const { journal, script, talk, cast } = stage;
  const { asks, approves, third } = cast;
  const isArmed = cpu === null;
  const before = new Set(Object.keys((await journal.launch(launchId))?.orders ?? {}));
  const pressed = new Set((await approves.room.buttons('fire.go')).map(({ ts }) => ts));
  await asks.room.say(isArmed ? 'Ahead of time. Asking for its order.' : 'Now. Asking for GO.');
  const at = isArmed ? ` at ${new Date(round.atMs).toISOString().replace(/\.\d+Z$/, 'Z')}` : '';
  await mustGo(asks.room, `fire ${round.segments.join(' ')}${at}`);
  const go = await until('the GO button', 10_000, async () =>
    (await approves.room.buttons('fire.go')).findLast(({ ts }) => !pressed.has(ts)),
  );
  cpu?.look();
  const second = script.doublePress ? third : null;
  talk.say(
    `${isArmed ? 'Ahead' : 'GO'}: ${second === null ? `${approves.name} presses` : `${approves.name} and ${second.name} press together`} “${go.label}”`,
  );
  await Promise.all([approves.room.press(go), ...(second === null ? [] : [second.room.press(go)])]);
  return until('the order', 10_000, async () =>
    Object.keys((await journal.launch(launchId))?.orders ?? {}).find((id) => !before.has(id)),
  );
}

/** What was asked to go wrong goes wrong with the first one. */
async function untilClosed(
  { stack, journal, script, talk, cast }: Stage,
  launchId: string,
  shot: Shot,
  cpu: CpuWatch,
  isFirst: boolean,
): Promise<ShotWatch> {
  const watch = new ShotWatch(stack, shot.audience.devices, launchId, shot, cpu, talk.bar);
  const timers = isFirst ? faults(stack, script, cast.onCall.room, shot, talk.say) : [];
  try {
    await until(
      'the shot to close',
      720_000,
      async () => {
        await watch.look();
        return (await journal.launch(launchId))?.shots[shot.id]?.closed;
      },
      250,
    );
    // The bot records the figures a moment after the close; the timeline should have them.
    await until(
      'the figures in the record',
      20_000,
      async () => (await journal.launch(launchId))?.shots[shot.id]?.timing,
    );
    watch.note(await stack.cloud.live.reports(launchId));
  } finally {
    watch.end();
    for (const timer of timers) clearTimeout(timer);
  }
  return watch;
}
