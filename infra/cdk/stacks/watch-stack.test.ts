import type { Stack } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import { expect, test } from 'vitest';
import { ALARMS } from '../../watch/alarms.ts';
import { createApp } from '../app.ts';
import { deploymentForTests, templatesForTests } from '../for-tests.ts';

const { watch } = templatesForTests(
  deploymentForTests(({ config }) => {
    config.alarms = { mail: ['on-call@example.com'], pagerduty: true };
    config.slack.warnings = true;
  }),
);
if (watch === undefined) throw new Error('no stack');
const alarms = Object.values(watch.findResources('AWS::CloudWatch::Alarm')).map(
  (resource) => resource['Properties'] as Record<string, unknown>,
);

const names = alarms.map(({ AlarmName }) => String(AlarmName));
const pages = names.filter((name) => name.startsWith('superbowl-page-'));

test('each alarm of the list is there, once, or once a queue, and says what to do', () => {
  for (const spec of ALARMS) {
    const found = alarms.filter(({ AlarmName }) => String(AlarmName).startsWith(`superbowl-${spec.level}-${spec.id}`));
    expect([spec.id, found.length]).toEqual([
      spec.id,
      spec.id === 'queue-age' ? 3 : spec.id === 'dead-letters' ? 2 : 1,
    ]);
    for (const one of found)
      expect(one).toMatchObject({
        AlarmDescription: expect.stringContaining(`docs/playbook.md#${spec.id}`) as string,
        Threshold: spec.threshold,
        EvaluationPeriods: spec.periods,
        TreatMissingData: spec.silence,
        MetricName: spec.metric.name,
        Namespace: spec.metric.namespace,
        Statistic: spec.statistic,
        AlarmActions: [expect.anything()],
        OKActions: [expect.anything()],
      });
  }
  expect(alarms).toHaveLength(ALARMS.length - 2 + 3 + 2);
});

test('figures that each worker gives six times a minute are shown once', () => {
  const body = JSON.stringify(watch.findResources('AWS::CloudWatch::Dashboard'));
  for (const id of ['alive', 'inflight', 'sickconnections']) expect(body).toContain(`${id} / 6`);
});

test('mail hears of everything, over TLS alone', () => {
  watch.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint: 'on-call@example.com' });
  watch.hasResourceProperties('AWS::SNS::TopicPolicy', {
    PolicyDocument: Match.objectLike({
      Statement: Match.arrayWith([
        Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      ]),
    }),
  });
});

test('alarms of this deployment may publish to its topic, which has no other right for anybody', () => {
  const policies = watch.findResources('AWS::SNS::TopicPolicy') as Record<
    string,
    { Properties: { PolicyDocument: { Statement: { Effect: string }[] } } }
  >;
  const allowed = Object.values(policies)
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
    .filter(({ Effect }) => Effect === 'Allow');
  const partition = { Ref: 'AWS::Partition' };
  expect(allowed).toEqual([
    expect.objectContaining({
      Action: 'sns:Publish',
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      Condition: {
        ArnEquals: {
          'aws:SourceArn': names.map((name) => ({
            'Fn::Join': ['', ['arn:', partition, `:cloudwatch:us-east-1:123456789012:alarm:${name}`]],
          })),
        },
        StringEquals: { 'aws:SourceAccount': '123456789012' },
      },
    }),
  ]);
});

test('PagerDuty gets pages and their end by Events v2, and no warning; its key is in no template', () => {
  watch.hasResourceProperties('AWS::Events::ApiDestination', {
    InvocationEndpoint: 'https://events.pagerduty.com/v2/enqueue',
    HttpMethod: 'POST',
  });
  for (const [state, action] of [
    ['ALARM', 'trigger'],
    ['OK', 'resolve'],
  ])
    watch.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: { detail: { alarmName: pages, state: { value: [state] } } },
      Targets: [
        Match.objectLike({
          InputTransformer: Match.objectLike({ InputTemplate: Match.stringLikeRegexp(`"event_action":"${action}"`) }),
          DeadLetterConfig: Match.anyValue(),
        }),
      ],
    });
  const connection = JSON.stringify(watch.findResources('AWS::Events::Connection'));
  expect(connection).toContain('{{resolve:secretsmanager:superbowl/pagerduty-routing-key');
  expect(connection).toContain('"IsValueSecret":true');
});

test('the channel hears of warnings and pages, by what answers a message that it does not take with an error', () => {
  const endpoints = Object.values(watch.findResources('AWS::Events::ApiDestination')).map(
    (resource) => (resource['Properties'] as { InvocationEndpoint: string }).InvocationEndpoint,
  );
  // Its address is the secret, and it is the channel's.
  expect(endpoints).toContain('{{resolve:secretsmanager:superbowl/slack-webhook:SecretString:::}}');
  expect(JSON.stringify(watch.toJSON())).not.toContain('slack.com');
  watch.hasResourceProperties('AWS::Events::Rule', {
    EventPattern: { detail: { alarmName: names, state: { value: ['ALARM'] } } },
    Targets: [
      Match.objectLike({
        InputTransformer: Match.objectLike({
          InputTemplate: Match.stringLikeRegexp('"text":":rotating_light: .*is ALARM'),
        }),
      }),
    ],
  });
});

test('rules match alarms by their whole names, which fit into a pattern however long a deployment and its pool are called', () => {
  const rules = Object.values(watch.findResources('AWS::Events::Rule')).map(
    (resource) => resource['Properties'] as { EventPattern: { detail: { alarmName: unknown[] } } },
  );
  expect(rules).toHaveLength(4);
  // A deployment has 20 characters, a pool 40, and EventBridge takes 2,048 (docs/facts.md#eventbridge-pattern).
  const longer = 20 - 'superbowl'.length + 40 - 'gobutton-workers'.length;
  for (const { EventPattern: pattern } of rules) {
    expect(pattern.detail.alarmName.filter((name) => !names.includes(String(name)))).toEqual([]);
    expect(JSON.stringify(pattern).length + pattern.detail.alarmName.length * longer).toBeLessThan(2_048);
  }
});

test('without mail, PagerDuty and channel nobody is told, and nothing of theirs is made', () => {
  const bare = templatesForTests(
    deploymentForTests(({ config }) => {
      config.alarms = { mail: [], pagerduty: false };
      config.slack = { warnings: false, connections: 2 };
    }),
  )['watch'];
  for (const type of ['AWS::SNS::Subscription', 'AWS::Events::Connection', 'AWS::Events::Rule'])
    bare?.resourceCountIs(type, 0);
});

test('alarms come after the bot whose silence they tell, and end before it', () => {
  const app = createApp(deploymentForTests(), 'unused');
  const alarmStack = app.node.findChild('superbowl-watch') as Stack;
  expect(alarmStack.dependencies.map(({ stackName }) => stackName)).toContain('superbowl-bot');
});
