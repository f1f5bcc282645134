import { DescribeContinuousBackupsCommand, DescribeTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import type { Asked } from '../judge/line.ts';
import type { FoundCare } from '../judge/table-care.ts';
import type { DoctorClients } from './aws-clients.ts';
import { orNull } from './or-null.ts';

/** Of tables by name: whether each can be put back, and what it lets go by itself. One that is missing is another line's matter. */
export async function findCare({ dynamo, ask }: DoctorClients, names: readonly string[]): Promise<FoundCare> {
  const each = async <T>(of: (name: string) => Promise<Asked<T | null>>) =>
    Promise.all(names.map(async (name) => ({ name, asked: await of(name) })));
  const [backups, ttl] = await Promise.all([
    each((name) =>
      ask('dynamodb:DescribeContinuousBackups', async (abortSignal) => {
        const found = await orNull(
          dynamo.send(new DescribeContinuousBackupsCommand({ TableName: name }), { abortSignal }),
          NO_TABLE,
        );
        const recovery = found?.ContinuousBackupsDescription?.PointInTimeRecoveryDescription;
        return found === null ? null : recovery?.PointInTimeRecoveryStatus === 'ENABLED';
      }),
    ),
    each((name) =>
      ask('dynamodb:DescribeTimeToLive', async (abortSignal) => {
        const found = await orNull(
          dynamo.send(new DescribeTimeToLiveCommand({ TableName: name }), { abortSignal }),
          NO_TABLE,
        );
        const { TimeToLiveStatus: status = '', AttributeName: attribute = null } = found?.TimeToLiveDescription ?? {};
        // What is being turned on or off goes by where it is going.
        return found === null ? null : { attribute: status.startsWith('ENABL') ? attribute : null };
      }),
    ),
  ]);
  return { backups, ttl };
}

const NO_TABLE = /^(ResourceNotFound|TableNotFound)/;
