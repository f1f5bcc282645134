import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { goneFrom, processesOn } from '../faults/processes.ts';
import { ctrlC, npmStart, opened } from './npm-start.ts';

/** The first thing that anybody does. What pulled plugs and second starts do to it: `test/faults/start.test.ts`. */

const dataDir = await mkdtemp(join(tmpdir(), 'gobutton-first-start-'));
afterAll(async () => {
  for (const pid of await processesOn(dataDir)) process.kill(pid, 'SIGKILL');
  await goneFrom(dataDir, 10_000);
  await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
});

test(
  'npm start opens a war room with a launch in it, refuses a second one, and Ctrl-C leaves nothing running',
  { timeout: 120_000 },
  async () => {
    const start = npmStart(dataDir, '--devices', '1000');
    const { cloud, launch, people, counts } = await opened(dataDir, start);
    expect(await launch()).toMatchObject({ audience: { devices: 1_000 }, shots: {} });
    expect(await counts()).toMatchObject({ received: 0 });
    expect((await people.ana.go('help')).text).not.toBe('');
    const [pid] = (await readFile(join(dataDir, 'running.pid'), 'utf8')).split(' ');

    const second = npmStart(dataDir);
    expect(await second.ended).toBe(1);
    expect(second.text()).toContain(`is in use by process ${pid}; stop it first`);

    cloud.close();
    ctrlC(start);
    await start.ended;
    expect(await processesOn(dataDir)).toEqual([]);
  },
);
