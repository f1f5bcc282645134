import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { STARTED } from './started-scripts.ts';

const BEGUN = Object.entries(STARTED).flatMap(([script, commands]) => commands.map((command) => ({ script, command })));

test.each(BEGUN)('$script $command begins nothing with an option that it does not know', ({ script, command }) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...command, '--no-such-option'], {
    cwd: join(import.meta.dirname, '../..'),
    encoding: 'utf8',
    timeout: 20_000,
  });
  expect({ status, stdout }, stderr).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(/found --no-such-option, which .* does not take, expected (?:of --|no option)/);
});
