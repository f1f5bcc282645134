/**
 * One thing that a launch needs: what was found, what is needed, and what puts it right. `unknown` is what could not be
 * measured; it is never taken for `ok`.
 */
export interface Line {
  /** `area.thing`, stable. */
  id: string;
  title: string;
  state: 'ok' | 'wrong' | 'unknown';
  found: string;
  needed: string;
  /** A command or a sentence; '' when there is nothing to do. */
  fix: string;
  /** A text to send to somebody, with its figures; absent: none. */
  request?: { to: string; subject: string; text: string };
}

type Said = Pick<Line, 'found' | 'needed'> & { fix?: string; request?: Line['request'] };

/** Lines of one thing. */
export function about(id: string, title: string) {
  const line =
    (state: Line['state']) =>
    ({ found, needed, fix = '', request }: Said): Line => ({
      id,
      title,
      state,
      found,
      needed,
      fix: state === 'ok' ? '' : fix,
      ...(request === undefined ? {} : { request }),
    });
  return { ok: line('ok'), wrong: line('wrong'), unknown: line('unknown') };
}

/**
 * Why a question has no answer. `silent`: none within the limit. `unreachable`: no way there. `credentials`: who asks is not
 * believed. `denied`: it may not ask. `refused`: anything else, by its code.
 */
export interface Failure {
  kind: 'silent' | 'unreachable' | 'credentials' | 'denied' | 'refused';
  /** `dynamodb:DescribeTable`, `slack auth.test`. */
  call: string;
  code: string;
  say: string;
  afterMs: number;
}

export type Asked<T> = { ok: true; value: T } | { ok: false; failure: Failure };

const NEXT: Record<Failure['kind'], (failure: Failure) => string> = {
  silent: () => 'Try again; if it stays so, let this machine out to it (security group, NAT, VPC endpoint, proxy)',
  unreachable: () =>
    'Check the name of the Region and the resolver, and let this machine out to port 443 (security group, NAT, VPC endpoint)',
  credentials: () => 'Renew the credentials of this machine (`aws sso login`, the task role, AWS_PROFILE)',
  denied: ({ call }) => `Allow ${call} to whoever runs this`,
  refused: () => 'Do what it says; then try again',
};

export function failureWords({ call, kind, code, say, afterMs }: Failure): string {
  if (kind === 'silent') return `${call}: no answer within ${seconds(afterMs)}`;
  // Who asked stands in the line of the credentials, and what for in the call; why it is denied only here.
  const why = kind === 'denied' ? (/ because (.+)$/s.exec(say)?.[1] ?? say) : say;
  return `${call}: ${code}${why === '' ? '' : `, ${clipped(why)}`} after ${seconds(afterMs)}`;
}

const SAID_MOST = 200;
const clipped = (text: string): string => (text.length > SAID_MOST ? `${text.slice(0, SAID_MOST - 1)}…` : text);

/** What could not be asked is unknown, with which call and how long. */
export function unasked(id: string, title: string, needed: string, failure: Failure): Line {
  return about(id, title).unknown({ found: failureWords(failure), needed, fix: NEXT[failure.kind](failure) });
}

export const figure = (value: number): string => Math.round(value).toLocaleString('en-US');
/** `units` in the plural, what is counted first: `tasks a minute`. */
export const counted = (value: number, units: string): string =>
  `${figure(value)} ${figure(value) === '1' ? units.replace(/s(?= |$)/, '') : units}`;
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
export const listed = (names: readonly string[], most = 6): string =>
  names.length <= most ? names.join(', ') : `${names.slice(0, most).join(', ')} and ${names.length - most} more`;

/** 0: all is well; 1: something is wrong; 2: nothing is, as far as it could be measured. */
export function exitCode(lines: readonly Line[]): 0 | 1 | 2 {
  if (lines.some(({ state }) => state === 'wrong')) return 1;
  return lines.some(({ state }) => state === 'unknown') ? 2 : 0;
}
