import { expect, test } from 'vitest';
import type { WorkerReport } from '../../../contract/report.ts';
import { judgeVersions, metBy } from './reports.ts';

const NOW = 1_000_000;
const report = (host: string, agoMs: number, lane: object): WorkerReport =>
  ({ host, pid: 1, state: 'ready', atMs: NOW - agoMs, lanes: [{ provider: 'apns', primed: 0, ...lane }] }) as never;
const answered = { peer: { answered: true, streams: 1_000, problem: null } };
const refused = { peer: { answered: true, streams: null, problem: { code: 'KEY_REFUSED', say: 'no' } } };

test('what a worker met that is silent now says nothing, for better or for worse', () => {
  expect(metBy([report('old', 60_000, answered)], 'apns', NOW)).toBeNull();
  expect(metBy([report('old', 60_000, refused), report('new', 1_000, answered)], 'apns', NOW)).toMatchObject({
    value: { at: 'worker new', finding: null },
  });
});

test('the trouble of one worker counts before the luck of the others, and who has met nobody says nothing', () => {
  const reports = [report('a', 1_000, answered), report('b', 1_000, refused), report('c', 1_000, {})];
  expect(metBy(reports, 'apns', NOW)).toMatchObject({ value: { at: 'worker b', finding: { code: 'KEY_REFUSED' } } });
  expect(metBy(reports.slice(2), 'apns', NOW)).toBeNull();
  expect(metBy(reports, 'fcm', NOW)).toBeNull();
});

const worker = (version: string, state: WorkerReport['state'] = 'ready') =>
  ({ version, state, host: 'h', bootId: version }) as WorkerReport;

test.each<[string, WorkerReport[], object | null]>([
  ['nobody there', [], null],
  [
    'one version',
    [worker('aaaa'), worker('aaaa', 'sending'), worker('bbbb', 'gone')],
    { state: 'ok', found: 'aaaa on 2 workers, 2 ready' },
  ],
  [
    'a canary that loads',
    [worker('aaaa'), worker('aaaa'), worker('bbbb', 'loading')],
    {
      state: 'wrong',
      found: 'aaaa on 2 workers, 2 ready; bbbb on 1 worker, 0 ready',
      fix: expect.stringMatching(/infra -- promote.*infra -- rollback/) as string,
    },
  ],
  [
    'a fleet that loads',
    [worker('aaaa', 'priming'), worker('aaaa')],
    { state: 'unknown', found: 'aaaa on 2 workers, 1 ready' },
  ],
])('versions of the workers, %s', (_, reports, line) => {
  if (line === null) expect(judgeVersions(reports)).toBeNull();
  else expect(judgeVersions(reports)).toMatchObject(line);
});
