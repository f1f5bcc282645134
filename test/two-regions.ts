import type { CloudConfig } from '../infra/aws/cloud-config.ts';
import type { Cloud } from '../infra/aws/cloud.ts';
import { createCloud, ensureHomes } from '../infra/aws/create-cloud.ts';
import { localCloudForTests } from '../infra/local/cloud/for-tests.ts';

export const EAST = 'us-east-1';
export const WEST = 'us-west-2';
export const REGIONS = { home: EAST, standby: WEST };

/**
 * Two local clouds that are two regions, and a third one that holds the table of homes: it stands for the two of three regions
 * that are always left of it.
 */
export async function twoRegions(): Promise<{
  cloud(region: string): Cloud;
  config(region: string): CloudConfig;
  /** What our own commands need of the environment there. */
  env(region: string): Record<string, string>;
  /** No answer any more, of nothing. */
  kill(region: string): Promise<void>;
  stop(): Promise<void>;
}> {
  const [east, west, witness] = await Promise.all([localCloudForTests(), localCloudForTests(), localCloudForTests()]);
  const locals: Record<string, typeof east> = { [EAST]: east, [WEST]: west };
  const killed = new Set<string>();
  const clouds = new Map<string, Cloud>();
  const of = (region: string) => locals[region] ?? east;
  const config = (region: string): CloudConfig => ({
    ...of(region).config,
    region,
    homes: witness.url,
    otherRegion: of(region === EAST ? WEST : EAST).url,
  });
  const kill = async (region: string) => {
    if (killed.has(region)) return;
    killed.add(region);
    of(region).cloud.close();
    await of(region).localCloud.stop(0);
  };
  await ensureHomes(config(EAST));
  return {
    config,
    cloud(region) {
      const made = clouds.get(region) ?? createCloud(config(region));
      clouds.set(region, made);
      return made;
    },
    env: (region) => ({
      AWS_REGION: region,
      AWS_ENDPOINT_URL: of(region).url,
      GOBUTTON_OTHER_REGION_URL: of(region === EAST ? WEST : EAST).url,
      GOBUTTON_HOMES_URL: witness.url,
      GOBUTTON_BUCKET: 'gobutton',
      LOG_LEVEL: 'silent',
    }),
    kill,
    async stop() {
      for (const cloud of clouds.values()) cloud.close();
      await Promise.all([kill(EAST), kill(WEST), witness.stop()]);
    },
  };
}
