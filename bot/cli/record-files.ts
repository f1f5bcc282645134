import { writeFile } from 'node:fs/promises';
import type { RecordVerdict } from '../../infra/aws/verify-record.ts';
import { shown } from '../../infra/environment.ts';
import { timelineOf } from '../../runbooks/record/model.ts';
import { asMarkdown } from '../../runbooks/record/timeline.ts';
import { pageOf } from '../timeline-page/page.ts';
import { plural } from '../views/words.ts';
import { CliError } from './cli-error.ts';
import type { Session } from './session.ts';

/** The record of a launch as files, for people and for their own analysis. */

/**
 * Entries and channel messages, read past the journal, which refuses a broken chain: a postmortem must be able to show one.
 * Messages first, so that no entry is missing that one of them is about.
 */
async function readWhole({ cloud, journal }: Session, launchId: string) {
  const messages = await cloud.record.messagesAfter(launchId, 0);
  const entries = await cloud.record.readAfter(launchId, 0);
  if (entries.length === 0)
    throw new CliError('NO_LAUNCH', `there is no launch ${launchId}; \`npm run go -- launches\` lists them`);
  return { entries, messages, chain: journal.verify(entries) };
}

/** By its ending: a page for a browser, or Markdown. */
export async function writeTimeline(session: Session, launchId: string, file: string): Promise<void> {
  if (!/\.(?:html|md)$/.test(file))
    throw new CliError('USAGE', `--out: found ${shown(file)}, expected a name that ends in .html (a page) or .md`);
  const { entries, messages, chain } = await readWhole(session, launchId);
  const timeline = timelineOf(entries, messages, { chain });
  if (timeline === null)
    throw new CliError(
      'RECORD_BROKEN',
      `the record of ${launchId} has ${plural(entries.length, 'entry', 'entries')} and none that created it: found ${entries[0]?.kind ?? 'nothing'} first, expected LaunchCreated. \`npm run record -- verify --launch ${launchId}\` says what holds`,
    );
  const text = file.endsWith('.md') ? asMarkdown(timeline) : await pageOf(timeline, session.conductor);
  await writeOut(file, text);
  session.out(
    `Wrote ${file}: ${plural(entries.length, 'entry', 'entries')}, ${plural(messages.length, 'message')}, ${chainWords(chain)}`,
  );
}

const chainWords = (chain: RecordVerdict): string =>
  chain.ok ? 'hash chain verified' : `BROKEN at entry ${chain.seq}: ${chain.why}. What stands before it holds`;

async function writeOut(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new CliError(
      'FILE_UNWRITABLE',
      `--out: ${shown(file)} can't be written (${code}); expected a file in a folder that exists and that you may write`,
      error,
    );
  }
}
