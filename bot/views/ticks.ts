import { gateNamed, openedBy } from '../../runbooks/launch/gates.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { fit, safe } from './words.ts';

/** Which gates somebody has to look at again, and whose ticks stand. */
export function reopenedText(launch: Launch, changed: 'content' | 'audience'): string {
  const open = openedBy(launch, changed)
    .filter(({ id }) => launch.ticks[id] === undefined)
    .map(({ title }) => `“${safe(title, 80)}”`);
  const standing = Object.keys(launch.ticks).map((id) => `“${safe(gateNamed(launch, id)?.title ?? id, 80)}”`);
  return `${open.length === 0 ? '' : ` To be ticked for it: ${fit(open, 600).replaceAll('\n', ', ')}.`}${standing.length === 0 ? '' : ` Still ticked: ${fit(standing, 600).replaceAll('\n', ', ')}.`}`;
}
