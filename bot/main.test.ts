import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { localCloudForTests } from '../infra/local/cloud/for-tests.ts';
import { SECRETS, startTestWorkspace, until } from '../infra/local/slack/for-tests.ts';
import { ALARMS, rings } from '../infra/watch/alarms.ts';
import { AS_FIRST_PROCESS, canUnshare, keepStopping, stopFirstProcess } from '../test/first-process.ts';
import { KEY_ENV } from '../test/keys.ts';
import { A_WAIT, secondTry } from '../test/run/second-try.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The bot as its own process, with nothing in its environment but this. */
function run(env: Record<string, string>, nodeArgs: string[] = [], under: readonly string[] = []) {
  const [command, ...rest] = [...under, process.execPath, ...nodeArgs, MAIN];
  const child = spawn(command, rest, {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '', NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    said.out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said.err += chunk.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  cleanups.push(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended;
  });
  return { child, said, ended };
}

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

describe('npm run bot', () => {
  it('names every missing variable at once and ends', async () => {
    const { said, ended } = run({ SLACK_MODE: 'http', BOT_PORT: 'many' });
    expect(await ended).toBe(1);
    for (const variable of ['SLACK_BOT_TOKEN', 'SLACK_SIGNING_SECRET', 'AWS_REGION', 'GOBUTTON_BUCKET', 'BOT_PORT'])
      expect(said.err).toContain(`${variable}: found`);
    expect(said.err).toContain('7 problems');
  });

  it('refuses an older Node in words, before it loads anything', async () => {
    const { said, ended } = run({}, [
      '--import',
      'data:text/javascript,Object.defineProperty(process.versions,"node",{value:"22.18.0"})',
    ]);
    expect(await ended).toBe(1);
    expect(said.err).toMatch(
      /^gobutton needs Node 24\.21 or newer; this is 22\.18\.0\.\n.*`npm install` brings it along/,
    );
  });

  it('starts with real addresses alone, logs JSON without secrets, and stops when asked', async () => {
    const local = await localCloudForTests();
    cleanups.push(() => local.stop());
    const workspace = await startTestWorkspace();
    cleanups.push(() => workspace.stop());
    const { child, said, ended } = run({
      SLACK_BOT_TOKEN: SECRETS.botToken,
      SLACK_APP_TOKEN: SECRETS.appToken,
      SLACK_API_URL: workspace.apiUrl,
      BOT_PORT: '0',
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL: local.url,
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      GOBUTTON_BUCKET: 'gobutton',
      ...KEY_ENV,
    });
    const ready = await until('the bot', () => said.out.split('\n').find((line) => line.includes('the bot is ready')));
    const { port } = JSON.parse(ready) as { port: number };
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
    // Log lines, and signs of life for CloudWatch.
    for (const line of said.out.trim().split('\n'))
      expect(JSON.parse(line)).toMatchObject(
        line.startsWith('{"_aws"') ? { Service: 'bot', Alive: 1 } : { name: 'bot' },
      );
    expect(said.out + said.err).not.toContain(SECRETS.botToken);
    expect(said.out + said.err).not.toContain(SECRETS.appToken);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  it('is alive and ready while Slack is away, says in /health that it is, and rings the alarm', async () => {
    const local = await localCloudForTests();
    cleanups.push(() => local.stop());
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => {
      probe.close(resolve);
    });
    const { child, said, ended } = run({
      SLACK_BOT_TOKEN: SECRETS.botToken,
      SLACK_APP_TOKEN: SECRETS.appToken,
      SLACK_API_URL: 'http://127.0.0.1:9/api/',
      BOT_PORT: String(port),
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL: local.url,
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      GOBUTTON_BUCKET: 'gobutton',
      ...KEY_ENV,
    });
    const status = (path: string) =>
      fetch(`http://127.0.0.1:${port}${path}`).then(
        (answer) => answer.status,
        () => 0,
      );
    await until('the bot', async () => (await status('/ready')) === 200);
    expect(await Promise.all(['/live', '/ready', '/health', '/toString'].map(status))).toEqual([200, 200, 503, 404]);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    // Of its first moment and of its last.
    const away = said.out.split('\n').flatMap((line) => /"SlackAway":(\d)/.exec(line)?.[1] ?? []);
    const alarm = ALARMS.find(({ id }) => id === 'slack-away');
    expect(alarm !== undefined && rings(alarm, away.map(Number))).toBe(true);
  });

  it.skipIf(!canUnshare)(
    'ends with 0 as the first process of a container: while it loads, and once it works',
    async () => {
      const local = await localCloudForTests();
      cleanups.push(() => local.stop());
      const start = () =>
        run(
          {
            SLACK_BOT_TOKEN: SECRETS.botToken,
            SLACK_APP_TOKEN: SECRETS.appToken,
            SLACK_API_URL: 'http://127.0.0.1:9/api/',
            BOT_PORT: '0',
            AWS_REGION: 'us-east-1',
            AWS_ENDPOINT_URL: local.url,
            AWS_ACCESS_KEY_ID: 'local',
            AWS_SECRET_ACCESS_KEY: 'local',
            GOBUTTON_BUCKET: 'gobutton',
            ...KEY_ENV,
          },
          [],
          AS_FIRST_PROCESS,
        );
      const early = start();
      keepStopping(early.child);
      expect(await early.ended).toBe(0);
      expect(early.said).toEqual({ out: '', err: '' });

      const late = start();
      await until('a leader', () => late.said.out.includes('"leading"'));
      stopFirstProcess(late.child);
      expect(await late.ended).toBe(0);
    },
  );

  it('stops when asked while it waits for a cloud that does not answer', secondTry(A_WAIT), async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    cleanups.push(async () => {
      silent.close();
      silent.closeAllConnections();
    });
    const asked = once(silent, 'request');
    const { child, ended } = run({
      SLACK_BOT_TOKEN: SECRETS.botToken,
      SLACK_APP_TOKEN: SECRETS.appToken,
      SLACK_API_URL: 'http://127.0.0.1:9/api/',
      BOT_PORT: '0',
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      GOBUTTON_BUCKET: 'gobutton',
      ...KEY_ENV,
    });
    await asked;
    const startMs = performance.now();
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(performance.now() - startMs).toBeLessThan(8_000);
  });
});
