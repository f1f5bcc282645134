import { z } from 'zod';
import { gateNamed } from '../../runbooks/launch/gates.ts';
import { readinessNow } from '../commands/see.ts';
import { submitAs } from '../desk.ts';
import { done, refused } from '../views/answers.ts';
import { tickModal } from '../views/modals.ts';
import { oneLine } from '../views/words.ts';
import { decided } from './decide.ts';
import type { gateValue } from './decide.ts';
import type { Press } from './press.ts';
import type { FormResult, Submission } from './submit-form.ts';

/** Gates that a person ticks: with one tap, or with a form where the runbook asks for evidence. */

export const tickMeta = z.strictObject({
  launchId: z.string(),
  channelId: z.string(),
  gate: z.string(),
  contentHash: z.string().optional(),
});

/** The form must be open within 3 s of the press (docs/facts.md#slack-ack), so it is made from what is known here. */
export async function pressTick(press: Press<z.output<typeof gateValue>>): Promise<void> {
  const { desk, value, channelId, triggerId } = press;
  const launch = desk.journal.peek(value.launchId) ?? (await desk.journal.launch(value.launchId));
  const gate = launch === null ? undefined : gateNamed(launch, value.gate);
  if (gate?.evidence === undefined) return tick(press, true);
  await desk.client.views.open({
    trigger_id: triggerId,
    view: tickModal(gate, { ...value, channelId }),
  });
}

export const pressUntick = (press: Press<z.output<typeof gateValue>>) => tick(press, false);

function tick(press: Press<z.output<typeof gateValue>>, green: boolean): Promise<void> {
  const { desk, value } = press;
  return decided(
    press,
    (by) => ({ kind: 'tick-gate', by, gate: value.gate, green, note: '', contentHash: value.contentHash }),
    null,
    (launch) => readinessNow(desk, launch),
  );
}

export async function submitTick({
  desk,
  meta,
  slackId,
  fields,
}: Submission<z.output<typeof tickMeta>>): Promise<FormResult> {
  const note = oneLine(fields.get('note')?.text ?? '');
  const outcome = await submitAs(desk, meta.launchId, slackId, (by) => ({
    kind: 'tick-gate',
    by,
    gate: meta.gate,
    green: true,
    note,
    contentHash: meta.contentHash,
  }));
  return outcome.ok
    ? { ok: true, answer: done('Ticked; the channel shows it with what you gave.') }
    : { ok: false, errors: { note: outcome.say }, answer: refused(outcome.code, outcome.say) };
}
