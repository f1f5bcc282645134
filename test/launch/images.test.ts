import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { unpackImage } from '../../infra/images/build.ts';
import type { ImageName } from '../../infra/images/contents.ts';
import { localCloudForTests } from '../../infra/local/cloud/for-tests.ts';
import { mustGo } from '../../infra/local/scripted-commands.ts';
import { until } from '../../infra/local/scripted-person.ts';
import { SECRETS } from '../../infra/local/slack/for-tests.ts';
import { ownVersion } from '../../infra/version.ts';
import { apns, csv } from '../../workers/audience/for-tests.ts';
import { isEachOnce, openWarRoom, outcomeOf } from '../faults/war-room.ts';
import { stopFirstProcess } from '../first-process.ts';
import { KEY_ENV } from '../keys.ts';
import { startStage } from '../worker-stage.ts';
import type { Stage } from '../worker-stage.ts';

/**
 * Built images, each started as a container runtime starts it: by what its configuration says, as process 1 of its own process ids,
 * without rights, on a root that nobody can write to. `npm run images -- test` builds them and runs this.
 */

const images = process.env['GOBUTTON_IMAGES'] ?? '';
const MOST_MB: Record<ImageName, number> = { worker: 300, bot: 300, audience: 300 };

interface Config {
  process: { args: string[]; env: string[]; cwd: string; user: { uid: number; gid: number } };
}

let folder: string;
let stage: Stage;
const roots = new Map<ImageName, { root: string; config: Config }>();

function unpacked(name: ImageName) {
  const found = roots.get(name);
  if (found !== undefined) return found;
  const to = join(folder, name);
  const root = unpackImage(join(images, name), name, to);
  const one = { root, config: JSON.parse(readFileSync(join(to, 'config.json'), 'utf8')) as Config };
  roots.set(name, one);
  return one;
}

/** `args`: after those of the image. `reads`: folders of this machine that it may read. */
function start(name: ImageName, env: Record<string, string>, reads: string[] = [], args: string[] = []) {
  const { root, config } = unpacked(name);
  const { uid, gid } = config.process.user;
  const own = Object.fromEntries(
    config.process.env.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  const child = spawn(
    'bwrap',
    [
      '--ro-bind',
      root,
      '/',
      '--tmpfs',
      '/tmp',
      '--proc',
      '/proc',
      '--dev',
      '/dev',
      '--ro-bind',
      '/etc/hosts',
      '/etc/hosts',
      ...reads.flatMap((path) => ['--ro-bind', path, path]),
      '--unshare-user',
      '--uid',
      String(uid),
      '--gid',
      String(gid),
      '--cap-drop',
      'ALL',
      '--unshare-pid',
      '--as-pid-1',
      '--die-with-parent',
      '--chdir',
      config.process.cwd,
      ...config.process.args,
      ...args,
    ],
    { env: { ...own, ...env, PATH: process.env['PATH'] ?? '' }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  children.push(child);
  return child;
}
const children: ReturnType<typeof spawn>[] = [];

const status = (port: number, path: string) =>
  fetch(`http://127.0.0.1:${port}${path}`).then(
    async (answer) => ({ status: answer.status, body: (await answer.json()) as Record<string, unknown> }),
    (): { status: number; body: Record<string, unknown> } => ({ status: 0, body: {} }),
  );

describe.skipIf(images === '')('the image', { timeout: 120_000 }, () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gobutton-image-test-'));
    stage = await startStage();
  }, 60_000);
  afterAll(async () => {
    for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await stage.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test.each(['worker', 'bot', 'audience'] as const)(
    'of the %s is small, nobody in particular, and says what it is',
    (name) => {
      const { root, config } = unpacked(name);
      const megabytes = Number(execFileSync('du', ['-sm', root], { encoding: 'utf8' }).split('\t')[0]);
      expect(megabytes).toBeLessThan(MOST_MB[name]);
      expect(config.process.args[0]).toBe('/usr/local/bin/node');
      expect(config.process.user).toMatchObject({ uid: 1_000, gid: 1_000 });
      expect(config.process.env.join('\n')).toMatch(/^GOBUTTON_VERSION=[0-9a-f]{12}$/m);
      for (const path of ['bin/sh', 'usr/bin/npm', 'app/test', 'app/infra/local', 'app/node_modules/vitest'])
        expect(existsSync(join(root, path)), path).toBe(false);
      const native = join(root, 'app/node_modules/sodium-native/prebuilds');
      if (name !== 'audience' || existsSync(native)) expect(readdirSync(native)).toEqual([`linux-${process.arch}`]);
    },
  );

  test('of the worker: SIGTERM in mid-shot finishes what it claimed, the others send the rest, nothing is uncertain', async () => {
    Object.assign(stage.providers.behaviour, { latencyMs: 400, streamLimit: 100 });
    const launch = await stage.newLaunch({ ios: 4_000, android: 0 });
    const env = { ...stage.env(launch.id), HEALTH_PORT: '18981' };
    const files = Object.values(env).filter((value) => /^\/.*\.\w+$/.test(value) && existsSync(value));
    const leaving = start('worker', env, files);
    const said = text(leaving.stdout);
    await vi.waitFor(async () => expect(await status(18_981, '/ready')).toMatchObject({ status: 200 }), {
      timeout: 30_000,
    });
    expect((await status(18_981, '/health')).body['version']).toMatch(/^[0-9a-f]{12}$/);
    const shot = await launch.fire();
    await vi.waitFor(() => expect(launch.counts().received).toBeGreaterThan(300), { timeout: 20_000, interval: 10 });
    stopFirstProcess(leaving);
    expect(await once(leaving, 'exit')).toEqual([0, null]);
    expect(await said).not.toContain('"level":50');
    const before = launch.counts().received;
    expect(before).toBeLessThan(4_000);
    await launch.worker();
    const { totals } = await launch.closed(shot.id, 40_000);
    expect(totals?.[0]?.totals).toMatchObject({ accepted: 4_000, uncertain: 0, late: 0 });
    expect(launch.counts()).toMatchObject({ received: 4_000, duplicates: 0 });
  });

  test('of the bot leads with Slack away, and stops when asked', async () => {
    const local = await localCloudForTests();
    try {
      const bot = start('bot', {
        SLACK_BOT_TOKEN: SECRETS.botToken,
        SLACK_APP_TOKEN: SECRETS.appToken,
        SLACK_API_URL: 'http://127.0.0.1:9/api/',
        BOT_PORT: '18982',
        AWS_REGION: 'us-east-1',
        AWS_ENDPOINT_URL: local.url,
        AWS_ACCESS_KEY_ID: 'local',
        AWS_SECRET_ACCESS_KEY: 'local',
        GOBUTTON_BUCKET: 'gobutton',
        ...KEY_ENV,
      });
      await vi.waitFor(
        async () => expect((await status(18_982, '/health')).body).toMatchObject({ leader: true, slack: 'away' }),
        { timeout: 30_000 },
      );
      expect(await status(18_982, '/ready')).toMatchObject({ status: 200 });
      stopFirstProcess(bot);
      expect(await once(bot, 'exit')).toEqual([0, null]);
    } finally {
      await local.stop();
    }
  });

  test(
    'of the bot: SIGTERM in mid-shot gives the lead to the next one, which ends the shot; nothing is lost or told twice',
    { timeout: 180_000 },
    async () => {
      const room = await openWarRoom({ markets: { handed: 4_000 } });
      try {
        const { stack } = room;
        // A process of out here is nobody in there.
        const { GOBUTTON_PARENT_PID: _, ...shared } = stack.envOf('bot');
        const env = {
          ...shared,
          SLACK_API_URL: stack.parts.workspace.apiUrl,
          SLACK_BOT_TOKEN: stack.secrets.botToken,
          SLACK_APP_TOKEN: stack.secrets.appToken,
          GOBUTTON_VERSION: ownVersion(process.env) ?? 'clone',
        };
        const files = Object.values(env).filter((value) => /^\/.*\.\w+$/.test(value) && existsSync(value));
        const bots = [18_983, 18_984].map((port) => ({
          port,
          process: start('bot', { ...env, BOT_PORT: String(port) }, files),
        }));
        await stack.parts.bot.stop();
        const leads = async (port: number) => (await status(port, '/health')).body['leader'] === true;
        const leading = async () => {
          for (const bot of bots) if (await leads(bot.port)) return bot;
          return undefined;
        };
        const first = await until('a bot that leads', 30_000, leading);
        await room.configure({ latencyMs: 200 });
        await mustGo(room.ana, 'pace ios 1000');
        await room.ben.press(await room.ask('fire handed-ios'));
        const shot = await until('the approval', 20_000, () => room.shotOf('handed-ios'));
        await until('a part of it', 20_000, async () => (await room.counts(shot.id)).received > 500, 20);
        stopFirstProcess(first.process);
        expect(await once(first.process, 'exit')).toEqual([0, null]);
        expect((await room.counts(shot.id)).received).toBeLessThan(4_000);
        const outcome = outcomeOf(await room.closed('handed-ios', 60_000));
        expect(outcome).toMatchObject({ devices: 4_000, accepted: 4_000, uncertain: 0, late: 0 });
        expect(await room.counts(shot.id)).toMatchObject({ received: 4_000, duplicates: 0 });
        expect(await leads(bots.find((bot) => bot !== first)?.port ?? 0)).toBe(true);
        expect(await room.shown()).toSatisfy(isEachOnce);
      } finally {
        await room.stop();
      }
    },
  );

  test('of the audience compiles a list, into a folder that is mounted for it', async () => {
    const lists = await mkdtemp(join(tmpdir(), 'gobutton-lists-'));
    try {
      const rows = Array.from({ length: 500 }, (_, nth) => `u${nth},ios,${apns(nth)},en,us`);
      await writeFile(join(lists, 'd.csv'), csv(...rows));
      const compile = start(
        'audience',
        {},
        [lists],
        ['compile', join(lists, 'd.csv'), '--locales', 'en', '--out', '/tmp', '--rejects', '/tmp/r'],
      );
      const [out, err] = [text(compile.stdout), text(compile.stderr)];
      expect([await once(compile, 'exit'), await err]).toEqual([[0, null], '']);
      expect(await out).toMatch(/500/);
      // It could write nowhere else.
      expect(await readdir(lists)).toEqual(['d.csv']);
    } finally {
      await rm(lists, { recursive: true, force: true });
    }
  });
});
