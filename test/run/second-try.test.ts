import { glob, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startVitest } from 'vitest/node';
import { SecondTries } from './second-try.ts';

const ROOT = join(import.meta.dirname, '../..');

/** What a run of this test file says at its end. */
async function saidOf(sample: string): Promise<string[]> {
  const folder = await mkdtemp(join(import.meta.dirname, 'second-try-'));
  try {
    await writeFile(join(folder, 'sample.ts'), sample);
    const said: string[] = [];
    const vitest = await startVitest('test', [], {
      root: folder,
      config: false,
      watch: false,
      include: ['sample.ts'],
      reporters: [new SecondTries((line) => said.push(line))],
    });
    await vitest.close();
    return said;
  } finally {
    process.exitCode = 0;
    await rm(folder, { recursive: true });
  }
}

test('a test that passed at the second try is named with its reason, and no other is', async () => {
  expect(
    await saidOf(
      `import { expect, test } from 'vitest';
       let tries = 0;
       const options = { retry: 1, meta: { secondTry: 'the machine stood still' } };
       test('shaky', options, () => { tries += 1; expect(tries).toBe(2); });
       test('firm', options, () => undefined);
       test('broken', options, () => { expect(1).toBe(2); });`,
    ),
  ).toEqual(['1 passed at the second try', '  shaky (the machine stood still)']);
});

test('a second try has what it shares with others opened anew', async () => {
  const said = await saidOf(
    `import { expect, test } from 'vitest';
     import { openedForTests } from '../opened-for-tests.ts';
     const done = [];
     let opened = 0;
     openedForTests(async () => done.push('open ' + (opened += 1)), async () => done.push('close ' + opened));
     const options = (what) => ({ retry: 1, meta: { secondTry: what } });
     const shaky = (seen) => () => { done.push('try'); expect(done).toEqual(seen); };
     test('first', options('never'), shaky(['open 1', 'try']));
     test('second', options('fails in what is old'), shaky(['open 1', 'try', 'try', 'close 1', 'open 2', 'try']));
     test('third', options('never'), shaky(['open 1', 'try', 'try', 'close 1', 'open 2', 'try', 'try']));`,
  );
  expect(said).toEqual(['1 passed at the second try', '  second (fails in what is old)']);
});

test('no test is retried but by secondTry, and the whole suite never', async () => {
  const files = glob(['{bot,contract,h2,infra,runbooks,settle,test,workers}/**/*.test.ts', 'vitest.config.ts'], {
    cwd: ROOT,
  });
  for await (const file of files) {
    if (/test\/(run\/second-try|properties\/holds)\.test\.ts$/.test(file)) continue;
    expect(await readFile(join(ROOT, file), 'utf8'), file).not.toMatch(/\bretry: (?!0)/);
  }
});
