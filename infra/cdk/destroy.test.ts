import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { NewEntry } from '../../runbooks/launch/entries.ts';
import type { Cloud } from '../aws/cloud.ts';
import { createCloud, ensureTables } from '../aws/create-cloud.ts';
import { localCloudForTests } from '../local/cloud/for-tests.ts';
import type { StandingStack } from './account.ts';
import { destroy } from './destroy.ts';
import { deploymentForTests } from './for-tests.ts';
import type { Outcome, Work } from './work.ts';

/** What is looked at between the steps of an end; the steps themselves run in `cli.test.ts`. */

const deployment = deploymentForTests();
const stack = (name: string): StandingStack => ({
  name,
  status: 'CREATE_COMPLETE',
  tags: { 'gobutton:name': 'superbowl' },
  outputs: [],
  isProtected: true,
});
const LAUNCH: NewEntry = {
  kind: 'LaunchCreated',
  name: 'Big game',
  channelId: 'C1',
  runbook: deployment.runbook,
  runbookHash: 'h',
  targetAtMs: 1,
  compress: 1,
  contentHash: 'c',
  atMs: 1,
  by: { person: 'ana' },
};

let local: Awaited<ReturnType<typeof localCloudForTests>>;
let cloud: Cloud;
let outdir = '';
let standing: StandingStack[] = [];
/** What the CDK was told to end, call by call. */
let ended: string[] = [];
beforeEach(async () => {
  local = await localCloudForTests();
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'local');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
  const config = { ...local.config, tablePrefix: 'superbowl', bucket: 'superbowl-123456789012-us-east-1' };
  await ensureTables(config);
  cloud = createCloud(config);
  outdir = mkdtempSync(join(tmpdir(), 'gobutton-destroy-'));
  standing = ['superbowl-data', 'superbowl-bot'].map(stack);
  ended = [];
});
afterEach(async () => {
  vi.unstubAllEnvs();
  rmSync(outdir, { recursive: true, force: true });
  cloud.close();
  await local.stop();
});

/** Ends everything with its data; `meanwhile` happens while the CDK takes these stacks down. */
function end(meanwhile: Record<string, () => Promise<unknown>> = {}): Promise<Outcome> {
  const work: Work = {
    deployment,
    file: 'launch.yaml',
    outdir,
    env: { AWS_ENDPOINT_URL: local.url },
    nowMs: deployment.config.kickoff - 30 * 86_400_000,
    account: {
      id: async () => deployment.config.account,
      stacks: async () => standing,
      drift: async () => [],
      unprotect: async () => undefined,
      parameter: async () => null,
      warmth: async () => null,
      desired: async () => null,
      close: () => undefined,
    },
    options: {
      yes: true,
      duringFreeze: null,
      overDrift: false,
      overQuotas: [],
      withData: true,
      to: '.env',
      image: null,
      botImage: null,
    },
    say: () => undefined,
    cdk: async (words) => {
      const going = standing.filter(({ name }) => words.includes(name));
      const names = going.map(({ name }) => name).join(' ');
      ended.push(names);
      standing = standing.filter((one) => !going.includes(one));
      await meanwhile[names]?.();
      return 0;
    },
  };
  return destroy(work);
}
const opens = async () =>
  expect(await cloud.record.append('game', { seq: 0, hash: '' }, LAUNCH)).toMatchObject({ won: true });
const closes = async () => {
  const [created] = await cloud.record.readAfter('game', 0);
  if (created === undefined) throw new Error('not opened');
  await cloud.record.append('game', created, { kind: 'LaunchClosed', reason: 'done', atMs: 2, by: { person: 'ana' } });
};
const problems = (outcome: Outcome) => (outcome.ok ? '' : outcome.problems.join('\n'));

test('one that was opened while the fleet went keeps its data and the stack of it; once it is closed the end goes on', async () => {
  expect(problems(await end({ 'superbowl-bot': opens }))).toMatch(
    /^There is a launch open: Big game \(game\)\. It was opened while the fleet was taken down.*Deploy again .*close it/,
  );
  expect([standing.map(({ name }) => name), (await cloud.record.readAfter('game', 0)).length]).toEqual([
    ['superbowl-data'],
    1,
  ]);
  expect(ended).toEqual(['superbowl-bot']);
  await closes();
  expect(await end()).toEqual({ ok: true });
  expect(ended).toEqual(['superbowl-bot', 'superbowl-data']);
  await expect(cloud.record.readAfter('game', 0)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

test('one that a bot elsewhere opens at the very last keeps its record, and the next run ends what is left', async () => {
  expect(problems(await end({ 'superbowl-data': opens }))).toMatch(/a bot runs elsewhere on these tables/);
  expect(await cloud.record.readAfter('game', 0)).toHaveLength(1);
  await closes();
  expect(await end()).toEqual({ ok: true });
  await expect(cloud.record.readAfter('game', 0)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});
