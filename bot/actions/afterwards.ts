import type { ModalView } from '@slack/types';
import { z } from 'zod';
import { sha256 } from '../../infra/aws/sha256.ts';
import { ACTION_WHENS } from '../../runbooks/launch/entries.ts';
import type { Entry } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { blameIn } from '../../runbooks/postmortem/blame.ts';
import { givenIn } from '../../runbooks/record/given.ts';
import { submitAs, whoIs } from '../desk.ts';
import type { Desk, Outcome } from '../desk.ts';
import { actionModal, answersModal, blameNote, readingModal, unreadModal } from '../views/aftermath.ts';
import type { AskedHere } from '../views/aftermath.ts';
import { done, info, refused, stranger } from '../views/answers.ts';
import type { Message } from '../views/message.ts';
import { fit, plural, safe } from '../views/words.ts';
import { questionsIn } from './asked-questions.ts';
import { giveAnswer } from './give-answer.ts';
import type { Answering } from './give-answer.ts';
import type { Press } from './press.ts';
import type { FormResult, Submission } from './submit-form.ts';

/** What people say once it is over: the form of the postmortem's questions, and that of an action. */

export const afterwardsMeta = z.strictObject({ launchId: z.string(), channelId: z.string() });

type Opened = Pick<Press<{ launchId: string }>, 'desk' | 'value' | 'slackId' | 'channelId' | 'triggerId' | 'answer'>;

async function launchOf({ desk, value }: Pick<Opened, 'desk' | 'value'>): Promise<Launch> {
  const launch = desk.journal.peek(value.launchId) ?? (await desk.journal.launch(value.launchId));
  if (launch === null) throw new Error(`LAUNCH_GONE ${value.launchId}`);
  return launch;
}

/** The launch, if whoever pressed is on its roster. */
async function forPeople({ desk, value, slackId, answer }: Opened, what: string): Promise<Launch | null> {
  const launch = await launchOf({ desk, value });
  if (whoIs(launch, slackId) !== null) return launch;
  desk.refusals.note(launch.id, slackId, { what, code: 'NOT_ON_ROSTER', say: 'not on the roster of this launch' });
  await answer(stranger(launch));
  return null;
}

interface Asked {
  questions: string[];
  /** With the words of those who have answered. */ entries: readonly Entry[];
  messages: Answering['messages'];
}

/** What the postmortem asks as the record stands. Entries first, as for the document. */
export async function askedNow(desk: Desk, launchId: string): Promise<Asked> {
  const all = await desk.journal.entries(launchId);
  const messages = await desk.cloud.record.messagesAfter(launchId, 0);
  const questions = await questionsIn(launchId, { entries: all, messages });
  return { questions, entries: givenIn(all, messages).entries, messages };
}

/** A question may change while a form is open, so its field is named after its words. */
const fieldOf = (question: string): string => `q:${sha256(question).slice(0, 16)}`;

export async function pressAnswerPostmortem(press: Opened): Promise<void> {
  const { desk, slackId, channelId, triggerId } = press;
  // Whoever is in the channel: affected people are seldom on a roster.
  const launch = await launchOf(press);
  const opened = await desk.client.views.open({ trigger_id: triggerId, view: readingModal() });
  const filled = async (view: ModalView) => desk.client.views.update({ view_id: opened.view?.id ?? '', view });
  try {
    await filled(answersModal(launch, channelId, await askedOf(desk, launch, slackId)));
  } catch (error) {
    // Or it would say for ever that the record is being read.
    await filled(unreadModal()).catch(() => undefined);
    throw error;
  }
}

/** What this person has not answered comes first: a form does not hold any number. */
async function askedOf(desk: Desk, launch: Launch, slackId: string): Promise<AskedHere[]> {
  const person = whoIs(launch, slackId)?.id ?? null;
  const { questions: all, entries } = await askedNow(desk, launch.id);
  const said = entries.flatMap((entry) =>
    entry.kind === 'QuestionAnswered' &&
    (person === null ? entry.guest === slackId : 'person' in entry.by && entry.by.person === person)
      ? [entry]
      : [],
  );
  const questions = all.map((question): AskedHere => {
    const mine = said.findLast((one) => one.question === question)?.words ?? null;
    return { id: fieldOf(question), question, mine };
  });
  return [...questions.filter(({ mine }) => mine === null), ...questions.filter(({ mine }) => mine !== null)];
}

export async function submitAnswers({
  desk,
  meta,
  slackId,
  press,
  fields,
}: Submission<z.output<typeof afterwardsMeta>>): Promise<FormResult> {
  const written = [...fields].flatMap(([field, { text }]) => (text === null ? [] : [{ field, text }]));
  const [first = ''] = fields.keys();
  if (written.length === 0)
    return wrong({ [first]: 'Nothing is written yet; answer at least one question, or press Cancel.' });
  const { questions, messages } = await askedNow(desk, meta.launchId);
  const asked = new Map(questions.map((question) => [fieldOf(question), question]));
  const answering = { desk, launchId: meta.launchId, slackId, press, messages };
  const errors: Record<string, string> = {};
  for (const { field, text } of written) {
    const question = asked.get(field);
    const outcome = question === undefined ? null : await answered(answering, { question, words: text, field });
    if (outcome === null)
      errors[field] =
        'The record has gone on, and this is asked in other words now. Copy what you wrote, and press Answer again.';
    // The form was sent twice, or again after a fault in another field.
    else if (!outcome.ok && outcome.code !== 'ALREADY_SO') errors[field] = outcome.say ?? '';
  }
  const lost = written.filter(({ field }) => errors[field] !== undefined);
  if (lost.length > 0) return { ok: false, errors, answer: notKept(errors, lost, written.length - lost.length) };
  const launch = await desk.journal.launch(meta.launchId);
  const names = (launch?.people ?? []).map(({ name }) => name);
  // `/go postmortem` is for the roster.
  const where =
    launch !== null && whoIs(launch, slackId) === null
      ? 'They stand in the postmortem with your name, and that you are not on the roster.'
      : '`/go postmortem` shows the document.';
  const blamed = blameIn(written.map(({ text }) => text).join('\n'), names);
  return {
    ok: true,
    answer: done(
      `Kept, as you wrote ${written.length === 1 ? 'it' : 'them'}: ${plural(written.length, 'answer')}. ${where}${blameNote(blamed)}`,
    ),
  };
}

/** The form may be gone by then (submit-form.ts), and with it what they wrote. */
function notKept(errors: Record<string, string>, lost: readonly { text: string }[], kept: number): Message {
  const why = [...new Set(Object.values(errors))].join(' ');
  const texts = lost.map(({ text }) => `• ${safe(text.replaceAll(/\s+/g, ' '), 1_000)}`);
  return info(
    `:warning: ${plural(lost.length, 'answer')} not kept, ${kept === 0 ? 'and no other was given' : `${kept} kept`}: ${safe(why, 400)}\n${fit(texts, 2_000)}`,
  );
}

/** Others of the same form may be kept, and whoever wrote it has it in the answer: nothing of it is lost. */
async function answered(
  answering: Answering,
  one: { question: string; words: string; field: string },
): Promise<Pick<Outcome, 'ok'> & { code?: string; say?: string }> {
  try {
    return await giveAnswer(answering, one);
  } catch (error) {
    answering.desk.log.error({ err: error, launchId: answering.launchId }, 'an answer could not be kept');
    return { ok: false, say: 'It could not be kept: the table or S3 did not answer. Send it again in a moment.' };
  }
}

export async function pressAddAction(press: Opened): Promise<void> {
  const launch = await forPeople(press, 'setting an action');
  if (launch === null) return;
  await press.desk.client.views.open({ trigger_id: press.triggerId, view: actionModal(launch, press.channelId) });
}

const whens = z.enum(ACTION_WHENS);

export async function submitAction({
  desk,
  meta,
  slackId,
  fields,
}: Submission<z.output<typeof afterwardsMeta>>): Promise<FormResult> {
  const errors: Record<string, string> = {};
  const words = fields.get('words')?.text ?? '';
  const when = whens.safeParse(fields.get('when')?.option);
  const owner = fields.get('owner')?.option ?? '';
  const due = fields.get('due')?.date ?? '';
  if (words === '') errors['words'] = 'Say what is to be done.';
  if (!when.success) errors['when'] = 'Choose when.';
  if (owner === '') errors['owner'] = 'Choose who sees to it.';
  if (due === '') errors['due'] = 'Choose a date.';
  if (!when.success || Object.keys(errors).length > 0) return wrong(errors);
  const outcome = await submitAs(desk, meta.launchId, slackId, (by) => ({
    kind: 'set-action',
    by,
    actionId: null,
    when: when.data,
    words,
    owner,
    due,
  }));
  if (!outcome.ok) return wrong({ [outcome.code === 'TIME_INVALID' ? 'due' : 'words']: outcome.say });
  const blamed = blameIn(
    words,
    outcome.launch.people.map(({ name }) => name),
  );
  return { ok: true, answer: done(`Added. \`/go actions\` lists them.${blameNote(blamed)}`) };
}

const wrong = (errors: Record<string, string>): FormResult => ({
  ok: false,
  errors,
  answer: refused('VALUE_INVALID', Object.values(errors).join(' ')),
});
