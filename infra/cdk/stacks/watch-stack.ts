import { Aws, Duration, SecretValue, Stack, Validations } from 'aws-cdk-lib';
import type { StackProps } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  MathExpression,
  Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import {
  ApiDestination,
  Authorization,
  Connection,
  EventField,
  HttpMethod,
  HttpParameter,
  Rule,
  RuleTargetInput,
} from 'aws-cdk-lib/aws-events';
import type { IApiDestination } from 'aws-cdk-lib/aws-events';
import { ApiDestination as ApiTarget } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { poolQueues } from '../../aws/queue-attributes.ts';
import { ALARMS } from '../../watch/alarms.ts';
import type { Alarm as AlarmSpec } from '../../watch/alarms.ts';
import { METRICS, NAMESPACE } from '../../watch/metric-names.ts';
import type { MetricName } from '../../watch/metric-names.ts';
import { standsBy } from '../config-rules.ts';
import { namesOf } from '../names.ts';
import type { Deployment } from '../read-config.ts';

/** One piece over 300 lines: one construct for each way that somebody is told, named in the stack that makes them. */

/** Who is told: PagerDuty of pages alone, mail and the channel of both. */
const PAGERDUTY = 'https://events.pagerduty.com/v2/enqueue';

/** EventBridge wants some header of its own; who is called has its secret elsewhere. */
const NO_SECRET = Authorization.apiKey('x-routed-by', SecretValue.unsafePlainText('gobutton'));

/** Alarms by `infra/watch/alarms.ts`, who hears of them, and the dashboard. Says what is wrong also when no bot is left to say it. */
export class WatchStack extends Stack {
  readonly #deployment: Deployment;
  /** Where nothing runs silence is no news; what is not silent there is, also before anybody has deployed anything after a take-over. */
  readonly #isSilent: boolean;

  constructor(scope: Construct, id: string, deployment: Deployment, props: StackProps) {
    super(scope, id, props);
    this.#deployment = deployment;
    const { config, runbook } = deployment;
    this.#isSilent = standsBy(config, runbook);
    const topic = this.#topic();
    for (const address of config.alarms.mail) topic.addSubscription(new EmailSubscription(address));
    const alarms = ALARMS.flatMap((spec) => this.#alarms(spec));
    for (const { alarm } of alarms) {
      alarm.addAlarmAction(new SnsAction(topic));
      alarm.addOkAction(new SnsAction(topic));
    }
    if (config.alarms.pagerduty) this.#pagerDuty();
    if (config.slack.warnings) this.#slack();
    this.#dashboard();
  }

  /** No key of KMS: CloudWatch would need a right to it. */
  #topic(): Topic {
    const { name, region, account } = this.#deployment.config;
    const topic = new Topic(this, 'alarms', { topicName: `${name}-alarms`, enforceSSL: true });
    // A policy of its own takes the place of the one that lets the whole account publish: without this line nobody gets mail.
    topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsOfThisDeployment',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: {
          ArnEquals: {
            'aws:SourceArn': this.#alarmNames(ALARMS).map(
              (alarm) => `arn:${Aws.PARTITION}:cloudwatch:${region}:${account}:alarm:${alarm}`,
            ),
          },
          StringEquals: { 'aws:SourceAccount': account },
        },
      }),
    );
    return topic;
  }

  #alarms(spec: AlarmSpec): { alarm: Alarm }[] {
    const { name } = this.#deployment.config;
    return this.#metrics(spec).map(({ suffix, metric }) => ({
      alarm: new Alarm(this, `${spec.id}${suffix}`, {
        alarmName: this.#alarmName(spec, suffix),
        alarmDescription: `${name}: ${spec.means}. What to do: docs/playbook.md#${spec.id}`,
        metric,
        threshold: spec.threshold,
        evaluationPeriods: spec.periods,
        comparisonOperator:
          spec.comparison === 'over'
            ? ComparisonOperator.GREATER_THAN_THRESHOLD
            : ComparisonOperator.LESS_THAN_THRESHOLD,
        treatMissingData:
          spec.silence === 'breaching' && !this.#isSilent ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
      }),
    }));
  }

  #alarmName({ level, id }: AlarmSpec, suffix: string): string {
    return `${this.#deployment.config.name}-${level}-${id}${suffix}`;
  }

  /** All of them in full: alarms of another deployment may begin like ours (`go`, `go-live`). */
  #alarmNames(specs: readonly AlarmSpec[]): string[] {
    return specs.flatMap((spec) => this.#metrics(spec).map(({ suffix }) => this.#alarmName(spec, suffix)));
  }

  /** One of ours, or one for each queue. */
  #metrics({ metric: of, statistic, periodSeconds }: AlarmSpec): { suffix: string; metric: Metric }[] {
    const period = Duration.seconds(periodSeconds);
    if (of.namespace === 'gobutton') return [{ suffix: '', metric: this.#vital(of.name, of.of, statistic, period) }];
    return poolQueues(namesOf(this.#deployment).pool)
      .filter(({ deadLetters }) => (deadLetters === null) === (of.of === 'dead letters'))
      .map(({ name }) => ({
        suffix: `-${name.replace(/\.fifo$/, '')}`,
        metric: new Metric({
          namespace: of.namespace,
          metricName: of.name,
          dimensionsMap: { QueueName: name },
          statistic,
          period,
        }),
      }));
  }

  #vital(name: MetricName, service: 'bot' | 'worker', statistic: string, period: Duration): Metric {
    return new Metric({
      namespace: NAMESPACE,
      metricName: name,
      dimensionsMap: { Deployment: this.#deployment.config.name, Service: service },
      statistic,
      period,
    });
  }

  /** Events v2: one incident for each alarm, which ends by itself when the alarm does. */
  #pagerDuty(): void {
    const connection = new Connection(this, 'pagerduty-key', {
      // PagerDuty wants its key in the body.
      authorization: NO_SECRET,
      bodyParameters: {
        routing_key: HttpParameter.fromSecret(this.#secret('pagerduty-routing-key')),
      },
    });
    const body = (action: 'trigger' | 'resolve') =>
      RuleTargetInput.fromObject({
        event_action: action,
        dedup_key: EventField.fromPath('$.detail.alarmName'),
        payload: {
          summary: EventField.fromPath('$.detail.configuration.description'),
          source: EventField.fromPath('$.detail.alarmName'),
          severity: 'critical',
          timestamp: EventField.fromPath('$.time'),
        },
      });
    const destination = new ApiDestination(this, 'pagerduty', {
      connection,
      endpoint: PAGERDUTY,
      httpMethod: HttpMethod.POST,
    });
    const pages = ALARMS.filter(({ level }) => level === 'page');
    for (const [state, action] of [
      ['ALARM', 'trigger'],
      ['OK', 'resolve'],
    ] as const)
      this.#rule(`page-${action}`, pages, state, destination, body(action));
  }

  /**
   * By an incoming webhook, whose address is the secret and names the channel. EventBridge goes by the status alone: a webhook answers
   * what it does not post with 4xx, and chat.postMessage with 200 and `ok: false`, which would count as told
   * (docs/facts.md#eventbridge-api-destination, docs/facts.md#slack-webhook).
   */
  #slack(): void {
    const connection = new Connection(this, 'slack-connection', { authorization: NO_SECRET });
    const destination = new ApiDestination(this, 'slack', {
      connection,
      // A reference, which CloudFormation resolves: the template has no address in it.
      endpoint: this.#secret('slack-webhook').unsafeUnwrap(),
      httpMethod: HttpMethod.POST,
      rateLimitPerSecond: 1,
    });
    for (const [state, emoji] of [
      ['ALARM', ':rotating_light:'],
      ['OK', ':white_check_mark:'],
    ] as const)
      this.#rule(
        `tell-${state.toLowerCase()}`,
        ALARMS,
        state,
        destination,
        RuleTargetInput.fromObject({
          text: `${emoji} *${EventField.fromPath('$.detail.alarmName')}* is ${state}: ${EventField.fromPath('$.detail.configuration.description')}`,
        }),
      );
  }

  #rule(
    id: string,
    specs: readonly AlarmSpec[],
    state: 'ALARM' | 'OK',
    destination: ApiDestination,
    event: RuleTargetInput,
  ): void {
    new Rule(this, id, {
      eventPattern: {
        source: ['aws.cloudwatch'],
        detailType: ['CloudWatch Alarm State Change'],
        detail: { alarmName: this.#alarmNames(specs), state: { value: [state] } },
      },
      targets: [
        // Its optional property is declared in two ways.
        new ApiTarget(destination as IApiDestination, {
          event,
          retryAttempts: 3,
          maxEventAge: Duration.minutes(5),
          deadLetterQueue: this.#undelivered(),
        }),
      ],
    });
  }

  #lost: Queue | null = null;

  /** What could be told to nobody. */
  #undelivered(): Queue {
    if (this.#lost === null) {
      this.#lost = new Queue(this, 'undelivered', { enforceSSL: true, retentionPeriod: Duration.days(14) });
      Validations.of(this.#lost).acknowledge({
        id: 'AwsSolutions::AwsSolutions-SQS3',
        reason: 'It holds the dead letters of rules, which the check takes for no queue.',
      });
    }
    return this.#lost;
  }

  #secret(name: string): SecretValue {
    return SecretValue.secretsManager(`${this.#deployment.config.name}/${name}`);
  }

  #dashboard(): void {
    const { config, runbook } = this.#deployment;
    const minute = Duration.minutes(1);
    const shot = (name: MetricName, platform: string, statistic: string) =>
      new Metric({
        namespace: NAMESPACE,
        metricName: name,
        dimensionsMap: { Pool: runbook.pool.name, Platform: platform },
        statistic,
        period: Duration.seconds(1),
        label: `${platform} ${METRICS[name].means}`,
      });
    const vital = (name: MetricName, service: 'bot' | 'worker', statistic: string) =>
      this.#vital(name, service, statistic, minute).with({ label: `${service}: ${METRICS[name].means}` });
    // Six signs a minute from each process: the sum of all of them, over how many each gave.
    const perSign = (name: MetricName) => {
      const id = name.toLowerCase();
      return new MathExpression({
        expression: `${id} / 6`,
        usingMetrics: { [id]: this.#vital(name, 'worker', Stats.SUM, minute) },
        label: `worker: ${METRICS[name].means}`,
        period: minute,
      });
    };
    const both = (name: MetricName, statistic: string) => ['ios', 'android'].map((one) => shot(name, one, statistic));
    const graph = (title: string, left: IMetric[]) => new GraphWidget({ title, left, width: 12 });
    const dashboard = new Dashboard(this, 'dashboard', { dashboardName: config.name });
    dashboard.addWidgets(
      graph('Accepted a second', both('Accepted', Stats.SUM)),
      graph('From GO to the answer', [...both('SinceGoP50', Stats.MAXIMUM), ...both('SinceGoP99', Stats.MAXIMUM)]),
    );
    dashboard.addWidgets(
      graph('Refused and unanswered', [...both('Failed', Stats.SUM), ...both('Uncertain', Stats.MAXIMUM)]),
      graph('Providers and connections', [
        vital('ProviderStopped', 'worker', Stats.MAXIMUM),
        perSign('SickConnections'),
        perSign('InFlight'),
      ]),
    );
    dashboard.addWidgets(
      graph('Who is there', [
        perSign('Alive'),
        vital('Leading', 'bot', Stats.MAXIMUM),
        vital('WorkersMissing', 'bot', Stats.MAXIMUM),
      ]),
      graph('What AWS refuses', [
        vital('Throttled', 'worker', Stats.SUM),
        vital('ClaimsFailed', 'worker', Stats.SUM),
        vital('RecordFailed', 'bot', Stats.SUM),
      ]),
    );
  }
}
