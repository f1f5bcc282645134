import { isRecordBroken } from '../../infra/aws/journal.ts';
import { compareOf, launchesOf, sectionMarkdown, sectionPage, sectionText } from '../../runbooks/postmortem/compare.ts';
import type { Recorded } from '../../runbooks/postmortem/compare.ts';
import { pageParts } from '../timeline-page/page.ts';
import { plural } from '../views/words.ts';
import { endsAsMarkdown, writeOut } from './record-files.ts';
import { launchOf } from './session.ts';
import type { Session } from './session.ts';

/** Launches beside each other. */

const recorded = async (session: Session, launchId: string): Promise<Recorded> => ({
  launch: await launchOf(session, launchId),
  entries: await session.journal.entries(launchId),
});

export async function compare(session: Session, launchId: string, against: string | null): Promise<void> {
  const mine = await recorded(session, launchId);
  const other = against === null ? null : await recorded(session, against);
  for (const line of sectionText(compareOf(mine, other))) session.out(line);
}

/** Printed, or as a page or Markdown by the ending of the file. A record that can't be believed is named, and left out. */
export async function allLaunches(session: Session, file: string | null): Promise<void> {
  const isMarkdown = file !== null && endsAsMarkdown(file);
  const all: Recorded[] = [];
  const broken: string[] = [];
  for (const { launchId } of await session.cloud.live.launches()) {
    try {
      // An index line may be of a launch that never came to be.
      if ((await session.journal.launch(launchId)) !== null) all.push(await recorded(session, launchId));
    } catch (error) {
      if (!isRecordBroken(error)) throw error;
      broken.push(`left out: ${launchId}, whose record can't be believed: ${error.message}`);
    }
  }
  const section = launchesOf(all);
  if (file === null) for (const line of sectionText(section)) session.out(line);
  else {
    await writeOut(file, isMarkdown ? sectionMarkdown(section) : sectionPage(section, pageParts()));
    session.out(`Wrote ${file}: ${plural(all.length, 'launch', 'launches')}`);
  }
  for (const line of broken) session.out(line);
}
