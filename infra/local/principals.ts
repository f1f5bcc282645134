import { DOCTOR_READS, PROCESSES } from '../aws/access/permissions.ts';
import type { ProcessName } from '../aws/access/permissions.ts';
import { policyOf, statementsOf } from '../aws/access/policy.ts';
import type { Statement } from '../aws/access/policy.ts';
import { arnsOf } from '../aws/access/resources.ts';
import type { AccountNames } from '../aws/access/resources.ts';
import type { Principal } from './cloud/access.ts';
import { ACCOUNT_ID, REGION } from './cloud/account.ts';

export const LOCAL_POOL = 'gobutton-workers';
export const LOCAL_CLUSTER = 'gobutton';
export const LOCAL_GROUP = 'lingo-api';
export const LOCAL_AUDIENCE_TASK = {
  cluster: LOCAL_CLUSTER,
  family: 'gobutton-audience',
  roles: ['audience', 'audience-execution'].map((name) => `arn:aws:iam::${ACCOUNT_ID}:role/gobutton-${name}`),
};

/** A document that a runbook of one's own may try, and whom it works as. */
export const LOCAL_AUTOMATION = 'lingo-warm-cache';
export const LOCAL_AUTOMATION_ROLE = `arn:aws:iam::${ACCOUNT_ID}:role/lingo-automation`;

/** The account that a local stack of the sample launch is in. */
export const LOCAL_ACCOUNT: AccountNames = {
  partition: 'aws',
  region: REGION,
  account: ACCOUNT_ID,
  tablePrefix: 'gobutton',
  bucket: 'gobutton',
  pools: [LOCAL_POOL],
  deviceTables: ['devices', 'devices-by-user'],
  scaled: {
    services: [{ cluster: LOCAL_CLUSTER, service: LOCAL_POOL }],
    groups: [LOCAL_GROUP],
    tables: ['gobutton-claims'],
  },
  automations: { documents: [LOCAL_AUTOMATION], roles: [LOCAL_AUTOMATION_ROLE] },
  audienceTask: LOCAL_AUDIENCE_TASK,
};

/** The tables of devices and the lists are the app's, which in the local account is whoever started it. */
const appsOwn = (account: AccountNames): Statement[] => [
  {
    Sid: 'OwnDevices',
    Effect: 'Allow',
    Action: ['dynamodb:CreateTable', 'dynamodb:DeleteTable', 'dynamodb:BatchWriteItem'],
    Resource: arnsOf('device-tables', account),
  },
  { Sid: 'OwnLists', Effect: 'Allow', Action: ['s3:PutObject'], Resource: arnsOf('uploads', account) },
];

/** Each process of a local stack with the policy that its role has on AWS; and a person, who runs the commands and the doctor. */
export function principalsOf(newKeyId: () => string, account: AccountNames): Principal[] {
  const statements = (name: ProcessName) => policyOf(name, account);
  return [
    ...PROCESSES.map((name) => ({ accessKeyId: newKeyId(), name, statements: statements(name) })),
    {
      accessKeyId: newKeyId(),
      name: 'operator',
      statements: [
        ...statements('command-line'),
        ...statements('audience'),
        ...statementsOf(DOCTOR_READS, account),
        ...appsOwn(account),
      ],
    },
  ];
}
