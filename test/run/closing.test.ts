import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startVitest } from 'vitest/node';

const run = promisify(execFile);

test('the last lines name what failed, in which file and how, then sum up all runs', async () => {
  const folder = await mkdtemp(join(import.meta.dirname, 'closing-'));
  try {
    await writeFile(
      join(folder, 'sample.ts'),
      `import { expect, test } from 'vitest';
       test('holds', () => undefined);
       test('breaks', () => { expect(1).toBe(2); });`,
    );
    await writeFile(join(folder, 'unreadable.ts'), `import './not-there.ts';`);
    const report = join(folder, 'report.json');
    const vitest = await startVitest('test', [], {
      root: folder,
      config: false,
      watch: false,
      include: ['*.ts'],
      reporters: [['json', { outputFile: report }]],
    });
    await vitest.close();
    const { stdout } = await run(process.execPath, [
      join(import.meta.dirname, 'closing.ts'),
      report,
      report,
      join(folder, 'none.json'),
    ]);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.at(-1)).toBe('2 passed, 2 failed');
    expect(lines.filter((line) => line.startsWith('FAILED')).toSorted()).toEqual(
      [
        `FAILED ${join(folder, 'sample.ts')} > breaks`,
        `FAILED ${join(folder, 'sample.ts')} > breaks`,
        `FAILED ${join(folder, 'unreadable.ts')} > could not be run`,
        `FAILED ${join(folder, 'unreadable.ts')} > could not be run`,
      ].toSorted(),
    );
    expect(stdout).toContain('expected 1 to be 2');
    expect(stdout).toContain('not-there.ts');
  } finally {
    process.exitCode = 0;
    await rm(folder, { recursive: true });
  }
});
