import { about, listed, unasked } from './line.ts';
import type { Asked, Failure, Line } from './line.ts';

export type Process = 'bot' | 'worker';

/** What an action came to: `untried` can't be tried without doing it. */
export interface FoundRight {
  action: string;
  is: 'allowed' | 'denied' | 'untried' | Failure;
}

export interface FoundRights {
  /** Whose: a role that was simulated, or who runs this. */
  who: string;
  how: 'simulated' | 'tried';
  rights: readonly FoundRight[];
  /** Why nothing could be simulated; null: it was, or no role is known. */
  notSimulated: Failure | null;
}

export function judgeRights(process: Process, asked: Asked<FoundRights>): Line {
  const [id, title] = [`rights.${process}`, `What the ${process} may do in AWS`];
  const line = about(id, title);
  const flag = `npm run doctor -- --${process}-role ARN`;
  if (!asked.ok) return unasked(id, title, 'every action that it calls', asked.failure);
  const { who, how, rights, notSimulated } = asked.value;
  const needed = `all ${rights.length} actions that it calls`;
  const of = (is: FoundRight['is']) => rights.filter((one) => one.is === is).map(({ action }) => action);
  const denied = of('denied');
  if (denied.length > 0)
    return line.wrong({
      found: `${who} may not ${listed(denied)}`,
      needed,
      fix: `Allow ${denied.join(', ')} in the policy of ${how === 'simulated' ? who : `the ${process}'s role`}`,
    });
  const failed = rights.flatMap(({ is }) => (typeof is === 'string' ? [] : [is]));
  const [first] = failed;
  if (first !== undefined) return unasked(id, title, needed, first);
  const untried = of('untried');
  if (untried.length === 0) return line.ok({ found: `${who} may do all ${rights.length} (${how})`, needed });
  const fixOf = (): string => {
    if (notSimulated === null) return `Its policies are looked at with ${flag}`;
    if (notSimulated.kind === 'denied') return 'Allow iam:SimulatePrincipalPolicy to whoever runs this';
    return `Correct --${process}-role ARN (${notSimulated.code})`;
  };
  return line.unknown({
    found: `${who} may do ${rights.length - untried.length}; ${untried.length} can't be tried without doing them: ${listed(untried, 4)}`,
    needed,
    fix: fixOf(),
  });
}
