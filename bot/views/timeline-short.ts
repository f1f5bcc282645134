import { relative } from '../../runbooks/record/clock.ts';
import type { Row } from '../../runbooks/record/rows.ts';
import { context, header, message, section } from './blocks.ts';
import type { Message } from './message.ts';
import { fit, oneLine, plural, safe, utc } from './words.ts';

/** The timeline in short, as the channel has it: by phase, each line leads to the message in which it was said. */

/** A line of it. */
type ShortRow = Pick<Row, 'atMs' | 'who' | 'what' | 'isLoud' | 'permalink'>;

export interface ShortPhase {
  title: string;
  rows: ShortRow[];
  /** Of a phase in which more happened than a message holds. */
  more: number;
}

/** With links a line has some 250 characters, and all of them must fit into one message. */
const ROWS = 8;
const LINE_CHARS = 110;
/** A result is worth reading whole. */
const LOUD_CHARS = 220;
const PHASE_CHARS = 2_700;

/** What decided comes before what else happened, and all of it in order of time. */
export function shortened(title: string, rows: readonly Row[]): ShortPhase {
  const first = [...rows.filter(({ isLoud }) => isLoud), ...rows.filter(({ isLoud }) => !isLoud)].slice(0, ROWS);
  return {
    title,
    rows: rows
      .filter((row) => first.includes(row))
      .map(({ atMs, who, what, isLoud, permalink }) => ({ atMs, who, what, isLoud, permalink })),
    more: rows.length - first.length,
  };
}

export function shortTimelineMessage(
  { name, targetAtMs }: { name: string; targetAtMs: number },
  phases: readonly ShortPhase[],
): Message {
  const line = ({ atMs, who, what, isLoud, permalink }: ShortRow): string =>
    `${moment(atMs, permalink)} ${relative(atMs - targetAtMs)} *${safe(who, 40)}* ${safe(oneLine(what), isLoud ? LOUD_CHARS : LINE_CHARS)}`;
  return message(`Timeline of ${safe(name, 120)}, in short`, [
    header(`Timeline of ${name}, in short`),
    ...phases.flatMap(({ title, rows, more }) => [
      section(
        `*${title}*\n${fit([...rows.map(line), ...(more === 0 ? [] : [`_and ${plural(more, 'line')} more_`])], PHASE_CHARS)}`,
      ),
    ]),
    context('A time leads to its message. What follows has everything, with the evidence of each line.'),
  ]);
}

/** In each reader's zone. */
const moment = (atMs: number, link: string | null): string =>
  `<!date^${Math.floor(atMs / 1_000)}^{time_secs}${link === null ? '' : `^${link}`}|${utc(atMs)}>`;
