import { REPLICATED } from '../aws/replicated.ts';
import { homesTable } from '../aws/tables.ts';
import { otherRegion } from './account-names.ts';
import type { Line } from './judge/line.ts';
import { judgeCopies, judgeHomes } from './judge/second-region.ts';
import type { DoctorClients } from './measure/aws-clients.ts';
import { findCopies, findHomes } from './measure/second-region.ts';
import type { Subject } from './subject-shape.ts';

/** Of a launch that another region may take over. */
export async function examineSecondRegion(clients: DoctorClients, { cloud, regions: of }: Subject): Promise<Line[]> {
  if (of === null || otherRegion(of, cloud.region) === undefined) return [];
  const regions = { ...of, here: cloud.region };
  const homes = homesTable(cloud.tablePrefix);
  const [table, copies] = await Promise.all([
    findHomes(clients, homes),
    findCopies(clients, cloud.bucket, cloud.region === of.home),
  ]);
  return [judgeHomes(homes, regions, table), judgeCopies(cloud.bucket, regions, REPLICATED, copies)];
}
