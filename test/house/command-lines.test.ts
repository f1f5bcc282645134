import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { COMMANDS as GO, HELP, OPTIONS } from '../../bot/cli/commands.ts';
import { main as go } from '../../bot/cli/main.ts';
import { USAGE as INFRA, main as infra } from '../../infra/cdk/cli.ts';
import { optionsIn } from '../../infra/command-line/command-line.ts';
import { main as doctor } from '../../infra/doctor/cli.ts';
import { COMMANDS as RUNBOOK } from '../../infra/runbook/asked.ts';
import { main as runbook } from '../../infra/runbook/cli.ts';
import { COMMANDS as AUDIENCE, main as audience } from '../../workers/audience/cli.ts';
import { main as probe } from '../../workers/probe/cli.ts';
import { STARTED } from './started-scripts.ts';

/** Nothing on a command line is ignored: every command of every entry point refuses what it does not know, and begins nothing. */

const root = join(import.meta.dirname, '../..');

type Output = { write: (text: string) => unknown };
type Main = (args: string[], out: Output, err: Output) => Promise<number>;
interface Entry {
  main: Main;
  /** Words that name a command, and as many more as it needs. */ commands: readonly (readonly string[])[];
}

/** Commands that take files, as many as are named. */
const MANY_WORDS = new Set(['compile', 'skip']);
const AUDIENCE_WORDS: Readonly<Record<string, string>> = { device: 'a-user', inspect: 'abc', load: 'abc' };

const streamTo = (output: Output): Writable =>
  new Writable({
    write(chunk: Buffer, _encoding, done) {
      output.write(chunk.toString());
      done();
    },
  });

/** Called in this process, with an environment that leads nowhere. */
const HERE: Readonly<Record<string, Entry>> = {
  'bot/cli.ts': {
    main: (args, out, err) => go(args, {}, out, err),
    commands: Object.keys(GO).map((name) => name.split(' ')),
  },
  'infra/cdk/cli.ts': {
    main: (args, out, err) => infra(args, {}, out, err),
    commands: Object.keys(INFRA).map((name) => [name]),
  },
  'infra/runbook/cli.ts': {
    main: (args, out, err) => runbook(args, { input: Readable.from([]), asks: false, out, err }),
    commands: Object.keys(RUNBOOK).map((name) => [name, 'no-such-file.yaml']),
  },
  'workers/audience/cli.ts': {
    main: (args, out, err) => audience(args, {}, streamTo(out), streamTo(err)),
    commands: AUDIENCE.filter((name) => name !== 'help').map((name) => [
      name,
      ...(AUDIENCE_WORDS[name] === undefined ? [] : [AUDIENCE_WORDS[name]]),
    ]),
  },
  'infra/doctor/cli.ts': { main: (args, out, err) => doctor(args, {}, out, err), commands: [[]] },
  'workers/probe/cli.ts': { main: (args, out, err) => probe(args, {}, out, err), commands: [['apns']] },
};

test('every script that package.json starts is looked at here', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const started = Object.values(scripts).flatMap(
    (script) => /^node (?:--\S+ (?:\.\/\S+ )?)*(\S+\.ts)\b/.exec(script)?.[1] ?? [],
  );
  expect([...new Set(started)].toSorted()).toEqual([...Object.keys(HERE), ...Object.keys(STARTED)].toSorted());
});

test("help has a line of each command's usage, and every option that one names is known", () => {
  for (const [name, lines] of Object.entries(GO)) {
    for (const line of lines) expect(HELP).toContain(` ${name.replace(/^record /, 'record -- ')} ${line}`.trimEnd());
    for (const option of optionsIn(lines)) expect(Object.keys(OPTIONS)).toContain(option);
  }
  expect(optionsIn(Object.values(GO).flat()).toSorted()).toEqual(Object.keys(OPTIONS).toSorted());
});

/** What a command says that it takes. */
const takenOf = (said: string): string[] =>
  [...(/expected (?:of )?(.*?)(?:;|\n|$)/.exec(said)?.[1]?.matchAll(/--([a-z-]+)/g) ?? [])].map(
    ([, name = '']) => name,
  );

async function called({ main }: Entry, args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const code = await main([...args], { write: (text) => (out += text) }, { write: (text) => (err += text) });
  return { code, out, err };
}

const CALLED = Object.entries(HERE).flatMap(([script, entry]) =>
  entry.commands.map((command) => ({ script, command, entry, named: command.join(' ') })),
);

describe.each(CALLED)('$script $named', ({ command, entry }) => {
  const refused = (said: RegExp) => ({ code: 2, out: '', err: expect.stringMatching(said) as string });

  test('an option that it does not know is refused, with those that it knows', async () => {
    const nope = ['--no-such-option', 'x'];
    expect(await called(entry, [...command, ...nope])).toEqual(
      refused(/found --no-such-option, which .* does not take, expected (?:of --|no option)/),
    );
    // Wherever it stands.
    expect((await called(entry, ['--no-such-option', ...command])).code).toBe(2);
  });

  test.each(['--help', '-h'])('%s behind it is answered with help alone', async (help) => {
    const { code, out, err } = await called(entry, [...command, help]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/npm (?:run|start)/);
  });

  test('each of its options is refused twice, and without a value', async () => {
    const options = takenOf((await called(entry, [...command, '--no-such-option'])).err);
    for (const name of options) {
      const alone = await called(entry, [...command, `--${name}=`]);
      if (/found a value, expected it without one/.test(alone.err)) {
        expect(alone.code).toBe(2);
        expect(await called(entry, [...command, `--${name}`, `--${name}`])).toEqual(
          refused(new RegExp(`--${name}: found it 2 times, expected it once`)),
        );
        continue;
      }
      expect(await called(entry, [...command, `--${name}`])).toEqual(
        refused(new RegExp(`--${name}: found no value after it`)),
      );
      const { err } = await called(entry, [...command, `--${name}`, 'a', `--${name}`, 'b', '--no-such-option']);
      expect(err).toMatch(new RegExp(`--${name}: found it 2 times \\(a, b\\), expected it once|--no-such-option`));
    }
  });

  test.skipIf(MANY_WORDS.has(command[0] ?? ''))('a word too many is refused', async () => {
    const word = await called(entry, [...command, 'stray', 'word']);
    expect(word).toEqual(refused(/found .*"word" with .*, expected no word more/));
  });
});
