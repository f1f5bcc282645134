import { expect, test } from 'vitest';
import type { ForeignReport } from '../../../infra/aws/signed-reports.ts';
import { Scene } from '../../../test/properties/scene.ts';
import { reportOf } from '../for-tests.ts';
import { unsignedIn, workersReady } from './workers-probe.ts';

/** With real reports, and what each status needs: probes.test.ts. */

const launch = Scene.ready().state;
const NOW_MS = 1_000_000;
const foreign = (bootId: string, atMs: number): ForeignReport => ({
  bootId,
  why: 'unsigned',
  report: reportOf(launch, bootId, atMs),
  hides: null,
});

test('reports that nobody of the launch has signed make no worker ready, and a person reads that they are there', () => {
  const sight = {
    reports: [],
    foreign: [
      foreign('one', NOW_MS),
      foreign('two', NOW_MS),
      // Of a worker that would count no more, and of nothing that can be read.
      foreign('old', NOW_MS - 60_000),
      { ...foreign('junk', NOW_MS), report: null },
    ],
  };
  expect(unsignedIn(sight, NOW_MS)).toBe(2);
  expect(workersReady(launch, sight.reports, 1, NOW_MS, 2)).toMatchObject({
    status: 'red',
    say: expect.stringContaining(
      ', 0 reporting, 2 not counted: no worker of this launch has signed what they say',
    ) as string,
  });
  expect(workersReady(launch, [], 1, NOW_MS).say).not.toContain('not counted');
});
