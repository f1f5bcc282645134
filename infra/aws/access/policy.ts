import { PERMISSIONS, SECOND_REGION } from './permissions.ts';
import type { Permission, ProcessName } from './permissions.ts';
import { arnsOf, bucketArn, conditionOf } from './resources.ts';
import type { AccountNames, Condition, ResourceKind } from './resources.ts';
import { SECRET_READS } from './secret-reads.ts';

/** A statement of an IAM policy, as a template holds it and the local cloud reads it. */
export interface Statement {
  Sid: string;
  Effect: 'Allow';
  Action: string[];
  Resource: string[];
  Condition?: Condition;
}

/** All that a process calls. What the account has nothing of (a second region, say) is asked for nowhere. */
export const permissionsOf = (process: ProcessName): readonly Permission[] => [
  ...PERMISSIONS[process],
  ...SECOND_REGION[process],
  ...SECRET_READS[process],
];

/**
 * The policy of a process: one statement a kind of resource. Objects are listed by a right of their bucket, which the keys that a
 * list asks for narrow; what else ARNs tell too little of has a condition too. A kind that the account has nothing of gives no statement: an empty `Resource` is no policy.
 */
export const policyOf = (process: ProcessName, names: AccountNames): Statement[] =>
  statementsOf(permissionsOf(process), names);

export function statementsOf(permissions: readonly Permission[], names: AccountNames): Statement[] {
  const byKind = new Map<ResourceKind, string[]>();
  const lists: ResourceKind[] = [];
  for (const { action, on } of permissions)
    for (const kind of on) {
      if (action === 's3:ListBucket') lists.push(kind);
      else byKind.set(kind, [...(byKind.get(kind) ?? []), action]);
    }
  const bucket = bucketArn(names);
  const prefixes = (kind: ResourceKind) => arnsOf(kind, names).map((arn) => arn.slice(bucket.length + 1));
  return [
    ...[...byKind].map(([kind, actions]): Statement => {
      const condition = conditionOf(kind, names);
      return {
        Sid: sidOf(kind),
        Effect: 'Allow',
        Action: actions.toSorted(),
        Resource: arnsOf(kind, names),
        ...(condition === null ? {} : { Condition: condition }),
      };
    }),
    ...lists.map((kind): Statement => ({
      Sid: sidOf(`list-${kind}`),
      Effect: 'Allow',
      Action: ['s3:ListBucket'],
      Resource: [bucket],
      Condition: { StringLike: { 's3:prefix': prefixes(kind) } },
    })),
  ].filter(({ Resource: resources }) => resources.length > 0);
}

/** IAM takes letters and digits alone. */
export const sidOf = (kind: string): string =>
  kind.replaceAll(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** What somebody asks to do. `about`: what conditions look at (`s3:prefix`, say), as far as the request has it. */
export interface Asked {
  action: string;
  resource: string;
  about: Readonly<Record<string, string>>;
}

/** The first statement that allows it; null: nobody has, which is a no. */
export function allowing(statements: readonly Statement[], { action, resource, about }: Asked): Statement | null {
  return (
    statements.find(
      (one) =>
        one.Action.some((pattern) => isLike(action.toLowerCase(), pattern.toLowerCase())) &&
        one.Resource.some((pattern) => isLike(resource, pattern)) &&
        isMet(one.Condition ?? {}, about),
    ) ?? null
  );
}

/** Of each operator each key; one that the request does not have meets nothing. */
function isMet(condition: Condition, about: Asked['about']): boolean {
  return Object.entries(condition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, values]) => {
      const found = about[key];
      return (
        found !== undefined &&
        values.some((value) => (operator === 'StringEquals' ? value === found : isLike(found, value)))
      );
    }),
  );
}

/** As IAM compares: `*` is any run of characters, slashes too, and `?` is any one. */
function isLike(text: string, pattern: string): boolean {
  return wildcard(pattern).test(text);
}

const known = new Map<string, RegExp>();
function wildcard(pattern: string): RegExp {
  let found = known.get(pattern);
  if (found === undefined) {
    const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
    found = new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
    known.set(pattern, found);
  }
  return found;
}
