/** Words and figures as people read them, safe to put into Slack's mrkdwn. */

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** Thousands separators, the same for everybody. */
export const count = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 2 });

/** Keeps a text that runs from right to left from pulling the marks around it along. */
export const isolated = (text: string): string => `\u2068${text}\u2069`;

/**
 * Foreign text for mrkdwn: escaped, so that it can't mention or link, and at most `maxChars` UTF-16 units long
 * after escaping. Never cuts an entity or a surrogate pair.
 */
export function safe(text: string, maxChars = 300): string {
  return shorten(
    Array.from(text, (char) => ENTITIES[char] ?? char),
    maxChars,
  );
}

/** How far back from the cut a space is looked for: what is left of a word or a figure says something else. */
const WORD_CHARS = 24;

/** Plain text cut to `maxChars` UTF-16 units. */
export function clip(text: string, maxChars: number): string {
  return text.length <= maxChars ? text : shorten(Array.from(text), maxChars);
}

function shorten(pieces: readonly string[], maxChars: number): string {
  let length = 0;
  let kept = '';
  let next = '';
  for (const piece of pieces) {
    length += piece.length;
    if (length <= maxChars - 1) kept += piece;
    else next += piece;
    if (length > maxChars) return `${wholeCode(wholeWords(kept, next))}…`;
  }
  return pieces.join('');
}

/** How far back from the cut the beginning of a code span is looked for: half a command says something else, too. */
const CODE_CHARS = 60;

/** Without the code span that the cut goes through. */
function wholeCode(kept: string): string {
  const opening = kept.lastIndexOf('`');
  const isCut = kept.split('`').length % 2 === 0 && opening > 0 && kept.length - opening <= CODE_CHARS;
  return isCut ? kept.slice(0, opening).trimEnd() : kept;
}

/** Without the word that the cut goes through; one that is long by itself is cut all the same. */
function wholeWords(kept: string, next: string): string {
  const space = kept.lastIndexOf(' ');
  return next.startsWith(' ') || space < 1 || kept.length - space > WORD_CHARS ? kept : kept.slice(0, space);
}

/** One line: what is typed over several lines would break lists. */
export const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

const clock = (atMs: number): string => new Date(atMs).toISOString().slice(11, 19);

/** `23:30`, or `23:30:05` where seconds matter; for labels, which take no mrkdwn. */
export const clockOf = (atMs: number): string => clock(atMs).replace(/:00$/, '');

/** `2027-02-07 23:30:00 UTC`. */
export const utc = (atMs: number): string => `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

/** Each reader's own clock, and UTC for everybody. For mrkdwn only. */
export function stamp(atMs: number): string {
  return `<!date^${Math.floor(atMs / 1000)}^{date_short_pretty} {time_secs}|${utc(atMs)}> (${clock(atMs)} UTC)`;
}

/** The time alone. For mrkdwn only. */
export function timeOfDay(atMs: number): string {
  return `<!date^${Math.floor(atMs / 1000)}^{time_secs}|${clock(atMs)} UTC> (${clock(atMs)} UTC)`;
}

const UNITS: [string, number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];

/** A length of time in its two largest units: `1 h 20 min`, `45 s`, `800 ms`. */
export function span(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  let rest = Math.round(ms / 1_000) * 1_000;
  const parts: string[] = [];
  for (const [unit, unitMs] of UNITS) {
    const whole = Math.floor(rest / unitMs);
    rest -= whole * unitMs;
    if (whole > 0) parts.push(`${whole} ${unit}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(' ');
}

/** `T-12 min`, `T`, `T+3 s`. */
export function toTarget(nowMs: number, targetAtMs: number): string {
  const rest = targetAtMs - nowMs;
  if (Math.abs(rest) < 1_000) return 'T';
  return rest >= 0 ? `T-${span(rest)}` : `T+${span(-rest)}`;
}

/** The first 8 characters of a hash: enough to compare by eye. */
export const short = (hash: string): string => hash.slice(0, 8);

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** As many lines as fit in `maxChars`; says how many are left out. */
export function fit(lines: readonly string[], maxChars = 2_900): string {
  const kept: string[] = [];
  let length = 0;
  for (const [index, line] of lines.entries()) {
    if (length + line.length + 1 > maxChars - 40 && index < lines.length) {
      kept.push(`… and ${count(lines.length - index)} more`);
      break;
    }
    kept.push(line);
    length += line.length + 1;
  }
  return kept.join('\n');
}

/** A record's head as the channel keeps it: `npm run record -- verify` takes it as --head. */
export function headText(seq: number, hash: string): string {
  return `record ${seq}:${hash.slice(0, 16)}`;
}

/** mrkdwn as the record keeps it. */
export const plainText = (text: string): string =>
  text.replaceAll('*', '').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

/** `2 of 4 ready`; `3 ready, 2 needed` where more are than have to be. */
export const readyOf = (ready: number, needed: number): string =>
  ready > needed ? `${count(ready)} ready, ${count(needed)} needed` : `${count(ready)} of ${count(needed)} ready`;
