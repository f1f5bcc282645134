import { DescribeParametersCommand, GetParameterCommand, GetParametersByPathCommand, PutParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { errorName } from './cloud-error.ts';

/** SSM Parameter Store: the public mirror of the switches, `/gobutton/<launchId>/<switch>`. */
export interface Parameters {
  put(name: string, value: string): Promise<void>;
  get(name: string): Promise<{ value: string; version: number; modifiedBy: string | null } | null>;
  /** By path, recursive, all pages. */
  list(path: string): Promise<{ name: string; value: string; version: number }[]>;
}

/** The switch's name in Parameter Store, where operators and other systems see it. */
export const switchParameter = (launchId: string, switchName: string) => `/gobutton/${launchId}/${switchName}`;

export function createParameters({ ssm }: { ssm: SSMClient }): Parameters {
  return {
    async put(name, value) {
      await ssm.send(new PutParameterCommand({ Name: name, Value: value, Type: 'String', Overwrite: true }));
    },

    async get(name) {
      try {
        const { Parameter: found } = await ssm.send(new GetParameterCommand({ Name: name }));
        const about = await ssm.send(new DescribeParametersCommand({ ParameterFilters: [{ Key: 'Name', Option: 'Equals', Values: [name] }] }));
        const metadata = about.Parameters?.[0];
        const version = found?.Version ?? 0;
        // Two calls: somebody may have written in between, and then the name is not this version's.
        const modifiedBy = metadata?.Version === version ? (metadata.LastModifiedUser ?? null) : null;
        return { value: found?.Value ?? '', version, modifiedBy };
      } catch (error) {
        if (errorName(error) === 'ParameterNotFound') return null;
        throw error;
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
