import { expect, test } from 'vitest';
import type { WorkerReport } from '../../../contract/report.ts';
import { Scene } from '../../../test/properties/scene.ts';
import { reportOf } from '../for-tests.ts';
import { versionsNow } from './versions-probe.ts';

const { state } = Scene.ready();
const worker = (boot: string, more: Partial<WorkerReport> = {}): WorkerReport => ({
  ...reportOf(state, boot, 0, more),
  host: `host-${boot}`,
});
const a = { version: 'aaaa' };
const b = { version: 'bbbb' };

test.each<[string, WorkerReport[], (string | null)[], object]>([
  [
    'all of one',
    [worker('1', a), worker('2', a)],
    ['aaaa'],
    { status: 'green', value: 0, say: 'aaaa on 2 workers (host-1/1, host-2/2) and a bot' },
  ],
  [
    'a canary',
    [worker('1', a), worker('2', a), worker('3', b)],
    ['aaaa', 'aaaa'],
    {
      status: 'red',
      value: 1,
      say: 'aaaa on 2 workers (host-1/1, host-2/2) and 2 bots; bbbb on 1 worker (host-3/3)',
    },
  ],
  ['a bot of its own', [worker('1', a), worker('2', a)], ['bbbb'], { status: 'red', value: 1 }],
  ['workers of before versions were reported', [worker('1'), worker('2')], ['aaaa'], { status: 'red', value: 1 }],
  [
    'a worker on its way out',
    [worker('1', a), worker('2', { ...b, state: 'draining' })],
    ['aaaa'],
    { status: 'green' },
  ],
  ['one that has gone', [worker('1', a), worker('2', { ...b, state: 'gone' })], ['aaaa'], { status: 'green' }],
  [
    'one that still loads',
    [worker('1', a), worker('2', { ...b, state: 'loading' })],
    ['aaaa'],
    { status: 'red', say: 'aaaa on 1 worker (host-1/1) and a bot; bbbb on 1 worker (host-2/2), not ready yet' },
  ],
  ['a bot that does not know its own', [worker('1', a)], [null], { status: 'green' }],
  ['nobody there', [], [null], { status: 'unknown', value: null }],
])('%s', (_, reports, bots, found) => expect(versionsNow(reports, bots)).toMatchObject(found));

test('of many only three are named', () => {
  const many = Array.from({ length: 20 }, (__, nth) => worker(`${nth}`, a));
  expect(versionsNow(many, [null]).say).toBe('aaaa on 20 workers (host-0/0, host-1/1, host-2/2 and 17 more)');
});
