import { CfnOutput } from 'aws-cdk-lib';
import type { Stack } from 'aws-cdk-lib';
import type { StandingStack } from './account.ts';

/** From outputs of stacks to the `.env` of whoever runs bot, worker or command line outside of ECS. */

/** How an output says which variable it is: outputs are named with letters and digits alone. */
const MARK = 'environment variable ';

/** What a stack gives the environment. */
export function envOutput(stack: Stack, variable: string, value: string): void {
  const id = variable.toLowerCase().replaceAll(/(?:^|_)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  new CfnOutput(stack, `Env${id}`, { value, description: `${MARK}${variable}` });
}

/** Lines of `.env`, sorted by variable; of stacks that say nothing, none. */
export function envLines(stacks: readonly StandingStack[]): string[] {
  const found = stacks.flatMap(({ outputs }) =>
    outputs.flatMap(({ description, value }) =>
      description.startsWith(MARK) ? [`${description.slice(MARK.length)}=${value}`] : [],
    ),
  );
  return [...new Set(found)].toSorted();
}

/** An `.env` with these lines in the place of what it said of the same variables; everything else in it stays. */
export function withEnvLines(text: string, lines: readonly string[]): string {
  const nameOf = (line: string): string => line.split('=')[0] ?? '';
  const names = new Set(lines.map(nameOf));
  const kept = text.split('\n').filter((line) => !names.has(nameOf(line)));
  while (kept.at(-1) === '') kept.pop();
  return `${[...kept, ...lines].join('\n')}\n`;
}
