import { parseArgs } from 'node:util';
import { expect, test } from 'vitest';
import { optionProblem } from './option-problem.ts';

const options = { launch: { type: 'string' }, yes: { type: 'boolean' } } as const;

test.each([
  [['--launch'], '--launch: found no value after it, expected --launch LAUNCH'],
  [
    ['--launch', '--yes'],
    '--launch: found no value after it, expected --launch LAUNCH; one that begins with a dash: --launch=-…',
  ],
  [
    ['--launch', '-5'],
    '--launch: found no value after it, expected --launch LAUNCH; one that begins with a dash: --launch=-…',
  ],
  [['--yes=no'], '--yes: found a value, expected it without one'],
  [['--lanch', 'x'], "Unknown option '--lanch'; expected options of --launch, --yes"],
])('%j', (args, said) => {
  const refused = (): string => {
    try {
      parseArgs({ args, options, allowPositionals: true });
    } catch (error) {
      return optionProblem(error, Object.keys(options));
    }
    return 'taken';
  };
  expect(refused()).toBe(said);
});
