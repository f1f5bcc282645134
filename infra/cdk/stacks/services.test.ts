import { Match } from 'aws-cdk-lib/assertions';
import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { US_EAST_1 } from '../../../runbooks/cost/prices.ts';
import { PERMISSIONS } from '../../aws/access/permissions.ts';
import type { ProcessName } from '../../aws/access/permissions.ts';
import { allowing } from '../../aws/access/policy.ts';
import type { ResourceKind } from '../../aws/access/resources.ts';
import { SECRET_READS } from '../../aws/access/secret-reads.ts';
import { startRights } from '../../doctor/judge/start.ts';
import { runbookProblems } from '../config-rules.ts';
import { deploymentForTests, templatesForTests } from '../for-tests.ts';

/** What runs: bot, workers and the task that compiles audiences. */

interface Statement {
  Effect: string;
  Action: string | string[];
  Resource: unknown;
  Condition?: unknown;
}
interface Container {
  Name: string;
  EntryPoint?: string[];
  Command?: string[];
  User?: string;
  ReadonlyRootFilesystem?: boolean;
  Privileged?: boolean;
  StopTimeout?: number;
  HealthCheck?: { Command: string[] };
  LinuxParameters?: { Capabilities?: { Drop?: string[] } };
  Secrets?: { Name: string; ValueFrom: unknown }[];
  Environment?: { Name: string; Value: unknown }[];
  LogConfiguration?: { LogDriver: string; Options: Record<string, unknown> };
}

const stacks = templatesForTests(deploymentForTests());
const inStack = (name: string, found: Record<string, Template> = stacks): Template => {
  const template = found[name];
  if (template === undefined) throw new Error(`no stack ${name}`);
  return template;
};
const bot = inStack('bot');
const workers = inStack('workers');

const list = <T>(value: T | T[]): T[] => (Array.isArray(value) ? value : [value]);
const of = <T>(template: Template, type: string): { id: string; properties: T }[] =>
  Object.entries(template.findResources(type)).map(([id, resource]) => ({
    id,
    properties: resource['Properties'] as T,
  }));

/** The container of a process, with the statements of its task's role. */
function processIn(
  template: Template,
  name: string,
  roleOf: 'TaskRoleArn' | 'ExecutionRoleArn' = 'TaskRoleArn',
): { container: Container; statements: Statement[] } {
  const task = of<{ ContainerDefinitions: Container[] } & Record<typeof roleOf, { 'Fn::GetAtt': [string] }>>(
    template,
    'AWS::ECS::TaskDefinition',
  ).find(({ properties }) => properties.ContainerDefinitions[0]?.Name === name);
  const [container] = task?.properties.ContainerDefinitions ?? [];
  if (task === undefined || container === undefined) throw new Error(`no task ${name}`);
  const role = task.properties[roleOf]['Fn::GetAtt'][0];
  const statements = of<{ Roles: { Ref: string }[]; PolicyDocument: { Statement: Statement[] } }>(
    template,
    'AWS::IAM::Policy',
  )
    .filter(({ properties }) => properties.Roles.some(({ Ref: ref }) => ref === role))
    .flatMap(({ properties }) => properties.PolicyDocument.Statement);
  return { container, statements };
}

describe.each([
  {
    name: 'bot' as const,
    template: bot,
    entry: ['/usr/local/bin/node', 'bot/main.ts'],
    image: 'gobutton-bot',
    port: 3_000,
  },
  {
    name: 'worker' as const,
    template: workers,
    entry: ['/usr/local/bin/node', '--max-semi-space-size=4', 'workers/main.ts'],
    image: 'gobutton-worker',
    port: 8_080,
  },
  {
    name: 'audience' as const,
    template: bot,
    entry: ['/usr/local/bin/node', 'workers/audience/cli.ts'],
    image: 'gobutton-audience',
    port: null,
  },
])('the container of $name', ({ name, template, entry, image, port }) => {
  const { container } = processIn(template, name);

  test('runs node itself, as nobody, on a file system that it cannot write', () => {
    expect(container).toMatchObject({ EntryPoint: entry, User: '1000:1000', ReadonlyRootFilesystem: true });
    expect(JSON.stringify(container)).toContain(`/${image}:`);
    expect(container.Command).toBeUndefined();
    expect(container.Privileged ?? false).toBe(false);
    expect(container.LinuxParameters?.Capabilities?.Drop).toEqual(['ALL']);
  });

  test('has two minutes to end, and is asked only whether it lives', () => {
    expect(container.StopTimeout).toBe(120);
    expect(container.HealthCheck?.Command.join(' ') ?? null).toEqual(
      port === null ? null : expect.stringContaining(`http://127.0.0.1:${port}/live`),
    );
  });

  test('never stands still for its log', () => {
    expect(container.LogConfiguration).toMatchObject({ LogDriver: 'awslogs', Options: { mode: 'non-blocking' } });
  });

  test('finds its tables and bucket by the environment, and no secret in it', () => {
    const names = (container.Environment ?? []).map(({ Name }) => Name);
    expect(names).toEqual(expect.arrayContaining(['AWS_REGION', 'GOBUTTON_TABLE_PREFIX', 'GOBUTTON_BUCKET']));
    // An ARN says where one lives, and nothing of it.
    expect(names.filter((one) => /KEY|TOKEN|SECRET(?!_ARN$)|ACCOUNT/.test(one))).toEqual([]);
  });
});

test('traces of shots go where the file says, with a right to X-Ray for that alone', () => {
  const told = (traces: string) => {
    const { bot: one, workers: two } = templatesForTests(
      deploymentForTests(({ config }) => {
        config.traces = traces;
      }),
    );
    return [one, two].map((template, at) => {
      const { container, statements } = processIn(template as Template, at === 0 ? 'bot' : 'worker');
      return {
        to: container.Environment?.find(({ Name: name }) => name === 'OTEL_EXPORTER_OTLP_ENDPOINT')?.Value,
        rights: statements.flatMap(({ Action: action }) => list(action)).filter((one) => one.startsWith('xray:')),
      };
    });
  };
  const xray = {
    to: { 'Fn::Join': ['', ['https://xray.us-east-1.', { Ref: 'AWS::URLSuffix' }]] },
    rights: ['xray:PutSpans', 'xray:PutSpansForIndexing'],
  };
  expect(told('xray')).toEqual([xray, xray]);
  const other = { to: 'http://collector.internal:4318', rights: [] };
  expect(told('http://collector.internal:4318')).toEqual([other, other]);
  expect(told('none')).toEqual([
    { to: undefined, rights: [] },
    { to: undefined, rights: [] },
  ]);
});

test('the role that starts a task may do what the doctor looks for, and nothing else', () => {
  for (const [name, template] of [
    ['bot', bot],
    ['worker', workers],
    ['audience', bot],
  ] as const) {
    const { container, statements } = processIn(template, name, 'ExecutionRoleArn');
    const wanted = startRights(
      {
        taskRole: null,
        role: '',
        images: ['123456789012.dkr.ecr.us-east-1.amazonaws.com/gobutton:1'],
        logGroups: ['/gobutton'],
        secrets: (container.Secrets ?? []).map(({ Name: variable }) => ({
          variable,
          from: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:x',
        })),
      },
      { partition: 'aws', region: 'us-east-1', account: '123456789012' },
    );
    expect(new Set(statements.flatMap(({ Action: action }) => list(action)))).toEqual(
      new Set([
        ...wanted.map(({ action }) => action),
        // The library gives the one with the other; ECS asks for the value alone.
        ...(container.Secrets === undefined ? [] : ['secretsmanager:DescribeSecret']),
      ]),
    );
  }
});

test('secrets come from Secrets Manager by field, to whom they are for', () => {
  const secrets = (template: Template, name: string) =>
    Object.fromEntries(
      (processIn(template, name).container.Secrets ?? []).map(({ Name, ValueFrom }) => [
        Name,
        JSON.stringify(ValueFrom),
      ]),
    );
  const ofBot = secrets(bot, 'bot');
  expect(Object.keys(ofBot).toSorted()).toEqual([
    'GOBUTTON_BOT_KEY',
    'GOBUTTON_WORKER_PUBLIC_KEYS',
    'SLACK_APP_TOKEN',
    'SLACK_BOT_TOKEN',
  ]);
  expect(ofBot['SLACK_BOT_TOKEN']).toMatch(/secret:superbowl\/slack-socket-mode.*:SLACK_BOT_TOKEN::/);
  const ofWorker = secrets(workers, 'worker');
  expect(Object.keys(ofWorker).toSorted()).toEqual([
    'APNS_KEY',
    'APNS_KEY_ID',
    'APNS_TEAM_ID',
    'GOBUTTON_BOT_PUBLIC_KEYS',
    'GOBUTTON_WORKER_KEY',
    'GOOGLE_SERVICE_ACCOUNT',
  ]);
  expect(ofWorker['GOOGLE_SERVICE_ACCOUNT']).not.toContain('GOOGLE_SERVICE_ACCOUNT::');
  expect(secrets(bot, 'audience')).toEqual({});
});

test('bot and worker are told where their secrets live, and may read these anew, and no others', () => {
  const tellingOf = (template: Template, name: string) => {
    const { container, statements } = processIn(template, name);
    const told = (container.Environment ?? []).filter(({ Name: variable }) => variable.endsWith('_SECRET_ARN'));
    const reads = statements.filter(({ Action: action }) => list(action).includes('secretsmanager:GetSecretValue'));
    const resources = reads.flatMap(({ Resource: resource }) => list(resource).map((one) => JSON.stringify(one)));
    return {
      told: Object.fromEntries(
        told.map(({ Name: variable, Value: value }) => [
          variable,
          /secretsmanager:us-east-1:\d{12}:secret:([^"]*)"/.exec(JSON.stringify(value))?.[1],
        ]),
      ),
      mayRead: resources.map((one) => /:secret:([^"]*)/.exec(one)?.[1]),
    };
  };
  expect(tellingOf(workers, 'worker')).toEqual({
    told: { GOBUTTON_APNS_SECRET_ARN: 'superbowl/apns', GOBUTTON_GOOGLE_SECRET_ARN: 'superbowl/google' },
    mayRead: ['superbowl/apns-??????', 'superbowl/google-??????'],
  });
  expect(tellingOf(bot, 'bot')).toEqual({
    told: { GOBUTTON_SLACK_SECRET_ARN: 'superbowl/slack-socket-mode' },
    mayRead: ['superbowl/slack-socket-mode-??????'],
  });
  expect(tellingOf(bot, 'audience')).toEqual({ told: {}, mayRead: [] });
});

describe('the role of', () => {
  const extra: Record<string, string[]> = {
    bot: ['ecs:GetTaskProtection', 'ecs:UpdateTaskProtection'],
    worker: ['ecs:GetTaskProtection', 'ecs:UpdateTaskProtection'],
    audience: [],
  };
  test.each([
    ['bot', bot],
    ['worker', workers],
    ['audience', bot],
  ] as [ProcessName, Template][])('%s may do what the table says, and nothing else', (name, template) => {
    const { statements } = processIn(template, name);
    const actions = new Set(statements.flatMap(({ Action: action }) => list(action)));
    // The example has no table that is scaled or read from, and no automation.
    const absent: ResourceKind[] = [
      'scaled-tables',
      'device-tables',
      'automation-documents',
      'automation-executions',
      'automation-roles',
    ];
    const table = [...PERMISSIONS[name], ...SECRET_READS[name]].filter(({ on }) =>
      on.some((kind) => !absent.includes(kind)),
    );
    expect([...actions].toSorted()).toEqual(
      [...new Set([...table.map(({ action }) => action), ...(extra[name] ?? [])])].toSorted(),
    );
    expect(statements.every(({ Effect: effect }) => effect === 'Allow')).toBe(true);
    for (const { Action: action, Resource: resource } of statements)
      if (list(resource).includes('*'))
        expect(list(action).filter((one) => !/:(?:Describe|List|Get)/.test(one))).toEqual([]);
  });

  test('the bot reads no shard, starts the audience task alone, and hands it no other role', () => {
    const { statements } = processIn(bot, 'bot');
    const reads = statements.filter(({ Action: action }) => list(action).includes('s3:GetObject'));
    expect(JSON.stringify(reads)).not.toMatch(/shard|users|staff-devices/);
    expect(JSON.stringify(reads)).toMatch(/manifest\.json/);
    const run = statements.find(({ Action: action }) => list(action).includes('ecs:RunTask'));
    expect(JSON.stringify(run?.Resource)).toContain('task-definition/superbowl-audience:*');
    expect(run?.Condition).toMatchObject({ ArnEquals: { 'ecs:cluster': expect.anything() as unknown } });
    const pass = statements.find(({ Action: action }) => list(action).includes('iam:PassRole'));
    expect(pass?.Condition).toEqual({ StringEquals: { 'iam:PassedToService': ['ecs-tasks.amazonaws.com'] } });
    expect(list(pass?.Resource)).toHaveLength(2);
  });

  test('each of them reaches nothing of a deployment whose name begins like theirs', () => {
    // What a statement names, as far as a template can tell: what it makes itself has names of its own.
    const text = (value: unknown): string =>
      typeof value === 'string'
        ? value
        : list((value as Record<string, unknown[]>)['Fn::Join']?.[1] ?? [])
            .map(text)
            .join('');
    const reached = Object.values(stacks)
      .flatMap((template) => of<{ PolicyDocument: { Statement: Statement[] } }>(template, 'AWS::IAM::Policy'))
      .flatMap(({ properties }) => properties.PolicyDocument.Statement)
      .flatMap(({ Resource: resource }) => list(resource).map(text))
      .filter((arn) => arn.includes('*') || arn.includes('?'));
    const other = (arn: string) =>
      arn.replace('superbowl', 'superbowl-live').replace('task/gobutton', 'task/gobutton-live');
    const shared = new Set(reached.filter((arn) => other(arn) === arn).map((arn) => arn.split(':').slice(5).join(':')));
    expect([...shared].toSorted()).toEqual([
      '',
      'autoScalingGroup:*:autoScalingGroupName/lingo-api',
      'scalable-target/*',
    ]);
    const statement = { Sid: 'A', Effect: 'Allow' as const, Action: ['a:B'] };
    const taken = reached
      .filter((arn) => other(arn) !== arn)
      .filter(
        (arn) =>
          allowing([{ ...statement, Resource: [arn] }], { action: 'a:B', resource: other(arn), about: {} }) !== null,
      );
    expect(reached.length).toBeGreaterThan(10);
    expect(taken).toEqual([]);
  });

  test('nobody of them is allowed a service whole', () => {
    for (const template of [bot, workers])
      for (const { properties } of of<{ PolicyDocument: { Statement: Statement[] } }>(template, 'AWS::IAM::Policy'))
        for (const { Action: action } of properties.PolicyDocument.Statement)
          expect(list(action).filter((one) => one.includes('*'))).toEqual([]);
  });
});

test('two bots, one of them always there, and a deployment that fails goes back', () => {
  bot.hasResourceProperties('AWS::ECS::Service', {
    DesiredCount: 2,
    DeploymentConfiguration: {
      MinimumHealthyPercent: 100,
      MaximumPercent: 200,
      DeploymentCircuitBreaker: { Enable: true, Rollback: true },
    },
  });
  bot.resourceCountIs('AWS::ElasticLoadBalancingV2::LoadBalancer', 0);
});

test('nobody reaches in where Slack is called', () => {
  for (const template of [bot, workers]) {
    for (const { properties } of of<{ SecurityGroupIngress?: unknown }>(template, 'AWS::EC2::SecurityGroup'))
      expect(properties.SecurityGroupIngress).toBeUndefined();
    template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
  }
});

test('workers have the names that the runbook scales, and no count that a deployment would put back', () => {
  workers.hasResourceProperties('AWS::ECS::Cluster', { ClusterName: 'gobutton' });
  const [service] = of<Record<string, unknown>>(workers, 'AWS::ECS::Service');
  expect(service?.properties).toMatchObject({
    ServiceName: 'gobutton-workers',
    DeploymentConfiguration: { DeploymentCircuitBreaker: { Enable: true, Rollback: true }, MinimumHealthyPercent: 100 },
    CapacityProviderStrategy: [{ CapacityProvider: 'FARGATE', Weight: 1 }],
  });
  expect(service?.properties).not.toHaveProperty('DesiredCount');
});

test("the workers' service is registered for steps that AWS does by itself, with none of its own", () => {
  const [target, ...others] = of<Record<string, unknown>>(workers, 'AWS::ApplicationAutoScaling::ScalableTarget');
  expect(others).toEqual([]);
  expect(target?.properties).toMatchObject({ MinCapacity: 0, MaxCapacity: 15 });
  // They move with the launch's target, which no template knows.
  expect(target?.properties).not.toHaveProperty('ScheduledActions');
});

describe('otherwise configured', () => {
  const other = templatesForTests(
    deploymentForTests((deployment) => {
      const { config } = deployment;
      deployment.overQuotas = ['Fargate vCPUs (found 6, needed 80)', 'Tasks of a service (found 5, needed 40)'];
      deployment.prices = { ...US_EAST_1, asOf: '2027-01-01' };
      config.bot.receive = 'http';
      config.bot.public_url = 'https://go.example.com';
      config.bot.certificate = 'arn:aws:acm:us-east-1:123456789012:certificate/1';
      Object.assign(config.workers, { launch: 'ec2', instance_type: 'c7g.2xlarge', architecture: 'arm64' });
      config.images.canary = 'registry.example.com/worker:next';
    }),
  );
  const http = inStack('bot', other);
  const instances = inStack('workers', other);

  test('with HTTP the bot stands behind TLS, and its signing secret is the one that it gets', () => {
    http.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', {
      Port: 443,
      Protocol: 'HTTPS',
      Certificates: [{ CertificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/1' }],
    });
    http.resourceCountIs('AWS::ElasticLoadBalancingV2::Listener', 1);
    http.hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', { HealthCheckPath: '/ready' });
    const { container } = processIn(http, 'bot');
    expect(container.Secrets?.map(({ Name }) => Name)).toContain('SLACK_SIGNING_SECRET');
    expect(container.Environment).toContainEqual({ Name: 'GOBUTTON_PUBLIC_URL', Value: 'https://go.example.com' });
    const { statements } = processIn(http, 'bot');
    expect(JSON.stringify(statements)).toContain('secret:superbowl/slack-http-??????');
  });

  test('the bot is told what the budget goes by: a table of prices of one’s own, and what workers run on; and over which quotas it was deployed', () => {
    const told = (template: Template) =>
      Object.fromEntries(
        (processIn(template, 'bot').container.Environment ?? [])
          .filter(({ Name }) => /PRICES|INSTANCE|QUOTAS/.test(Name))
          .map(({ Name, Value }) => [Name, Value]),
      );
    expect(told(http)).toEqual({
      GOBUTTON_PRICES: JSON.stringify({ ...US_EAST_1, asOf: '2027-01-01' }),
      GOBUTTON_WORKER_INSTANCE: 'c7g.2xlarge',
      GOBUTTON_OVER_QUOTAS: 'Fargate vCPUs (found 6, needed 80); Tasks of a service (found 5, needed 40)',
    });
    expect(told(bot)).toEqual({});
  });

  test('on instances there is one worker to each, which IMDSv1 tells nothing', () => {
    instances.hasResourceProperties('AWS::ECS::Service', {
      ServiceName: 'gobutton-workers',
      PlacementConstraints: [{ Type: 'distinctInstance' }],
    });
    instances.hasResourceProperties('AWS::EC2::LaunchTemplate', {
      LaunchTemplateData: Match.objectLike({
        InstanceType: 'c7g.2xlarge',
        MetadataOptions: Match.objectLike({ HttpTokens: 'required' }),
        BlockDeviceMappings: [Match.objectLike({ Ebs: Match.objectLike({ Encrypted: true }) })],
      }),
    });
    instances.hasResourceProperties('AWS::AutoScaling::AutoScalingGroup', {
      MinSize: '0',
      NewInstancesProtectedFromScaleIn: true,
    });
  });

  test('a canary is one worker of another image beside the fleet', () => {
    instances.hasResourceProperties('AWS::ECS::Service', { ServiceName: 'gobutton-workers-canary', DesiredCount: 1 });
    instances.hasResourceProperties('AWS::ECS::TaskDefinition', {
      Family: 'superbowl-worker-canary',
      ContainerDefinitions: [Match.objectLike({ Image: 'registry.example.com/worker:next' })],
    });
    workers.resourceCountIs('AWS::ECS::Service', 1);
  });
});

test('a pool that is scaled by anything but an ECS service is refused', () => {
  const { config, runbook } = deploymentForTests();
  const scaled = { ...runbook, pool: { ...runbook.pool, scale_target: 'edge' } };
  expect(runbookProblems(config, scaled).map(({ path }) => path)).toContainEqual(['runbook']);
  expect(runbookProblems(config, runbook)).toEqual([]);
});
