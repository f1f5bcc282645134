import { expect, test } from 'vitest';
import { CommandLineError, isHelpAsked, optionsIn, readCommandLine, wordsOf } from './command-line.ts';

const options = {
  launch: { type: 'string' },
  message: { type: 'string' },
  gate: { type: 'string', multiple: true },
  note: { type: 'string', mayBeEmpty: true },
  csv: { type: 'boolean' },
  yes: { type: 'boolean' },
} as const;
const forget = { command: 'forget', takes: ['launch', 'message', 'gate', 'yes'], words: 1 } as const;

const NOTHING = 'found no value after it, expected';
test.each([
  [
    ['--mesage', 'LINK'],
    'found --mesage, which forget does not take, expected of --launch, --message, --gate, --yes; did you mean --message?',
  ],
  // One that another command knows.
  [['--csv'], 'found --csv, which forget does not take, expected of --launch, --message, --gate, --yes'],
  [['-x'], 'found -x, which forget does not take, expected of --launch, --message, --gate, --yes'],
  [['--no-yes'], 'found --no-yes, which forget does not take, expected of --launch, --message, --gate, --yes'],
  [
    ['--constructor'],
    'found --constructor, which forget does not take, expected of --launch, --message, --gate, --yes',
  ],
  [['--launch'], `--launch: ${NOTHING} --launch LAUNCH`],
  [['--launch', ''], `--launch: ${NOTHING} --launch LAUNCH`],
  [['--launch= '], `--launch: ${NOTHING} --launch LAUNCH`],
  [['--launch', '--yes'], `--launch: ${NOTHING} --launch LAUNCH; one that begins with a dash: --launch=-…`],
  [['--launch', '-5'], `--launch: ${NOTHING} --launch LAUNCH; one that begins with a dash: --launch=-…`],
  [['--yes=no'], '--yes: found a value, expected it without one'],
  [['--launch', 'a', '--launch=b'], '--launch: found it 2 times (a, b), expected it once'],
  [['--yes', '--yes'], '--yes: found it 2 times, expected it once'],
  [
    ['m12', '--yes'],
    'found "m12" with forget, expected no word more: what it takes is --launch, --message, --gate, --yes',
  ],
  [
    ['--yes', '--', '--message'],
    'found "--message" with forget, expected no word more: what it takes is --launch, --message, --gate, --yes',
  ],
])('forget %j', (args, said) => {
  expect(() => readCommandLine(['forget', ...args], options, forget)).toThrow(new CommandLineError(said));
});

test('what is understood to its last word is given as it was typed', () => {
  const { values, positionals } = readCommandLine(
    ['forget', '--launch', 'a', '--message=-1', '--gate', 'x', '--gate', 'y', '--yes'],
    options,
    forget,
  );
  expect(readCommandLine(['--note', ''], options, { command: 'new' }).values.note).toBe('');
  expect({ ...values }).toEqual({ launch: 'a', message: '-1', gate: ['x', 'y'], yes: true });
  expect(positionals).toEqual(['forget']);
  expect({ ...readCommandLine(['-h'], options, { command: 'forget' }).values }).toEqual({ help: true });
});

test('help is asked for by either name, and by no value', () => {
  expect([['deploy', '--help'], ['-h'], ['--reason=-h'], ['help me']].map(isHelpAsked)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test('a command is found among options that nobody knows', () => {
  expect(wordsOf(['--launch', 'a', 'fire', '--nope', 'request'], options)).toEqual(['fire', 'request']);
});

test('what a command takes is what its usage says', () => {
  expect(optionsIn(['--launch ID [--during-freeze "why"]', '--launch ID --yes'])).toEqual([
    'launch',
    'during-freeze',
    'yes',
  ]);
});

test('an option that npm has kept for itself is not lost, unless somebody asks for help', () => {
  const env = { npm_lifecycle_event: 'go', npm_config_launch: 'true', npm_config_yes: 'true', npm_config_cache: '/c' };
  const said =
    'found --launch, --yes without two dashes in front, so that npm has kept it for itself, expected them before all else: npm run go -- …';
  const read = (args: string[], more: object = {}) => readCommandLine(args, options, { ...forget, env, ...more });
  expect(() => read(['forget', 'a'])).toThrow(new CommandLineError(said));
  expect(() => read(['forget', '--yes'])).toThrow(/^found --launch without/);
  // By npm's own options nothing was typed: somebody may have them in their .npmrc.
  expect(read(['forget', '--launch', 'a']).values.yes).toBeUndefined();
  expect(read(['forget', 'a'], { words: 2, byWord: ['launch'] }).positionals).toEqual(['forget', 'a']);
  expect(read(['forget', '-h']).values).toMatchObject({ help: true });
  const { npm_lifecycle_event: _, ...elsewhere } = env;
  expect(read(['forget'], { env: elsewhere }).positionals).toEqual(['forget']);
});
