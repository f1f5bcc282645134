import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { BAZAAR } from './for-tests.ts';
import { keepEvent, keptEvent, readEvent } from './local-event.ts';

const folder = await mkdtemp(join(tmpdir(), 'gobutton-event-'));
afterAll(() => rm(folder, { recursive: true }));

test('what was read of a file is kept as it is played, and found again', async () => {
  const file = join(folder, 'bazaar.yaml');
  await writeFile(file, BAZAAR);
  const event = await readEvent(file, null);
  expect(event).toMatchObject({ file, runbook: { id: 'bazaar', pool: { workers: 2 } } });
  expect(event.notes).toHaveLength(4);
  // Of the file as it lies there; the launch has the hash of what is played.
  expect(event.source).not.toBe(event.hash);
  const kept = join(folder, 'data');
  const runbooks = await keepEvent(event, kept);
  const { runbook, hash, text } = event;
  expect(await keptEvent(kept)).toEqual({ runbook, hash, text, folder: runbooks });
});

test('every problem of a runbook is named at its line, and nothing else happens', async () => {
  const file = join(folder, 'broken.yaml');
  await writeFile(file, BAZAAR.replace('roles: [on-call]', 'roles: [boss]').replace('at: T-2h', 'at: noon'));
  await expect(readEvent(file, null)).rejects.toThrow(
    /^RUNBOOK_INVALID\n.*broken\.yaml:9:\d+ people\.0\.roles\.0: found "boss".*\n.*broken\.yaml:37:\d+ phases\.0\.steps\.0\.at: found "noon"/,
  );
  await expect(readEvent(join(folder, 'none.yaml'), null)).rejects.toThrow(
    /none\.yaml:1:1 found a file that can't be read \(ENOENT\)/,
  );
});

test('a runbook of the library is known by its name, and a slip of the finger is asked back', async () => {
  expect((await readEvent('superbowl', null)).runbook.id).toBe('superbowl');
  await expect(readEvent('supperbowl', null)).rejects.toThrow(
    /^--runbook: found "supperbowl", expected a file like my-event.yaml or a runbook of the library: .*superbowl.*; did you mean superbowl\?$/,
  );
});
