import { about } from './line.ts';
import type { Line } from './line.ts';

/** Regions of the public partition, November 2026 (https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html). */
const REGIONS = `
  af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2
  ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6
  ap-southeast-7 ca-central-1 ca-west-1 eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2
  eu-west-1 eu-west-2 eu-west-3 il-central-1 me-central-1 me-south-1 mx-central-1 sa-east-1 us-east-1
  us-east-2 us-west-1 us-west-2`
  .trim()
  .split(/\s+/);

/** A Region that is newer than this list can't be told from a slip of the finger: then its names decide (`resolves`). */
export function judgeRegion(
  region: string,
  resolves: boolean | null,
  nearest: (word: string, names: readonly string[]) => string,
): Line {
  const line = about('aws.region', 'AWS Region');
  const needed = 'a Region of AWS';
  if (REGIONS.includes(region) || resolves === true) return line.ok({ found: region, needed });
  const fix = `Correct AWS_REGION; did you mean ${nearest(region, REGIONS)}?`;
  return line.wrong({
    found: `${region}, which is not one${resolves === false ? ': its names lead nowhere' : ''}`,
    needed,
    fix,
  });
}
