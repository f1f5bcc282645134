import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { BAZAAR } from '../../infra/local/event/for-tests.ts';
import { apns, csv } from '../../workers/audience/for-tests.ts';
import { npmStart } from './npm-start.ts';

const folder = await mkdtemp(join(tmpdir(), 'gobutton-own-refused-'));
afterAll(() => rm(folder, { recursive: true, maxRetries: 3 }));

test('a runbook and a list that are wrong stop npm start before anything runs', { timeout: 60_000 }, async () => {
  const [RUNBOOK, LIST, dataDir] = ['bazaar.yaml', 'list.csv', 'data'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await writeFile(RUNBOOK, BAZAAR.replace('at: T-2h', 'at: noon'));
  const good = Array.from({ length: 40 }, (_, n) => `u${n},ios,${apns(n)},de,de`);
  await writeFile(LIST, csv(...good, 'u99,ios,not-a-token,de,de'));
  const broken = npmStart(dataDir, '--runbook', RUNBOOK, '--audience', LIST);
  expect(await broken.ended).toBe(1);
  expect(broken.text()).toMatch(/bazaar\.yaml:37:\d+ phases\.0\.steps\.0\.at: found "noon", expected /);

  await writeFile(RUNBOOK, BAZAAR);
  const doubtful = npmStart(dataDir, '--runbook', RUNBOOK, '--audience', LIST);
  expect(await doubtful.ended).toBe(1);
  expect(doubtful.text()).toMatch(/rows are rejected, 1 of 41 \(1 TOKEN_\w+\)[^]*AUDIENCE_REFUSED/);
  expect(JSON.parse(await readFile(join(folder, 'list.rejects.ndjson'), 'utf8'))).toMatchObject({ line: 42 });
  for (const start of [broken, doubtful]) expect(start.text()).not.toContain('starting the local cloud');
});
