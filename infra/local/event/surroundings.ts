import type { Rule } from '../../../runbooks/playbook/rules/rule.ts';
import type { Runbook, ScaleTarget } from '../../../runbooks/playbook/schema.ts';
import { automationsOf } from '../../aws/access/automations-of.ts';
import type { AccountNames } from '../../aws/access/resources.ts';
import { LOCAL_ACCOUNT, LOCAL_CLUSTER, LOCAL_GROUP, LOCAL_POOL } from '../principals.ts';
import { APP, SAMPLE_SEED, seedOf } from '../slack/state/seed.ts';
import type { Member, Seed } from '../slack/state/seed.ts';

/** What a runbook takes for there: its pool, its fleets, its people. The local cloud and Slack have them from the beginning. */
export interface Surroundings {
  pool: string;
  /** The service whose tasks are the send workers. */
  workers: { cluster: string; service: string };
  /** What else is scaled. */
  fleets: readonly ScaleTarget[];
  /** What its steps run of Systems Manager. */
  automations: AccountNames['automations'];
  seed: Seed;
}

/** Of the sample launch, with what the other runbooks of the library scale: `/go create` offers them, too. */
export const SAMPLE_SURROUNDINGS: Surroundings = {
  pool: LOCAL_POOL,
  workers: { cluster: LOCAL_CLUSTER, service: LOCAL_POOL },
  fleets: [
    { id: 'edge', kind: 'auto-scaling-group', group: LOCAL_GROUP, if_changed: 'set-again' },
    { id: 'checkout', kind: 'ecs-service', cluster: 'shop', service: 'checkout', if_changed: 'set-again' },
  ],
  automations: LOCAL_ACCOUNT.automations,
  seed: SAMPLE_SEED,
};

/** Of a runbook that keeps `LOCAL_RULES`. */
export function surroundingsOf(runbook: Runbook): Surroundings {
  const pool = poolTarget(runbook);
  if (pool?.kind !== 'ecs-service') throw new Error(`POOL_IS_NO_SERVICE ${runbook.pool.scale_target}`);
  const workers = placeOf(pool);
  return {
    pool: runbook.pool.name,
    workers,
    fleets: runbook.scale_targets.filter(
      // Two ids may stand for one service.
      (one) => one.kind !== 'ecs-service' || JSON.stringify(placeOf(one)) !== JSON.stringify(workers),
    ),
    automations: automationsOf(runbook),
    seed: seedOf(membersOf(runbook), `${runbook.id}-war-room`),
  };
}

/** Who is allowed what goes by the names in the account. */
export const accountOf = ({
  pool,
  workers,
  fleets,
  automations,
}: Pick<Surroundings, 'pool' | 'workers' | 'fleets' | 'automations'>): AccountNames => ({
  ...LOCAL_ACCOUNT,
  automations,
  pools: [pool],
  scaled: {
    services: [workers, ...fleets.flatMap((one) => (one.kind === 'ecs-service' ? [placeOf(one)] : []))],
    groups: fleets.flatMap((one) => (one.kind === 'auto-scaling-group' ? [one.group] : [])),
    tables: [
      ...new Set([
        ...LOCAL_ACCOUNT.scaled.tables,
        ...fleets.flatMap((one) => (one.kind === 'dynamodb-table' ? [one.table] : [])),
      ]),
    ],
  },
});

/** What must be so beside the rules of every runbook, with its line in the file. */
export const LOCAL_RULES: readonly Rule[] = [
  (runbook) => {
    const index = runbook.scale_targets.findIndex(({ id }) => id === runbook.pool.scale_target);
    const target = runbook.scale_targets[index];
    if (target === undefined || target.kind === 'ecs-service') return [];
    return [
      {
        path: ['scale_targets', index, 'kind'],
        found: `${target.kind} for the pool`,
        expected: 'ecs-service: the local cloud starts send workers as tasks of a service',
      },
    ];
  },
  ({ people }) =>
    people.flatMap(({ slack }, person) =>
      slack.flatMap((id, index) =>
        id === APP.botUserId
          ? [
              {
                path: ['people', person, 'slack', index],
                found: `${id}, which is the bot in the local Slack`,
                expected: "a person's id",
              },
            ]
          : [],
      ),
    ),
];

const poolTarget = ({ scale_targets: targets, pool }: Runbook): ScaleTarget | undefined =>
  targets.find(({ id }) => id === pool.scale_target);

/** A cluster may be written as its ARN. */
export const placeOf = ({ cluster, service }: { cluster: string; service: string }): Surroundings['workers'] => ({
  cluster: cluster.split('/').at(-1) ?? cluster,
  service,
});

const ROLE_NAME = { 'on-call': 'On call', marketer: 'Marketer', observer: 'Observer' } as const;

/** One account each; who has several is there as often. */
function membersOf({ people, target }: Runbook): Member[] {
  // Where clocks of the event are read; else here.
  const tz = target?.zone.includes('/') === true ? target.zone : Intl.DateTimeFormat().resolvedOptions().timeZone;
  return people.flatMap(({ id, name, roles, slack }) =>
    slack.map((account, index) => ({
      id: account,
      handle: index === 0 ? id : `${id}-${index + 1}`,
      realName: index === 0 ? name : `${name} (${index + 1})`,
      title: roles.map((role) => ROLE_NAME[role]).join(', '),
      tz,
    })),
  );
}
