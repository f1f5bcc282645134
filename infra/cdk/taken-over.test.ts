import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { NewEntry } from '../../runbooks/launch/entries.ts';
import { EAST, REGIONS, twoRegions, WEST } from '../../test/two-regions.ts';
import { deploymentForTests } from './for-tests.ts';
import type { Deployment } from './read-config.ts';
import { takenOverProblem } from './taken-over.ts';

/** What a deployment of a region looks up about the other one; that it refuses by it is `cli.test.ts`. */

const LAUNCH: NewEntry = {
  kind: 'LaunchCreated',
  name: 'Big game',
  channelId: 'C1',
  runbook: { ...deploymentForTests().runbook, regions: REGIONS },
  runbookHash: 'h',
  targetAtMs: 1,
  compress: 1,
  contentHash: 'c',
  atMs: 1,
  by: { person: 'ana' },
};

let dir: string;
let regions: Awaited<ReturnType<typeof twoRegions>>;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gobutton-taken-over-'));
  regions = await twoRegions(dir);
});
afterAll(async () => {
  await regions.stop();
  await rm(dir, { recursive: true, force: true });
});
afterEach(() => vi.unstubAllEnvs());

const deploymentOf = (region: string, active?: string): Deployment =>
  deploymentForTests(({ config, runbook }) => {
    Object.assign(config, {
      name: 'gobutton',
      region,
      second_region: { witness: 'us-east-2', ...(active === undefined ? {} : { active }) },
    });
    Object.assign(runbook, { regions: REGIONS });
  });

function problemOf(deployment: Deployment, env: Record<string, string> = {}): Promise<string | null> {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'local');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
  const account = { desired: async () => 0 } as never;
  return takenOverProblem({ account, deployment, env: { ...regions.env(deployment.config.region), ...env } });
}

const opens = (region: string, launchId: string) =>
  regions.cloud(region).record.append(launchId, { seq: 0, hash: '' }, LAUNCH);

test('the home is deployed while it has its launch, and the standby is not told to be active', async () => {
  await Promise.all([opens(EAST, 'game'), opens(WEST, 'game')]);
  expect(await problemOf(deploymentOf(EAST))).toBeNull();
  expect(await problemOf(deploymentOf(WEST))).toBeNull();
  expect(await problemOf(deploymentOf(WEST, WEST))).toMatch(
    /^By what is recorded these are in us-east-1, and open: Big game \(game\)\. A deployment of us-west-2 would start bots/,
  );
});

test('a home that lost its launch starts nothing beside the region that took it over, until it is closed there', async () => {
  const west = regions.cloud(WEST);
  expect(await west.homes.takeOver('game', REGIONS, EAST, WEST)).toMatchObject({ ok: true });
  const problem = await problemOf(deploymentOf(EAST));
  expect(problem).toMatch(/^By what is recorded these are in us-west-2, and open: Big game \(game\)\./);
  expect(problem).toContain('second_region: { witness: us-east-2, active: us-west-2 }: us-east-1 is then deployed as');
  // As it says: told of it, both are deployed.
  expect(await problemOf(deploymentOf(EAST, WEST))).toBeNull();
  expect(await problemOf(deploymentOf(WEST, WEST))).toBeNull();
  const [created] = await west.record.readAfter('game', 0);
  if (created === undefined) throw new Error('no launch');
  await west.record.append('game', created, { kind: 'LaunchClosed', reason: 'x', atMs: 2, by: { person: 'ana' } });
  expect(await problemOf(deploymentOf(EAST))).toBeNull();
});

test('what can not be read there counts as open, and no answer at all is no leave to start', async () => {
  await regions.cloud(WEST).homes.takeOver('other', REGIONS, EAST, WEST);
  await opens(WEST, 'other');
  await regions.kill(WEST);
  expect(await problemOf(deploymentOf(EAST))).toMatch(/other \(its record can't be read there: /);
  expect(await problemOf(deploymentOf(EAST), { GOBUTTON_HOMES_URL: 'http://127.0.0.1:1' })).toMatch(
    /^Whether us-west-2 has a launch of this deployment can't be read \(.+\).*the table gobutton-homes answers; or deploy us-east-1 as/,
  );
});

test('a launch of one region is nobody else’s', async () => {
  const alone = deploymentForTests();
  expect(await problemOf(alone, { GOBUTTON_HOMES_URL: 'http://127.0.0.1:1' })).toBeNull();
});
