import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nameOfProcess } from './living-process.ts';
import { announceStart, reachedFrom } from './running-start.ts';

let root = '';
const others: ChildProcess[] = [];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'gobutton-running-'));
});
afterEach(async () => {
  for (const one of others.splice(0)) one.kill('SIGKILL');
  await rm(root, { recursive: true });
});

const GONE = { ok: true, env: {}, say: 'the npm start that ran in this folder is gone' };
const URL_HERE = 'http://127.0.0.1:4566';

async function dataDir(name: string, url = URL_HERE, more = '') {
  const folder = join(root, name);
  await mkdir(folder);
  const envFile = join(folder, 'local.env');
  await writeFile(
    envFile,
    `AWS_REGION="us-east-1"\nAWS_ENDPOINT_URL="${url}"\nGOBUTTON_BUCKET="b"\nLOG_LEVEL="info"\n${more}`,
  );
  return { dataDir: folder, envFile };
}

/** Another process that has said it runs here, as it would have. */
async function another(at: { dataDir: string; envFile: string }): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  others.push(child);
  await once(child, 'spawn');
  await mkdir(join(root, '.gobutton.running'), { recursive: true });
  const name = await nameOfProcess(child.pid ?? 0);
  await writeFile(join(root, '.gobutton.running', `${child.pid}.json`), JSON.stringify({ process: name, ...at }));
  return child;
}

test('with nothing set a command is for the one start that runs here, says so, and keeps its own log level', async () => {
  const at = await dataDir('data');
  const takeBack = await announceStart(root, at);
  expect((await stat(join(root, '.gobutton.running'))).mode & 0o777).toBe(0o700);
  const env = { PATH: '/bin', LOG_LEVEL: 'warn', GOBUTTON_BUCKET: '  ' };
  expect(await reachedFrom(env, root)).toEqual({
    ok: true,
    env: { PATH: '/bin', LOG_LEVEL: 'warn', AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL: URL_HERE, GOBUTTON_BUCKET: 'b' },
    say: `nothing is set in the environment, so this is for the npm start in data (process ${process.pid}), on this machine; not for AWS`,
  });
  await takeBack();
  expect(await reachedFrom(env, root)).toEqual({ ok: true, env, say: null });
  expect(await readdir(root)).toEqual(['data']);
});

test('whatever says which account it is wins, and the start that was not taken is named', async () => {
  await announceStart(root, await dataDir('data'));
  for (const env of [
    { AWS_REGION: 'eu-west-1' },
    { AWS_DEFAULT_REGION: 'eu-west-1' },
    { AWS_PROFILE: 'production' },
    { AWS_ACCESS_KEY_ID: 'AKIA' },
    { GOBUTTON_BUCKET: 'production' },
    { AWS_ENDPOINT_URL: 'http://127.0.0.1:9999' },
    { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9999' },
  ] as Record<string, string>[]) {
    const reached = await reachedFrom(env, root);
    expect(reached).toMatchObject({ ok: true, env });
    expect(reached.say).toContain(`by the environment (${Object.keys(env)[0]}) this is for `);
    expect(reached.say).toContain('npx node --env-file=data/local.env bot/cli.ts … is');
  }
  // Its own environment, given by hand or in another role, leaves nothing to say.
  for (const url of [URL_HERE, `${URL_HERE}/role/bot`])
    expect(await reachedFrom({ AWS_ENDPOINT_URL: url, AWS_REGION: 'us-east-1' }, root)).toMatchObject({ say: null });
});

test('a start whose process is gone is never reached, is said, and goes with the next one', async () => {
  const killed = await another(await dataDir('killed'));
  killed.kill('SIGKILL');
  await once(killed, 'exit');
  expect(await reachedFrom({}, root)).toEqual(GONE);
  await announceStart(root, await dataDir('data'));
  expect(await readdir(join(root, '.gobutton.running'))).toEqual([`${process.pid}.json`]);
});

test('what a start that was killed in the middle of its note left behind goes with the next one, and that of a living one stays', async () => {
  const folder = join(root, '.gobutton.running');
  await mkdir(folder);
  const living = `${await nameOfProcess(process.ppid)}.new`;
  for (const name of [living, `${process.ppid} 1.new`, `${process.ppid}.new`, '99999999 1.new', '4711.json.new'])
    await writeFile(join(folder, name), '{"process": "1');
  await announceStart(root, await dataDir('data'));
  expect((await readdir(folder)).toSorted()).toEqual([living, `${process.pid}.json`].toSorted());
  const { stdout } = await promisify(execFile)('git', ['check-ignore', '-v', '.gobutton.running/4711 1.new'], {
    cwd: join(import.meta.dirname, '..'),
  });
  expect(stdout).toContain('.gitignore');
});

test("an id that another process has by now is not the start's", async () => {
  const at = await dataDir('data');
  await mkdir(join(root, '.gobutton.running'));
  const file = join(root, '.gobutton.running', 'old.json');
  await writeFile(file, JSON.stringify({ process: `${process.pid} 1`, ...at }));
  expect(await reachedFrom({}, root)).toEqual(GONE);
});

test('of several none is guessed', async () => {
  await announceStart(root, await dataDir('one'));
  const second = await another(await dataDir('two'));
  const reached = await reachedFrom({}, root);
  expect(reached).toMatchObject({ ok: false });
  expect(reached.say).toContain('2 of npm start run in this folder');
  expect(reached.say).toContain(`two (process ${second.pid})`);
  expect(reached.say).toMatch(/say which, like npx node --env-file=(?:one|two)\/local\.env bot\/cli\.ts/);
});

test.each(['GOBUTTON_HOMES_URL', 'GOBUTTON_OTHER_REGION_URL', 'AWS_ENDPOINT_URL_S3'])(
  'nor is one of which another machine is asked for anything: %s',
  async (name) => {
    for (const url of ['http://elsewhere.example', 'http://127.0.0.1@elsewhere.example', '127.0.0.1']) {
      await announceStart(root, await dataDir(encodeURIComponent(url), URL_HERE, `${name}="${url}"\n`));
      expect(await reachedFrom({}, root)).toEqual(GONE);
    }
    await announceStart(root, await dataDir('here', URL_HERE, `${name}="http://127.0.0.1:9999/homes"\n`));
    expect(await reachedFrom({}, root)).toMatchObject({ ok: true, env: { [name]: 'http://127.0.0.1:9999/homes' } });
  },
);

test('what is not on this machine is no local start, whoever wrote the file; half a file is none', async () => {
  await announceStart(root, await dataDir('data', 'https://dynamodb.us-east-1.amazonaws.com'));
  await writeFile(join(root, '.gobutton.running', 'half.json'), '{"process": "1');
  expect(await reachedFrom({}, root)).toEqual(GONE);
});
