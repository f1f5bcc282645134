import { afterAll, beforeAll, expect, test } from 'vitest';
import { instanceHour } from '../../../runbooks/cost/event-cost.ts';
import { US_EAST_1 } from '../../../runbooks/cost/prices.ts';
import type { Prices } from '../../../runbooks/cost/prices.ts';
import { sampleRunbook, Scene } from '../../../test/properties/scene.ts';
import { startLocalCloud } from '../../local/cloud/start.ts';
import type { LocalCloud } from '../../local/cloud/start.ts';
import type { CloudConfig } from '../cloud-config.ts';
import { createCloud } from '../create-cloud.ts';
import { fleetsNow } from './fleets-now.ts';

let local: LocalCloud;
beforeAll(async () => {
  local = await startLocalCloud({
    dataDir: null,
    services: [],
    groups: [
      { name: 'edge', startDelayMs: 0, desired: 8, weight: 4, instanceType: 'c7g.xlarge' },
      { name: 'empty', startDelayMs: 0, instanceType: 'c7g.xlarge' },
      { name: 'pool', startDelayMs: 0, desired: 2 },
    ],
  });
});
afterAll(() => local.stop());

const OWN: Prices = { ...US_EAST_1, region: 'eu-west-1', ec2: { 'c7g.xlarge': 1, 'c7g.2xlarge': 2 } };

/** What each fleet costs an hour, as a bot of this configuration sees it. */
async function hours(config: Partial<CloudConfig>): Promise<(number | null)[]> {
  const { state: launch } = Scene.ready(
    sampleRunbook({
      pool: { name: 'p', scale_target: 'pool', workers: 2 },
      scale_targets: ['edge', 'empty', 'pool'].map((group) => ({ id: group, kind: 'auto-scaling-group', group })),
    }),
  );
  const cloud = createCloud({ endpoint: local.url, region: 'eu-west-1', tablePrefix: 'p', bucket: 'b', ...config });
  try {
    return (await fleetsNow(cloud, launch)).map(({ usdHour }) => usdHour);
  } finally {
    cloud.close();
  }
}

test('the board goes by a table of one’s own, instances of groups and of the workers included, as the budget does', async () => {
  const [two, hour] = [instanceHour('c7g.2xlarge', OWN) ?? 0, instanceHour('c7g.xlarge', OWN) ?? 0];
  expect(await hours({ prices: OWN, workerInstance: 'c7g.2xlarge' })).toEqual([2 * hour, null, 2 * two]);
  // What the workers run on is not guessed, and a region without a table has no price.
  expect(await hours({ prices: OWN })).toEqual([2 * hour, null, null]);
  expect(await hours({})).toEqual([null, null, null]);
});
