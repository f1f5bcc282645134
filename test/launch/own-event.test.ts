import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { BAZAAR } from '../../infra/local/event/for-tests.ts';
import { ScriptedPerson, until } from '../../infra/local/scripted-person.ts';
import { apns, csv, fcm } from '../../workers/audience/for-tests.ts';
import { goneFrom, processesOn } from '../faults/processes.ts';
import { ROOM } from '../faults/war-room.ts';
import { ctrlC, npmStart, opened } from './npm-start.ts';

/** One's own event by `npm start`: own people, own fleets, own list. That it is sent: `test/launch/own-rehearsal.test.ts`. */

const folder = await mkdtemp(join(tmpdir(), 'gobutton-own-event-'));
const dataDir = join(folder, 'data');
afterAll(async () => {
  await goneFrom(folder, 10_000);
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
});

const RUNBOOK = join(folder, 'bazaar.yaml');
const LIST = join(folder, 'list.csv');
const list = (last: string) =>
  csv(
    ...Array.from({ length: 40 }, (_, n) =>
      n % 2 === 0 ? `u${n},ios,${apns(n + 1)},de,de` : `u${n},android,${fcm(n + 1)},fr,fr`,
    ),
    last,
  );

test(
  "npm start plays somebody's own event: their people and fleets are there, and their list is the audience",
  { timeout: 300_000 },
  async () => {
    await writeFile(RUNBOOK, BAZAAR);
    await writeFile(LIST, list(`u99,ios,${apns(99)},de,fr`));
    const start = npmStart(dataDir, '--runbook', RUNBOOK, '--audience', LIST, '--compress', '4000');
    const { pageUrl, cloud, launch } = await opened(dataDir, start);
    expect(start.text()).toContain('Zoe Park is U0ZOE');
    expect(await launch()).toMatchObject({
      name: 'Night bazaar',
      audience: { devices: 41, segments: [{ id: 'de-ios' }, { id: 'fr-ios' }, { id: 'fr-android' }] },
    });
    const zoe = new ScriptedPerson(pageUrl, ROOM, 'U0ZOE');
    expect((await zoe.go('status')).text).not.toBe('');

    // The plan's own steps scale what is here by the runbook's names: a counted service, real workers.
    await until('the fleets of the plan', 90_000, async () => {
      const { scale } = await launch();
      return ['shop', 'senders'].every((id) => scale[id]?.state === 'reached');
    });
    cloud.close();
    ctrlC(start);
    await start.ended;

    // Without a word about the runbook it goes on as it was; a changed one is no word about that launch.
    await writeFile(RUNBOOK, BAZAAR.replace('Night bazaar', 'Day bazaar'));
    const other = npmStart(dataDir, '--runbook', RUNBOOK);
    expect(await other.ended).toBe(1);
    expect(other.text()).toMatch(/--runbook: found .*bazaar\.yaml changed since .*; add --fresh to begin anew/);
    const again = npmStart(dataDir);
    const reopened = await opened(dataDir, again);
    expect((await reopened.launch()).name).toBe('Night bazaar');
    expect((await new ScriptedPerson(reopened.pageUrl, ROOM, 'U0ZOE').go('help')).text).not.toBe('');
    reopened.cloud.close();
    ctrlC(again);
    await again.ended;
    expect(await processesOn(folder)).toEqual([]);
  },
);
