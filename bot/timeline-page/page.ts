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
const LIVE = new URL('./live.js', import.meta.url);
const STYLE = new URL('./page.css', import.meta.url);

/** Delivery curves that were kept, by shot. */
export type Curves = Readonly<Record<string, Curve>>;

/** The timeline as one HTML file, with its own style and script in it. `liveAt`: where its record ends, if it asks for what comes. */
export function pageOf(timeline: Timeline, curves: Curves, liveAt?: string): string {
  const script = [...SCRIPTS, ...(liveAt === undefined ? [] : [LIVE])]
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')
    .replaceAll(/^import .*;\n/gm, '')
    .replaceAll(/^export /gm, '');
  return timelinePage(timeline, {
    style: readFileSync(STYLE, 'utf8'),
    script,
    sha256,
    curves,
    ...(liveAt === undefined ? {} : { liveAt }),
  });
}

/** The postmortem as one HTML file, in the same style, without a script. */
export function postmortemPageOf(postmortem: Postmortem, curves: Curves): string {
  return postmortemPage(postmortem, { ...pageParts(), curves });
}

/** Style of the pages that run nothing. */
export const pageParts = () => ({ style: readFileSync(STYLE, 'utf8'), sha256 });

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64');

export async function curvesOf(
  launchId: string,
  shotIds: readonly string[],
  conductor: Pick<Conductor, 'keptFigures'>,
): Promise<Curves> {
  const kept = await Promise.all(
    shotIds.map(async (shotId): Promise<[string, Curve] | null> => {
      const figures = await conductor.keptFigures(launchId, shotId);
      return figures === null ? null : [shotId, figures.total.curve];
    }),
  );
  return Object.fromEntries(kept.filter((one) => one !== null));
}
