import { secret } from './environment.ts';
import type { Env } from './environment.ts';

/**
 * The variables that a secret of Secrets Manager stands for, as a task is given them at its start (infra/cdk/run/secrets.ts): JSON
 * with these names, or the one variable's value as it is. A name that the secret does not have is empty: the value that was there
 * before belongs to another secret. Files of the same names count no more. Throws when it is no such JSON; its text is never repeated.
 */
function fieldsOf(text: string, names: readonly string[]): Record<string, string> {
  const [only, ...others] = names;
  if (only !== undefined && others.length === 0) return { [fileOf(only)]: '', [only]: text };
  const found = jsonOf(text);
  if (found === null)
    throw new Error(`found a secret of ${text.length} characters (not shown), expected JSON with ${names.join(', ')}`);
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = found[name];
      return [
        [fileOf(name), ''],
        [name, typeof value === 'string' ? value : ''],
      ];
    }),
  );
}

/** Of these names those that a secret's text gives no value for; without names the text is the value. Says nothing of a value. */
export function emptyFields(text: string, names: readonly string[]): string[] {
  if (names.length === 0) return text.trim() === '' ? ['a value'] : [];
  const found = jsonOf(text) ?? {};
  return names.filter((name) => typeof found[name] !== 'string' || found[name].trim() === '');
}

/** With or without the six characters that AWS adds to a name. */
export const SECRET_ARN = /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[A-Za-z0-9/_+=.@-]+$/;
export const EXPECT_ARN = 'the ARN of a secret in Secrets Manager, or nothing where nothing is read anew';

interface SecretPlace {
  /** As the process was started with. */
  env: Env;
  /** The variable that may name the secret of Secrets Manager that holds them all. */
  arn: string;
  /** The variables that it stands for. */
  names: readonly string[];
  /** A secret's value, by its ARN. */
  valueOf: (arn: string) => Promise<string>;
}

/** Reads the environment anew, with what the secret says now. Null: the values were given alone, and live nowhere. */
export function rereads({ env, arn: variable, names, valueOf }: SecretPlace): (() => Promise<Env>) | null {
  const arn = env[variable] ?? '';
  if (arn !== '') return async () => ({ ...env, ...fieldsOf(await valueOf(arn), names) });
  // Whoever parses the environment reads the files.
  return names.some((name) => (env[fileOf(name)] ?? '') !== '') ? () => Promise.resolve(env) : null;
}

const fileOf = (name: string): string =>
  name === 'GOOGLE_SERVICE_ACCOUNT' ? 'GOOGLE_APPLICATION_CREDENTIALS' : secret(name).file;

function jsonOf(text: string): Record<string, unknown> | null {
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === 'object' && found !== null && !Array.isArray(found) ? { ...found } : null;
  } catch {
    return null;
  }
}
