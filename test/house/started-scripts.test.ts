import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { STARTED } from './started-scripts.ts';

const started = (...args: string[]) =>
  spawnSync(process.execPath, args, { cwd: join(import.meta.dirname, '../..'), encoding: 'utf8', timeout: 20_000 });

const BEGUN = Object.entries(STARTED).flatMap(([script, commands]) => commands.map((command) => ({ script, command })));

test.each(BEGUN)('$script $command begins nothing with an option that it does not know', ({ script, command }) => {
  const { status, stdout, stderr } = started(script, ...command, '--no-such-option');
  expect({ status, stdout }, stderr).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(/found --no-such-option, which .*\w does not take, expected (?:of --|no option)/);
});

/** Those that read their command lines by themselves. */
const OWN = BEGUN.filter(({ script }) => /start\.ts|rehearse\.ts|images|size-cli|prove\.ts|make-keys/.test(script));

test.each(OWN)('$script $command -h is answered with help alone', ({ script, command }) => {
  const { status, stdout, stderr } = started(script, ...command, '-h');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/npm (?:run|start)/);
});
