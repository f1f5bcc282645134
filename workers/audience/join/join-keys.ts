import { AudienceError } from '../../../contract/audience-error.ts';
import type { KeyShape } from '../../../infra/aws/device-table.ts';
import { visible } from '../../../infra/visible.ts';

/** DynamoDB takes partition keys of 2,048 bytes (docs/facts.md#dynamodb-keys). */
const KEY_BYTES = 2_048;

export interface AskedUser {
  id: string;
  /** As the table's key; null: no key can be that long, so it is asked of nobody and its row is rejected like any other. */
  key: string | null;
}

/** The users, each key once: BatchGetItem refuses a call with one twice, and 7 and 007 are one number. Throws TABLE_KEY. */
export function joinKeys(
  ids: Iterable<string>,
  shape: KeyShape,
  path: string,
  table: string,
): { users: AskedUser[]; sameNumber: number } {
  const users: AskedUser[] = [];
  const seen = new Set<string>();
  let sameNumber = 0;
  for (const id of ids) {
    if (shape.keyType === 'N') {
      if (!/^-?\d{1,38}$/.test(id))
        throw new AudienceError(
          'TABLE_KEY',
          `${path}: found the user id "${visible(id.slice(0, 40))}", expected whole numbers of up to 38 digits: the key "${shape.key}" of ${table} is a number`,
        );
      const key = BigInt(id).toString();
      if (seen.has(key)) sameNumber++;
      else users.push({ id, key });
      seen.add(key);
    } else users.push({ id, key: Buffer.byteLength(id) > KEY_BYTES ? null : id });
  }
  return { users, sameNumber };
}
