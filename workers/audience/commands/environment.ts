import { z } from 'zod';
import { AudienceError } from '../../../contract/audience-error.ts';
import type { Cloud } from '../../../infra/aws/cloud.ts';
import { createCloud } from '../../../infra/aws/create-cloud.ts';
import { commandKeyring } from '../../../infra/aws/key-config.ts';
import type { Keyring } from '../../../infra/aws/keyring.ts';
import type { Objects } from '../../../infra/aws/objects.ts';
import { folderObjects } from '../packed/folder-objects.ts';

const EXPECT = {
  region: 'an AWS region like us-east-1',
  endpoint: 'the address of a local cloud like http://127.0.0.1:4566, or nothing for AWS itself',
  prefix: '3 to 64 letters, digits, dashes and dots',
  bucket: 'the name of the S3 bucket that holds audiences (or give --out <folder> to stay on this machine)',
} as const;

const environment = z.object({
  AWS_REGION: z.string(EXPECT.region).regex(/^[a-z]{2}(-[a-z]+)+-\d$/, EXPECT.region),
  AWS_ENDPOINT_URL: z
    .string()
    .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), EXPECT.endpoint)
    .optional(),
  GOBUTTON_TABLE_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{3,64}$/, EXPECT.prefix)
    .default('gobutton'),
  GOBUTTON_BUCKET: z.string(EXPECT.bucket).regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, EXPECT.bucket),
});

type Environment = Readonly<Record<string, string | undefined>>;

/** Throws ARGUMENT_INVALID with every variable that is wrong. */
function parsed<T>(schema: z.ZodType<T>, env: Environment): T {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== ''),
  );
  const read = schema.safeParse(given);
  if (read.success) return read.data;
  const problems = read.error.issues.map((issue) => {
    const name = String(issue.path[0]);
    return `${name}: found ${given[name] === undefined ? 'nothing' : `"${given[name]}"`}, expected ${issue.message}`;
  });
  throw new AudienceError('ARGUMENT_INVALID', problems.join('\n'));
}

/** Where a table of devices is read, also with --out. Throws ARGUMENT_INVALID. */
export function tableReadsFrom(env: Environment): { region: string; endpoint: string | null } {
  const place = parsed(environment.pick({ AWS_REGION: true, AWS_ENDPOINT_URL: true }), env);
  return { region: place.AWS_REGION, endpoint: place.AWS_ENDPOINT_URL ?? null };
}

/** The cloud of the environment. Throws ARGUMENT_INVALID with every variable that is wrong. */
export function cloudFrom(env: Environment): Cloud {
  const {
    AWS_REGION: region,
    AWS_ENDPOINT_URL: endpoint,
    GOBUTTON_TABLE_PREFIX: tablePrefix,
    GOBUTTON_BUCKET: bucket,
  } = parsed(environment, env);
  return createCloud({ region, endpoint: endpoint ?? null, tablePrefix, bucket });
}

/** The key that signs what this command changes. Throws ARGUMENT_INVALID with every variable that is wrong; without any it can only look. */
export function keyringFrom(env: Environment): Keyring {
  const { keyring, problems } = commandKeyring(env);
  if (problems.length > 0)
    throw new AudienceError(
      'ARGUMENT_INVALID',
      problems.map(({ variable, found, expected }) => `${variable}: found ${found}, expected ${expected}`).join('\n'),
    );
  return keyring;
}

/** Objects in a folder when one is given, else in the cloud of the environment; closes the cloud afterwards. */
export async function withObjects<T>(
  folder: string | undefined,
  env: Environment,
  work: (objects: Objects) => Promise<T>,
): Promise<T> {
  if (folder !== undefined) return work(folderObjects(folder));
  const cloud = cloudFrom(env);
  try {
    return await work(cloud.objects);
  } finally {
    cloud.close();
  }
}
