import type { AccountNames } from '../aws/access/resources.ts';
import type { Asked, Line } from './judge/line.ts';
import { judgeLogGroup } from './judge/logs.ts';
import { judgeSecret } from './judge/secrets.ts';
import type { FoundDecrypt, KeptSecret } from './judge/secrets.ts';
import { judgeStart, secretOf, startRights } from './judge/start.ts';
import type { FoundStart } from './judge/start.ts';
import type { DoctorClients } from './measure/aws-clients.ts';
import { findLogGroup } from './measure/logs.ts';
import { findSecret } from './measure/secrets.ts';
import { findStarter } from './measure/start.ts';
import type { Subject } from './subject-shape.ts';

/** Null: its task definition was not found, which is another line's matter. */
export type Starts = Readonly<Record<'bot' | 'worker' | 'audience', FoundStart | null>>;

const PROCESSES = ['bot', 'worker', 'audience'] as const;

/** What ECS needs before a process runs: the role that starts it, its log group, and the secrets that it is given. */
export async function examineStarts(
  clients: DoctorClients,
  subject: Subject,
  starts: Starts,
  names: AccountNames,
): Promise<Line[]> {
  const {
    cloud,
    cloud: { region },
    limitMs,
    starter,
  } = subject;
  if (starter === null) return [];
  const lines = await Promise.all([
    ...PROCESSES.map(async (process) => {
      const start = starts[process];
      if (start === null) return null;
      const rights = startRights(start, names);
      const asked = start.role === null || rights.length === 0 ? null : await findStarter(clients, start.role, rights);
      return judgeStart(process, start, rights, asked);
    }),
    ...PROCESSES.flatMap((process) =>
      [...new Set(starts[process]?.logGroups)].map(async (group) =>
        judgeLogGroup(group, process, region, await findLogGroup(clients, cloud, limitMs, group)),
      ),
    ),
    ...(starter.secrets ?? secretsIn(starts)).map(async (secret) => {
      const found = await findSecret(clients, secret, starter.readsSecrets);
      const key = found.ok ? (found.value?.kmsKey ?? null) : null;
      const roles = key === null ? [] : readersOf(secret.name, subject, starts);
      return judgeSecret(secret, region, found, key === null ? null : await mayDecrypt(clients, key, roles, names));
    }),
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

/** The roles that start what is given it, and those of processes that read it anew while they run. */
function readersOf(name: string, { secrets }: Subject, starts: Starts): string[] {
  const roles = PROCESSES.flatMap((process) => {
    const start = starts[process];
    if (start === null) return [];
    const isGiven = start.secrets.some(({ from }) => secretOf(from)?.name === name);
    const isReread = process !== 'audience' && secrets[process].includes(name);
    return [isGiven ? start.role : null, isReread ? start.taskRole : null].filter((role) => role !== null);
  });
  return [...new Set(roles)];
}

/** Null: nobody is known to ask about, or the key is told by another name than policies see. */
async function mayDecrypt(
  clients: DoctorClients,
  key: string,
  roles: readonly string[],
  { partition, region, account }: AccountNames,
): Promise<Asked<FoundDecrypt> | null> {
  if (roles.length === 0 || key.includes('alias/')) return null;
  const on = key.startsWith('arn:') ? key : `arn:${partition}:kms:${region}:${account}:key/${key}`;
  const asked = await Promise.all(
    roles.map(async (role) => ({ role, found: await findStarter(clients, role, [{ action: 'kms:Decrypt', on }]) })),
  );
  const failed = asked.find(({ found }) => !found.ok)?.found;
  if (failed?.ok === false) return failed;
  const isDenied = ({ found }: (typeof asked)[number]) => found.ok && found.value?.denied.length !== 0;
  return { ok: true, value: { roles, denied: asked.filter(isDenied).map(({ role }) => role) } };
}
