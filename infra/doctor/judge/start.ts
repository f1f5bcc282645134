import { parseImage } from './image-name.ts';
import { about, listed, unasked } from './line.ts';
import type { Asked, Line } from './line.ts';

/** What ECS does in the name of a task's execution role before the process runs. */
export interface FoundStart {
  role: string | null;
  /** What the process then is. */
  taskRole: string | null;
  images: readonly string[];
  /** Of CloudWatch Logs. */
  logGroups: readonly string[];
  /** `from`: a secret's ARN, and behind it the field of its JSON. */
  secrets: readonly { variable: string; from: string }[];
}

/** One action on one resource, by its ARN. */
export interface StartRight {
  action: string;
  on: string;
}

export interface FoundStarter {
  denied: readonly StartRight[];
}

const PULL = ['ecr:BatchCheckLayerAvailability', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchGetImage'];
const WRITE = ['logs:CreateLogStream', 'logs:PutLogEvents'];

/** Pull the image, open the log, read the secrets (docs/facts.md#ecs-execution-role). */
export function startRights(
  { images, logGroups, secrets }: FoundStart,
  { partition, region, account }: { partition: string; region: string; account: string },
): StartRight[] {
  const repositories = images.flatMap((image) => {
    const found = parseImage(image);
    if (found === null) return [];
    return [`arn:${partition}:ecr:${found.region}:${found.registry}:repository/${found.repository}`];
  });
  const on = (resources: readonly string[], actions: readonly string[]): StartRight[] =>
    [...new Set(resources)].flatMap((resource) => actions.map((action) => ({ action, on: resource })));
  return [
    ...on(repositories.length === 0 ? [] : ['*'], ['ecr:GetAuthorizationToken']),
    ...on(repositories, PULL),
    ...on(
      logGroups.map((group) => `arn:${partition}:logs:${region}:${account}:log-group:${group}:log-stream:gobutton`),
      WRITE,
    ),
    ...on(
      secrets.flatMap(({ from }) => secretOf(from)?.whole ?? []),
      ['secretsmanager:GetSecretValue'],
    ),
  ];
}

/** Of `arn:…:secret:NAME`, with or without AWS's own six characters, and `:FIELD::` behind it. `whole`: as policies see it. Null: of another service. */
export function secretOf(from: string): { arn: string; name: string; field: string; whole: string } | null {
  const [, arn, name, field = ''] =
    /^(arn:[^:]+:secretsmanager:[^:]*:[^:]*:secret:([^:]+))(?::([^:]*):[^:]*:[^:]*)?$/.exec(from) ?? [];
  if (arn === undefined || name === undefined) return null;
  return { arn, name, field, whole: /-.{6}$/.test(name) ? arn : `${arn}-xxxxxx` };
}

/** `rights`: what it must be allowed. `asked` null: there is no role to ask about. */
export function judgeStart(
  process: 'bot' | 'worker' | 'audience',
  { role }: FoundStart,
  rights: readonly StartRight[],
  asked: Asked<FoundStarter | null> | null,
): Line {
  const [id, title] = [`starts.${process}`, `What starts the ${process} may do in AWS (its execution role)`];
  const line = about(id, title);
  const needed = rights.length === 0 ? 'nothing of AWS' : `${listed([...new Set(rights.map(({ action }) => action))])}`;
  if (rights.length === 0) return line.ok({ found: role ?? 'none', needed });
  const anew = 'npm run infra -- deploy --config launch.yaml makes it';
  if (role === null || asked === null)
    return line.wrong({ found: 'the task definition names no execution role', needed, fix: `${anew} anew` });
  if (!asked.ok) return unasked(id, title, needed, asked.failure);
  if (asked.value === null)
    return line.wrong({ found: `${role}, which is not there: no task starts`, needed, fix: `${anew} again` });
  const { denied } = asked.value;
  if (denied.length === 0) return line.ok({ found: `${role} may`, needed });
  return line.wrong({
    found: `${role} may not ${listed(denied.map(({ action, on }) => `${action} (${shortOf(on)})`))}: no task starts`,
    needed,
    fix: `Allow ${listed(
      denied.map(({ action, on }) => `${action} on ${on}`),
      12,
    )} in the policy of ${role}`,
  });
}

/** What an ARN is about: the last of it that people have named. */
const shortOf = (arn: string): string =>
  arn === '*'
    ? '*'
    : (/(?:repository\/|log-group:|secret:)(.+?)(?::log-stream:gobutton|-xxxxxx)?$/.exec(arn)?.[1] ?? arn);
