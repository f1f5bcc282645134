import { z } from 'zod';
import { may } from '../../runbooks/launch/authority.ts';
import { readNumber } from '../../runbooks/typed/number.ts';
import { readSurgeLines } from '../../runbooks/typed/surge-lines.ts';
import { submitAs, whoIs } from '../desk.ts';
import { done, refused } from '../views/answers.ts';
import { peopleWith } from '../views/names.ts';
import { surgeModal } from '../views/surge.ts';
import type { Press } from './press.ts';
import type { FormResult, Submission } from './submit-form.ts';

export const surgeMeta = z.strictObject({ launchId: z.string(), channelId: z.string() });

/** The form for figures that were measured, with those that hold now. */
export async function pressAskSurge(press: Press<{ launchId: string }>): Promise<void> {
  const { desk, value, slackId, triggerId, channelId, answer } = press;
  const launch = await desk.journal.launch(value.launchId);
  if (launch === null) throw new Error(`LAUNCH_GONE ${value.launchId}`);
  const person = whoIs(launch, slackId);
  if (person === null || !may(person, 'measure-surge'))
    return answer(refused('ROLE_MISSING', `Entering figures needs ${peopleWith(launch, ['on-call', 'marketer'])}.`));
  await desk.client.views.open({ trigger_id: triggerId, view: surgeModal(launch, channelId) });
}

export async function submitSurge({
  desk,
  meta,
  slackId,
  fields,
}: Submission<z.output<typeof surgeMeta>>): Promise<FormResult> {
  const errors: Record<string, string> = {};
  const number = (field: string, text: string | null): number | undefined => {
    if (text === null) return undefined;
    const read = readNumber(text, field === 'open' ? { fractions: true, most: 100 } : { least: 1, perSecond: true });
    if (read.ok) return read.value;
    errors[field] = `Found “${text}”, expected ${read.expected}.`;
    return undefined;
  };
  const percent = number('open', fields.get('open')?.text?.replace(/\s*%$/, '') ?? null);
  const unpacedPerSecond = number('unpaced', fields.get('unpaced')?.text ?? null);
  const lines = readSurgeLines(fields.get('fleets')?.text ?? '');
  if (!lines.ok) errors['fleets'] = lines.say;
  const source = fields.get('source')?.text ?? '';
  if (source === '') errors['source'] = 'Say where the figures are from.';
  if (!lines.ok || Object.keys(errors).length > 0)
    return { ok: false, errors, answer: refused('VALUE_INVALID', Object.values(errors).join(' ')) };
  const outcome = await submitAs(desk, meta.launchId, slackId, (by) => ({
    kind: 'measure-surge',
    by,
    source,
    ...(percent === undefined ? {} : { openRate: percent / 100 }),
    ...(unpacedPerSecond === undefined ? {} : { unpacedPerSecond }),
    fleets: lines.fleets,
  }));
  return outcome.ok
    ? { ok: true, answer: done('Entered. `/go forecast` shows what comes of it.') }
    : { ok: false, errors: { fleets: outcome.say }, answer: refused(outcome.code, outcome.say) };
}
