import type { App, BlockAction, ButtonAction } from '@slack/bolt';
import { z } from 'zod';
import { payloadProblems } from '../../runbooks/launch/payload.ts';
import { textAt } from '../../runbooks/launch/variants.ts';
import { campaignFaults } from '../../runbooks/playbook/campaign-rules.ts';
import type { Campaign } from '../../runbooks/playbook/schema.ts';
import { readNumber } from '../../runbooks/typed/number.ts';
import { momentOf } from '../commands/ask-moment.ts';
import { withTexts } from '../commands/campaign.ts';
import type { TypedText } from '../commands/campaign.ts';
import { COMPRESS, createLaunch } from '../commands/create.ts';
import { submitAs } from '../desk.ts';
import type { Desk, Outcome } from '../desk.ts';
import { done, refused } from '../views/answers.ts';
import { doubtsNote } from '../views/content.ts';
import { campaignModal } from '../views/modals.ts';
import { platformName } from '../views/names.ts';
import { count } from '../views/words.ts';
import { fieldsOf } from './submit-form.ts';
import type { Field, FormResult, Submission } from './submit-form.ts';

export const createMeta = z.strictObject({ channelId: z.string() });
export const campaignMeta = z.strictObject({ launchId: z.string(), channelId: z.string(), contentHash: z.string() });
export const waiverMeta = z.strictObject({ launchId: z.string(), channelId: z.string(), gate: z.string() });

const wrong = (errors: Record<string, string>): FormResult => ({
  ok: false,
  errors,
  answer: refused('VALUE_INVALID', Object.values(errors).join(' ')),
});

/** A refusal of the core at the field that it is about. */
const atField = (outcome: Outcome & { ok: false }, field: string): FormResult => ({
  ok: false,
  errors: { [field]: outcome.say },
  answer: refused(outcome.code, outcome.say),
});

/** Thrown by the maker of the command: the text changed between opening the form and the decision. */
class FormOutdated extends Error {}
const OUTDATED =
  'Somebody saved another text while this form was open. Cancel, look at it with /go campaign, and edit again: your change would undo theirs.';

export async function submitCreate({
  desk,
  meta,
  slackId,
  teamId,
  fields,
}: Submission<z.output<typeof createMeta>>): Promise<FormResult> {
  const errors: Record<string, string> = {};
  const runbook = fields.get('runbook')?.option ?? null;
  const targetAtMs = fields.get('target')?.dateTimeMs ?? null;
  const compress = readNumber(fields.get('compress')?.text ?? '1', COMPRESS);
  if (runbook === null) errors['runbook'] = 'Choose a runbook.';
  if (targetAtMs === null) errors['target'] = 'Choose the target time.';
  if (!compress.ok || compress.value === 0)
    errors['compress'] =
      `Expected ${compress.ok || compress.code !== 'NUMBER_TWO_READINGS' ? 'a number above 0' : compress.expected}: 1 is real time, 24 makes an hour of a day.`;
  if (runbook === null || targetAtMs === null || !compress.ok || Object.keys(errors).length > 0) return wrong(errors);
  const created = await createLaunch(
    desk,
    { slackId, teamId, channelId: meta.channelId },
    { runbook, name: fields.get('name')?.text ?? null, targetAtMs, compress: compress.value },
  );
  return created.ok ? created : { ok: false, errors: { [created.field]: created.say }, answer: created.answer };
}

export async function submitCampaign({
  desk,
  meta,
  slackId,
  fields,
}: Submission<z.output<typeof campaignMeta>>): Promise<FormResult> {
  const launch = await desk.journal.launch(meta.launchId);
  if (launch === null) throw new Error(`LAUNCH_GONE ${meta.launchId}`);
  const texts = textsOf(fields);
  const errors = emptyFields(texts);
  const [first = ''] = texts.keys();
  if (launch.contentHash !== meta.contentHash) errors[`title:${first}`] = OUTDATED;
  const edited = withTexts(launch.campaign, texts);
  for (const fault of campaignFaults(edited))
    errors[blockOf(edited, fault.path, first)] ??= `Found ${fault.found}, expected ${fault.expected}.`;
  for (const problem of payloadProblems(edited, launch.id)) {
    errors[`body:${problem.text}`] ??=
      `This makes ${count(problem.bytes)} bytes on ${platformName[problem.platform]}; providers take 4,096. Shorten it.`;
  }
  const shown = Object.fromEntries(Object.entries(errors).filter(([block]) => fields.has(block)));
  if (Object.keys(shown).length > 0) return wrong(shown);
  let outcome: Outcome;
  try {
    outcome = await submitAs(desk, meta.launchId, slackId, (by, present) => {
      if (present.contentHash !== meta.contentHash) throw new FormOutdated();
      return { kind: 'set-campaign', by, campaign: withTexts(present.campaign, texts) };
    });
  } catch (error) {
    if (error instanceof FormOutdated) return wrong({ [`title:${first}`]: OUTDATED });
    throw error;
  }
  return outcome.ok
    ? {
        ok: true,
        answer: done(
          'Saved. Orders, test copies and ticks about the old text are void: `/go test` sends a copy of the new one, `/go ready` shows what is to be ticked again.' +
            doubtsNote(edited),
        ),
      }
    : atField(outcome, `title:${first}`);
}

/** Shows in the open form what people would see. The inputs keep what was typed, because their ids stay. */
export function onPreview(app: App, desk: Desk, actionId: string): void {
  app.action<BlockAction<ButtonAction>>({ type: 'block_actions', action_id: actionId }, async ({ ack, body }) => {
    await ack();
    const { view } = body;
    if (view === undefined) return;
    const meta = campaignMeta.parse(JSON.parse(view.private_metadata));
    const launch = desk.journal.peek(meta.launchId) ?? (await desk.journal.launch(meta.launchId));
    if (launch === null) throw new Error(`LAUNCH_GONE ${meta.launchId}`);
    const texts = textsOf(fieldsOf(view.state.values));
    const preview: Campaign = withTexts(launch.campaign, texts);
    // The hash makes Slack refuse this if the form has changed since; then the newer preview stands.
    const modal = campaignModal(launch, [...texts.keys()], meta.channelId, preview);
    await desk.client.views.update({
      view_id: view.id,
      hash: view.hash,
      view: { ...modal, private_metadata: view.private_metadata },
    });
  });
}

function textsOf(fields: ReadonlyMap<string, Field>): Map<string, TypedText> {
  const texts = new Map<string, TypedText>();
  for (const [block, { text }] of fields) {
    const [part, locale] = block.split(':');
    if (locale === undefined) continue;
    if (part === 'subtitle') texts.set(locale, { ...texts.get(locale), subtitle: text });
    if (part === 'title' || part === 'body')
      texts.set(locale, { ...texts.get(locale), ...(text === null ? {} : { [part]: text }) });
  }
  return texts;
}

/** The field of the form that a fault of the campaign is about; the first one where it has none. */
function blockOf(campaign: Campaign, path: readonly string[], first: string): string {
  const at = textAt(campaign, path);
  if (at === null) return `title:${first}`;
  return `${at.key === 'body' || at.key === 'subtitle' ? at.key : 'title'}:${at.text}`;
}

function emptyFields(texts: ReadonlyMap<string, TypedText>): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const [locale, text] of texts) {
    if (text.title === undefined) errors[`title:${locale}`] = 'A push needs a title.';
    if (text.body === undefined) errors[`body:${locale}`] = 'A push needs a text.';
  }
  return errors;
}

export async function submitWaiver({
  desk,
  meta,
  slackId,
  atMs,
  fields,
}: Submission<z.output<typeof waiverMeta>>): Promise<FormResult> {
  const errors: Record<string, string> = {};
  const reason = fields.get('reason')?.text ?? '';
  const worstText = fields.get('worst')?.text ?? null;
  const worst = worstText === null ? null : readNumber(worstText, { fractions: true });
  const until = fields.get('until')?.text ?? '';
  const ends = await momentOf(desk, slackId, until, atMs, null);
  const segments = fields.get('segments')?.options ?? [];
  if (reason === '') errors['reason'] = 'Say why this gate may be red.';
  if (worst?.ok === false) errors['worst'] = `Expected ${worst.expected}.`;
  if (ends.kind === 'offer')
    errors['until'] = `This may mean ${ends.choices
      .slice(0, 3)
      .map(({ atMs: at, label }) => `${label}: type ${new Date(at).toISOString().slice(0, 16)}Z`)
      .join('; ')}.`;
  if (ends.kind === 'refused')
    errors['until'] =
      `Expected a time like in 2h or 23:30 UTC; found “${until.slice(0, 60)}”, expected ${ends.expected.replaceAll('`', '')}.`;
  if (ends.kind !== 'at' || worst?.ok === false || Object.keys(errors).length > 0) return wrong(errors);
  const outcome = await submitAs(desk, meta.launchId, slackId, (by) => ({
    kind: 'request-waiver',
    by,
    gate: meta.gate,
    segments: segments.length === 0 ? 'all' : segments,
    worst: worst?.value ?? null,
    reason,
    endsAtMs: ends.atMs,
  }));
  if (outcome.ok)
    return { ok: true, answer: done('Asked for the waiver. Another person grants it with the button in the channel.') };
  return atField(
    outcome,
    outcome.code === 'TIME_INVALID' ? 'until' : outcome.code === 'VALUE_INVALID' ? 'worst' : 'reason',
  );
}
