import { AwsError, invalid, notImplemented, refuseOtherFields } from './aws-error.ts';
import type { Lag } from './lag.ts';
import type { Automation } from './ssm-automation.ts';
import type { StateFile } from './state-file.ts';

interface Version {
  value: string;
  type: string;
  version: number;
  modifiedAtMs: number;
  user: string;
  description: string | null;
}
/** Name → versions, oldest first; at most 100 are kept (docs/facts.md#ssm-versions). */
export type ParameterState = Record<string, Version[]>;

interface Input {
  Name?: string;
  Names?: string[];
  Value?: string;
  Type?: string;
  Overwrite?: boolean;
  Description?: string;
  Tier?: string;
  Path?: string;
  Recursive?: boolean;
  MaxResults?: number;
  NextToken?: string;
  WithDecryption?: boolean;
  ParameterFilters?: { Key: string; Option?: string; Values?: string[] }[];
}

const FIELDS: Record<string, string[]> = {
  PutParameter: ['Name', 'Value', 'Type', 'Overwrite', 'Description', 'Tier'],
  GetParameter: ['Name', 'WithDecryption'],
  GetParameters: ['Names', 'WithDecryption'],
  GetParametersByPath: ['Path', 'Recursive', 'MaxResults', 'NextToken', 'WithDecryption'],
  GetParameterHistory: ['Name', 'MaxResults', 'NextToken', 'WithDecryption'],
  DescribeParameters: ['ParameterFilters', 'MaxResults', 'NextToken'],
  DeleteParameter: ['Name'],
};
const VERSIONS_KEPT = 100;
const STANDARD_BYTES = 4_096;
const ARN = 'arn:aws:ssm:us-east-1:000000000000:parameter';

/** SSM: Parameter Store, standard tier, and automations. `user` is the caller's ARN, which AWS records as LastModifiedUser. */
export function startSsm(
  file: StateFile<ParameterState>,
  automation: Automation,
  lag: Lag,
): (operation: string, input: unknown, user: string) => unknown {
  const { state } = file;

  /** What a read sees of it (docs/facts.md#ssm-late). */
  function seen(name: string): Version[] | undefined {
    const behind = lag.behind<Version[] | undefined>(`ssm ${name}`);
    return behind === null ? state[name] : behind.value;
  }
  const names = () =>
    Object.keys(state)
      .toSorted()
      .filter((name) => seen(name) !== undefined);

  function put(input: Input, user: string): unknown {
    const name = nameOf(input.Name);
    if (input.Tier !== undefined && input.Tier !== 'Standard')
      throw notImplemented('ssm', `PutParameter with Tier ${input.Tier}`);
    if (typeof input.Value !== 'string' || input.Value === '')
      throw invalid(
        "1 validation error detected: Value at 'value' failed to satisfy constraint: Member must have length greater than or equal to 1",
      );
    if (input.Value.includes('{{'))
      throw invalid('Parameter value can\'t nest another parameter. Do not use "{{}}" in the value.');
    if (Buffer.byteLength(input.Value) > STANDARD_BYTES)
      throw invalid(
        'Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier.',
      );
    const versions = state[name] ?? [];
    const last = versions.at(-1);
    if (last !== undefined && input.Overwrite !== true) {
      throw new AwsError(
        'ParameterAlreadyExists',
        'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
      );
    }
    const type = input.Type ?? last?.type;
    if (type === undefined) throw invalid('A parameter type is required when you create a parameter.');
    if (!['String', 'StringList', 'SecureString'].includes(type)) throw invalid(`Unsupported parameter type: ${type}`);
    if (last !== undefined && type !== last.type) {
      throw new AwsError(
        'HierarchyTypeMismatchException',
        "Parameter Store doesn't support changing a parameter type in a hierarchy. You must create a new, unique parameter.",
      );
    }
    const before = state[name] === undefined ? undefined : [...state[name]];
    const version = (last?.version ?? 0) + 1;
    // Whether AWS keeps the description of the version before is not documented (docs/facts.md#unknown-aws); whoever
    // reads it must bear both.
    versions.push({
      value: input.Value,
      type,
      version,
      modifiedAtMs: Date.now(),
      user,
      description: input.Description ?? last?.description ?? null,
    });
    state[name] = versions.slice(-VERSIONS_KEPT);
    lag.wrote(`ssm ${name}`, before);
    file.save();
    return { Version: version, Tier: 'Standard' };
  }

  /** `name`, `name:3` (a version). Labels are refused. */
  function find(selector: string): { name: string; version: Version } | null {
    const [name = '', wanted] = selector.split(':');
    if (wanted !== undefined && !/^\d+$/.test(wanted)) throw notImplemented('ssm', 'GetParameter by label');
    const versions = seen(name);
    if (versions === undefined) return null;
    const version = wanted === undefined ? versions.at(-1) : versions.find((one) => one.version === Number(wanted));
    if (version === undefined)
      throw new AwsError(
        'ParameterVersionNotFound',
        `Systems Manager could not find version ${wanted} of ${name}. Verify the version and try again.`,
      );
    return { name, version };
  }

  function byPath(input: Input): unknown {
    const path = nameOf(input.Path);
    if (!path.startsWith('/')) throw invalid('The parameter path must begin with a slash "/".');
    const prefix = path.endsWith('/') ? path : `${path}/`;
    const found = names().filter(
      (name) => name.startsWith(prefix) && (input.Recursive === true || !name.slice(prefix.length).includes('/')),
    );
    const { page, next } = paged(found, input, 10);
    return {
      Parameters: page.flatMap((name) => {
        const found = find(name);
        return found === null ? [] : [shown(found.name, found.version, input.WithDecryption)];
      }),
      NextToken: next,
    };
  }

  function history(input: Input): unknown {
    const name = nameOf(input.Name);
    const versions = seen(name);
    if (versions === undefined) throw notFound(name);
    const { page, next } = paged(versions, input, 50);
    return { Parameters: page.map((version) => metadata(name, version, true)), NextToken: next };
  }

  function describe(input: Input): unknown {
    let found = names();
    for (const filter of input.ParameterFilters ?? []) {
      if (filter.Key !== 'Name' || !['Equals', 'BeginsWith'].includes(filter.Option ?? 'Equals'))
        throw notImplemented('ssm', `DescribeParameters by ${filter.Key} ${filter.Option ?? ''}`);
      const values = filter.Values ?? [];
      found = found.filter((name) =>
        values.some((value) => (filter.Option === 'BeginsWith' ? name.startsWith(value) : name === value)),
      );
    }
    // A search goes through what it doesn't find, too: AWS ends a page between nothing and MaxResults, wherever it has
    // come to (docs/facts.md#ssm-pages).
    if ((input.ParameterFilters ?? []).length > 0 && input.NextToken === undefined)
      return { Parameters: [], NextToken: tokenOf(0) };
    const { page, next } = paged(found, input, 50);
    return {
      Parameters: page.flatMap(
        (name) =>
          seen(name)
            ?.slice(-1)
            .map((version) => metadata(name, version, false)) ?? [],
      ),
      NextToken: next,
    };
  }

  return (operation, raw, user) => {
    if (operation === 'StartAutomationExecution') return automation.start(raw as object);
    if (operation === 'GetAutomationExecution') return automation.get(raw as object);
    const input = raw as Input;
    const fields = FIELDS[operation];
    if (fields === undefined) throw notImplemented('ssm', operation);
    refuseOtherFields('ssm', operation, input, fields);
    switch (operation) {
      case 'PutParameter':
        return put(input, user);
      case 'GetParameter': {
        const found = find(nameOf(input.Name));
        if (found === null) throw notFound(input.Name ?? '');
        return { Parameter: shown(found.name, found.version, input.WithDecryption) };
      }
      case 'GetParameters': {
        const names = input.Names ?? [];
        if (names.length > 10)
          throw invalid(
            "1 validation error detected: Value at 'names' failed to satisfy constraint: Member must have length less than or equal to 10",
          );
        const found = names.map((name) => ({ name, hit: find(name) }));
        return {
          Parameters: found.flatMap(({ hit }) =>
            hit === null ? [] : [shown(hit.name, hit.version, input.WithDecryption)],
          ),
          InvalidParameters: found.filter(({ hit }) => hit === null).map(({ name }) => name),
        };
      }
      case 'GetParametersByPath':
        return byPath(input);
      case 'GetParameterHistory':
        return history(input);
      case 'DescribeParameters':
        return describe(input);
      case 'DeleteParameter': {
        const name = nameOf(input.Name);
        if (state[name] === undefined) throw notFound(name);
        lag.wrote(`ssm ${name}`, state[name]);
        delete state[name];
        file.save();
        return {};
      }
      default:
        throw notImplemented('ssm', operation);
    }
  };
}

const notFound = (name: string) => new AwsError('ParameterNotFound', `Parameter ${name} not found.`);

function nameOf(name: string | undefined): string {
  if (typeof name !== 'string' || name === '')
    throw invalid(
      "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null",
    );
  if (!/^[a-zA-Z0-9_.\-/:]+$/.test(name))
    throw invalid("Parameter name: can't contain characters other than a-zA-Z0-9_.-/");
  return name;
}

/** Stands for what the key service would give: nobody takes it for the value. */
const cipherText = (value: string): string => Buffer.from(`cipher:${value}`).toString('base64');

function shown(name: string, { value, type, version, modifiedAtMs }: Version, decrypted = false): unknown {
  return {
    Name: name,
    Value: type === 'SecureString' && !decrypted ? cipherText(value) : value,
    Type: type,
    Version: version,
    LastModifiedDate: modifiedAtMs / 1_000,
    ARN: `${ARN}${name.startsWith('/') ? '' : '/'}${name}`,
    DataType: 'text',
  };
}

function metadata(name: string, version: Version, withValue: boolean): unknown {
  return {
    Name: name,
    Type: version.type,
    Version: version.version,
    LastModifiedDate: version.modifiedAtMs / 1_000,
    LastModifiedUser: version.user,
    Tier: 'Standard',
    DataType: 'text',
    Policies: [],
    ...(version.description === null ? {} : { Description: version.description }),
    ...(withValue
      ? { Value: version.type === 'SecureString' ? cipherText(version.value) : version.value, Labels: [] }
      : {}),
  };
}

function paged<T>(all: T[], input: Input, max: number): { page: T[]; next: string | undefined } {
  const size = input.MaxResults ?? max;
  if (size < 1 || size > max)
    throw invalid(
      `1 validation error detected: Value '${size}' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to ${max}`,
    );
  const from = input.NextToken === undefined ? 0 : Number(Buffer.from(input.NextToken, 'base64url').toString());
  if (!Number.isInteger(from)) throw new AwsError('InvalidNextToken', 'The specified token is not valid.');
  return { page: all.slice(from, from + size), next: from + size < all.length ? tokenOf(from + size) : undefined };
}

const tokenOf = (from: number): string => Buffer.from(String(from)).toString('base64url');
