import { createHash, randomUUID } from 'node:crypto';
import { ACCOUNT_ID, REGION } from './account.ts';
import { AwsError, notImplemented, refuseOtherFields } from './aws-error.ts';
import type { StateFile } from './state-file.ts';

interface Version {
  id: string;
  text: string;
  createdAtMs: number;
  /** A key of KMS of one's own. Absent: AWS's. */
  kmsKeyId?: string;
}
/** Name → its versions, AWSPREVIOUS before AWSCURRENT; none: it was made without a value. */
export type SecretState = Record<string, Version[]>;
/** Name → when it was deleted: it can be restored, and not read. */
export type DeletedSecrets = Record<string, number>;

interface Input {
  Name?: string;
  SecretId?: string;
  SecretString?: string;
  VersionStage?: string;
  ClientRequestToken?: string;
  KmsKeyId?: string;
  ForceDeleteWithoutRecovery?: boolean;
}

const FIELDS: Record<string, string[]> = {
  CreateSecret: ['Name', 'SecretString', 'ClientRequestToken', 'KmsKeyId'],
  PutSecretValue: ['SecretId', 'SecretString', 'ClientRequestToken'],
  GetSecretValue: ['SecretId', 'VersionStage'],
  DescribeSecret: ['SecretId'],
  DeleteSecret: ['SecretId', 'ForceDeleteWithoutRecovery'],
  RestoreSecret: ['SecretId'],
};
const PREFIX = `arn:aws:secretsmanager:${REGION}:${ACCOUNT_ID}:secret:`;
const TEXT_BYTES = 65_536;

/** Six characters that AWS draws; here they follow from the name. */
const withSuffix = (name: string): string =>
  `${name}-${createHash('sha256').update(name).digest('base64').replaceAll(/[+/=]/g, 'x').slice(0, 6)}`;

/**
 * A name, an ARN, or an ARN without its last six characters; one that ends in a dash and six characters counts as whole
 * (docs/facts.md#secret-partial-arn). Null: there is none of that ARN, or it is of another account or region.
 */
function nameOf(id: string): string | null {
  if (!id.startsWith('arn:')) return id;
  if (!id.startsWith(PREFIX)) return null;
  const rest = id.slice(PREFIX.length);
  if (!/-.{6}$/.test(rest)) return rest;
  const without = rest.slice(0, -7);
  return withSuffix(without) === rest ? without : null;
}

/** What IAM compares with policies: the whole ARN, whichever way the secret was named. */
export function secretArn(id: string): string {
  const name = nameOf(id);
  return name === null ? id : `${PREFIX}${withSuffix(name)}`;
}

/** Secrets Manager: values by stage AWSCURRENT and AWSPREVIOUS. */
export function startSecretsManager(
  file: StateFile<SecretState>,
  deleted: StateFile<DeletedSecrets>,
  nowMs: () => number,
): (operation: string, input: unknown) => unknown {
  const { state } = file;

  function found(id: string | undefined): { name: string; versions: Version[] } {
    if (id === undefined || id === '')
      throw new AwsError(
        'ValidationException',
        "1 validation error detected: Value null at 'secretId' failed to satisfy constraint: Member must not be null",
      );
    const name = nameOf(id);
    const versions = name === null ? undefined : state[name];
    if (name === null || versions === undefined)
      throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    return { name, versions };
  }

  function keep(
    name: string,
    { SecretString: text = '', ClientRequestToken: id = randomUUID(), KmsKeyId = state[name]?.at(-1)?.kmsKeyId }: Input,
  ): unknown {
    if (text === '' || Buffer.byteLength(text) > TEXT_BYTES)
      throw new AwsError(
        'InvalidParameterException',
        'You must provide either SecretString or SecretBinary, of at most 65536 bytes.',
      );
    state[name] = [
      ...(state[name] ?? []),
      { id, text, createdAtMs: nowMs(), ...(KmsKeyId === undefined ? {} : { kmsKeyId: KmsKeyId }) },
    ].slice(-2);
    file.save();
    return { ARN: secretArn(name), Name: name, VersionId: id };
  }

  function whole(id: string | undefined): { name: string; versions: Version[] } {
    const secret = found(id);
    if (deleted.state[secret.name] !== undefined)
      throw new AwsError(
        'InvalidRequestException',
        "You can't perform this operation on the secret because it was marked for deletion.",
      );
    return secret;
  }

  function describe(id: string | undefined): unknown {
    const { name, versions } = found(id);
    const deletedAtMs = deleted.state[name];
    const stages = [['AWSPREVIOUS'], ['AWSCURRENT']].slice(-versions.length);
    return {
      ARN: secretArn(name),
      Name: name,
      ...(versions.length === 0
        ? {}
        : { VersionIdsToStages: Object.fromEntries(versions.map(({ id: version }, at) => [version, stages[at]])) }),
      ...(versions.at(-1)?.kmsKeyId === undefined ? {} : { KmsKeyId: versions.at(-1)?.kmsKeyId }),
      ...(deletedAtMs === undefined ? {} : { DeletedDate: deletedAtMs / 1_000 }),
    };
  }

  function mark(id: string | undefined, isDeleted: boolean): unknown {
    const { name } = isDeleted ? whole(id) : found(id);
    if (isDeleted) deleted.state[name] = nowMs();
    else delete deleted.state[name];
    deleted.save();
    return { ARN: secretArn(name), Name: name, ...(isDeleted ? { DeletionDate: nowMs() / 1_000 + 30 * 86_400 } : {}) };
  }

  /** At once, and for good. */
  function forget(id: string | undefined): unknown {
    const { name } = found(id);
    delete state[name];
    delete deleted.state[name];
    file.save();
    deleted.save();
    return { ARN: secretArn(name), Name: name, DeletionDate: nowMs() / 1_000 };
  }

  function read({ SecretId, VersionStage: stage = 'AWSCURRENT' }: Input): unknown {
    const { name, versions } = whole(SecretId);
    const version = stage === 'AWSCURRENT' ? versions.at(-1) : stage === 'AWSPREVIOUS' ? versions.at(-2) : undefined;
    if (version === undefined)
      throw new AwsError(
        'ResourceNotFoundException',
        `Secrets Manager can't find the specified secret value for staging label: ${stage}`,
      );
    return {
      ARN: secretArn(name),
      Name: name,
      VersionId: version.id,
      SecretString: version.text,
      VersionStages: [stage],
      CreatedDate: version.createdAtMs / 1_000,
    };
  }

  return (operation, raw) => {
    const input = raw as Input;
    const fields = FIELDS[operation];
    if (fields === undefined) throw notImplemented('secretsmanager', operation);
    refuseOtherFields('secretsmanager', operation, input, fields);
    if (operation === 'GetSecretValue') return read(input);
    if (operation === 'DescribeSecret') return describe(input.SecretId);
    if (operation === 'DeleteSecret' && input.ForceDeleteWithoutRecovery === true) return forget(input.SecretId);
    if (operation === 'DeleteSecret' || operation === 'RestoreSecret')
      return mark(input.SecretId, operation === 'DeleteSecret');
    if (operation === 'PutSecretValue') return keep(whole(input.SecretId).name, input);
    const { Name: name = '' } = input;
    if (!/^[A-Za-z0-9/_+=.@-]{1,512}$/.test(name))
      throw new AwsError(
        'ValidationException',
        'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!',
      );
    if (state[name] !== undefined)
      throw new AwsError('ResourceExistsException', `The operation failed because the secret ${name} already exists.`);
    if (input.SecretString !== undefined) return keep(name, input);
    state[name] = [];
    file.save();
    return { ARN: secretArn(name), Name: name };
  };
}
