import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { projectRoot } from '../../infra/local/child.ts';
import { ctrlC, npmStart, opened } from '../launch/npm-start.ts';
import { goneFrom, processesOn } from './processes.ts';

/** What the room names, typed as it stands into a second terminal: `npm run go -- …` beside a running `npm start`. No other start may run in this folder. */

const folder = await mkdtemp(join(tmpdir(), 'gobutton-local-commands-'));
const inTheWay = join(projectRoot, '.gobutton.running');
afterAll(async () => {
  // A file of this test's; the folder of a start stays.
  await unlink(inTheWay).catch(() => null);
  for (const pid of await processesOn(folder)) process.kill(pid, 'SIGKILL');
  await goneFrom(folder, 10_000);
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
});

/** Of a fresh terminal: nothing that says which account it is. */
const bare = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:AWS_|GOBUTTON_)/.test(name)));

async function go(args: string[], env: Record<string, string> = {}) {
  return promisify(execFile)('npm', ['run', '-s', ...args], { cwd: projectRoot, env: { ...bare, ...env } }).then(
    ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      out: error.stdout,
      err: error.stderr,
    }),
  );
}

const gitStatus = async () =>
  (await promisify(execFile)('git', ['status', '--porcelain'], { cwd: projectRoot })).stdout;

test(
  'a command reaches the launch that runs here, never in the place of what the environment says, and nothing once it is gone',
  { timeout: 240_000 },
  async () => {
    const clean = await gitStatus();
    const dataDir = join(folder, 'data');
    const start = npmStart(dataDir, '--devices', '1000');
    const { cloud, launch } = await opened(dataDir, start);
    const { id } = await launch();
    cloud.close();
    expect(start.text()).toContain('npm run go -- launches');
    expect(await gitStatus()).toBe(clean);

    const status = await go(['go', '--', 'status', '--launch', id]);
    expect(status).toMatchObject({ code: 0, out: expect.stringContaining(id) as string });
    expect(status.err).toMatch(
      /^go: nothing is set in the environment, so this is for the npm start in .*not for AWS\n$/m,
    );
    // Halted without a key, and the room knows of it.
    expect(await go(['go', '--', 'halt', '--launch', id, '--reason', 'the link is wrong'])).toMatchObject({ code: 0 });
    expect((await go(['record', '--', 'verify', id])).code).toBe(0);
    expect((await go(['go', '--', 'status', '--launch', id])).out).toMatch(/halt/i);
    // Of the commands of lists those for a launch.
    const asked = await go(['audience', '--', 'bad-tokens', '--launch', 'nowhere', '--out', join(folder, 'bad.txt')]);
    expect(asked.err).toContain('audience: nothing is set in the environment, so this is for the npm start in');
    expect(asked.err).toContain('nowhere');

    // Another account: nobody is there, and the start that runs here is not asked.
    const elsewhere = {
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      GOBUTTON_BUCKET: 'theirs',
      AWS_ACCESS_KEY_ID: 'x',
      AWS_SECRET_ACCESS_KEY: 'x',
      AWS_MAX_ATTEMPTS: '1',
    };
    const other = await go(['go', '--', 'status', '--launch', id], elsewhere);
    expect(other.code).not.toBe(0);
    expect(other.out).not.toContain(id);
    expect(other.err).toMatch(
      /^go: by the environment \(.*\) this is for http:\/\/127\.0\.0\.1:9, not for the npm start in/m,
    );
    // So does a file like .env.
    const envFile = join(folder, 'their.env');
    await writeFile(envFile, 'AWS_REGION=eu-west-1\n');
    const byFile = await promisify(execFile)(process.execPath, [`--env-file=${envFile}`, 'bot/cli.ts', 'launches'], {
      cwd: projectRoot,
      env: bare,
    }).catch((error: { code: number; stderr: string }) => error);
    expect(byFile).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('GOBUTTON_BUCKET: found nothing') as string,
    });
    expect(byFile.stderr).toContain(
      'by the environment (AWS_REGION) this is for AWS in eu-west-1, not for the npm start',
    );

    const [pid] = (await readFile(join(dataDir, 'running.pid'), 'utf8')).split(' ');
    process.kill(Number(pid), 'SIGKILL');
    await start.ended;
    const gone = await go(['go', '--', 'launches']);
    expect(gone).toMatchObject({ code: 2, out: '' });
    expect(gone.err).toContain('go: the npm start that ran in this folder is gone');
    expect(gone.err).toContain('AWS_REGION: found nothing');
    await goneFrom(dataDir, 20_000);

    // The next one takes what was left, and Ctrl-C leaves nothing.
    const again = npmStart(dataDir);
    (await opened(dataDir, again)).cloud.close();
    expect((await go(['go', '--', 'launches'])).out).toContain(id);
    ctrlC(again);
    await again.ended;
    const after = await go(['go', '--', 'launches']);
    expect(after.code).toBe(2);
    expect(after.err).not.toContain('npm start that ran');
    expect(await gitStatus()).toBe(clean);

    // Where it can't be said that it runs, it runs all the same, and says how it is reached.
    await writeFile(inTheWay, '');
    const unsaid = npmStart(dataDir);
    (await opened(dataDir, unsaid)).cloud.close();
    expect(unsaid.text()).toMatch(
      /npx node --env-file=\S+local\.env bot\/cli\.ts launches \(npm run go does not find it: .*EEXIST/,
    );
    ctrlC(unsaid);
    await unsaid.ended;
    expect(await processesOn(dataDir)).toEqual([]);
  },
);
