import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { main as doctor } from '../../infra/doctor/cli.ts';
import { projectRoot } from '../../infra/local/child.ts';
import { mustGo, testAll, tickGates } from '../../infra/local/scripted-commands.ts';
import { until } from '../../infra/local/scripted-person.ts';
import { ctrlC, npmStart, opened } from '../launch/npm-start.ts';
import type { Open } from '../launch/npm-start.ts';
import { openedForTests } from '../run/opened-for-tests.ts';
import { secondTry } from '../run/second-try.ts';
import { goneFrom, processesOn, variableOn } from './processes.ts';
import { isEachOnce, outcomeOf, shown } from './war-room.ts';

/** `npm start` as a person at a terminal knows it: pulled plugs, second starts, taken ports, Ctrl-C. */

const DEVICES = 3_000;
const SLOW_PER_SECOND = 150;

let dataDir: string;
const taken: Server[] = [];

async function open(): Promise<void> {
  dataDir = await mkdtemp(join(tmpdir(), 'gobutton-start-'));
  await chmod(dataDir, 0o755);
}
/** Whatever a failed test has left: the folder is ours alone. */
async function close(): Promise<void> {
  for (const pid of await processesOn(dataDir)) process.kill(pid, 'SIGKILL');
  await goneFrom(dataDir, 10_000);
  await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
}
openedForTests(open, close);
beforeAll(async () => {
  for (const port of [4600, 4566]) {
    const server = createServer().listen(port, '127.0.0.1');
    // One that somebody else has is as good.
    await Promise.race([
      once(server, 'listening').then(() => taken.push(server)),
      new Promise((resolve) => {
        server.once('error', resolve);
      }),
    ]);
  }
});
afterAll(() => {
  for (const server of taken) server.close();
});

const isOpenToOthers = (mode: number): boolean => (mode & 0o077) !== 0;

/** The doctor, as somebody asks it who has nothing but what `npm start` says. */
async function examined(): Promise<{ code: number; out: string }> {
  let out = '';
  const write = (text: string) => {
    out += text;
  };
  const env = parseEnv(await readFile(join(dataDir, 'local.env'), 'utf8'));
  return { code: await doctor([], env, { write }, { write }), out };
}

/** Fires the prepared launch at a pace that takes some seconds. */
async function fireSlowly({ cloud, people: { ana, mia, ben }, launch }: Open): Promise<void> {
  const { id } = await launch();
  await mustGo(ana, 'scale edge 40');
  await mustGo(ana, 'scale workers 2');
  for (const platform of ['ios', 'android']) await mustGo(ana, `pace ${platform} ${SLOW_PER_SECOND}`);
  await until(
    'ready workers',
    30_000,
    async () => (await cloud.live.reports(id)).filter(({ state }) => state === 'ready').length >= 2,
  );
  await testAll(mia, launch);
  await tickGates([ana]);
  await until('green gates and an order', 30_000, async () => mustGo(mia, 'fire all').then(() => true), 500);
  await ben.press(await until('the GO button', 10_000, async () => (await ben.buttons('fire.go')).at(-1)));
}

const receivedMoreThan = async (open: Open, count: number) =>
  until(`more than ${count} receipts`, 30_000, async () => {
    const { received } = await open.counts();
    return received > count ? received : null;
  });

const SECOND_TRY = secondTry('eight processes start, and a person presses within seconds');

describe('npm start', { ...SECOND_TRY, timeout: 150_000 }, () => {
  test('a launch goes on where it was, though its shot is cut twice: by SIGKILL and by Ctrl-C', async () => {
    const first = npmStart(dataDir, '--devices', String(DEVICES));
    const before = await opened(dataDir, first);
    for (const file of ['', ...(await readdir(dataDir, { recursive: true }))])
      expect((await stat(join(dataDir, file)).catch(() => null))?.mode ?? 0, file).not.toSatisfy(isOpenToOthers);
    // Both usual ports are taken.
    expect(before.pageUrl).not.toContain(':4600');

    const found = await examined();
    expect(found.out).toMatch(/^0 wrong, 0 unknown, \d+ ok\n/);
    expect(found.code).toBe(0);

    const refused = [npmStart(dataDir), npmStart(dataDir, '--fresh'), npmStart(dataDir, '--devices', '5000')];
    for (const start of refused) {
      expect(await start.ended).toBe(1);
      expect(start.text()).toMatch(/ALREADY_RUNNING .* is in use by process \d+; stop it first/);
    }

    await fireSlowly(before);
    const sent = await receivedMoreThan(before, 300);
    const then = await before.launch();
    const said = (await before.people.ana.messages())
      .filter(({ ephemeralTo }) => ephemeralTo === undefined)
      .map(({ ts }) => ts);
    expect(said.length).toBeGreaterThan(5);
    expect(sent).toBeLessThan(DEVICES);
    before.cloud.close();
    const [pid] = (await readFile(join(dataDir, 'running.pid'), 'utf8')).split(' ');
    process.kill(Number(pid), 'SIGKILL');
    expect(await goneFrom(dataDir, 10_000)).toBeLessThan(4_000);

    const wrong = npmStart(dataDir, '--devices', '5000');
    expect(await wrong.ended).toBe(1);
    expect(wrong.text()).toMatch(
      /--devices: found 5,000, expected 3,000, the size of the launch in .*; add --fresh to begin anew/,
    );

    const second = npmStart(dataDir);
    const again = await opened(dataDir, second);
    expect(await again.launch()).toMatchObject({
      id: then.id,
      audience: { hash: then.audience?.hash, devices: DEVICES },
      scale: { workers: { desired: 2 }, edge: { desired: 40 } },
    });
    expect((await again.counts()).received).toBeGreaterThanOrEqual(sent);
    expect((await again.people.ana.messages()).map(({ ts }) => ts)).toEqual(expect.arrayContaining(said));
    expect((await again.shot())?.closed).toBeNull();
    // The queues were lost: what goes out now comes from record and claims.
    await receivedMoreThan(again, (await again.counts()).received + 100);
    expect((await again.shot())?.closed).toBeNull();
    again.cloud.close();
    ctrlC(second);
    await second.ended;
    expect(await processesOn(dataDir)).toEqual([]);
    expect(second.text()).toContain('Stopping; the launch stays as it is in the data folder.');

    const third = npmStart(dataDir);
    const last = await opened(dataDir, third);
    for (const platform of ['ios', 'android']) await mustGo(last.people.ana, `pace ${platform} 0`);
    const shot = await until('the close', 45_000, async () => {
      const found = await last.shot();
      return found?.closed === null ? null : found;
    });
    const outcome = outcomeOf(shot);
    const counts = await last.counts();
    expect(outcome.sum).toBe(DEVICES);
    expect(counts).toMatchObject({ duplicates: 0, received: counts.distinctDevices });
    expect(counts.distinctDevices).toBeGreaterThanOrEqual(outcome.accepted + outcome.failed);
    expect(counts.distinctDevices).toBeLessThanOrEqual(outcome.accepted + outcome.failed + outcome.uncertain);
    expect(outcome.uncertain).toBeLessThan(DEVICES / 2);
    await until('the curve in the channel', 20_000, async () =>
      (await last.people.ana.messages()).some(({ files }) => files?.some(({ name }) => name.endsWith('.png'))),
    );
    expect(await shown(last.pageUrl, await variableOn(dataDir, 'SLACK_BOT_TOKEN'))).toSatisfy(isEachOnce);
    const entries = await last.cloud.record.readAfter(then.id, 0);
    for (const kind of ['LaunchCreated', 'FireApproved', 'ShotClosed'])
      expect(entries.filter((entry) => entry.kind === kind)).toHaveLength(1);
    last.cloud.close();
    // npm alone, which can't pass it on.
    third.child.kill('SIGKILL');
    expect(await goneFrom(dataDir, 15_000)).toBeLessThan(10_000);
  });

  test("--fresh begins anew, and keeps its hands off a folder that is not gobutton's", async () => {
    const start = npmStart(dataDir, '--fresh', '--devices', '1000');
    const open = await opened(dataDir, start);
    expect(await open.launch()).toMatchObject({ audience: { devices: 1_000 }, shots: {} });
    expect(await open.counts()).toMatchObject({ received: 0 });
    open.cloud.close();
    ctrlC(start);
    await start.ended;
    expect(await processesOn(dataDir)).toEqual([]);

    const foreign = npmStart(join(projectRoot, 'test'), '--fresh');
    expect(await foreign.ended).toBe(1);
    expect(foreign.text()).toContain('found other files and no gobutton.json');
  });
});
