import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { US_EAST_1 } from '../../runbooks/cost/prices.ts';
import { budgetProblem, costOf, costWords } from './budget.ts';
import { deploymentForTests, exampleForTests } from './for-tests.ts';
import { freezeOf, freezeProblem } from './freeze.ts';
import { pinOf } from './image-names.ts';
import { natWords } from './nat.ts';
import { claimsWarmth } from './needs.ts';
import { readDeployment } from './read-config.ts';
import { summaryWords } from './summary.ts';

const folder = mkdtempSync(join(tmpdir(), 'gobutton-config-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** What is said of the example with these changes, without the folder's name. */
function problemsOf(...changes: readonly [from: string | RegExp, to: string][]): string[] {
  const file = join(folder, 'launch.yaml');
  const text = changes.reduce((before, [from, to]) => {
    const after = before.replace(from, to);
    if (after === before) throw new Error(`the example has no ${String(from)}`);
    return after;
  }, exampleForTests());
  writeFileSync(file, text);
  const read = readDeployment(file);
  return read.ok
    ? []
    : read.problems.map((problem) =>
        problem.replace(`${relative(process.cwd(), folder)}/`, '').replace(`${folder}/`, ''),
      );
}

test('the example is a deployment of the runbook that it names', () => {
  expect(problemsOf()).toEqual([]);
});

test.each<[string, [string | RegExp, string][], RegExp]>([
  [
    'an unknown region',
    [['region: us-east-1', 'region: us-esat-1']],
    /^launch.yaml:9:1 region: found "us-esat-1", expected a region of AWS; near it are us-e/,
  ],
  [
    'an account without quotes',
    [['account: "123456789012"', 'account: 123456789012']],
    /:8:1 account: found 123456789012, expected .* in quotes/,
  ],
  [
    'a name that is none',
    [['name: superbowl', 'name: Super Bowl']],
    /:6:1 name: found "Super Bowl", expected 3 to 20 lower-case/,
  ],
  [
    'a name whose secrets AWS would not find',
    [['name: superbowl', 'name: superbowl-2']],
    /:6:1 name: found "superbowl-2", whose secret superbowl-2\/apns ends in a dash and six characters, expected another/,
  ],
  [
    'a kickoff without its offset',
    [['T18:30:00-05:00', 'T18:30:00']],
    /kickoff: found "2027-02-14T18:30:00", expected a time with its offset/,
  ],
  [
    'a freeze that ends before it begins',
    [['until: T+4h', 'until: T-30h']],
    /freeze: found .*expected from before until/,
  ],
  [
    'a size that Fargate has not',
    [['vcpu: 4, memory_mib: 8192', 'vcpu: 4, memory_mib: 4096']],
    /workers.memory_mib: found 4096 with 4 vCPU, expected one of Fargate's sizes for it: 8192, 9216/,
  ],
  ['three vCPU', [['vcpu: 4', 'vcpu: 3']], /workers.vcpu: found 3, expected .*0.25, 0.5, 1, 2, 4, 8 or 16/],
  [
    'fewer workers than the runbook asks for',
    [['count: 15', 'count: 1']],
    /workers.count: found 1, expected at least 2: what the runbook superbowl asks for/,
  ],
  ['Spot for an event', [['spot: false', 'spot: true']], /workers.spot: found true, for an event, expected false/],
  [
    'EC2 without a type',
    [['15, launch: fargate', '15, launch: ec2']],
    /workers.launch: found "ec2" and no instance_type/,
  ],
  [
    'Fargate with a type',
    [['spot: false', 'instance_type: c7g.large']],
    /workers.instance_type: found "c7g.large", expected none with fargate/,
  ],
  [
    'HTTP without a certificate',
    [['{ receive: socket', '{ receive: http']],
    /bot.receive: found "http" and no certificate/,
  ],
  [
    'a zone of another region',
    [['us-east-1b', 'us-west-2b']],
    /network.zones.1: found "us-west-2b", expected a zone of us-east-1/,
  ],
  ['a zone twice', [['us-east-1b', 'us-east-1a']], /network.zones.1: found "us-east-1a" a second time/],
  ['one zone', [[', us-east-1b, us-east-1c', '']], /network.zones: .*expected two to six zones/],
  [
    'too few addresses',
    [
      ['10.80.0.0/16', '10.80.0.0/22'],
      ['count: 15', 'count: 490'],
    ],
    /network.cidr: found 10.80.0.0\/22, which has 502 addresses without one of the 3 zones, expected room for 510/,
  ],
  [
    'packets that NAT would drop',
    [
      ['egress: public', 'egress: nat'],
      [', us-east-1c', ''],
    ],
    /network.egress: found "nat", whose gateways would carry 1,200,000 packets a second each, of 1,000,000/,
  ],
  [
    'connections that NAT has no ports for',
    [
      ['egress: public', 'egress: nat'],
      ['count: 15', 'count: 3000'],
    ],
    /network.egress: found "nat", whose gateways would hold 60,000 connections to a provider each, of 55,000/,
  ],
  [
    'a budget in words',
    [['usd: 500', 'usd: plenty']],
    /budget.usd: found "plenty", expected US dollars, 1 to 10,000,000/,
  ],
  [
    'a mail address that is none',
    [['on-call@example.com', 'on-call']],
    /alarms.mail.0: found "on-call", expected an address/,
  ],
  ['a field that nobody knows', [['data: {', 'date: {']], /date: found unknown field "date"/],
  [
    'a runbook that is not there',
    [['superbowl.yaml', 'superbowel.yaml']],
    /:14:1 runbook: found ".*superbowel.yaml", expected a runbook at/,
  ],
  [
    'an image without tag or digest',
    [['gobutton-worker:1295d11', 'gobutton-worker']],
    /images.worker: found ".*gobutton-worker", which names no build, expected a tag of one build/,
  ],
  [
    'an image that is another one every time',
    [['gobutton-bot:1295d11', 'gobutton-bot:latest']],
    /images.bot: found ".*:latest", which is another build every time/,
  ],
  [
    'a field with a typing error',
    [['keep_days', 'keep_dais']],
    /data.keep_dais: found unknown field "keep_dais", expected one of the documented fields; did you mean keep_days\?/,
  ],
  ['another file format', [['version: 1', 'version: 2']], /version: found 2, expected 1/],
])('%s is refused at its line, with what was found and expected', (_, changes, said) => {
  expect(problemsOf(...changes).join('\n')).toMatch(said);
});

test('every problem is told at once', () => {
  expect(
    problemsOf(['region: us-east-1', 'region: mars'], ['usd: 500', 'usd: 0'], ['vcpu: 4', 'vcpu: 5']),
  ).toHaveLength(3);
});

test('a file that is not there, and a runbook with a fault, are told by their own names', () => {
  expect(readDeployment(join(folder, 'none.yaml'))).toMatchObject({
    ok: false,
    problems: [expect.stringMatching(/none.yaml: found no file/)],
  });
  writeFileSync(join(folder, 'bad.yaml'), 'version: 1\n');
  expect(problemsOf([/runbook: .*/, 'runbook: bad.yaml']).join()).toMatch(/bad.yaml:1:1/);
});

test('the freeze begins and ends at its moments, and a reason overrides it', () => {
  const deployment = deploymentForTests();
  const kickoff = Date.parse('2027-02-14T23:30:00Z');
  const hour = 3_600_000;
  expect(freezeProblem(freezeOf(deployment), kickoff - 24 * hour - 1, null)).toBeNull();
  expect(freezeProblem(freezeOf(deployment), kickoff - 24 * hour, null)).toMatch(/Nothing is changed/);
  expect(freezeProblem(freezeOf(deployment), kickoff + 4 * hour - 1, null)).toMatch(/Nothing is changed/);
  expect(freezeProblem(freezeOf(deployment), kickoff + 4 * hour, null)).toBeNull();
  expect(freezeProblem(freezeOf(deployment), kickoff, 'a secret leaked')).toBeNull();
});

test('the claims table is warmed for the shot with a quarter to spare, and never below what a new one has', () => {
  expect(claimsWarmth(deploymentForTests())).toEqual({ reads: 12_000, writes: 4_000 });
  const small = deploymentForTests(({ runbook }) => {
    runbook.delivery.batch_size = 500;
  });
  // 12,000 batches, claimed and accounted for, in five seconds: 4,800.
  expect(claimsWarmth(small)).toEqual({ reads: 12_000, writes: 6_000 });
});

test('a canary is paid for as long as the stacks stand, with what it asks for and its address', () => {
  const lines = (canary: boolean) => {
    const cost = costOf(
      deploymentForTests(({ config }) => {
        if (canary) config.images.canary = 'registry.example.com/worker:next';
      }),
    );
    if (!cost.known) throw new Error(cost.why);
    return new Map(cost.lines.map(({ service, usd }) => [service, usd]));
  };
  const [without, beside] = [lines(false), lines(true)];
  const more = (service: 'ECS on Fargate' | 'Network' | 'DynamoDB') =>
    (beside.get(service) ?? 0) - (without.get(service) ?? 0);
  expect(more('ECS on Fargate')).toBeCloseTo(336 * (4 * 0.04048 + 8 * 0.004445), 6);
  expect(more('Network')).toBeCloseTo(336 * 0.005, 6);
  // 1.1 writes and 9.5 reads a second.
  expect(more('DynamoDB')).toBeCloseTo((336 * 3_600 * (1.1 * 0.625 + 9.5 * 0.125)) / 1e6, 6);
});

test('what it costs is held against the budget; what nobody here has a price of is said', () => {
  const deployment = deploymentForTests();
  const cost = costOf(deployment);
  if (!cost.known) throw new Error(cost.why);
  // Workers: 15 of 4 vCPU and 8 GiB for the 16 hours from the runbook's step up to its step down.
  expect(cost.lines.find(({ service }) => service === 'ECS on Fargate')).toMatchObject({
    usd: expect.closeTo(15 * 16 * (4 * 0.04048 + 8 * 0.004445) + 2 * 336 * (0.04048 + 2 * 0.004445), 6),
  });
  expect(budgetProblem(cost, deployment)).toBeNull();
  deployment.config.budget.usd = Math.floor(cost.usd);
  expect(budgetProblem(cost, deployment)).toMatch(/ECS on Fargate: 15 workers of 4 vCPU and 8 GiB for 16 h/);
  const elsewhere = deploymentForTests(({ config }) => {
    config.region = 'eu-west-1';
  });
  expect(costWords(costOf(elsewhere), elsewhere)).toMatch(
    /not priced, so not held against the budget of \$500.00: there are no prices of eu-west-1 .*--show-prices .*budget: \{ prices: prices\.json \}/,
  );
  const onInstances = deploymentForTests(({ config }) => {
    Object.assign(config.workers, { launch: 'ec2', instance_type: 'c7gn.2xlarge' });
    config.images.canary = 'registry.example.com/worker:next';
  });
  const partly = costOf(onInstances);
  expect(costWords(partly, onInstances)).toMatch(
    /^cost: \$[\d.]+ of \$500\.00, .*; not priced, .* by you: 15 c7gn\.2xlarge for 16 h, and one for 336 h$/,
  );
  // What has a price is still held against it.
  onInstances.config.budget.usd = 1;
  expect(budgetProblem(partly, onInstances)).toMatch(
    /costs \$[\d.]+, without 15 c7gn\.2xlarge for 16 h, .*no price is known, and budget\.usd is \$1\.00/,
  );
});

test('behind NAT the arithmetic is told', () => {
  const behind = deploymentForTests(({ config }) => {
    config.network.egress = 'nat';
  });
  expect(natWords(behind.config)).toBe(
    'nat: 3 gateways; at the shot each carries some 800,000 packets a second (of 1,000,000 at once) and 300 connections to a provider (of 55,000)',
  );
  expect(natWords(deploymentForTests().config)).toBeNull();
});

test('what it stands up and costs is told in three lines, and what may not be meant in more', () => {
  const now = Date.parse('2027-01-14T00:00:00Z');
  const [tasks, hour, event, ...looks] = summaryWords(deploymentForTests(), now);
  expect(tasks).toBe('tasks: 15 workers of 4 vCPU and 8 GiB on Fargate (60 vCPU); 2 bots of 1 vCPU');
  // 15 × (4 × 0.04048 + 8 × 0.004445) + 2 × (0.04048 + 2 × 0.004445)
  expect(hour).toBe('an hour: $3.06 while the workers stand, $0.10 without them');
  expect(event).toMatch(/^cost: \$[\d.]+ of \$500.00, at prices of/);
  expect(looks).toEqual([]);
  const odd = deploymentForTests(({ config }) => {
    config.workers.count = 5;
    config.images.worker = '999999999999.dkr.ecr.us-west-2.amazonaws.com/gobutton-worker:1';
  });
  expect(summaryWords(odd, LATER).slice(3)).toEqual([
    expect.stringMatching(/^look: 13 workers of this size are what the sizing asks for, bound by connections/),
    'look: The kickoff is over: deploy will refuse it.',
    'look: images.worker lies in the account 999999999999: its repository has to let 123456789012 pull from it.',
    'look: images.worker lies in us-west-2: each task that starts fetches it from there. Push it to us-east-1.',
  ]);
});

const LATER = Date.parse('2027-12-01T00:00:00Z');

test.each([
  ['gobutton', null],
  ['localhost:5000/gobutton', null],
  ['localhost:5000/gobutton:7', '7'],
  ['gobutton@sha256:ab', 'sha256:ab'],
])('%s is pinned by %s', (image, pin) => {
  expect(pinOf(image)).toBe(pin);
});

test('instances are priced by their type, with their disks', () => {
  const cost = costOf(
    deploymentForTests(({ config }) => {
      Object.assign(config.workers, { launch: 'ec2', instance_type: 'c7g.2xlarge' });
      config.images.canary = 'registry.example.com/worker:next';
    }),
  );
  if (!cost.known) throw new Error(cost.why);
  expect(cost.notPriced).toEqual([]);
  expect(cost.lines.find(({ service }) => service === 'EC2')).toEqual({
    service: 'EC2',
    usd: expect.closeTo((15 * 16 + 336) * (0.29 + (30 * 0.08) / 730), 6),
    of: '15 c7g.2xlarge for 16 h, 1 c7g.2xlarge for 336 h',
  });
});

test('a table of prices of one’s own is used, or every problem of it is named at its line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gobutton-prices-'));
  try {
    const file = join(folder, 'launch.yaml');
    const of = (prices: object) => {
      writeFileSync(join(folder, 'prices.json'), JSON.stringify(prices, null, 2));
      writeFileSync(file, exampleForTests().replace('usd: 500,', 'usd: 500, prices: prices.json,'));
      return readDeployment(file);
    };
    const own = of({ ...US_EAST_1, secretMonth: 1_000 });
    if (!own.ok) throw new Error(own.problems.join());
    expect(costWords(costOf(own.deployment), own.deployment)).toMatch(/^cost: \$[\d,]{5,}\.\d\d of \$500\.00/);
    const wrong = of({ ...US_EAST_1, region: 'eu-west-1' });
    expect(wrong.ok ? [] : wrong.problems).toEqual([
      expect.stringMatching(/prices\.json:2:\d+ region: found "eu-west-1", expected us-east-1, which is deployed$/),
    ]);
    const bad = of({ ...US_EAST_1, asOf: 'today', alarmMonth: 'a dime', sqs: { perMillionStandard: -1 } });
    expect(bad.ok ? [] : bad.problems.map((one) => one.replace(/^.*prices\.json/, 'prices.json'))).toEqual([
      expect.stringMatching(/^prices\.json:3:\d+ asOf: found "today", expected the day/),
      expect.stringMatching(/^prices\.json:\d+:\d+ sqs.* expected /),
      expect.stringMatching(/^prices\.json:\d+:\d+ sqs.* expected /),
      expect.stringMatching(/^prices\.json:\d+:\d+ alarmMonth: found "a dime", expected US dollars, 0 or more/),
    ]);
    rmSync(join(folder, 'prices.json'));
    const none = readDeployment(file);
    expect(none.ok ? [] : none.problems).toEqual([
      expect.stringMatching(/prices\.json: found no file that can be read \(ENOENT\)/),
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
