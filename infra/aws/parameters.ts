import { DescribeParametersCommand, GetParameterCommand, GetParametersByPathCommand, PutParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { errorName } from './cloud-error.ts';

/** `modifiedAtMs`: a parameter that was deleted and made anew counts its versions from 1 again, so that a version alone names nothing. */
export interface Parameter { value: string; version: number; isSecret: boolean; modifiedAtMs: number }

/** SSM Parameter Store: the public mirror of the switches, `/gobutton/<launchId>/<switch>`. */
export interface Parameters {
  /** Resolves to the version that this write made. A parameter that somebody has made with another type keeps it. */
  put(name: string, value: string): Promise<number>;
  /** `version` null: the newest. Null: there is none. */
  get(name: string, version?: number | null): Promise<Parameter | null>;
  /** Who wrote this version, if it is the newest still, we may ask, and AWS says so in time. Null: not known. */
  modifiedBy(name: string, version: number): Promise<string | null>;
  /** By path, recursive, all pages. */
  list(path: string): Promise<{ name: string; value: string; version: number }[]>;
}

/** The switch's name in Parameter Store, where operators and other systems see it. */
export const switchParameter = (launchId: string, switchName: string) => `/gobutton/${launchId}/${switchName}`;

/** A halt by hand waits for the name of its author, so not for long. */
const AUTHOR_WITHIN_MS = 1_000;

export function createParameters({ ssm }: { ssm: SSMClient }): Parameters {
  async function put(name: string, value: string, keepsType: boolean): Promise<number> {
    const { Version: version } = await ssm.send(new PutParameterCommand({ Name: name, Value: value, Overwrite: true, ...(keepsType ? {} : { Type: 'String' as const }) }));
    return version ?? 0;
  }

  return {
    async put(name, value) {
      try {
        return await put(name, value, false);
      } catch (error) {
        // The type of a parameter can't be changed. Without one AWS keeps what is there.
        if (errorName(error) !== 'HierarchyTypeMismatchException') throw error;
        return put(name, value, true);
      }
    },

    async get(name, version = null) {
      try {
        // Decryption changes nothing about plain parameters, and without it a secret one would read as its cipher text.
        const { Parameter: found } = await ssm.send(new GetParameterCommand({ Name: version === null ? name : `${name}:${version}`, WithDecryption: true }));
        return { value: found?.Value ?? '', version: found?.Version ?? 0, isSecret: found?.Type === 'SecureString', modifiedAtMs: found?.LastModifiedDate?.getTime() ?? 0 };
      } catch (error) {
        if (errorName(error) === 'ParameterNotFound' || errorName(error) === 'ParameterVersionNotFound') return null;
        throw error;
      }
    },

    async modifiedBy(name, version) {
      const abortSignal = AbortSignal.timeout(AUTHOR_WITHIN_MS);
      let next: string | undefined;
      try {
        do {
          const about = await ssm.send(new DescribeParametersCommand({ ParameterFilters: [{ Key: 'Name', Option: 'Equals', Values: [name] }], NextToken: next }), { abortSignal });
          // Another call than the one that read the value: somebody may have written in between, and then the name is not this version's.
          const [found] = about.Parameters ?? [];
          if (found !== undefined) return found.Version === version ? (found.LastModifiedUser ?? null) : null;
          // AWS cuts a page short wherever its search has come to: an empty one with a token is no answer yet.
          next = about.NextToken;
        } while (next !== undefined && next !== '');
        return null;
      } catch {
        // Not allowed, limited, or too slow: what was found counts without a name.
        return null;
      }
    },

    async list(path) {
      const found: { name: string; value: string; version: number }[] = [];
      let next: string | undefined;
      do {
        const page = await ssm.send(new GetParametersByPathCommand({ Path: path, Recursive: true, NextToken: next }));
        for (const one of page.Parameters ?? []) found.push({ name: one.Name ?? '', value: one.Value ?? '', version: one.Version ?? 0 });
        next = page.NextToken;
      } while (next !== undefined && next !== '');
      return found;
    },
  };
}
