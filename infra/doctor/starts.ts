import type { AccountNames } from '../aws/access/resources.ts';
import type { Line } from './judge/line.ts';
import { judgeSecret } from './judge/secrets.ts';
import type { KeptSecret } from './judge/secrets.ts';
import { judgeStart, secretOf, startRights } from './judge/start.ts';
import type { FoundStart } from './judge/start.ts';
import type { DoctorClients } from './measure/aws-clients.ts';
import { findSecret } from './measure/secrets.ts';
import { findStarter } from './measure/start.ts';
import type { Subject } from './subject-shape.ts';

/** Null: its task definition was not found, which is another line's matter. */
export type Starts = Readonly<Record<'bot' | 'worker' | 'audience', FoundStart | null>>;

/** What ECS needs before a process runs: the role that starts it, and the secrets that it is given. */
export async function examineStarts(
  clients: DoctorClients,
  { cloud: { region }, starter }: Subject,
  starts: Starts,
  names: AccountNames,
): Promise<Line[]> {
  if (starter === null) return [];
  const lines = await Promise.all([
    ...(['bot', 'worker', 'audience'] as const).map(async (process) => {
      const start = starts[process];
      if (start === null) return null;
      const rights = startRights(start, names);
      const asked = start.role === null || rights.length === 0 ? null : await findStarter(clients, start.role, rights);
      return judgeStart(process, start, rights, asked);
    }),
    ...(starter.secrets ?? secretsIn(starts)).map(async (secret) =>
      judgeSecret(secret, region, await findSecret(clients, secret, starter.readsSecrets)),
    ),
  ]);
  return lines.filter((line) => line !== null);
}

/** Those that task definitions name, where no configuration does. */
function secretsIn(starts: Starts): KeptSecret[] {
  const named = Object.entries(starts).flatMap(([reader, start]) =>
    (start?.secrets ?? []).flatMap(({ from }) => {
      const secret = secretOf(from);
      return secret === null ? [] : [{ ...secret, reader }];
    }),
  );
  return [...Map.groupBy(named, ({ arn }) => arn)].map(([arn, all]) => ({
    name: all[0]?.name ?? arn,
    arn,
    fields: [...new Set(all.flatMap(({ field }) => (field === '' ? [] : [field])))],
    readers: [...new Set(all.map(({ reader }) => reader))],
  }));
}
