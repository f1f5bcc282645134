import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeProblem } from '../../runbooks/playbook/checked-yaml.ts';
import { sha256 } from '../aws/sha256.ts';
import { BAZAAR as RUNBOOK } from '../local/event/for-tests.ts';
import { readRunbookFile, readRunbookFileSync } from './read-runbook.ts';

const PEOPLE = RUNBOOK.slice(RUNBOOK.indexOf('people:'), RUNBOOK.indexOf('pool:'));
const OWN = RUNBOOK.replace(PEOPLE, 'include: [shared/people.yaml]\n');
let folder: string;
let file: string;
const put = (name: string, text: string) => writeFile(join(folder, name), text);

beforeAll(async () => {
  const root = await mkdtemp(join(tmpdir(), 'gobutton-runbooks-'));
  folder = join(root, 'plans');
  file = join(folder, 'sale.yaml');
  await mkdir(join(folder, 'shared'), { recursive: true });
  await put('../secret.yaml', PEOPLE);
});
afterAll(() => rm(join(folder, '..'), { recursive: true }));

test('a runbook is read with what it includes, and its hash is of all of it', async () => {
  await put('sale.yaml', OWN);
  await put('shared/people.yaml', PEOPLE);
  const before = await readRunbookFile(file, 'sale.yaml');
  expect(before).toMatchObject({ loaded: { ok: true }, included: ['shared/people.yaml'] });
  const at = expect.any(Function) as never;
  expect(readRunbookFileSync(file, 'sale.yaml')).toEqual({ ...before, loaded: { ...before.loaded, lineOf: at } });
  await put('shared/people.yaml', `${PEOPLE}# a word more\n`);
  expect((await readRunbookFile(file)).hash).not.toBe(before.hash);
  // Alone it is the hash of its text, as ever.
  await put('alone.yaml', RUNBOOK);
  expect((await readRunbookFile(join(folder, 'alone.yaml'))).hash).toBe(sha256(RUNBOOK));
});

test.each([
  [
    'a file that is not there',
    () => rm(join(folder, 'shared/people.yaml')),
    /found shared\/people\.yaml, a file that can't be read \(ENOENT\)/,
  ],
  [
    'a link out of the folder',
    () => symlink('../../secret.yaml', join(folder, 'shared/people.yaml')),
    /found shared\/people\.yaml, a link that leads out of the runbook's folder, expected a file in it or below it/,
  ],
  [
    'a folder',
    async () => {
      await rm(join(folder, 'shared/people.yaml'));
      await mkdir(join(folder, 'shared/people.yaml'));
    },
    /no file but something else of that name/,
  ],
])('%s is a problem at its name, both ways', async (_, change, expected) => {
  await put('sale.yaml', OWN);
  await change();
  for (const { loaded } of [await readRunbookFile(file, 'sale.yaml'), readRunbookFileSync(file, 'sale.yaml')])
    expect(loaded.ok ? [] : loaded.problems.map(describeProblem)).toEqual([expect.stringMatching(expected)]);
});
