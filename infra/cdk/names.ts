import { queueNames } from '../../contract/queue-names.ts';
import { homesTable, tableNames } from '../aws/tables.ts';
import type { Deployment } from './read-config.ts';

/**
 * What things are called in the account. Names are fixed, so that roles are scoped to them without one stack importing from
 * another, bot and workers find them by prefix and pool alone, and a second deployment of a name is seen.
 */
export function namesOf({ config, runbook }: Deployment) {
  const { name, account, region } = config;
  return {
    stacks: {
      network: `${name}-network`,
      data: `${name}-data`,
      queues: `${name}-queues`,
      watch: `${name}-watch`,
      bot: `${name}-bot`,
      workers: `${name}-workers`,
    },
    botCluster: `${name}-bot`,
    botService: `${name}-bot`,
    /** What the bot starts to compile an audience. */
    audienceFamily: `${name}-audience`,
    tablePrefix: name,
    tables: tableNames(name),
    /** One table for both regions of a launch. */
    homes: homesTable(name),
    bucketIn: (other: string) => `${name}-${account}-${other}`,
    // Bucket names are taken world-wide.
    bucket: `${name}-${account}-${region}`,
    accessLogBucket: `${name}-${account}-${region}-log`,
    pool: runbook.pool.name,
    queues: queueNames(runbook.pool.name),
    deploymentParameter: `/gobutton-deployments/${name}`,
  };
}

/** On every stack: what it belongs to. */
export const TAGS = { name: 'gobutton:name', runbook: 'gobutton:runbook', pool: 'gobutton:pool' } as const;
