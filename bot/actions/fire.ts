import { z } from 'zod';
import { sha256 } from '../../infra/aws/sha256.ts';
import { waitAtMost } from '../../infra/time-limit.ts';
import { PRESS } from '../../infra/watch/entry-spans.ts';
import { tellSpan } from '../../infra/watch/spans.ts';
import { decide } from '../../runbooks/launch/decide.ts';
import type { Measured } from '../../runbooks/launch/entries.ts';
import { orderGates } from '../../runbooks/launch/gates.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { slackVia, submitAs, whoIs } from '../desk.ts';
import type { Desk } from '../desk.ts';
import { done, info, refused } from '../views/answers.ts';
import type { Message } from '../views/message.ts';
import { declineModal } from '../views/modals.ts';
import { orderMessage, outcomeText } from '../views/order.ts';
import { renewalCall } from '../views/renewal.ts';
import { segmentsText } from '../views/segments-text.ts';
import { textsModal } from '../views/texts-modal.ts';
import { oneLine, plural } from '../views/words.ts';
import type { Press } from './press.ts';
import type { FormResult, Submission } from './submit-form.ts';

export const goValue = z.strictObject({ launchId: z.string(), orderId: z.string(), shownHash: z.string() });
export const declineValue = z.strictObject({ launchId: z.string(), orderId: z.string() });

/** The GO press waits for nothing longer than this, and the switch item is asked for again and again until then; without the switch item it is refused, without measurements hard gates are unknown and refuse it. */
const READ_WITHIN_MS = 1_500;

/**
 * The press that fires. Any number of presses, retries and instances come to one append: the record decides who was
 * first, and everybody else is told.
 */
export async function pressGo(press: Press<z.output<typeof goValue>>): Promise<void> {
  const { desk, value, slackId, teamId, channelId, pressedAtMs, answer, refresh } = press;
  const { launchId, orderId, shownHash } = value;
  const refuse = (code: string, say: string) => {
    desk.refusals.note(launchId, slackId, { what: `pressing GO on ${orderId}`, code, say });
    return answer(refused(code, say));
  };
  if (desk.rooms.isKnownShared(channelId))
    return refuse(
      'CHANNEL_SHARED',
      'This channel is shared with another company (Slack Connect), so nobody fires from it.',
    );

  const [item, measured] = await Promise.all([switchItem(desk, value), measuredInTime(desk, launchId)]);
  if (item === 'unreadable')
    return refuse('HALTED', 'The halt switch could not be read just now, so nothing was sent. Press GO again.');

  const readAtMs = desk.nowMs();

  const outcome = await submitAs(desk, launchId, slackId, (by) => ({
    kind: 'approve-fire',
    by,
    orderId,
    shownHash,
    pressedAtMs,
    measured,
    via: slackVia({ slackId, teamId, channelId }),
    observedHaltEpoch: item?.haltEpoch ?? 0,
    observedHalted: item?.halted ?? false,
  }));
  const tookMs = desk.nowMs() - pressedAtMs;
  const code = outcome.ok ? undefined : outcome.code;
  desk.log.info({ launchId, orderId, slackId, ok: outcome.ok, code, tookMs }, 'GO pressed');
  const launch = outcome.launch ?? (await desk.journal.launch(launchId));
  if (outcome.ok) tellPress(desk, outcome.launch, { orderId, pressedAtMs, readAtMs });
  await Promise.all([
    answer(outcome.ok ? firedAnswer(outcome.launch, orderId) : whyNot(launch, orderId, slackId, outcome)),
    launch === null ? Promise.resolve() : showOrder(desk, launch, orderId, measured, refresh),
  ]);
}

function switchItem(desk: Desk, { launchId, orderId }: z.output<typeof goValue>) {
  return desk.cloud.switches.readWithin(launchId, READ_WITHIN_MS).catch((error: unknown) => {
    desk.log.error({ err: error, launchId, orderId }, 'GO: the halt switch could not be read');
    return 'unreadable' as const;
  });
}

function firedAnswer(launch: Launch, orderId: string): Message {
  const order = launch.orders[orderId];
  const what =
    order === undefined ? 'it' : `${segmentsText(launch, order.shown.segments)}, ${plural(order.devices, 'device')}`;
  return order?.state === 'armed'
    ? done(`*Armed*: nothing is sent yet, your press armed ${what}. Disarm is on its message.`)
    : done(`*GO*: your press fired ${what}. HALT is on the live message.`);
}

/** What the presser of a GO that the record refused is told: it may have happened already, by this press or another. */
function whyNot(
  launch: Launch | null,
  orderId: string,
  slackId: string,
  { code, say }: { code: string; say: string },
): Message {
  const order = launch?.orders[orderId];
  // The requester's press on an order that is over: say what became of it.
  if (code === 'SAME_PERSON' && launch !== null && order !== undefined && order.state !== 'open')
    return info(`That order is over: ${outcomeText(launch, order)}`);
  const shot = Object.values(launch?.shots ?? {}).find((one) => one.orderId === orderId);
  if (launch === null || shot === undefined) return refused(code, say);
  // A second delivery of the press that won, or the winner's second tap.
  if (whoIs(launch, slackId)?.id === shot.approvedBy)
    return info('Your GO counted already; this press changed nothing.');
  // Somebody else was first: what the presser wanted has happened.
  return code === 'ORDER_NOT_OPEN' ? info(say) : refused(code, say);
}

/** From its receipt until the shot was ordered and the presser could be told. */
function tellPress(
  desk: Desk,
  launch: Launch,
  { orderId, pressedAtMs, readAtMs }: { orderId: string; pressedAtMs: number; readAtMs: number },
): void {
  const shot = Object.values(launch.shots).find((one) => one.orderId === orderId);
  if (shot === undefined) return;
  const place = { launchId: launch.id, shotId: shot.id, startMs: pressedAtMs };
  tellSpan({ ...place, name: 'press', key: PRESS, endMs: desk.nowMs(), attributes: { order: orderId } });
  tellSpan({ ...place, name: 'read switch and gates', within: PRESS, endMs: readAtMs });
}

/** The gates' watch goes on with what it has begun: others share it. */
async function measuredInTime(desk: Desk, launchId: string): Promise<Measured[]> {
  const measured = desk.conductor.measured(launchId).catch((error: unknown) => {
    desk.log.error({ err: error, launchId }, 'GO: no measurements');
    return [];
  });
  return waitAtMost(READ_WITHIN_MS, measured, []);
}

async function showOrder(
  desk: Desk,
  launch: Launch,
  orderId: string,
  measured: readonly Measured[],
  refresh: Press<unknown>['refresh'],
): Promise<void> {
  const order = launch.orders[orderId];
  if (order === undefined) return;
  const nowMs = desk.nowMs();
  await refresh(orderMessage(launch, order, orderGates(launch, order, measured, nowMs), nowMs));
}

/** The form waits so long for Slack; an order is never kept open for want of a form. */
const FORM_WITHIN_MS = 2_000;

/** Asks why. What can't be declined is refused at once, and if no form comes up the order is declined without a reason. */
export async function pressDecline(press: Press<z.output<typeof declineValue>>): Promise<void> {
  const {
    desk,
    value: { launchId, orderId },
    slackId,
    channelId,
    triggerId,
  } = press;
  const launch = desk.journal.peek(launchId) ?? (await desk.journal.launch(launchId));
  const order = launch?.orders[orderId];
  const person = launch === null ? null : whoIs(launch, slackId);
  if (launch === null || order === undefined || person === null) return declineNow(press);
  if (!decide(launch, { kind: 'decline-fire', by: person.id, orderId, reason: '' }, { nowMs: desk.nowMs(), sha256 }).ok)
    return declineNow(press);
  const view = declineModal(launchId, orderId, channelId, segmentsText(launch, order.shown.segments));
  const opened = desk.client.views
    .open({ trigger_id: triggerId, view })
    .then(() => true)
    .catch((error: unknown) => {
      desk.log.warn({ err: error, launchId, orderId }, 'no form to ask why an order is declined');
      return false;
    });
  if (!(await waitAtMost(FORM_WITHIN_MS, opened, false))) await declineNow(press);
}

async function declineNow(
  { desk, value, slackId, answer, refresh }: Press<z.output<typeof declineValue>>,
  said = 'Declined; nothing was sent. Slack opened no form to ask why: say it in the channel, or with `/go note`.',
): Promise<void> {
  const { launchId, orderId } = value;
  const outcome = await submitAs(desk, launchId, slackId, (by) => ({ kind: 'decline-fire', by, orderId, reason: '' }));
  const launch = outcome.launch ?? (await desk.journal.launch(launchId));
  const measured = await desk.conductor.measured(launchId);
  await Promise.all([
    answer(outcome.ok ? done(said) : refused(outcome.code, outcome.say)),
    launch === null ? Promise.resolve() : showOrder(desk, launch, orderId, measured, refresh),
  ]);
}

/** One tap stops what would go by itself; why can be said afterwards. */
export async function pressDisarm(press: Press<z.output<typeof declineValue>>): Promise<void> {
  await declineNow(press, 'Disarmed; nothing was sent. Say why in the channel, or with `/go note`.');
}

/** One tap of its asker. The message keeps its GO button: what it shows is the same. */
export async function pressRenew(press: Press<z.output<typeof declineValue>>): Promise<void> {
  const { desk, value, refresh } = press;
  const launch = await renew(press);
  const measured = await desk.conductor.measured(value.launchId);
  if (launch !== null) await showOrder(desk, launch, value.orderId, measured, refresh);
}

/** The same from the message that calls its asker, which then says how long the order waits. */
export async function pressRenewCalled(press: Press<z.output<typeof declineValue>>): Promise<void> {
  const launch = await renew(press);
  const order = launch?.orders[press.value.orderId];
  if (launch !== null && order !== undefined) await press.refresh(renewalCall(launch, order, press.desk.nowMs()));
}

async function renew({ desk, value, slackId, answer }: Press<z.output<typeof declineValue>>): Promise<Launch | null> {
  const { launchId, orderId } = value;
  const outcome = await submitAs(desk, launchId, slackId, (by) => ({ kind: 'renew-order', by, orderId }));
  await answer(
    outcome.ok
      ? done('It waits for one more lifetime; nothing that it shows has changed.')
      : refused(outcome.code, outcome.say),
  );
  return outcome.launch ?? desk.journal.launch(launchId);
}

export const declineMeta = z.strictObject({ launchId: z.string(), orderId: z.string(), channelId: z.string() });

export async function submitDecline({
  desk,
  meta,
  slackId,
  fields,
}: Submission<z.output<typeof declineMeta>>): Promise<FormResult> {
  const reason = oneLine(fields.get('reason')?.text ?? '');
  if (reason === '')
    return {
      ok: false,
      errors: { reason: 'Say why: whoever asked for it has to know what to mend.' },
      answer: refused('REASON_MISSING', 'Declining an order needs a reason.'),
    };
  const outcome = await submitAs(desk, meta.launchId, slackId, (by) => ({
    kind: 'decline-fire',
    by,
    orderId: meta.orderId,
    reason,
  }));
  return outcome.ok
    ? { ok: true, answer: done('Declined; nothing was sent.') }
    : { ok: false, errors: { reason: outcome.say }, answer: refused(outcome.code, outcome.say) };
}

/** Opens the texts of an order, whole. The trigger lives three seconds, so nothing else comes first. */
export async function pressReadTexts({
  desk,
  value,
  triggerId,
  answer,
}: Press<z.output<typeof declineValue>>): Promise<void> {
  const launch = desk.journal.peek(value.launchId) ?? (await desk.journal.launch(value.launchId));
  const order = launch?.orders[value.orderId];
  if (launch === null || order === undefined)
    return answer(
      refused(
        'ORDER_UNKNOWN',
        'This order is not in the record that the bot has read. `/go status` shows the present state.',
      ),
    );
  await desk.client.views.open({ trigger_id: triggerId, view: textsModal(launch, order) });
}
