import type { Launch } from '../../../runbooks/launch/launch.ts';
import type { Context } from '../context.ts';

/** Findings that this process knows to stand there. The record only grows, and whoever looks each second must not read it whole each time: that takes seconds where it is long. */
const toldBy = new WeakMap<Context['journal'], Set<string>>();

/**
 * A finding that is told once in the life of a launch: its note begins with `head`, and no other note does. The record itself
 * says whether it was told, so that a bot that dies in between, or a live table that is emptied, has it told neither twice nor never.
 * Resolves to whether it stands there now.
 */
export async function noteOnce(
  context: Context,
  launch: Launch,
  head: string,
  text: string,
  { isSaid = false }: { isSaid?: boolean } = {},
): Promise<boolean> {
  const known = toldBy.get(context.journal) ?? new Set<string>();
  toldBy.set(context.journal, known);
  const finding = `${launch.id}\n${head}`;
  if (known.has(finding)) return true;
  const wasTold = (await context.journal.entries(launch.id)).some(
    (entry) => entry.kind === 'Noted' && 'system' in entry.by && entry.text?.startsWith(head) === true,
  );
  if (!wasTold) {
    const acted = await context.execute(launch.id, {
      kind: 'note',
      by: null,
      text: `${head}${text}`,
      // It stands in the channel in other words.
      ...(isSaid ? { said: true } : {}),
    });
    if (!acted.ok) {
      context.log.warn({ launchId: launch.id, head, code: acted.code }, 'a finding could not be noted');
      return false;
    }
  }
  known.add(finding);
  return true;
}
