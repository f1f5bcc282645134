import { stat, writeFile } from 'node:fs/promises';
import { verifyChannel } from '../../infra/aws/verify-channel.ts';
import type { RecordVerdict } from '../../infra/aws/verify-record.ts';
import { shown } from '../../infra/environment.ts';
import type { Entry } from '../../runbooks/launch/entries.ts';
import { postmortemMarkdown } from '../../runbooks/postmortem/markdown.ts';
import { postmortemOf } from '../../runbooks/postmortem/postmortem.ts';
import { exportLines } from '../../runbooks/record/export.ts';
import { channelBreak, timelineOf } from '../../runbooks/record/model.ts';
import type { Timeline } from '../../runbooks/record/model.ts';
import { asMarkdown } from '../../runbooks/record/timeline.ts';
import { linksLike } from '../commands/post-links.ts';
import { curvesOf, pageOf, postmortemPageOf } from '../timeline-page/page.ts';
import { plural } from '../views/words.ts';
import { CliError } from './cli-error.ts';
import { figuresCsv, reportLines, shotsIn } from './record-figures.ts';
import { launchOf } from './session.ts';
import type { Session } from './session.ts';

/** The record of a launch as files, for people and for their own analysis. */

/**
 * Entries and channel messages, read past the journal, which refuses a broken chain: a postmortem must be able to show one.
 * Entries first: no message is missing that a checkpoint among them has sealed.
 */
export async function readWhole({ cloud, journal }: Session, launchId: string) {
  const entries = await cloud.record.readAfter(launchId, 0);
  if (entries.length === 0)
    throw new CliError('NO_LAUNCH', `there is no launch ${launchId}; \`npm run go -- launches\` lists them`);
  const messages = await cloud.record.messagesAfter(launchId, 0, { isToldAway: true });
  return {
    entries,
    messages,
    chain: await journal.verify(entries),
    channel: verifyChannel(launchId, messages, entries),
  };
}

/** By its ending: a page for a browser, or Markdown. */
export async function writeTimeline(session: Session, launchId: string, file: string): Promise<void> {
  const isMarkdown = endsAsMarkdown(file);
  const record = await readWhole(session, launchId);
  const links = await linksIn(session, launchId, record);
  const timeline = timelineOf(record.entries, record.messages, { ...record, links });
  if (timeline === null) throw neverCreated(launchId, record.entries);
  await writeOut(file, isMarkdown ? asMarkdown(timeline) : pageOf(timeline, await curvesIn(session, timeline)));
  session.out(wroteText(file, record));
}

/** `against`: another launch, whose figures stand beside. */
export async function writePostmortem(
  session: Session,
  launchId: string,
  { file, against }: { file: string; against: string | null },
): Promise<void> {
  const isMarkdown = endsAsMarkdown(file);
  const record = await readWhole(session, launchId);
  const other =
    against === null
      ? null
      : { launch: await launchOf(session, against), entries: await session.journal.entries(against) };
  const postmortem = postmortemOf(record.entries, record.messages, {
    chain: record.chain,
    channel: record.channel,
    links: await linksIn(session, launchId, record),
    other,
  });
  if (postmortem === null) throw neverCreated(launchId, record.entries);
  await writeOut(
    file,
    isMarkdown
      ? postmortemMarkdown(postmortem)
      : postmortemPageOf(postmortem, await curvesIn(session, postmortem.timeline)),
  );
  session.out(wroteText(file, record));
}

/**
 * Where the bot has told of each entry: without Slack, by the link of a message of people. None, where nobody wrote, or the table that knows has gone: then
 * the document has everything else.
 */
async function linksIn(
  { conductor, log }: Session,
  launchId: string,
  { entries, messages }: Pick<Awaited<ReturnType<typeof readWhole>>, 'entries' | 'messages'>,
): Promise<ReadonlyMap<number, string>> {
  const example = messages.find(({ permalink, ts }) => permalink !== null && ts !== '');
  if (example?.permalink === undefined || example.permalink === null) return new Map();
  try {
    return linksLike({ ts: example.ts, permalink: example.permalink }, await conductor.postedAt(launchId, entries));
  } catch (error) {
    log.warn({ err: error, launchId }, 'no links to what the bot has said');
    return new Map();
  }
}

const curvesIn = ({ conductor }: Session, { launchId, shots }: Timeline) =>
  curvesOf(
    launchId,
    shots.map(({ shotId }) => shotId),
    conductor,
  );

export function endsAsMarkdown(file: string): boolean {
  if (!/\.(?:html|md)$/.test(file))
    throw new CliError('USAGE', `--out: found ${shown(file)}, expected a name that ends in .html (a page) or .md`);
  return file.endsWith('.md');
}

const neverCreated = (launchId: string, entries: readonly Entry[]): CliError =>
  new CliError(
    'RECORD_BROKEN',
    `the record of ${launchId} has ${plural(entries.length, 'entry', 'entries')} and none that created it and that this version can read: found ${entries[0]?.kind ?? 'nothing'} first, expected LaunchCreated. \`npm run record -- verify --launch ${launchId}\` says what holds`,
  );

const wroteText = (file: string, record: Awaited<ReturnType<typeof readWhole>>): string => {
  const { entries, messages, chain, channel } = record;
  const talk = channelBreak({ channel });
  return `Wrote ${file}: ${plural(entries.length, 'entry', 'entries')}, ${plural(messages.length, 'message')}, ${chainWords(chain)}${talk === null ? '' : `. The chain of channel messages is ${talk}`}`;
};

/** Entries, messages, and what verifying them gave. A record that does not hold is written all the same, and ends the command with what is wrong. */
export async function writeExport(session: Session, launchId: string, file: string): Promise<void> {
  const { entries, messages, chain, channel } = await readWhole(session, launchId);
  const record = chain.ok ? { ok: true as const } : chain;
  const lines = exportLines(launchId, entries, messages, {
    record,
    channel: channel.ok ? { ok: true } : channel,
  });
  await writeOut(file, lines);
  const head = entries.at(-1);
  session.out(
    `Wrote ${file}: ${plural(entries.length, 'entry', 'entries')} up to ${head?.seq ?? 0}:${head?.hash ?? ''}, ${plural(messages.length, 'message')}. Its lines are by runbooks/record.schema.json`,
  );
  if (!chain.ok) throw new CliError('RECORD_BROKEN', `the record is ${chainWords(chain)}. The file has all of it`);
  if (!channel.ok)
    throw new CliError(
      'RECORD_BROKEN',
      `the chain of channel messages is ${channelBreak({ channel }) ?? ''}. The file has all of it`,
    );
}

/** Printed for people, or as CSV; into a file where one is named. */
export async function figures(
  session: Session,
  launchId: string,
  { csv, file }: { csv: boolean; file: string | null },
): Promise<void> {
  const launch = await launchOf(session, launchId);
  const entries = await session.journal.entries(launchId);
  const reports = await Promise.all(
    shotsIn(launch).map(async (shot) => ({ shot, kept: await session.conductor.keptFigures(launchId, shot.id) })),
  );
  const lines = reports.flatMap((report) => reportLines(report, entries));
  const text = csv ? figuresCsv(reports) : `${(lines.length === 0 ? ['nothing was fired'] : lines).join('\n')}\n`;
  if (file === null) return session.out(text.trimEnd());
  await writeOut(file, text);
  session.out(`Wrote ${file}: figures of ${plural(reports.length, 'shot')}`);
}

const chainWords = (chain: RecordVerdict): string =>
  chain.ok ? 'hash chain verified' : `BROKEN at entry ${chain.seq}: ${chain.why}. What stands before it holds`;

/** What people said stands in it, so it is its owner's to pass on; a file that is there may be somebody's evidence. */
export async function writeOut(file: string, text: string | Iterable<string>): Promise<void> {
  try {
    // A pipe has nothing to lose.
    const isPipe = await stat(file).then(
      (found) => !found.isFile(),
      () => false,
    );
    await writeFile(file, text, { mode: 0o600, flag: isPipe ? 'w' : 'wx' });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new CliError(
      'FILE_UNWRITABLE',
      code === 'EEXIST'
        ? `--out: found ${shown(file)} there already, expected a name that is free; nothing is overwritten`
        : `--out: ${shown(file)} can't be written (${code}); expected a file in a folder that exists and that you may write`,
      error,
    );
  }
}
