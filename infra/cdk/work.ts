import type { Account } from './account.ts';
import type { Deployment } from './read-config.ts';

/** What a command works with. */
export interface Work {
  deployment: Deployment;
  /** Where it was read. */
  file: string;
  /** Of the assembly. */
  outdir: string;
  env: Readonly<Record<string, string | undefined>>;
  nowMs: number;
  account: Account;
  options: Options;
  say: (line: string) => void;
  /** The CDK's own command line; its exit code. */
  cdk: (args: readonly string[]) => Promise<number>;
}

interface Options {
  /** Nobody is asked before something is changed. */
  yes: boolean;
  /** Why it can't wait for the end of the freeze. */
  duringFreeze: string | null;
  /** What was changed by hand is put back. */
  overDrift: boolean;
  /** Quotas, by their lines' ids, of which Service Quotas is said to have a wrong figure. */
  overQuotas: readonly string[];
  /** Tables and bucket too. */
  withData: boolean;
  /** Where `env` writes. */
  to: string;
  /** Of the canary; and of the bots, when it is promoted. */
  image: string | null;
  botImage: string | null;
}

/** Done, or what is in the way. */
export type Outcome = { ok: true } | { ok: false; problems: readonly string[] };

export const refused = (...problems: readonly string[]): Outcome => ({ ok: false, problems });
export const done: Outcome = { ok: true };

/** What the CDK has said is on the screen already. */
export const endOf = (code: number, again: string): Outcome =>
  code === 0 ? done : refused(`The CDK ended with ${code}; what it did stands. ${again}`);
