import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { postmortemPage } from '../../runbooks/postmortem/page.ts';
import type { Postmortem } from '../../runbooks/postmortem/postmortem.ts';
import type { Timeline } from '../../runbooks/record/model.ts';
import type { Curve } from '../../runbooks/record/page-shots.ts';
import { timelinePage } from '../../runbooks/record/page.ts';
import type { Conductor } from '../conductor/conductor-port.ts';

/** Written as modules; in the page they are one script, in this order, because a file on its own imports nothing. */
const SCRIPTS = [
  new URL('./times.js', import.meta.url),
  new URL('./scale.js', import.meta.url),
  new URL('./log.js', import.meta.url),
  new URL('./axis.js', import.meta.url),
  new URL('./main.js', import.meta.url),
];
const STYLE = new URL('./page.css', import.meta.url);

/** The timeline as one HTML file, with the curves that were kept, and its own style and script in it. */
export async function pageOf(timeline: Timeline, conductor: Pick<Conductor, 'keptFigures'>): Promise<string> {
  const script = SCRIPTS.map((file) => readFileSync(file, 'utf8'))
    .join('\n')
    .replaceAll(/^import .*;\n/gm, '')
    .replaceAll(/^export /gm, '');
  return timelinePage(timeline, {
    style: readFileSync(STYLE, 'utf8'),
    script,
    sha256,
    curves: await curvesOf(timeline, conductor),
  });
}

/** The postmortem as one HTML file, in the same style, without a script. */
export async function postmortemPageOf(
  postmortem: Postmortem,
  conductor: Pick<Conductor, 'keptFigures'>,
): Promise<string> {
  const style = readFileSync(STYLE, 'utf8');
  return postmortemPage(postmortem, { style, sha256, curves: await curvesOf(postmortem.timeline, conductor) });
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64');

async function curvesOf(
  { launchId, shots }: Timeline,
  conductor: Pick<Conductor, 'keptFigures'>,
): Promise<Record<string, Curve>> {
  const kept = await Promise.all(
    shots.map(async ({ shotId }): Promise<[string, Curve] | null> => {
      const figures = await conductor.keptFigures(launchId, shotId);
      return figures === null ? null : [shotId, figures.total.curve];
    }),
  );
  return Object.fromEntries(kept.filter((one) => one !== null));
}
