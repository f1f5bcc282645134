import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { parseConfig as parseBot } from '../../bot/config.ts';
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
