/** Times in the reader's zone or in UTC, and from the target. */

const target = Number(document.body.dataset.target);
let isLocal = true;

export function readIn(zone) {
  isLocal = zone === 'local';
}

/** The moment, moved so that its UTC reading is what the reader's clock shows. */
export const shifted = (ms) => new Date(ms - (isLocal ? new Date(ms).getTimezoneOffset() * 60_000 : 0));

export const zoneName = () => (isLocal ? Intl.DateTimeFormat().resolvedOptions().timeZone : 'UTC');

/** `23:31:02.123` */
export const clock = (ms) => shifted(ms).toISOString().slice(11, 23);

const days = new Map();

/** `Mon, 8 Feb 2027` */
export function day(ms) {
  const key = shifted(ms).toISOString().slice(0, 10);
  if (!days.has(key))
    days.set(
      key,
      new Date(`${key}T00:00:00Z`).toLocaleDateString(undefined, {
        timeZone: 'UTC',
        weekday: 'short',
        day: 'numeric',
        month: 'short',
        year: 'numeric',
      }),
    );
  return days.get(key);
}

/** `UTC+5:45`: what the clock is ahead of UTC then. */
function ahead(ms) {
  const minutes = isLocal ? -new Date(ms).getTimezoneOffset() : 0;
  const rest = Math.abs(minutes) % 60;
  const hours = Math.floor(Math.abs(minutes) / 60);
  return minutes === 0
    ? 'UTC'
    : `UTC${minutes < 0 ? '-' : '+'}${hours}${rest === 0 ? '' : `:${String(rest).padStart(2, '0')}`}`;
}

/** Over the rows of a day; over those after a change of the clock once more, as the hour before it may come twice. */
export const dayHead = (ms) => `${day(ms)}, ${ahead(ms)}`;

/** `+0:00:05.123` of a span in milliseconds; `digits` of the second. */
export function span(ms, digits = 3) {
  const all = Math.abs(Math.round(ms));
  const two = (value) => String(value).padStart(2, '0');
  const fraction =
    digits === 0
      ? ''
      : `.${String(all % 1_000)
          .padStart(3, '0')
          .slice(0, digits)}`;
  return `${ms < 0 ? '-' : '+'}${Math.floor(all / 3_600_000)}:${two(Math.floor(all / 60_000) % 60)}:${two(Math.floor(all / 1_000) % 60)}${fraction}`;
}

export const sinceTarget = (ms, digits) => `T${span(ms - target, digits)}`;

/** A span in a sentence. */
export const lasted = ({ label, fromMs, toMs }) =>
  `${label}: from ${clock(fromMs)}${toMs === null ? ', lasts still' : ` to ${clock(toMs)} (${((toMs - fromMs) / 1_000).toLocaleString()} s)`}`;
