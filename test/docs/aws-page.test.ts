import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { parseConfig as parseBot } from '../../bot/config.ts';
import { exampleForTests } from '../../infra/cdk/for-tests.ts';
import { localCloudForTests } from '../../infra/local/cloud/for-tests.ts';
import { readPrices } from '../../infra/runbook/read-prices.ts';
import { parseConfig as parseWorker } from '../../workers/config.ts';

/* What docs/aws.md tells people to type. Credentials and time cost real money there: a command that is none is found here. */

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/aws.md'), 'utf8');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

/** Each command once: its script and the words after it. */
const commands = [...page.matchAll(/npm run ([a-z:]+)(?: --)?((?: (?!>)[^\s`]+)*)/g)].map(
  ([, script = '', rest = '']) => ({
    script,
    words: rest.trim().split(/\s+/).filter(Boolean),
  }),
);

const run = promisify(execFile);

/** What the script says of itself. */
async function help(script: string): Promise<string> {
  const [, ...words] = (scripts[script] ?? '').split(' ');
  const { stdout } = await run(process.execPath, [...words, '--help'], { cwd: root });
  return stdout;
}

test('there are commands on it, and each is a script', () => {
  expect(commands.length).toBeGreaterThan(8);
  expect(commands.filter(({ script }) => scripts[script] === undefined)).toEqual([]);
});

test.each([...new Set(commands.filter(({ words }) => words.length > 0).map(({ script }) => script))])(
  'npm run %s knows every option and subcommand that the page names',
  async (script) => {
    const said = await help(script);
    const named = commands
      .filter((one) => one.script === script)
      .flatMap(({ words }) => words.filter((word, at) => word.startsWith('--') || (at === 0 && /^[a-z]+$/.test(word))));
    expect(named.filter((word) => !said.includes(word))).toEqual([]);
  },
);

/** What the page gives to be typed: lines of its blocks, and commands with options in its text. */
const typed = [
  ...[...page.matchAll(/^```\n([^`]+)```$/gm)].flatMap(([, block = '']) => block.trim().split('\n')),
  ...[...page.matchAll(/`(npm run [a-z:]+ -- [^`]+)`/g)].map(([, line = '']) => line),
];

/** Whose test runs a line as it stands, or with other names: the file, and what it has of the line. Those that need an account say so on the page. */
const ELSEWHERE: readonly (readonly [line: RegExp, file: string, has: string])[] = [
  [/^npm run images -- (build|test)$/, 'test/launch/images.test.ts', 'images -- test'],
  [/^npm run infra -- deploy /, 'infra/cdk/cli.test.ts', "infra(['deploy', '--yes']"],
  [/^npm run infra -- diff /, 'infra/cdk/cli.test.ts', "infra(['diff']"],
  [/^npm run infra -- env /, 'infra/cdk/cli.test.ts', "infra(['env'"],
  [/^npm run infra -- destroy /, 'infra/cdk/cli.test.ts', "infra(['destroy'"],
  [/^npm run infra -- (canary|promote|rollback) /, 'infra/cdk/canary.test.ts', 'canaryStep(images(), NEXT)'],
  [/^npm run doctor -- --launch ID$/, 'infra/doctor/cli.test.ts', "'--launch'"],
  [
    /^npm run audience -- compile --users /,
    'test/launch/permissions.test.ts',
    "'compile', '--users', users, '--device-table'",
  ],
  [
    /^\/go audience compile --users /,
    'test/launch/permissions.test.ts',
    "'audience compile --users uploads/users.csv --device-table",
  ],
  [/^npm run rehearse -- /, 'test/launch/rehearsal.test.ts', 'await play('],
  [/^npm run start:devices -- /, 'test/launch/permissions.test.ts', 'tableOf('],
];
/** The line, as the shell gets it, and what it leaves; `code`: 1 where the local account has nothing that the doctor looks for. */
const HERE: readonly (readonly [line: RegExp, said: RegExp, code?: number])[] = [
  [
    /^npm run infra -- synth --config launch\.yaml$/,
    /superbowl-data, superbowl-network, superbowl-queues.*\ntasks: 15 workers/,
  ],
  [/^npm run doctor -- --config launch\.yaml --workbook countdown\.md$/, /wrong, \d+ unknown, \d+ ok/, 1],
  [/^npm run size -- --show-prices > prices\.json$/, /^$/],
  [/^npm run size -- --devices 6000000 --seconds 5 --latency-ms 80( .*--standby)?$/, /cost {8}US dollars, us-east-1/],
];
const SECRETS_TEST = /^npm run keys -- --out keys|^(?:jq|cat) /;
const NOT_TRIED: readonly RegExp[] = [/^aws s3 cp users\.csv /];

test('each line of it is run by a test, or the page says that it was not tried', () => {
  const files = new Map(ELSEWHERE.map(([, file]) => [file, readFileSync(join(root, file), 'utf8')]));
  const known = [...HERE, ...ELSEWHERE].map(([line]) => line);
  expect(typed.length).toBeGreaterThan(25);
  expect(typed.filter((line) => ![...known, SECRETS_TEST, ...NOT_TRIED].some((one) => one.test(line)))).toEqual([]);
  expect([...known, ...NOT_TRIED].filter((one) => !typed.some((line) => one.test(line)))).toEqual([]);
  expect(ELSEWHERE.filter(([, file, has]) => !(files.get(file) ?? '').includes(has)).map(([line]) => line)).toEqual([]);
  for (const line of typed.filter((one) => NOT_TRIED.some((pattern) => pattern.test(one)))) {
    const paragraph = page.slice(page.indexOf(line)).split('\n\n').slice(0, 2).join(' ');
    expect(paragraph).toMatch(/\*[^*]*not tried[^*]*\*/i);
  }
});

test(
  'the lines that need no account do what they say, as they stand, beside a launch.yaml',
  { timeout: 120_000 },
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'gobutton-page-'));
    const local = await localCloudForTests();
    try {
      writeFileSync(join(dir, 'launch.yaml'), exampleForTests());
      for (const line of typed) {
        const [, said, code = 0] = HERE.find(([pattern]) => pattern.test(line)) ?? [];
        if (said === undefined) continue;
        const script = /^npm run ([a-z:]+) -- /.exec(line)?.[1] ?? '';
        const words = (scripts[script] ?? '')
          .split(' ')
          .map((word) => (word.endsWith('.ts') ? `"$ROOT/${word}"` : word));
        const typedHere = line.replace(/^npm run [a-z:]+ --/, words.join(' ').replace(/^node/, '"$NODE"'));
        const env = {
          PATH: process.env['PATH'],
          NODE: process.execPath,
          ROOT: root,
          AWS_ENDPOINT_URL: local.url,
          AWS_ACCESS_KEY_ID: 'local',
          AWS_SECRET_ACCESS_KEY: 'local',
        };
        const ended = await run('sh', ['-ec', typedHere], { cwd: dir, env }).then(
          ({ stdout }) => ({ code: 0, stdout }),
          (error: { code: number; stdout: string }) => error,
        );
        expect([line, ended.code]).toEqual([line, code]);
        expect(ended.stdout).toMatch(said);
      }
      expect(readFileSync(join(dir, 'countdown.md'), 'utf8')).toContain('Super Bowl');
      const table = readPrices(join(dir, 'prices.json'), null);
      expect(table).toMatchObject({ ok: true, prices: { region: 'us-east-1' } });
    } finally {
      await local.stop();
      rmSync(dir, { recursive: true });
    }
  },
);

test('what it puts into each secret is what bot and worker take', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'gobutton-secrets-'));
  try {
    const pem = (kind: 'ec' | 'rsa') =>
      (kind === 'ec'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('rsa', { modulusLength: 2_048 })
      ).privateKey.export({ type: 'pkcs8', format: 'pem' });
    const account = { project_id: 'p', client_email: 'push@p.iam.gserviceaccount.com', private_key: pem('rsa') };
    writeFileSync(join(dir, 'AuthKey_ABC1234DEF.p8'), pem('ec'));
    writeFileSync(join(dir, 'service-account.json'), JSON.stringify(account));
    writeFileSync(join(dir, 'bot-token.txt'), 'xoxb-1\n');
    writeFileSync(join(dir, 'app-token.txt'), 'xapp-1\n');
    const lines = page.split('\n').filter((line) => /^npm run keys|^(?:jq|cat) .*\| aws secretsmanager/.test(line));
    const script = lines.map((line) =>
      line
        .replace('npm run keys --', `"$NODE" "$ROOT/infra/aws/make-keys.ts"`)
        .replace(
          /\| aws secretsmanager create-secret --name superbowl\/(\S+) --secret-string file:\/\/\/dev\/stdin$/,
          '> $1.secret',
        ),
    );
    expect(script.join('\n')).not.toContain('aws secretsmanager');
    await run('sh', ['-ec', script.join('\n')], {
      cwd: dir,
      env: { ...process.env, NODE: process.execPath, ROOT: root },
    });
    const secret = (id: string) => readFileSync(join(dir, `${id}.secret`), 'utf8');
    const fields = (id: string) => JSON.parse(secret(id)) as Record<string, string>;
    const place = { AWS_REGION: 'us-east-1', GOBUTTON_BUCKET: 'gobutton', GOBUTTON_POOL: 'pool' };
    const forBot = parseBot({ ...place, ...fields('bot-keys'), ...fields('slack-socket-mode') });
    expect(forBot).toMatchObject({ ok: true, config: { slack: { secrets: { botToken: 'xoxb-1' } } } });
    const forWorker = parseWorker({
      ...place,
      ...fields('worker-keys'),
      ...fields('apns'),
      GOOGLE_SERVICE_ACCOUNT: secret('google'),
    });
    expect(forWorker).toMatchObject({ ok: true, config: { apns: { keyId: 'ABC1234DEF' } } });
  } finally {
    rmSync(dir, { recursive: true });
  }
});
