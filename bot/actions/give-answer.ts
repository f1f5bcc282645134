import type { ChannelMessage } from '../../infra/aws/channel-message.ts';
import type { Head } from '../../infra/aws/seal.ts';
import { answerProblem } from '../../runbooks/launch/aftermath.ts';
import type { ItemPlace } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { wellFormed } from '../../runbooks/launch/well-formed.ts';
import { STRANGER, submitAs } from '../desk.ts';
import type { Desk, Outcome } from '../desk.ts';

/** Of words that the core refuses: they are put nowhere. */
const NOWHERE: ItemPlace = { seq: 0, hash: '' };

/** What one person says in one form. */
export interface Answering {
  desk: Desk;
  launchId: string;
  slackId: string;
  /** Of the form. */ press: string;
  /** The chain of channel messages, as it was when the form came. */ messages: readonly (ChannelMessage & Head)[];
}

/**
 * One answer: its words first, into the chain of channel messages, then the entry that names them. Cut off in between, the words are a row of the
 * timeline that says so, and the same words of the same person, given again, are those. Rejects when the words or the entry can't be written.
 */
export async function giveAnswer(
  { desk, launchId, slackId, press, messages }: Answering,
  { question, words: typed, field }: { question: string; words: string; field: string },
): Promise<Outcome> {
  const words = wellFormed(typed.trim());
  const mine = messages.filter(({ given, user }) => given?.as === 'answer' && user === slackId);
  const last = mine.findLast(({ given }) => given?.as === 'answer' && given.question === question);
  const put = async (): Promise<ItemPlace> =>
    last?.text === words
      ? { seq: last.seq, hash: last.hash }
      : desk.channelLog.give(launchId, {
          press: `${press} ${field}`,
          user: slackId,
          text: words,
          atMs: desk.nowMs(),
          given: { as: 'answer', question },
        });
  const item = answerProblem({ question, words }) === null ? await put() : NOWHERE;
  const seqs = new Set([...mine.map(({ seq }) => seq), item.seq]);
  return submitAs(desk, launchId, slackId, (by, launch) =>
    by === STRANGER
      ? { kind: 'answer-as-guest', guest: slackId, as: guestOf(launch, seqs, item), question, words, item }
      : { kind: 'answer-question', by, question, words, item },
  );
}

/** The record holds no account of whoever is not on the roster: it knows them by the first item of theirs that it names. */
const guestOf = ({ postmortem }: Launch, mine: ReadonlySet<number>, { seq }: ItemPlace): string =>
  postmortem.guests.find(({ item }) => item !== null && mine.has(item.seq))?.by ?? `m${seq}`;
