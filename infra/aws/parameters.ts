import {
  DescribeParametersCommand,
  GetParameterCommand,
  GetParametersByPathCommand,
  PutParameterCommand,
} from '@aws-sdk/client-ssm';
import type { ParameterMetadata, SSMClient } from '@aws-sdk/client-ssm';
import { errorName } from './cloud-error.ts';
import { withSignal } from './with-signal.ts';

/** `modifiedAtMs`: a parameter that was deleted and made anew counts its versions from 1 again, so that a version alone names nothing. */
export interface Parameter {
  value: string;
  version: number;
  isSecret: boolean;
  modifiedAtMs: number;
}

/** SSM Parameter Store: the public mirror of the switches. */
export interface Parameters {
  /** Of a switch, where operators and other systems see it. */
  nameOf(launchId: string, switchName: string): string;
  /**
   * Resolves to the version that this write made. A parameter that somebody has made with another type keeps it.
   * `before`: the version that was read just before, 0 if there was none: the write then says in its description which
   * version it means to make. Parameter Store has no conditional writes and no tokens; that is how a write is known again
   * by somebody else, see `isOurs`. Null: a write that must not be taken for ours.
   */
  put(name: string, value: string, before?: number | null): Promise<number>;
  /**
   * Whether this version, if it is the newest still, says of itself that we made it. A description that was left standing, or
   * copied, by whoever wrote after us names an older version. False also where we may not ask, or AWS does not say in time.
   */
  isOurs(name: string, version: number): Promise<boolean>;
  /** `version` null: the newest. Null: there is none. */
  get(name: string, version?: number | null, signal?: AbortSignal): Promise<Parameter | null>;
  /** Who wrote this version, if it is the newest still, we may ask, and AWS says so in time. Null: not known. */
  modifiedBy(name: string, version: number): Promise<string | null>;
  /** What stands of a launch, by the names of its switches; all pages. */
  list(launchId: string): Promise<{ name: string; value: string; version: number }[]>;
}

/** What stands below it is of one deployment, and a right to it is to nothing of another one (`go` and `go-live`). */
export const parameterPath = (deployment: string): string => `/gobutton/${deployment}/`;

/** A halt by hand waits for the name of its author, so not for long. */
const AUTHOR_WITHIN_MS = 1_000;
const ours = (version: number): string => `Mirror of a gobutton switch, written by gobutton as version ${version}`;

/** `deployment`: the prefix of its tables. */
export function createParameters({ ssm, deployment }: { ssm: SSMClient; deployment: string }): Parameters {
  const nameOf = (launchId: string, switchName: string) => `${parameterPath(deployment)}${launchId}/${switchName}`;

  async function put(name: string, value: string, before: number | null, keepsType: boolean): Promise<number> {
    const Description = before === null ? 'Put back by gobutton as it was found' : ours(before + 1);
    const { Version: version } = await ssm.send(
      new PutParameterCommand({
        Name: name,
        Value: value,
        Description,
        Overwrite: true,
        ...(keepsType ? {} : { Type: 'String' as const }),
      }),
    );
    return version ?? 0;
  }

  /** Null: not the newest any more, not allowed, limited, or too slow. */
  async function about(name: string, version: number): Promise<ParameterMetadata | null> {
    const abortSignal = AbortSignal.timeout(AUTHOR_WITHIN_MS);
    let next: string | undefined;
    try {
      do {
        const page = await ssm.send(
          new DescribeParametersCommand({
            ParameterFilters: [{ Key: 'Name', Option: 'Equals', Values: [name] }],
            NextToken: next,
          }),
          { abortSignal },
        );
        // Another call than the one that read the value: somebody may have written in between, and then this is not about that version.
        const [found] = page.Parameters ?? [];
        if (found !== undefined) return found.Version === version ? found : null;
        // AWS cuts a page short wherever its search has come to: an empty one with a token is no answer
        // yet (docs/facts.md#ssm-pages).
        next = page.NextToken;
      } while (next !== undefined && next !== '');
    } catch {
      // What was found counts without its author.
    }
    return null;
  }

  return {
    nameOf,

    async put(name, value, before = null) {
      try {
        return await put(name, value, before, false);
      } catch (error) {
        // The type of a parameter can't be changed. Without one AWS keeps what is there.
        if (errorName(error) !== 'HierarchyTypeMismatchException') throw error;
        return put(name, value, before, true);
      }
    },

    async get(name, version = null, signal) {
      try {
        // Decryption changes nothing about plain parameters, and without it a secret one would read as its cipher text.
        const { Parameter: found } = await ssm.send(
          new GetParameterCommand({ Name: version === null ? name : `${name}:${version}`, WithDecryption: true }),
          withSignal(signal),
        );
        return {
          value: found?.Value ?? '',
          version: found?.Version ?? 0,
          isSecret: found?.Type === 'SecureString',
          modifiedAtMs: found?.LastModifiedDate?.getTime() ?? 0,
        };
      } catch (error) {
        if (errorName(error) === 'ParameterNotFound' || errorName(error) === 'ParameterVersionNotFound') return null;
        throw error;
      }
    },

    isOurs: async (name, version) => (await about(name, version))?.Description === ours(version),
    modifiedBy: async (name, version) => (await about(name, version))?.LastModifiedUser ?? null,

    async list(launchId) {
      const path = nameOf(launchId, '');
      const found: { name: string; value: string; version: number }[] = [];
      let next: string | undefined;
      do {
        const page = await ssm.send(
          new GetParametersByPathCommand({ Path: path.slice(0, -1), Recursive: true, NextToken: next }),
        );
        for (const one of page.Parameters ?? [])
          found.push({ name: (one.Name ?? '').slice(path.length), value: one.Value ?? '', version: one.Version ?? 0 });
        next = page.NextToken;
      } while (next !== undefined && next !== '');
      return found;
    },
  };
}
