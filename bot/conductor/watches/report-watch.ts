import type { ForeignReport, SignedReports } from '../../../infra/aws/signed-reports.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { clip, oneLine, plural } from '../../views/words.ts';
import type { Context } from '../context.ts';
import { noteOnce } from '../shots/note-once.ts';
import { hiddenIn, workerSight } from '../worker-reports.ts';

/** How these notes begin, and no others. */
const UNSIGNED = 'Worker reports that no worker of this launch has signed lie in the live table: ';
const HIDDEN = 'Reports of workers were overwritten or deleted by somebody else: ';

const WHY: Record<Exclude<ForeignReport['why'], 'deleted'>, string> = {
  unreadable: 'it is no report',
  unsigned: 'it has no signature',
  'other key': "it names a key that is no worker's of this launch",
  'false signature': 'its signature does not hold',
  old: 'it is one of before, put back',
};

const NAMED_MOST = 3;

/**
 * Says once in the life of a launch that somebody else writes worker reports, and once that workers can't be heard for that. Such a
 * report counts for nothing (worker-reports.ts), so nobody has to do anything in a hurry; but the room must not go blind without a word.
 */
export async function reportWatch(context: Context, launch: Launch): Promise<void> {
  const sight = await workerSight(context, launch);
  await tellUnsigned(context, launch, sight);
  const hidden = hiddenIn(sight);
  if (hidden.length === 0) return;
  const named = hidden
    .slice(0, NAMED_MOST)
    .map(({ host, bootId }) => `${clip(oneLine(host), 60)} (${bootId.slice(0, 8)})`);
  const rest = hidden.length - named.length;
  await noteOnce(
    context,
    launch,
    HIDDEN,
    `${plural(hidden.length, 'worker')}, ${named.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}. What they said last stands until they are heard again; meanwhile nobody here sees whether they are ready, what they send and what a provider answers them. They go on: no worker sends, or stops, by what lies in that table. Find out who can write it (CloudTrail), and take that right away.`,
  );
}

async function tellUnsigned(context: Context, launch: Launch, { foreign }: SignedReports): Promise<void> {
  const lying = foreign.flatMap(({ bootId, why }) => (why === 'deleted' ? [] : [{ bootId, why }]));
  const [first] = lying;
  if (first === undefined) return;
  await noteOnce(
    context,
    launch,
    UNSIGNED,
    `${plural(lying.length, 'report')} so far, the first under the name “${clip(oneLine(first.bootId), 40)}”: ${WHY[first.why]}. They count for nothing: no gate, no figure, no message and no step goes by them. They come from whoever can write that table, or from workers that have another key than this launch names: look at CloudTrail, and at the keys of the workers.`,
  );
}
