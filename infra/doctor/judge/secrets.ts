import { about, listed, unasked } from './line.ts';
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

/** Who reads a secret under a key of one's own, and which of them may not use that key by its policies. */
export interface FoundDecrypt {
  roles: readonly string[];
  denied: readonly string[];
}

/** Null: no key of one's own, or no role is known to ask about. `region`: where it must be. The page says how each is made, so that no value stands in a command here. */
export function judgeSecret(
  { name, fields, readers }: KeptSecret,
  region: string,
  asked: Asked<FoundSecret | null>,
  decrypt: Asked<FoundDecrypt> | null,
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
  if (found.kmsKey !== null && (found.lacks ?? []).length === 0)
    return underKey({ id, title, needed, readers }, found.kmsKey, decrypt);
  if (found.lacks === null) return line.ok({ found: 'there, with a value (not looked at)', needed });
  if (found.lacks.length === 0) return line.ok({ found: 'there, with all of it', needed });
  return line.wrong({ found: `a value without ${found.lacks.join(', ')}`, needed, fix: put });
}

/** The stacks give no right on such a key. Roles are looked at by their own policies: keys have some of their own, which nobody here reads. */
function underKey(
  { id, title, needed, readers }: { id: string; title: string; needed: string; readers: readonly string[] },
  key: string,
  decrypt: Asked<FoundDecrypt> | null,
): Line {
  const line = about(id, title);
  const found = `there, under the KMS key ${key}`;
  const all = `${needed}, and kms:Decrypt on that key for the roles that read it, which the stacks do not give`;
  const anew = "or make the secret anew under AWS's own key";
  if (decrypt === null)
    return line.unknown({
      found,
      needed: all,
      fix: `Allow kms:Decrypt on ${key} to the execution role and the task role of ${readers.join(' and ')}; ${anew}`,
    });
  if (!decrypt.ok) return unasked(id, title, all, decrypt.failure);
  const { roles, denied } = decrypt.value;
  if (denied.length === 0)
    return line.ok({ found: `${found}; ${listed(roles)} may use it by their policies`, needed: all });
  return line.wrong({
    found: `${found}, which ${listed(denied)} may not use (kms:Decrypt) by their own policies: nobody there reads the secret, unless the key's policy names them`,
    needed: all,
    fix: `Allow kms:Decrypt on ${key} in the policy of ${listed(denied)}; ${anew}`,
  });
}
