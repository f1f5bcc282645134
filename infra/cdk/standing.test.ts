import { expect, test } from 'vitest';
import type { StandingStack } from './account.ts';
import { deploymentForTests } from './for-tests.ts';
import { standingOf } from './standing.ts';

const stackOf = (deployment: string, pool = 'gobutton-workers'): StandingStack => ({
  name: `${deployment}-queues`,
  status: 'CREATE_COMPLETE',
  tags: { 'gobutton:name': deployment, 'gobutton:runbook': 'superbowl', 'gobutton:pool': pool },
  outputs: [],
  isProtected: false,
});
const problems = (...stacks: StandingStack[]) => standingOf(deploymentForTests(), stacks).problems;

test('a pool is held by any other deployment, also one whose name begins with ours or ours with its', () => {
  for (const other of ['halftime', 'superbowl-live', 'super'])
    expect(problems(stackOf(other))).toEqual([expect.stringContaining(`gobutton-workers belongs to ${other} `)]);
  expect(problems(stackOf('superbowl'), stackOf('superbowl-live', 'other-workers'))).toEqual([]);
});
