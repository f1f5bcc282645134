import { lookup } from 'node:dns/promises';
import { hostname } from 'node:os';
import { closest } from 'fastest-levenshtein';
import type { AccountNames } from '../aws/access/resources.ts';
import type { CloudConfig } from '../aws/cloud-config.ts';
import { hearDates } from '../aws/hear-dates.ts';
import { POLL_SECONDS } from '../aws/queues.ts';
import { createStoreClock } from '../aws/store-clock.ts';
import { TABLE_IDS, TABLES, tableNames } from '../aws/tables.ts';
import type { Table } from '../aws/tables.ts';
import { accountNames } from './account-names.ts';
import { judgeAudienceTask } from './judge/audience-task.ts';
import { judgeClocks } from './judge/clocks.ts';
import { judgeEgress } from './judge/egress.ts';
import { judgeFcmQuota } from './judge/fcm-quota.ts';
import { parseImage } from './judge/image-name.ts';
import { judgeKeys } from './judge/keys.ts';
import { about } from './judge/line.ts';
import type { Asked, Line } from './judge/line.ts';
import type { Need } from './judge/need.ts';
import { judgeProvider } from './judge/providers.ts';
import { judgeQueue } from './judge/queues.ts';
import { judgeFifo, judgeQuotas } from './judge/quotas.ts';
import { judgeRegion } from './judge/region.ts';
import { judgeRights } from './judge/rights.ts';
import type { FoundRights, Process } from './judge/rights.ts';
import { judgeBucket, judgeCapacity, judgeIdentity, judgeImage, judgeService } from './judge/service.ts';
import { judgeAppToken, judgeChannel, judgePeople, judgeScopes, judgeToken } from './judge/slack.ts';
import { judgeBackups, judgeTtl } from './judge/table-care.ts';
import { judgeTable, judgeWarm } from './judge/tables.ts';
import { asking } from './measure/ask.ts';
import { doctorClients } from './measure/aws-clients.ts';
import type { DoctorClients } from './measure/aws-clients.ts';
import {
  findBucket,
  findIdentity,
  findImage,
  findQueue,
  findQuotas,
  findService,
  findTable,
  findTask,
} from './measure/aws.ts';
import { tryWay, wayTo } from './measure/egress.ts';
import type { Way } from './measure/egress.ts';
import { rightsOf, simulateRights, tryRights } from './measure/rights.ts';
import { findAppToken, findChannel, findPeople, findToken, manifestScopes } from './measure/slack.ts';
import type { SlackAccess } from './measure/slack.ts';
import { findCare } from './measure/table-care.ts';
import { examineSecondRegion } from './second-region.ts';
import { keysOf, queueSpecs } from './shapes.ts';
import { examineStarts } from './starts.ts';
import type { Subject } from './subject-shape.ts';

/**
 * Looks at everything at once and sends nothing. Each question has a limit of its own, so all of it is over within some ten
 * seconds, also when nobody answers. Lines come in the order in which things are best put right.
 */
export async function examine(subject: Subject): Promise<Line[]> {
  const [aws, slack, egress, providers] = await Promise.all([
    examineAws(subject),
    examineSlack(subject),
    examineEgress(subject),
    Promise.all(
      (['apns', 'fcm'] as const).map(async (provider) => {
        const meet = subject.providers[provider];
        return meet === undefined ? [] : [judgeProvider(provider, await meet())];
      }),
    ),
  ]);
  return [
    ...aws.lines,
    ...slack,
    ...egress,
    ...providers.flat(),
    judgeFcmQuota(aws.need, subject.nowMs()),
    ...(subject.keys === null ? [] : [judgeKeys(subject.keys)]),
  ];
}

type Tables = Readonly<Record<Table, Awaited<ReturnType<typeof findTable>>>>;

async function examineAws(subject: Subject): Promise<{ lines: Line[]; need: Need | null }> {
  const { cloud, service: target } = subject;
  const clients = doctorClients(cloud, subject.limitMs);
  const clock = createStoreClock();
  hearDates(clients.dynamo, clock.answered);
  try {
    const names = tableNames(cloud.tablePrefix);
    const whole = Promise.all([
      findTable(clients, names.record),
      findTable(clients, names.claims),
      findTable(clients, names.switches),
      findTable(clients, names.live),
      findBucket(clients, cloud.bucket),
      target === null ? null : findService(clients, target),
      Promise.all([findQuotas(clients, 'fargate'), findQuotas(clients, 'ecs'), findQuotas(clients, 'dynamodb')]),
      findCare(clients, Object.values(names)),
      cloud.audienceTask == null ? null : findTask(clients, cloud.audienceTask.family),
      examineSecondRegion(clients, subject),
      subject.clocks(),
      subject.starter?.bot == null ? null : findService(clients, subject.starter.bot),
    ]);
    const [region, identity] = await Promise.all([regionLine(cloud, subject.limitMs), findIdentity(clients)]);
    const first = [region, judgeIdentity(identity)];
    const isStranger = !identity.ok && identity.failure.kind === 'credentials';
    const [
      record,
      claims,
      switches,
      live,
      bucket,
      service,
      [fargate, ecs, dynamodb],
      care,
      task,
      regions,
      clocks,
      bot,
    ] = await whole;
    const tables: Tables = { record, claims, switches, live };
    if (isStranger || region.state === 'wrong') return { lines: [...first, NOT_ASKED], need: subject.needOf(null) };

    const found = service?.ok === true ? service.value : null;
    const need = subject.needOf(found?.vcpus ?? null);
    const account = identity.ok ? identity.value.account : '*';
    const specs = queueSpecs(subject.pool, (name) => `arn:aws:sqs:${cloud.region}:${account}:${name}`);
    const inAccount = accountNames(subject, account, task?.ok === true ? task.value : null);
    const image = found === null ? null : parseImage(found.image);
    const starts = {
      bot: bot?.ok === true ? (bot.value?.start ?? null) : null,
      worker: found?.start ?? null,
      audience: task?.ok === true ? (task.value?.start ?? null) : null,
    };
    const [queues, imageFound, started, rights] = await Promise.all([
      Promise.all(specs.map(async (spec) => ({ spec, ...(await findQueue(clients, spec.name)) }))),
      image === null ? null : findImage(clients, image),
      examineStarts(clients, subject, starts, inAccount),
      Promise.all(
        subject.rights.map(async ({ process, role }) =>
          judgeRights(
            process,
            await foundRights(
              clients,
              process,
              role ?? (process === 'worker' ? (found?.taskRoleArn ?? null) : null),
              inAccount,
              {
                who: identity.ok ? identity.value.arn : 'whoever runs this',
              },
            ),
          ),
        ),
      ),
    ]);
    const segments = queues.find(({ spec }) => spec.which === 'segments')?.queue;
    const own = clock.offset();
    return {
      need,
      lines: [
        ...first,
        ...rights,
        ...started,
        ...TABLE_IDS.map((which) => judgeTable(which, names[which], keysOf(which), tables[which])),
        judgeBackups(care.backups),
        judgeTtl(care.ttl, Object.fromEntries(TABLE_IDS.map((which) => [names[which], TABLES[which].ttl]))),
        judgeWarm(names.claims, need?.claimUnits ?? null, claims),
        judgeBucket(cloud.bucket, bucket),
        ...regions,
        ...queues.map(({ spec, queue, standardToo }) => judgeQueue(spec, queue, standardToo)),
        ...(target === null || service === null
          ? []
          : [
              judgeService(target, service),
              ...(found === null ? [] : [judgeCapacity(found.isSpot, subject.isRehearsal)]),
              judgeImage(found?.image ?? null, imageFound),
            ]),
        ...(task === null || cloud.audienceTask == null ? [] : [judgeAudienceTask(cloud.audienceTask.family, task)]),
        ...judgeQuotas({ fargate, ecs, dynamodb }, need, {
          region: cloud.region,
          isSpot: found?.isSpot ?? false,
          provisioned: { writes: provisioned(tables, 'writes'), reads: provisioned(tables, 'reads') },
        }),
        judgeFifo(
          segments?.ok === true && segments.value !== null
            ? segments.value.attributes['FifoThroughputLimit'] === 'perMessageGroupId'
            : null,
          need,
          POLL_SECONDS,
        ),
        judgeClocks([
          { host: `this machine (${hostname()})`, aheadMs: own?.aheadMs ?? null, errorMs: own?.errorMs ?? 0 },
          ...clocks,
        ]),
      ],
    };
  } finally {
    clients.destroy();
  }
}

const provisioned = (tables: Tables, units: 'reads' | 'writes'): number =>
  Object.values(tables).reduce(
    (sum, table) => sum + (table.ok && table.value?.onDemand === false ? table.value[units] : 0),
    0,
  );

const NOT_ASKED = about('aws.account', 'The account').unknown({
  found: 'not looked at',
  needed: 'tables, queues, rights, quotas and clocks as a launch needs them',
  fix: 'Put the line above right, and run this again',
});

/** By the policies of a role where they may be asked for; else what whoever runs this can do. */
async function foundRights(
  clients: DoctorClients,
  process: Process,
  role: string | null,
  names: AccountNames,
  { who }: { who: string },
): Promise<Asked<FoundRights>> {
  const rights = rightsOf(process);
  const simulated = role === null ? null : await simulateRights(clients, role, rights, names);
  if (simulated?.ok === true) return simulated;
  const notSimulated = simulated?.failure ?? null;
  return { ok: true, value: await tryRights(clients, { who, notSimulated }, rights, names) };
}

async function regionLine({ region, endpoint }: CloudConfig, limitMs: number): Promise<Line> {
  const nearest = (word: string, names: readonly string[]) => closest(word, names);
  const known = judgeRegion(region, null, nearest);
  if (known.state === 'ok' || endpoint !== null) return known;
  const resolved = await asking(limitMs)('dns', () => lookup(`dynamodb.${region}.amazonaws.com`));
  return judgeRegion(region, resolved.ok, nearest);
}

async function examineSlack({ slack, channelId, people, limitMs }: Subject): Promise<Line[]> {
  if (slack === null) return [];
  const ask = asking(limitMs);
  const [token, appToken, channel, found] = await Promise.all([
    findToken(slack, ask),
    findAppToken(slack, ask),
    channelId === null ? null : findChannel(slack, ask, channelId),
    findPeople(slack, ask, people),
  ]);
  const first = judgeToken(token);
  // With a token that is worth nothing all else has the same cause.
  if (first.state === 'wrong') return [first, judgeAppToken(appToken)];
  return [
    first,
    judgeScopes(manifestScopes(), token),
    judgeAppToken(appToken),
    judgeChannel(channelId, channel),
    judgePeople(found),
  ].filter((line) => line !== null);
}

const AWS_SERVICES = ['dynamodb', 'sqs', 's3', 'ecs', 'ssm'];
const SLACK_HOSTS = { all: ['slack.com'], socket: ['wss-primary.slack.com'] };

async function examineEgress({ cloud, slack, providerWays, limitMs }: Subject): Promise<Line[]> {
  const { endpoint, region } = cloud;
  const https = (host: string): Way => ({ host, port: 443, tls: { ca: null } });
  const ways = {
    aws:
      endpoint === null
        ? AWS_SERVICES.map((name) => https(`${name}.${region}.amazonaws.com`))
        : [wayTo(endpoint, null)],
    slack: slackWays(slack, https),
    providers: providerWays,
  };
  const lines = await Promise.all(
    (['aws', 'slack', 'providers'] as const).map(async (to) =>
      judgeEgress(to, await Promise.all(ways[to].map((way) => tryWay(way, limitMs)))),
    ),
  );
  return lines.filter((line) => line !== null);
}

function slackWays(slack: SlackAccess | null, https: (host: string) => Way): Way[] {
  if (slack === null) return [];
  if (slack.apiUrl !== null) return [wayTo(slack.apiUrl, null)];
  return [...SLACK_HOSTS.all, ...(slack.appToken === null ? [] : SLACK_HOSTS.socket)].map(https);
}
