import { PERMISSIONS } from './permissions.ts';
import type { ProcessName } from './permissions.ts';
import { arnsOf, bucketArn } from './resources.ts';
import type { AccountNames, ResourceKind } from './resources.ts';

/** A statement of an IAM policy, as a template holds it and the local cloud reads it. */
export interface Statement {
  Sid: string;
  Effect: 'Allow';
  Action: string[];
  Resource: string[];
  Condition?: { StringLike: { 's3:prefix': string[] } };
}

/**
 * The policy of a process: one statement a kind of resource. Objects are listed by a right of their bucket, which the keys that a
 * list asks for narrow. A kind that the account has nothing of gives no statement: an empty `Resource` is no policy.
 */
export function policyOf(process: ProcessName, names: AccountNames): Statement[] {
  const byKind = new Map<ResourceKind, string[]>();
  const lists: ResourceKind[] = [];
  for (const { action, on } of PERMISSIONS[process])
    for (const kind of on) {
      if (action === 's3:ListBucket') lists.push(kind);
      else byKind.set(kind, [...(byKind.get(kind) ?? []), action]);
    }
  const bucket = bucketArn(names);
  const prefixes = (kind: ResourceKind) => arnsOf(kind, names).map((arn) => arn.slice(bucket.length + 1));
  return [
    ...[...byKind].map(([kind, actions]): Statement => ({
      Sid: sidOf(kind),
      Effect: 'Allow',
      Action: actions.toSorted(),
      Resource: arnsOf(kind, names),
    })),
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

/** What somebody asks to do. `prefix`: of a list of objects; null: of nothing of the kind. */
export interface Asked {
  action: string;
  resource: string;
  prefix: string | null;
}

/** The first statement that allows it; null: nobody has, which is a no. */
export function allowing(statements: readonly Statement[], { action, resource, prefix }: Asked): Statement | null {
  return (
    statements.find(
      (one) =>
        one.Action.some((pattern) => isLike(action.toLowerCase(), pattern.toLowerCase())) &&
        one.Resource.some((pattern) => isLike(resource, pattern)) &&
        (one.Condition === undefined ||
          (prefix !== null && one.Condition.StringLike['s3:prefix'].some((pattern) => isLike(prefix, pattern)))),
    ) ?? null
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
