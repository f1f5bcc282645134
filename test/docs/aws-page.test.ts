import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/* What docs/aws.md tells people to type. Credentials and time cost real money there: a command that is none is found here. */

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/aws.md'), 'utf8');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

/** Each command once: its script and the words after it. */
const commands = [...page.matchAll(/npm run ([a-z:]+)(?: --)?((?: (?!>)[^\s`]+)*)/g)].map(
  ([, script = '', rest = '']) => ({
    script,
    words: rest.trim().split(/\s+/).filter(Boolean),
  }),
);

const run = promisify(execFile);

/** What the script says of itself. */
async function help(script: string): Promise<string> {
  const [, ...words] = (scripts[script] ?? '').split(' ');
  const { stdout } = await run(process.execPath, [...words, '--help'], { cwd: root });
  return stdout;
}

test('there are commands on it, and each is a script', () => {
  expect(commands.length).toBeGreaterThan(8);
  expect(commands.filter(({ script }) => scripts[script] === undefined)).toEqual([]);
});

test.each([...new Set(commands.filter(({ words }) => words.length > 0).map(({ script }) => script))])(
  'npm run %s knows every option and subcommand that the page names',
  async (script) => {
    const said = await help(script);
    const named = commands
      .filter((one) => one.script === script)
      .flatMap(({ words }) => words.filter((word, at) => word.startsWith('--') || (at === 0 && /^[a-z]+$/.test(word))));
    expect(named.filter((word) => !said.includes(word))).toEqual([]);
  },
);
