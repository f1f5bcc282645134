import { CloudError } from '../../infra/aws/cloud-error.ts';
import { sha256 } from '../../infra/aws/sha256.ts';
import type { SegmentsAsked } from '../../runbooks/launch/commands.ts';
import type { FrozenSet } from '../../runbooks/launch/entries.ts';
import type { FireOrder, Launch } from '../../runbooks/launch/launch.ts';
import { personOf } from '../../runbooks/launch/people.ts';
import { isExpired, nextAttempt, segmentsMeant } from '../../runbooks/launch/remaining.ts';
import { shownFor, shownHash } from '../../runbooks/launch/shown.ts';
import { fingerprintOf } from '../../runbooks/playbook/operator-key.ts';
import { segmentsOf } from '../commands/segments.ts';
import { pressHalt } from '../press-halt.ts';
import { plural, utc } from '../views/words.ts';
import { CliError } from './cli-error.ts';
import { orderLines } from './inspect.ts';
import { proofBy } from './operator-key.ts';
import type { OperatorKey } from './operator-key.ts';
import { keyOwner, launchOf, perform } from './session.ts';
import type { Session } from './session.ts';

/** Commands that change something, under the same rules as in Slack: the launch core decides, two people fire and lift. */

/** As in Slack: ids, markets, platforms or all, and nothing that isn't understood to the last word. */
export async function segmentsNamed(session: Session, launchId: string, text: string): Promise<string[] | 'all'> {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  const named = words.length === 0 ? null : segmentsOf(await launchOf(session, launchId), words, session.nowMs());
  if (named === null || !named.ok)
    throw new CliError(
      'SEGMENT_UNKNOWN',
      named === null ? `--segments: found "${text}", expected segments, or all` : named.problem.replaceAll('`', '"'),
    );
  if (named.leftOut.length > 0)
    session.out(`Left out: ${named.leftOut.join(', ')}: sent, being sent, or in an order already.`);
  return named.segments;
}

export async function requestFire(
  session: Session,
  launchId: string,
  options: { segments: SegmentsAsked; key: OperatorKey; lift: boolean },
): Promise<void> {
  const [measured, sets] = await Promise.all([
    session.conductor.measured(launchId),
    frozenSets(session, launchId, options.segments),
  ]);
  const { entry, launch } = await perform(session, launchId, (now, nowMs) => {
    if (now === null) throw new CliError('NO_LAUNCH', `there is no launch ${launchId}`);
    // Named one by one and signed as they would be shown at this very try.
    const segments = segmentsMeant(now, options.segments, nowMs);
    const own = sets.filter(({ segment }) => segments.includes(segment));
    const shown =
      now.audience === null
        ? null
        : shownFor(
            now,
            segments.map((segment) => ({ segment, attempt: nextAttempt(now, segment) })),
            undefined,
            own,
          );
    const via = proofBy(
      options.key,
      {
        purpose: 'request',
        launchId,
        orderId: '',
        segments: shown?.segments ?? [],
        shownHash: shown === null ? '' : shownHash(shown, sha256),
        notAfterMs: shown?.notAfterMs ?? { ios: 0, android: 0 },
      },
      nowMs,
    );
    return {
      kind: 'request-fire',
      by: keyOwner(now, options.key),
      segments: options.segments,
      measured,
      via,
      lift: options.lift,
      sets,
    };
  });
  const order = entry.kind === 'FireRequested' ? launch.orders[entry.orderId] : undefined;
  if (order === undefined) throw new CliError('ORDER_GONE', 'the order was appended and is not in the launch');
  for (const line of orderLines(launch, order)) session.out(line);
  session.out(
    `A second person approves it with: npm run go -- fire approve --launch ${launchId} --order ${order.id} --key their.pem --yes`,
  );
}

async function frozenSets({ conductor }: Session, launchId: string, segments: SegmentsAsked): Promise<FrozenSet[]> {
  return conductor.frozenSets(launchId, segments).catch((error: unknown) => {
    if (error instanceof CloudError && error.code === 'CLAIMS_LOST') throw new CliError(error.code, error.message);
    throw error;
  });
}

/** An operator has no second way: longer than a press in Slack may take. */
const SWITCHES_WITHIN_MS = 3_000;

/** Without `sure` it shows the order and stops: what is approved must have been seen. */
export async function approveFire(
  session: Session,
  launchId: string,
  options: { orderId: string | null; key: OperatorKey; sure: boolean },
): Promise<void> {
  const pressedAtMs = session.nowMs();
  const launch = await launchOf(session, launchId);
  const order = openOrder(launch, options.orderId, pressedAtMs);
  for (const line of orderLines(launch, order)) session.out(line);
  if (!options.sure)
    throw new CliError(
      'NOT_CONFIRMED',
      'nothing was sent. If this is what you approve, run it again with --yes: it fires at once',
    );
  const [measured, item] = await Promise.all([
    session.conductor.measured(launchId),
    session.cloud.switches.readWithin(launchId, SWITCHES_WITHIN_MS),
  ]);
  const { shown } = order;
  const via = proofBy(
    options.key,
    {
      purpose: 'approve',
      launchId,
      orderId: order.id,
      segments: shown.segments,
      shownHash: order.shownHash,
      notAfterMs: shown.notAfterMs,
    },
    pressedAtMs,
  );
  const { entry } = await perform(session, launchId, {
    kind: 'approve-fire',
    by: keyOwner(launch, options.key),
    orderId: order.id,
    shownHash: order.shownHash,
    pressedAtMs,
    measured,
    via,
    observedHaltEpoch: item?.haltEpoch ?? 0,
    observedHalted: item?.halted ?? false,
  });
  session.out(
    `${entry.kind === 'FireApproved' ? `GO: shot ${entry.shotId}` : `Armed for ${utc(shown.moment?.atMs ?? pressedAtMs)}`} for ${plural(order.devices, 'device')}. \`npm run go -- stats --launch ${launchId}\` follows it.`,
  );
}

function openOrder(launch: Launch, orderId: string | null, nowMs: number): FireOrder {
  const open = Object.values(launch.orders).filter((order) => order.state === 'open' && !isExpired(order, nowMs));
  const order = orderId === null ? open[0] : launch.orders[orderId];
  if (orderId === null && open.length > 1)
    throw new CliError(
      'ORDER_UNCLEAR',
      `several orders are open: name one with --order (${open.map(({ id }) => id).join(', ')})`,
    );
  if (order === undefined)
    throw new CliError(
      'NO_SUCH_ORDER',
      orderId === null ? 'no order is open; ask for one with `fire request`' : `there is no order ${orderId}`,
    );
  return order;
}

/** How long the command line waits for the entry of a halt, which stands by then; not at all where it can't come. */
const RECORDED_WITHIN_MS = 15_000;

/** Anyone with access to the cloud may halt; a key says who it was. Returns once it is recorded, or can't be in time. */
export async function halt(
  session: Session,
  launchId: string,
  { reason, key }: { reason: string; key: OperatorKey | null },
): Promise<void> {
  const answer = await pressHalt(session, launchId, {
    source: 'cli',
    who: (launch) => (key === null ? null : personOf(launch, key)),
    alias: key === null ? null : `pressed with the key ${fingerprintOf(key.publicKey, sha256)}`,
    reason,
    pressedAtMs: session.nowMs(),
    recordedWithinMs: RECORDED_WITHIN_MS,
  });
  if (!answer.stands) throw answer.code === 'LAUNCH_CLOSED' ? closed(launchId) : noLaunch(launchId);
  session.out(`HALTED: the switch item says so since ${utc(session.nowMs())} (epoch ${answer.epoch}).`);
  const taken = await answer.taken;
  if (taken === null)
    return session.out('The record can’t be written now; the conductor records the halt as found when it can.');
  if (taken.ok) return session.out('It is in the record.');
  // A slow record may say only now that nobody obeys that switch item.
  if (taken.code === 'NO_LAUNCH') throw noLaunch(launchId);
  if (taken.code === 'LAUNCH_CLOSED') throw closed(launchId);
  if (taken.code === 'RECORD_BROKEN')
    return session.out(
      `This process can’t write it into the record (${taken.say}). The halt stands all the same; a bot that can read the record records it as found.`,
    );
  session.out(`The record has no entry of it: ${taken.say}`);
}

function closed(launchId: string): CliError {
  return new CliError(
    'LAUNCH_CLOSED',
    `NOTHING WAS HALTED: ${launchId} is closed; nothing of it is being sent, and nothing can be`,
  );
}

function noLaunch(launchId: string): CliError {
  return new CliError(
    'NO_LAUNCH',
    `NOTHING IS HALTED: there is no launch ${launchId}; \`npm run go -- launches\` lists them`,
  );
}

export async function requestLift(
  session: Session,
  launchId: string,
  options: { reason: string; key: OperatorKey },
): Promise<void> {
  const launch = await launchOf(session, launchId);
  const { entry } = await perform(session, launchId, {
    kind: 'request-lift',
    by: keyOwner(launch, options.key),
    reason: options.reason,
  });
  session.out(
    `Asked to lift the halt${entry.kind === 'LiftRequested' ? ` (${entry.liftId})` : ''}. A second person approves it with: npm run go -- lift approve --launch ${launchId} --key their.pem`,
  );
}

export async function approveLift(session: Session, launchId: string, options: { key: OperatorKey }): Promise<void> {
  const launch = await launchOf(session, launchId);
  const lift = Object.values(launch.lifts).findLast(({ open }) => open);
  if (lift === undefined)
    throw new CliError('NO_SUCH_REQUEST', 'nobody has asked to lift a halt; ask with `lift request`');
  await perform(session, launchId, { kind: 'approve-lift', by: keyOwner(launch, options.key), liftId: lift.id });
  session.out('Lifted. What was not sent goes out with a new fire order.');
}
