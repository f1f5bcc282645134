import type { ChannelMessage } from '../../infra/aws/channel-message.ts';
import type { Head } from '../../infra/aws/seal.ts';
import { POSTMORTEM_STATES } from '../../runbooks/launch/entries.ts';
import type { Entry, PostmortemState } from '../../runbooks/launch/entries.ts';
import { remainingDevices } from '../../runbooks/launch/remaining.ts';
import type { PostmortemOptions } from '../../runbooks/postmortem/postmortem.ts';
import { askedNow } from '../actions/afterwards.ts';
import { namesOfOthers } from '../channel/names-of-others.ts';
import { postDocument } from '../channel/post-document.ts';
import { putCanvas } from '../channel/put-canvas.ts';
import type { DocumentAsked } from '../timeline-page/document.ts';
import { makeDocument } from '../timeline-page/documents.ts';
import { curvesOf } from '../timeline-page/page.ts';
import { code, done, info } from '../views/answers.ts';
import { shortTimelineMessage } from '../views/timeline-short.ts';
import { count, oneLine, plural, safe, stamp } from '../views/words.ts';
import { bareWord } from './arguments.ts';
import { withMe } from './compare.ts';
import { postLinks } from './post-links.ts';
import { misuse, submit } from './subcommand.ts';
import type { Answer, PersonAsk, Subcommand } from './subcommand.ts';

export const note: Subcommand = {
  name: 'note',
  usage: ['note the ad moved to the third quarter'],
  group: 'Talk and end',
  needs: 'person',
  does: 'Writes a line into the record. What people write in the channel is in the timeline anyway.',
  async run(ask) {
    if (ask.typed.rest === '') return misuse(note, 'What should it say?');
    return submit(
      ask,
      (by) => ({ kind: 'note', by, text: ask.typed.rest }),
      () => done('Noted.'),
    );
  },
};

export const timeline: Subcommand = {
  name: 'timeline',
  also: ['record'],
  usage: ['timeline', 'timeline live'],
  group: 'Talk and end',
  needs: 'person',
  does: 'Posts the whole record as a page with one axis and as Markdown: times, people, decisions, figures and what was said (its words for as long as the account keeps them, 90 days unless it says otherwise). `live` gives you a link to the page as it grows.',
  async run(ask) {
    if (ask.typed.words.map(bareWord)[0] === 'live') return liveLink(ask);
    return posted(ask, {
      name: 'timeline',
      title: 'Timeline',
      command: `npm run go -- timeline --launch ${ask.launch.id}`,
    });
  },
};

function liveLink({ desk, launch, slackId }: PersonAsk): Answer {
  const link = desk.liveLinks.give(launch.id, slackId);
  if (link === null)
    return info(
      'There is no live page: nobody has said where a browser reaches this bot (`GOBUTTON_PUBLIC_URL`). `/go timeline` posts the page as it is now.',
    );
  return done(
    `<${link.url}|The timeline as it grows>, to read. The link is yours until ${stamp(link.untilMs)}; whoever has it reads what you read.`,
  );
}

export const postmortem: Subcommand = {
  name: 'postmortem',
  also: ['post-mortem'],
  usage: ['postmortem', 'postmortem superbowl-2026', 'postmortem canvas', 'postmortem review', 'postmortem done'],
  group: 'Talk and end',
  needs: 'person',
  does: 'Posts the postmortem as a page and as Markdown: what was sent to whom, what was noticed when, how long each stage took, and what only people know, as questions. Beside an earlier launch of yours, if you name one. `canvas` puts it into a tab of the channel, in the place of the last one. `review`, `done` and `draft` say how far it is.',
  async run(ask) {
    const [word, ...more] = ask.typed.words.map(bareWord);
    const to = POSTMORTEM_STATES.find((state) => state === word && more.length === 0);
    if (to !== undefined) return turned(ask, to);
    if (word === 'canvas' && more.length === 0) return asCanvas(ask);
    const earlier = await earlierLaunch(ask);
    if (earlier === null)
      return misuse(
        postmortem,
        `There is no other launch ${code(ask.typed.rest)} with you on its roster, to stand beside this one.`,
      );
    return posted(ask, {
      name: 'postmortem',
      title: 'Postmortem',
      command: postmortemCommand(ask.launch.id),
      ...earlier,
    });
  },
};

async function turned(ask: PersonAsk, to: PostmortemState): Promise<Answer> {
  // What it asks is in the whole record, and only done goes by it.
  const questions = to === 'done' ? await askedNow(ask.desk, ask.launch.id) : [];
  return submit(
    ask,
    (by) => ({ kind: 'turn-postmortem', by, to, questions }),
    () => done(`${TURNED[to]} \`/go postmortem\` shows it.`),
  );
}

const TURNED = {
  draft: 'The postmortem is a draft again.',
  review: 'The postmortem is in review.',
  done: 'The postmortem is done. Whatever is answered, set or closed from now on is in it too, and it says so.',
} as const;

/** The launch that was named, if any. Null: there is none such. */
async function earlierLaunch(ask: PersonAsk): Promise<Pick<PostmortemOptions, 'other'> | null> {
  const id = ask.typed.rest.trim();
  if (id === '') return {};
  const other = await withMe(ask, id);
  return other === null ? null : { other };
}

interface WantedDocument extends Pick<DocumentAsked, 'name' | 'other'> {
  title: string;
  /** What gives it on the command line. */
  command: string;
}

type Made = NonNullable<Awaited<ReturnType<typeof makeDocument>>>;
type MadeOf = { made: Made; entries: number; messages: (ChannelMessage & Head)[] };

/** An answer: why there is none. */
async function made(
  ask: PersonAsk,
  { name, command, ...earlier }: Omit<WantedDocument, 'title'>,
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

const postmortemCommand = (launchId: string): string =>
  `npm run record -- postmortem --launch ${launchId} --out postmortem.md`;

async function asCanvas(ask: PersonAsk): Promise<Answer> {
  const { desk, launch, channelId } = ask;
  const document = await made(ask, { name: 'canvas', command: postmortemCommand(launch.id) });
  if ('answer' in document) return document.answer;
  const { markdown } = document.made;
  const title = `Postmortem of ${launch.name} (${launch.id})`;
  const why = await putCanvas(desk, { launchId: launch.id, channelId, title, markdown });
  if (why !== null)
    return info(
      `The canvas is not as the record stands now. ${why} \`/go postmortem\` posts it as a page and as Markdown.`,
    );
  return done(
    `*${safe(title, 160)}* is a canvas of this channel, as the record stands now. Ask again for what comes later.`,
  );
}

async function posted(ask: PersonAsk, wanted: WantedDocument): Promise<Answer> {
  const { name, title, command } = wanted;
  const { desk, launch, channelId } = ask;
  const document = await made(ask, wanted);
  if ('answer' in document) return document.answer;
  const { entries, messages } = document;
  const { markdown, page, chain, channel, short } = document.made;
  if (short !== null) await postShort(ask, short);
  const stampedAt = new Date(desk.nowMs()).toISOString().slice(0, 19).replaceAll(':', '');
  const talk = messages.filter(({ refused, mark, file }) => (refused ?? mark ?? file) === undefined).length;
  const refusals = messages.filter(({ refused }) => refused !== undefined).length;
  const { how, ...rest } = await postDocument(desk.client, desk.log, {
    channelId,
    launchId: launch.id,
    filename: `${name}-${launch.id}-${stampedAt}`,
    title: `${title} of ${launch.name}`,
    command,
    markdown,
    page,
    comment: `:scroll: ${title} of *${safe(launch.name, 120)}*: ${entries} entries, ${plural(talk, 'message')} of people${refusals === 0 ? '' : `, ${refusals} refused`}${chain.ok ? ', hash chain verified' : `. *The hash chain is broken at entry ${chain.seq}*`}${channel.ok ? '' : `. *The chain of channel messages is broken at message ${channel.seq}*`}.`,
  });
  if (!('parts' in rest))
    return done(`The ${name} stands in the channel: as a page to open in a browser, and as Markdown.`);
  if (how === 'thread' && rest.parts === rest.of)
    return done(`Slack took no file, so the ${name} stands in a thread of the channel.`);
  return info(
    `Slack took no file, and ${rest.parts} of ${rest.of} messages of the ${name}${how === 'thread' ? ' fit into a thread' : ' got through'}. It is whole on the command line: \`${command}\``,
  );
}

/** What it can't say the files that follow say all the same. */
async function postShort(
  { desk, launch, channelId }: PersonAsk,
  { targetAtMs, phases }: NonNullable<Made['short']>,
): Promise<void> {
  try {
    const { text, blocks } = shortTimelineMessage({ name: launch.name, targetAtMs }, phases);
    await desk.client.chat.postMessage({
      channel: channelId,
      text,
      blocks: [...blocks],
      unfurl_links: false,
      unfurl_media: false,
    });
  } catch (error) {
    desk.log.error({ err: error, launchId: launch.id }, 'the timeline in short could not be posted');
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
      ...launch.postmortem.guests.map(({ by }) => ({ user: by, text: '' })),
      ...messages,
    ]),
    links: await postLinks(desk, launch, entries),
    curves: await curvesOf(launch.id, Object.keys(launch.shots), desk.conductor),
    seen: { seq: launch.seq, hash: launch.headHash },
    trusted: desk.journal.keyring.trusted,
  };
}

export const close: Subcommand = {
  name: 'close',
  also: ['end'],
  usage: ['close', 'close all went well'],
  group: 'Talk and end',
  needs: 'person',
  does: 'Ends the launch: nothing can be fired any more, the timeline stays.',
  async run(ask) {
    const left = (ask.launch.audience?.segments ?? []).reduce(
      (sum, { id }) => sum + remainingDevices(ask.launch, id),
      0,
    );
    if (left > 0 && ask.typed.rest === '' && ask.launch.stoodDown === null)
      return misuse(
        close,
        `*${count(left)} devices got nothing yet*, and a closed launch can't send any more. If that is meant, say why: \`/go close the ad was pulled\``,
      );
    const answer = await submit(
      ask,
      (by) => ({ kind: 'close-launch', by, reason: oneLine(ask.typed.rest) }),
      () => done('The launch is closed. `/go timeline` gives its record; scale-downs still run by `/go scale`.'),
    );
    ask.desk.rooms.forget();
    return answer;
  },
};
