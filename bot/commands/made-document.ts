import type { ChannelMessage } from '../../infra/aws/channel-message.ts';
import type { Head } from '../../infra/aws/seal.ts';
import type { Entry } from '../../runbooks/launch/entries.ts';
import { namesOfOthers } from '../channel/names-of-others.ts';
import type { DocumentAsked } from '../timeline-page/document.ts';
import { makeDocument } from '../timeline-page/documents.ts';
import { curvesOf } from '../timeline-page/page.ts';
import { info } from '../views/answers.ts';
import { postLinks } from './post-links.ts';
import type { Answer, PersonAsk } from './subcommand.ts';

/** A document of the launch as its record stands now: timeline, postmortem, canvas. */

export interface WantedDocument extends Pick<DocumentAsked, 'name' | 'other'> {
  /** What gives it on the command line. */
  command: string;
}

export type Made = NonNullable<Awaited<ReturnType<typeof makeDocument>>>;
type MadeOf = { made: Made; entries: number; messages: (ChannelMessage & Head)[] };

/** An answer: why there is none. */
export async function madeDocument(
  ask: PersonAsk,
  { name, command, ...earlier }: WantedDocument,
): Promise<MadeOf | { answer: Answer }> {
  const { desk, launch } = ask;
  const record = await readRecord(ask);
  const { entries, messages } = record;
  try {
    const document = await makeDocument({ name, ...earlier, ...(await beside(ask, record)) }, record);
    return document === null
      ? { answer: info('The record is empty.') }
      : { made: document, entries: entries.length, messages };
  } catch (error) {
    desk.log.error({ err: error, launchId: launch.id, name }, 'a document could not be made');
    return {
      answer: info(
        `The ${name} could not be made, so nothing was posted. The command line has more time: \`${command}\``,
      ),
    };
  }
}

/**
 * Past the journal, which refuses a broken record and looks at every signature on the way: the thread that makes the document does.
 * Entries first: no message is missing that a checkpoint among them has sealed.
 */
async function readRecord({
  desk,
  launch,
}: PersonAsk): Promise<{ entries: Entry[]; messages: (ChannelMessage & Head)[] }> {
  const entries = await desk.cloud.record.readAfter(launch.id, 0, AbortSignal.timeout(READ_WITHIN_MS));
  return { entries, messages: await desk.cloud.record.messagesAfter(launch.id, 0, { isToldAway: true }) };
}

const READ_WITHIN_MS = 30_000;

/** What the documents need beside the record. */
async function beside(
  { desk, launch }: PersonAsk,
  { entries, messages }: { entries: readonly Entry[]; messages: readonly ChannelMessage[] },
): Promise<Omit<DocumentAsked, 'name' | 'other'>> {
  return {
    launchId: launch.id,
    slackNames: await namesOfOthers(desk, new Set(launch.people.flatMap(({ slack }) => slack)), [
      ...launch.postmortem.guests.flatMap(({ by, item }) => (item === null ? { user: by, text: '' } : [])),
      ...messages,
    ]),
    links: await postLinks(desk, launch, entries),
    curves: await curvesOf(launch.id, Object.keys(launch.shots), desk.conductor),
    seen: { seq: launch.seq, hash: launch.headHash },
    trusted: desk.journal.keyring.trusted,
  };
}
