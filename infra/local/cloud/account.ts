/** What the account itself is like, apart from what was made in it. A test changes it at any time. */
export interface Account {
  /** Applied values by quota code; what is not here has AWS's default. */
  quotas: Record<string, number>;
  /** By repository. */
  images: Record<string, Image[]>;
  /** By role ARN: the actions that its policies allow, with `*` as in a policy. For the simulator alone: nobody here takes a role. */
  roles: Record<string, string[]>;
  /** By table: the regions of a global table besides this one, as DescribeTable tells of them. Nothing is copied. */
  globalTables: Record<string, { strong: boolean; replicas: string[]; witness: string | null }>;
  /** By bucket: what S3 copies, and whether it keeps versions. Nothing is copied. */
  buckets: Record<string, { versioned: boolean; rules: { prefix: string; isOn: boolean; to: string }[] }>;
  /** Of CloudWatch Logs, by name: the days that each keeps what it gets; null: for ever. */
  logGroups: Record<string, number | null>;
  /** Why no task that RunTask asks for can be placed (`RESOURCE:ENI`, say); null: it can. */
  noRoom: string | null;
  /** Actions that our one user may not do, with `*` as in a policy. */
  denied: string[];
}

export interface Image {
  tags: string[];
  digest: string;
  bytes: number;
}

export const ACCOUNT_ID = '000000000000';
export const REGION = 'us-east-1';

export const usualAccount = (): Account => ({
  quotas: {},
  images: {},
  roles: {},
  globalTables: {},
  buckets: {},
  logGroups: {},
  noRoom: null,
  denied: [],
});

/** As policies match: `*` is any number of characters, and case counts for nothing. */
export function matches(action: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => new RegExp(`^${pattern.replaceAll('*', '.*')}$`, 'i').test(action));
}
