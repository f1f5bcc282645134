import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exampleForTests } from '../cdk/for-tests.ts';
import { localCloudForTests } from '../local/cloud/for-tests.ts';
import { main } from './cli.ts';
import { eventOf } from './event.ts';
import { about } from './judge/line.ts';
import type { Line } from './judge/line.ts';
import type { Need } from './judge/need.ts';
import { workbook } from './workbook.ts';

const NEED: Need = {
  name: '',
  targetAtMs: 30 * 86_400_000,
  devices: { ios: 1, android: 1 },
  seconds: 5,
  perSecond: { ios: 1, android: 1 },
  batchSize: 1_000,
  tasks: 1,
  vcpusPerTask: 2,
  connections: 60,
  claimUnits: 1,
  readUnits: 1,
  segments: 2,
  fcm: { pacePerSecond: 10_000, eventQuota: null, notAfterMs: 600_000 },
};

const RUNBOOK = new URL('../../runbooks/library/superbowl.yaml', import.meta.url).pathname;
let local: Awaited<ReturnType<typeof localCloudForTests>>;
let dir: string;
let env: Record<string, string>;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'doctor-'));
  local = await localCloudForTests();
  await local.cloud.queues.ensurePool('gobutton-workers');
  env = { AWS_REGION: 'us-east-1', GOBUTTON_BUCKET: 'gobutton', AWS_ENDPOINT_URL: local.url };
});
afterAll(async () => {
  await local.stop();
  await rm(dir, { recursive: true });
});

async function run(args: string[], given = env) {
  let [out, err] = ['', ''];
  const code = await main(args, given, { write: (text) => (out += text) }, { write: (text) => (err += text) });
  return { code, out, err };
}

test('what is wrong comes first, with what was found, what is needed and what to do', async () => {
  local.localCloud.account.quotas['L-3032A538'] = 6;
  const { code, out } = await run(['--runbook', RUNBOOK, '--devices', '6,000,000']);
  expect(code).toBe(1);
  expect(out).toMatch(/^2 wrong, \d+ unknown, \d+ ok\n\nwrong {4}ECS service/);
  expect(out).toMatch(
    /wrong {4}Fargate vCPUs\n {9}found {3}6 vCPUs\n {9}needed {2}30 vCPUs\n {9}do {6}aws service-quotas request-service-quota-increase/,
  );
  expect(out.indexOf('ok       Table gobutton-record')).toBeGreaterThan(out.indexOf('unknown  '));
  expect(out).toContain('1 letter to send: --workbook FILE');
});

test('the workbook has the figures, the dates, how things stand, what to do, and the letters with their numbers', async () => {
  local.localCloud.account.quotas['L-3032A538'] = 6;
  const file = join(dir, 'countdown.md');
  const { code, err } = await run(['--runbook', RUNBOOK, '--devices', '6000000', '--workbook', file]);
  expect(code).toBe(1);
  expect(err).toContain(`Wrote ${file}`);
  const text = await readFile(file, 'utf8');
  expect(text).toMatch(/^# Countdown: Super Bowl push\n/);
  expect(text).toContain('| T-1d | Warm throughput');
  expect(text).toContain('| T | `/go doctor`');
  expect(text).toContain('| devices | 3,000,000 iOS, 3,000,000 Android |');
  expect(text).toContain('| send workers | 15 tasks of 2 vCPUs: 30 vCPUs in us-east-1 |');
  expect(text).toContain('| claims | 2,400 write units a second, in batches of 1,000 |');
  expect(text).toMatch(/\| \*\*wrong\*\* \| Fargate vCPUs \| 6 vCPUs \| 30 vCPUs \|/);
  expect(text).toMatch(
    /- \[ \] \*\*Fargate vCPUs\*\*: `aws service-quotas request-service-quota-increase [^`]*--desired-value 30`/,
  );
  expect(text).toContain(
    'Subject: Service quota increase: Fargate On-Demand vCPU resource count (L-3032A538) in us-east-1 to 30',
  );
  expect(text).toMatch(/### To Apple Developer Support\n\nSubject: A burst of 3,000,000 notifications/);
  expect(text).toMatch(/### To AWS, technical account manager[^]*15 Fargate tasks of 2 vCPUs/);
  // Every row of a table has as many cells as its head.
  const rows = text.split('\n').filter((line) => line.startsWith('|'));
  for (const row of rows) expect(row.replaceAll('\\|', '').split('|').length).toBeOneOf([4, 5, 6]);
});

test('what is foreign ends no cell of a workbook and marks nothing up', () => {
  const need = { ...NEED, name: 'A | <b> *x*' };
  const facts = { need, lines: [], region: 'us-east-1', topic: null, teamId: null, nowMs: 0 };
  expect(workbook(facts)).toMatch(/^# Countdown: A \\\| \\<b\\> \\\*x\\\*\n/);
  const wrong = about('a.b', 'A | b').wrong({ found: 'x | y', needed: '_', fix: 'aws `x` | y' });
  const text = workbook({ ...facts, lines: [wrong] });
  expect(text).toContain('| **wrong** | A \\| b | x \\| y | \\_ |');
  expect(text).toContain('``aws `x` | y``');
});

test('without an event it looks at the account alone, and says that figures are missing', async () => {
  local.localCloud.account.quotas = {};
  const { code, out } = await run([]);
  expect(code).toBe(2);
  expect(out).toMatch(/^0 wrong/);
  expect(out).toMatch(/unknown {2}Fargate vCPUs\n.*4,000 vCPUs\n.*\n.*--devices 6000000/);
});

test('a configuration says names, fleet and size; what it stands up is held against the sizing and the quotas', async () => {
  local.localCloud.account.quotas = { 'L-3032A538': 6 };
  const file = join(dir, 'launch.yaml');
  const write = (change: (text: string) => string) => writeFile(file, change(exampleForTests()));
  const said = async (...args: string[]) => (await run(['--config', file, ...args])).out;
  await write((text) => text);
  const enough = await said();
  expect(enough).toMatch(/ok {7}Workers of the configuration: 15 workers of 4 vCPU\n/);
  expect(enough).toMatch(/wrong {4}Fargate vCPUs\n {9}found {3}6 vCPUs\n {9}needed {2}60 vCPUs/);
  // By the names that the deployment has, whatever the environment says.
  expect(enough).toMatch(/Table superbowl-record\n/);
  expect(enough).toMatch(/Bucket superbowl-123456789012-us-east-1\n/);
  // Before anything is deployed.
  expect(enough).toMatch(
    /wrong {4}Secret superbowl\/bot-keys\n {9}found {3}no such secret in us-east-1\n {9}needed {2}JSON with GOBUTTON_BOT_KEY, GOBUTTON_WORKER_PUBLIC_KEYS, for bot\n/,
  );
  await write((text) => text.replace('count: 15', 'count: 5').replace('vcpu: 4', 'vcpu: 1'));
  expect(await said()).toMatch(
    /wrong {4}Workers of the configuration\n {9}found {3}5 workers of 1 vCPU\n {9}needed {2}15, bound by cores\n.*workers\.count: 15/,
  );
  // The command line goes before it.
  expect(await said('--devices', '600000')).toMatch(/needed {2}240 write units a second/);
  local.localCloud.account.quotas = {};
});

test('a launch that is open is the event when it is the only one', async () => {
  const item = (launchId: string, closed: boolean) =>
    local.cloud.live.putLaunch({ launchId, name: launchId, channelId: 'C1', pool: 'p', createdAtMs: 1, closed });
  await item('game', false);
  await item('last-year', true);
  expect((await run([])).out).toContain('Launch game');
  await item('other', false);
  expect((await run([])).out).not.toContain('Launch game');
  for (const id of ['game', 'other']) await item(id, true);
});

test('lines as JSON', async () => {
  const { out } = await run(['--json']);
  expect((JSON.parse(out) as Line[]).find(({ id }) => id === 'tables.record')).toMatchObject({ state: 'ok' });
});

test('a wrong command line or environment is refused at once, with what was found and expected', async () => {
  for (const [args, said] of [
    [['--devices', 'many'], /--devices: found "many", expected/],
    [['--lunch', 'x'], /--lunch/],
    [['--runbook', 'a', '--launch', 'b'], /found --runbook and --launch, expected one of them/],
    [['--runbook', join(dir, 'none.yaml')], /none\.yaml:1:1 found a file that can't be read \(ENOENT\)/],
    [['--runbook', 'a', '--config', 'b'], /found --runbook and --config, expected one of them/],
    [['--config', join(dir, 'none.yaml')], /--config: it is not usable:\n.*none\.yaml: found no file/],
    [['--workbook', 'x.md'], /--workbook needs the event/],
    [['--runbook', RUNBOOK, '--workbook', 'x.md'], /--workbook needs figures: --devices/],
  ] as const) {
    const { code, err } = await run([...args]);
    expect(err).toMatch(said);
    // What is wrong, and where the options are: no more.
    expect(err).toMatch(/\nnpm run doctor -- --help lists the options\.\n$/);
    expect(err.trim().split('\n').length).toBeLessThanOrEqual(3);
    expect(code).toBe(2);
  }
  const { code, err } = await run([], { AWS_REGION: 'us-east-1' });
  expect(code).toBe(2);
  expect(err).toMatch(/GOBUTTON_BUCKET: found nothing, expected the name of the S3 bucket/);
});

test('a launch that is not there is a line, and so is a record that does not answer', async () => {
  const { code, out } = await run(['--launch', 'superbowl-1']);
  expect(code).toBe(1);
  expect(out).toMatch(/wrong {4}Launch superbowl-1\n.*no such launch/);

  const silent = createServer();
  silent.listen(0, '127.0.0.1');
  await new Promise((resolve) => silent.once('listening', resolve));
  const { port } = silent.address() as AddressInfo;
  const found = await eventOf(
    {},
    { ...local.config, endpoint: `http://127.0.0.1:${port}` },
    { runbook: null, launch: 'superbowl-1', deployment: null },
    300,
  );
  silent.close();
  expect(found).toMatchObject({
    ok: true,
    event: null,
    lines: [
      {
        id: 'aws.launch',
        state: 'unknown',
        found: expect.stringMatching(/^the record: no answer within 0\.\d s$/) as string,
      },
    ],
  });
});
