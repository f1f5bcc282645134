import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { DOCTOR_READS, PERMISSIONS, PROCESSES } from './permissions.ts';
import { allowing, policyOf } from './policy.ts';
import { arnsOf, LEADING_KEYS } from './resources.ts';
import type { AccountNames, ResourceKind } from './resources.ts';

const names: AccountNames = {
  partition: 'aws',
  region: 'eu-west-1',
  account: '123456789012',
  tablePrefix: 'launch',
  bucket: 'audiences-here',
  pools: ['pool'],
  deviceTables: ['users'],
  scaled: { services: [{ cluster: 'c', service: 's' }], groups: ['servers'], tables: [] },
  automations: {
    documents: ['warm-cache', 'AWS-RestartEC2Instance'],
    roles: ['arn:aws:iam::123456789012:role/warmer'],
  },
  audienceTask: { cluster: 'bots', family: 'audience', roles: ['arn:aws:iam::123456789012:role/audience'] },
};
const policy = Object.fromEntries(PROCESSES.map((process) => [process, policyOf(process, names)]));
const mayIf = (process: string, action: string, resource: string, about: Record<string, string>): boolean =>
  allowing(policy[process] ?? [], { action, resource, about }) !== null;
const may = (process: string, action: string, resource: string, prefix: string | null = null): boolean =>
  mayIf(process, action, resource, prefix === null ? {} : { 's3:prefix': prefix });
const key = (path: string) => `arn:aws:s3:::audiences-here/${path}`;

test('the bot reads no device token, and only workers and who makes audiences do', () => {
  const shard = key('audiences/abc/us-ios-0.shard');
  expect(PROCESSES.filter((process) => may(process, 's3:GetObject', shard))).toEqual(['worker', 'audience']);
  expect(PROCESSES.filter((process) => may(process, 's3:PutObject', shard))).toEqual(['audience']);
  const tokens = key('launches/l/staff-devices/abc');
  expect(PROCESSES.filter((process) => may(process, 's3:GetObject', tokens))).toEqual(['worker']);
  expect(PROCESSES.filter((process) => may(process, 's3:DeleteObject', tokens))).toEqual(['command-line']);
  expect(may('bot', 's3:GetObject', key('audiences/abc/manifest.json'))).toBe(true);
});

test('what people attach in the war room the bot puts away, and no process of a launch reads it', () => {
  const file = key('launches/l/files/abc');
  expect(PROCESSES.filter((process) => may(process, 's3:PutObject', file))).toEqual(['bot']);
  expect(PROCESSES.filter((process) => may(process, 's3:GetObject', file))).toEqual([]);
});

test('the keys of what people wrote in the channel the bot makes, and only the command line puts anew and deletes', () => {
  const word = key('launches/l/words/abc');
  expect(PROCESSES.filter((process) => may(process, 's3:PutObject', word))).toEqual(['bot', 'command-line']);
  expect(PROCESSES.filter((process) => may(process, 's3:GetObject', word))).toEqual(['bot', 'command-line']);
  for (const path of ['words/abc', 'files/abc'])
    expect(PROCESSES.filter((process) => may(process, 's3:DeleteObject', key(`launches/l/${path}`)))).toEqual([
      'command-line',
    ]);
});

test('a worker writes its reports and the leases of a close and a priming push, not who leads, the gates or the roll', () => {
  const live = 'arn:aws:dynamodb:eu-west-1:123456789012:table/launch-live';
  const puts = (process: string, pk: string) => mayIf(process, 'dynamodb:PutItem', live, { [LEADING_KEYS]: pk });
  const theirs = ['reports/l', 'reports/l/3', 'lease/closer/l/S1', 'lease/prime/abc/7'];
  expect(theirs.filter((pk) => puts('worker', pk))).toEqual(theirs);
  const others = ['leases', 'gates/l', 'roll/l', 'effects/l', 'pools', 'launches', 'lease/other/l'];
  expect(others.filter((pk) => puts('worker', pk))).toEqual([]);
  expect(may('worker', 'dynamodb:PutItem', live)).toBe(false);
  expect(others.filter((pk) => puts('bot', pk))).toEqual(others);
  expect(may('worker', 'dynamodb:DeleteItem', live)).toBe(false);
});

test('only the bot scales, and only what is named', () => {
  const service = 'arn:aws:ecs:eu-west-1:123456789012:service/c/s';
  expect(PROCESSES.filter((process) => may(process, 'ecs:UpdateService', service))).toEqual(['bot']);
  expect(may('bot', 'ecs:UpdateService', `${service}-other`)).toBe(false);
  const group = (name: string) =>
    `arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:1:autoScalingGroupName/${name}`;
  expect(may('bot', 'autoscaling:UpdateAutoScalingGroup', group('servers'))).toBe(true);
  expect(may('bot', 'autoscaling:UpdateAutoScalingGroup', group('others'))).toBe(false);
});

test('only the bot runs automations: the documents that steps name, with the role that they name', () => {
  const document = (name: string, account = '123456789012') => `arn:aws:ssm:eu-west-1:${account}:document/${name}`;
  const start = (arn: string) => PROCESSES.filter((process) => may(process, 'ssm:StartAutomationExecution', arn));
  expect(start(document('warm-cache'))).toEqual(['bot']);
  expect(start(document('AWS-RestartEC2Instance', ''))).toEqual(['bot']);
  expect(start('arn:aws:ssm:eu-west-1:123456789012:automation-execution/1')).toEqual(['bot']);
  for (const other of [document('warm-cache-2'), document('AWS-StopEC2Instance', ''), document('warm-cache', '')])
    expect(start(other)).toEqual([]);
  const pass = (role: string, service: string) =>
    mayIf('bot', 'iam:PassRole', `arn:aws:iam::123456789012:role/${role}`, { 'iam:PassedToService': service });
  expect(pass('warmer', 'ssm.amazonaws.com')).toBe(true);
  expect(pass('warmer', 'ecs-tasks.amazonaws.com')).toBe(false);
  expect(pass('audience', 'ssm.amazonaws.com')).toBe(false);
  const none = policyOf('bot', { ...names, automations: { documents: [], roles: [] } });
  expect(JSON.stringify(none)).not.toContain('Automation');
});

/** A deployment of this name, with a pool and servers of its own. */
const deployed = (name: string): AccountNames => ({
  ...names,
  tablePrefix: name,
  bucket: `${name}-123456789012-eu-west-1`,
  pools: [`${name}-pool`],
  deviceTables: [`${name}-users`],
  scaled: { services: [{ cluster: name, service: `${name}-pool` }], groups: [name], tables: [`${name}-claims`] },
  automations: { documents: [`${name}-warm`], roles: [`arn:aws:iam::123456789012:role/${name}-warm`] },
});
/** AWS knows no narrower one. */
const WIDE: readonly ResourceKind[] = ['everything', 'scalable-targets', 'automation-executions'];

test.each([
  ['go', 'go-live'],
  ['go', 'go-page'],
  ['go', 'gobutton'],
  ['go', 'go-record'],
  ['go-live', 'go'],
])('%s has no right to anything of %s', (one, other) => {
  for (const process of PROCESSES) {
    const ours = policyOf(process, deployed(one));
    const theirs = PERMISSIONS[process].flatMap(({ action, on }) =>
      on
        .filter((kind) => !WIDE.includes(kind) && action !== 's3:ListBucket')
        .flatMap((kind) => arnsOf(kind, deployed(other)))
        .map((arn) => ({ action, resource: arn.replaceAll('*', 'x') })),
    );
    expect(theirs.length).toBeGreaterThan(10);
    expect(theirs.filter((asked) => allowing(ours, { ...asked, about: {} }) !== null)).toEqual([]);
  }
});

test('who scales counts and tables registers those, and no other kind of scaling', () => {
  const target = 'arn:aws:application-autoscaling:eu-west-1:123456789012:scalable-target/*';
  const register = (scaled: Partial<AccountNames['scaled']>, namespace: string, dimension: string) =>
    allowing(policyOf('bot', { ...names, scaled: { services: [], groups: ['g'], tables: [], ...scaled } }), {
      action: 'application-autoscaling:RegisterScalableTarget',
      resource: target,
      about: {
        'application-autoscaling:service-namespace': namespace,
        'application-autoscaling:scalable-dimension': dimension,
      },
    }) !== null;
  const services = [{ cluster: 'c', service: 's' }];
  expect(register({ services }, 'ecs', 'ecs:service:DesiredCount')).toBe(true);
  expect(register({ services }, 'dynamodb', 'dynamodb:table:WriteCapacityUnits')).toBe(false);
  expect(register({ tables: ['t'] }, 'dynamodb', 'dynamodb:index:WriteCapacityUnits')).toBe(true);
  expect(register({ tables: ['t'] }, 'dynamodb', 'dynamodb:table:ReadCapacityUnits')).toBe(false);
  expect(register({}, 'ecs', 'ecs:service:DesiredCount')).toBe(false);
  expect(mayIf('bot', 'application-autoscaling:RegisterScalableTarget', target, {})).toBe(false);
});

test('only the bot starts an audience task, in its cluster alone, and hands its roles to a task alone', () => {
  const ecs = 'arn:aws:ecs:eu-west-1:123456789012';
  const definition = `${ecs}:task-definition/audience:7`;
  const there = { 'ecs:cluster': `${ecs}:cluster/bots` };
  expect(PROCESSES.filter((process) => mayIf(process, 'ecs:RunTask', definition, there))).toEqual(['bot']);
  expect(mayIf('bot', 'ecs:RunTask', definition, { 'ecs:cluster': `${ecs}:cluster/workers` })).toBe(false);
  expect(mayIf('bot', 'ecs:RunTask', definition, {})).toBe(false);
  expect(mayIf('bot', 'ecs:RunTask', `${ecs}:task-definition/worker:7`, there)).toBe(false);
  for (const action of ['ecs:DescribeTasks', 'ecs:StopTask']) {
    expect(mayIf('bot', action, `${ecs}:task/bots/1`, there)).toBe(true);
    expect(mayIf('bot', action, `${ecs}:task/workers/1`, there)).toBe(false);
  }
  const role = 'arn:aws:iam::123456789012:role/audience';
  const handed = (service: string) => mayIf('bot', 'iam:PassRole', role, { 'iam:PassedToService': service });
  expect(handed('ecs-tasks.amazonaws.com')).toBe(true);
  expect(handed('lambda.amazonaws.com')).toBe(false);
  expect(mayIf('bot', 'iam:PassRole', `${role}-other`, { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' })).toBe(
    false,
  );
});

test('the bot sees how far a compile is, and no row of it', () => {
  expect(may('bot', 's3:GetObject', key('joins/abc/state.json'))).toBe(true);
  for (const rows of ['joins/abc/00000.ndjson', 'joins/abc/00000.json', 'uploads/users.csv'])
    expect(PROCESSES.filter((process) => may(process, 's3:GetObject', key(rows)))).toEqual(['audience']);
});

test('a list is allowed below the keys that it is for, and the whole bucket to nobody', () => {
  const bucket = 'arn:aws:s3:::audiences-here';
  expect(may('worker', 's3:ListBucket', bucket, 'launches/l/staff-devices/')).toBe(true);
  for (const process of PROCESSES)
    for (const prefix of [null, '', 'launches/'])
      expect([process, prefix, may(process, 's3:ListBucket', bucket, prefix)]).toEqual([process, prefix, false]);
});

test('each action is named, and everything is allowed only where AWS knows no less', () => {
  const withoutResource = [
    'application-autoscaling:DescribeScalableTargets',
    'application-autoscaling:DescribeScheduledActions',
    'autoscaling:DescribeAutoScalingGroups',
    'autoscaling:DescribeScalingActivities',
    'autoscaling:DescribeScheduledActions',
    'ecs:DescribeTaskDefinition',
    'servicequotas:ListServiceQuotas',
    'ssm:DescribeParameters',
  ];
  for (const process of PROCESSES)
    for (const { Action: actions, Resource: resources } of policy[process] ?? []) {
      for (const action of actions) {
        expect(action).toMatch(/^[a-z0-9-]+:[A-Za-z]+$/);
        if (resources.includes('*')) expect(withoutResource).toContain(action);
      }
      expect(resources.filter((arn) => arn !== '*' && !/^arn:aws:[a-z0-9-]+:[^*]*:[^*]*:./.test(arn))).toEqual([]);
    }
});

test('a kind that the account has nothing of gives no statement', () => {
  expect(policy['bot']?.map(({ Sid: id }) => id)).not.toContain('ScaledTables');
  expect(policyOf('bot', { ...names, scaled: { ...names.scaled, tables: ['t'] } }).map(({ Sid: id }) => id)).toContain(
    'ScaledTables',
  );
});

test('names count letter by letter, wildcards as far as they say, and nothing in a name is one by accident', () => {
  const statement = { Sid: 'A', Effect: 'Allow' as const, Action: ['s3:GetObject'], Resource: ['arn:a.b/*/c?'] };
  const is = (resource: string, action = 's3:GetObject') => allowing([statement], { action, resource, about: {} });
  expect(is('arn:a.b/x/y/c1')).toBe(statement);
  expect(is('arn:a.b/x/c1', 'S3:getobject')).toBe(statement);
  for (const other of ['arn:a.b/x/c', 'arn:axb/x/c1', 'arn:a.b/x/C1', 'arn:a.b/x/c12', 'xarn:a.b/x/c1'])
    expect(is(other)).toBeNull();
  expect(is('arn:a.b/x/c1', 's3:GetObjectAcl')).toBeNull();
});

test('a policy fits into a role', () => {
  // All inline policies of a role together.
  for (const process of PROCESSES) expect(JSON.stringify(policy[process]).length).toBeLessThan(10_240);
});

/** The call that asks for an action of another name. */
const ASKED_WITH: Record<string, string> = {
  ListBucket: 'ListObjectsV2',
  PassRole: '(RunTask|StartAutomationExecution)',
  GetReplicationConfiguration: 'GetBucketReplication',
};

test('each right names the file that calls it, once', async () => {
  for (const permissions of [...PROCESSES.map((process) => PERMISSIONS[process]), DOCTOR_READS]) {
    const rows = permissions.flatMap(({ action, on }) => on.map((kind) => `${action} ${kind}`));
    expect(new Set(rows).size).toBe(rows.length);
    for (const { action, file } of permissions) {
      const [service, operation = ''] = action.split(':');
      // The action of one is called by the dozen.
      const called = service === 'sqs' ? `${operation}(Batch)?` : (ASKED_WITH[operation] ?? operation);
      expect(await readFile(file, 'utf8'), `${file} calls ${action}`).toMatch(
        new RegExp(`\\b${called}Command\\(|'${called}'`),
      );
    }
  }
});
