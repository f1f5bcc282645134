import type { Cloud } from '../../../infra/aws/cloud.ts';
import type { Measured } from '../../../runbooks/launch/entries.ts';
import { elsewhereText } from '../../../runbooks/launch/home.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';

/** Red also where it can't be read: workers ask the same item before their first push, and would send nothing. */
export async function homeNow(
  { homes, region }: Pick<Cloud, 'homes' | 'region'>,
  { id, runbook: { regions } }: Launch,
): Promise<Pick<Measured, 'status' | 'value' | 'say'>> {
  if (regions === undefined) return { status: 'green', value: 0, say: 'it has one region' };
  const found = await homes.read(id, regions).catch(() => null);
  if (found === null)
    return { status: 'red', value: null, say: 'which region has it can’t be read, so workers would send nothing' };
  return found.home.region === region
    ? { status: 'green', value: 0, say: `${region} has it` }
    : { status: 'red', value: 1, say: elsewhereText(found.home, region) };
}
