import { about, unasked } from './line.ts';
import type { Asked, Line } from './line.ts';

/** A secret that somebody must have made. */
export interface KeptSecret {
  name: string;
  /** What it is asked for by; absent: its name. */
  arn?: string;
  /** Of its JSON; none: it is one value. */
  fields: readonly string[];
  readers: readonly string[];
}

export interface FoundSecret {
  /** Null: it is not. */
  deletedAtMs: number | null;
  hasValue: boolean;
  /** Fields that its value has not, or has empty; null: nobody has looked at the value. */
  lacks: readonly string[] | null;
  /** A key of KMS of one's own that it lies under; null: AWS's, which needs no right. */
  kmsKey: string | null;
}

/** `region`: where it must be. The page says how each is made, so that no value stands in a command here. */
export function judgeSecret(
  { name, fields, readers }: KeptSecret,
  region: string,
  asked: Asked<FoundSecret | null>,
): Line {
  const [id, title] = [`secrets.${name.split('/').at(-1) ?? name}`, `Secret ${name}`];
  const line = about(id, title);
  const needed = `${fields.length === 0 ? 'a value' : `JSON with ${fields.join(', ')}`}, for ${readers.join(' and ')}`;
  if (!asked.ok) return unasked(id, title, needed, asked.failure);
  const command = (rest: string) => `aws secretsmanager ${rest} --region ${region}`;
  const put = `${command(`put-secret-value --secret-id ${name}`)} --secret-string file:///dev/stdin, with what docs/aws.md pipes into it`;
  const { value: found } = asked;
  if (found === null)
    return line.wrong({
      found: `no such secret in ${region}`,
      needed,
      fix: `${command(`create-secret --name ${name}`)} --secret-string file:///dev/stdin, with what docs/aws.md pipes into it`,
    });
  if (found.deletedAtMs !== null)
    return line.wrong({
      found: `deleted at ${new Date(found.deletedAtMs).toISOString().slice(0, 16).replace('T', ' ')} UTC: nobody can read it`,
      needed,
      fix: command(`restore-secret --secret-id ${name}`),
    });
  if (!found.hasValue) return line.wrong({ found: 'a secret without a value', needed, fix: put });
  // Said as not known: keys have policies of their own, which nobody here reads.
  if (found.kmsKey !== null && (found.lacks ?? []).length === 0)
    return line.unknown({
      found: `there, under the KMS key ${found.kmsKey}`,
      needed: `${needed}, and kms:Decrypt on that key for the roles that read it, which the stacks do not give`,
      fix: `Allow kms:Decrypt on ${found.kmsKey} to the execution role and the task role of ${readers.join(' and ')}; or make the secret anew under AWS's own key`,
    });
  if (found.lacks === null) return line.ok({ found: 'there, with a value (not looked at)', needed });
  if (found.lacks.length === 0) return line.ok({ found: 'there, with all of it', needed });
  return line.wrong({ found: `a value without ${found.lacks.join(', ')}`, needed, fix: put });
}
