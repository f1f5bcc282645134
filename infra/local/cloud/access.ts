import { allowing } from '../../aws/access/policy.ts';
import type { Asked, Statement } from '../../aws/access/policy.ts';
import { ACCOUNT_ID, matches } from './account.ts';
import type { Account } from './account.ts';
import { AwsError } from './aws-error.ts';

/** Somebody with an access key of their own, who may do what the statements say and nothing else. */
export interface Principal {
  accessKeyId: string;
  name: string;
  statements: readonly Statement[];
}

/** What was asked so far: of the statements, the actions that somebody needed; and what they did not allow. */
export interface AccessSeen {
  /** By principal: `<Sid> <action>`, each once. */
  used: Record<string, string[]>;
  denied: { principal: string; action: string; resource: string }[];
}

/** Whoever is denied a thing asks again, but not for ever new ones. */
const DENIED_KEPT = 1_000;

/** Who calls, and whether they may. The one who owns the cloud may do everything but what the account forbids. */
export class Access {
  readonly #owner: string;
  readonly #principals: ReadonlyMap<string, Principal>;
  readonly #account: Account;
  readonly #used = new Map<string, Set<string>>();
  readonly #denied = new Map<string, AccessSeen['denied'][number]>();

  constructor(owner: string, principals: readonly Principal[], account: Account) {
    this.#owner = owner;
    this.#principals = new Map(principals.map((one) => [one.accessKeyId, one]));
    this.#account = account;
  }

  knows(accessKeyId: string): boolean {
    return accessKeyId === this.#owner || this.#principals.has(accessKeyId);
  }

  arnOf(accessKeyId: string): string {
    const principal = this.#principals.get(accessKeyId);
    return principal === undefined
      ? `arn:aws:iam::${ACCOUNT_ID}:user/local`
      : `arn:aws:sts::${ACCOUNT_ID}:assumed-role/gobutton-${principal.name}/local`;
  }

  /** What a principal's role is allowed, for the simulator; null: it is nobody's. */
  statementsOf(roleArn: string): readonly Statement[] | null {
    return [...this.#principals.values()].find(({ name }) => roleOf(name) === roleArn)?.statements ?? null;
  }

  /** Throws as the service does when no statement allows it. STS tells everybody who they are. */
  check(accessKeyId: string, all: readonly Asked[]): void {
    const principal = this.#principals.get(accessKeyId);
    for (const one of all) {
      if (one.action === 'sts:GetCallerIdentity') continue;
      if (matches(one.action, this.#account.denied)) throw denial(one, this.arnOf(accessKeyId));
      if (principal === undefined) continue;
      const statement = allowing(principal.statements, one);
      if (statement === null) {
        const { action, resource } = one;
        const denied = { principal: principal.name, action, resource };
        if (this.#denied.size < DENIED_KEPT) this.#denied.set(Object.values(denied).join(' '), denied);
        throw denial(one, this.arnOf(accessKeyId));
      }
      const used = this.#used.get(principal.name) ?? new Set();
      this.#used.set(principal.name, used.add(`${statement.Sid} ${one.action}`));
    }
  }

  /** Whether a missing object may be called missing: who can't list a bucket is not told what is not in it (docs/facts.md#s3-missing-key). */
  seesMissing(accessKeyId: string, bucket: string): boolean {
    const principal = this.#principals.get(accessKeyId);
    const list = { action: 's3:ListBucket', resource: `arn:aws:s3:::${bucket}`, about: {} };
    return principal === undefined || allowing(principal.statements, list) !== null;
  }

  seen(): AccessSeen {
    return {
      used: Object.fromEntries([...this.#used].map(([name, used]) => [name, [...used].toSorted()])),
      denied: [...this.#denied.values()],
    };
  }
}

export const roleOf = (principal: string): string => `arn:aws:iam::${ACCOUNT_ID}:role/gobutton-${principal}`;

/** In the names that each protocol has for it; only JSON services answer 400. */
function denial({ action, resource }: Asked, callerArn: string): AwsError {
  const [service = ''] = action.split(':');
  const say = `User: ${callerArn} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`;
  // A role is passed in a call of another service.
  if (service === 's3' || service === 'autoscaling' || (service === 'iam' && action !== 'iam:PassRole'))
    return new AwsError('AccessDenied', say, 403);
  return service === 'sqs'
    ? new AwsError('com.amazonaws.sqs#AccessDenied', say, 403)
    : new AwsError('AccessDeniedException', say, 400);
}
