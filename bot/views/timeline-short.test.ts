import { expect, test } from 'vitest';
import type { Row } from '../../runbooks/record/rows.ts';
import { shortened, shortTimelineMessage } from './timeline-short.ts';

const T0_MS = Date.UTC(2027, 1, 14, 23, 30);
const row = (seq: number, more: Partial<Row> = {}): Row => ({
  atMs: T0_MS + seq * 1_000,
  who: 'Ana Ortiz',
  what: `did ${seq}`,
  isLoud: false,
  kind: 'Noted',
  lane: 'people',
  files: [],
  marks: [],
  permalink: null,
  place: { chain: 'record', seq, hash: '' },
  aws: '',
  proof: '',
  ...more,
});
const shown = (rows: readonly Row[]) =>
  JSON.stringify(shortTimelineMessage({ name: 'Super & Bowl', targetAtMs: T0_MS }, [shortened('Before', rows)]));

test('each line has its time in the zone of its reader, which leads to the message, and the time from the target', () => {
  const text = shown([row(1), row(2, { permalink: 'https://x.slack.com/archives/C1/p2' })]);
  const at = T0_MS / 1_000;
  expect(text).toContain(`<!date^${at + 1}^{time_secs}|2027-02-14 23:30:01 UTC> T+0:00:01 *Ana Ortiz* did 1\\n`);
  expect(text).toContain(`<!date^${at + 2}^{time_secs}^https://x.slack.com/archives/C1/p2|`);
});

test('what people wrote mentions nobody and stays one line', () => {
  const text = shown([row(1, { who: '<@U1>', what: '“<!channel>\n*now*” & more' })]);
  expect(text).toContain('*&lt;@U1&gt;* “&lt;!channel&gt; *now*” &amp; more');
  expect(text).not.toMatch(/<[@!](?!date)/);
});

test('of a phase with more than it has room for the decisions are kept, in their order, and the rest is counted', () => {
  const rows = Array.from({ length: 20 }, (_, at) => row(at, at > 17 ? { isLoud: true } : {}));
  const { rows: kept, more } = shortened('Before', rows);
  expect(kept.map(({ what }) => what)).toEqual([0, 1, 2, 3, 4, 5, 18, 19].map((seq) => `did ${seq}`));
  expect(more).toBe(12);
  expect(shown(rows)).toContain('_and 12 lines more_');
});

test('the longest phases fit into one message', () => {
  const long = Array.from({ length: 30 }, (_, at) =>
    row(at, {
      what: '<'.repeat(900),
      who: 'W'.repeat(90),
      permalink: `https://a-long-workspace-name.slack.com/archives/C1/p${at}`,
    }),
  );
  const phases = ['a', 'b', 'c', 'd'].map((title) => shortened(title, long));
  const { blocks } = shortTimelineMessage({ name: 'x', targetAtMs: T0_MS }, phases);
  expect(JSON.stringify(blocks).match(/\{time_secs\}/g)?.length).toBe(32);
});
