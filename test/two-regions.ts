import { join } from 'node:path';
import type { CloudConfig } from '../infra/aws/cloud-config.ts';
import type { Cloud } from '../infra/aws/cloud.ts';
import { createCloud, ensureHomes, ensureTables } from '../infra/aws/create-cloud.ts';
import { localCloudForTests } from '../infra/local/cloud/for-tests.ts';
import { startLocalCloud } from '../infra/local/cloud/start.ts';
import type { LocalCloud } from '../infra/local/cloud/start.ts';

export const EAST = 'us-east-1';
export const WEST = 'us-west-2';
export const REGIONS = { home: EAST, standby: WEST };

/**
 * Two local clouds that are two regions, and a third one that holds the table of homes: it stands for the two of three regions
 * that are always left of it. `dir`: what the regions are kept in, so that one that was killed can come back.
 */
export async function twoRegions(dir: string): Promise<{
  cloud(region: string): Cloud;
  /** What our own processes and commands need of the environment there. */
  env(region: string): Record<string, string>;
  /** No answer any more, of nothing. */
  kill(region: string): Promise<void>;
  /** As it stood when it was killed, at its old address. */
  revive(region: string): Promise<void>;
  stop(): Promise<void>;
}> {
  const witness = await localCloudForTests();
  const locals = new Map<string, LocalCloud>();
  const ports = new Map<string, number>();
  const clouds = new Map<string, Cloud>();
  const start = async (region: string) => {
    const local = await startLocalCloud({
      dataDir: join(dir, region),
      port: ports.get(region) ?? 0,
      services: [],
      groups: [],
    });
    locals.set(region, local);
    ports.set(region, local.port);
  };
  const urlOf = (region: string) => `http://127.0.0.1:${ports.get(region)}`;
  const config = (region: string): CloudConfig => ({
    endpoint: urlOf(region),
    region,
    tablePrefix: 'gobutton',
    bucket: 'gobutton',
    homes: witness.url,
    otherRegion: urlOf(region === EAST ? WEST : EAST),
  });
  const kill = async (region: string) => {
    await locals.get(region)?.stop(0);
    locals.delete(region);
  };
  await Promise.all([EAST, WEST].map(start));
  await Promise.all([ensureHomes(config(EAST)), ...[EAST, WEST].map((region) => ensureTables(config(region)))]);
  return {
    cloud(region) {
      const made = clouds.get(region) ?? createCloud(config(region));
      clouds.set(region, made);
      return made;
    },
    env: (region) => ({
      AWS_REGION: region,
      AWS_ENDPOINT_URL: urlOf(region),
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      GOBUTTON_OTHER_REGION_URL: urlOf(region === EAST ? WEST : EAST),
      GOBUTTON_HOMES_URL: witness.url,
      GOBUTTON_BUCKET: 'gobutton',
      LOG_LEVEL: 'silent',
    }),
    kill,
    revive: start,
    async stop() {
      for (const cloud of clouds.values()) cloud.close();
      await Promise.all([kill(EAST), kill(WEST), witness.stop()]);
    },
  };
}
