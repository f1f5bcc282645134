import { AudienceError } from '../../../contract/audience-error.ts';
import { visible } from '../../../infra/visible.ts';

/** What the ids of a list are: told by the name of their column, else looked up as both. */
export type IdKind = 'user' | 'token' | 'either';

export interface IdColumn {
  index: number;
  name: string;
  kind: IdKind;
}

const TOKEN_NAMES = new Set([
  'token',
  'tokens',
  'devicetoken',
  'pushtoken',
  'registrationtoken',
  'registrationid',
  'regid',
  'fcmtoken',
  'apnstoken',
  'gcmtoken',
]);
const USER_NAMES = new Set(['user', 'users', 'userid', 'userids', 'uid', 'userkey']);
/** Ids of people as well, if no column above is there. */
const WEAK_NAMES = new Set([
  'id',
  'ids',
  'username',
  'customer',
  'customerid',
  'member',
  'memberid',
  'subscriber',
  'subscriberid',
  'account',
  'accountid',
  'externalid',
  'externaluserid',
  'person',
  'personid',
  'profileid',
  'playerid',
  'email',
  'emailaddress',
  'mail',
]);

/** A column's name without what people write differently: `Push Token`, `push_token` and `pushToken` are one. */
export const wordOf = (name: string): string => name.toLowerCase().replace(/[\s_.-]/g, '');

export function kindOf(name: string): 'token' | 'user' | 'weak' | null {
  const word = wordOf(name);
  if (TOKEN_NAMES.has(word)) return 'token';
  if (USER_NAMES.has(word)) return 'user';
  return WEAK_NAMES.has(word) ? 'weak' : null;
}

/** Is this the header of a list, by its names or by the column that is wanted? */
export function isHeader(names: readonly string[], wanted: string | undefined): boolean {
  return names.some((name) => kindOf(name) !== null || name.toLowerCase() === wanted?.toLowerCase());
}

/** The column of the ids. `wanted` is a name, or a number from 1. Throws COLUMN_MISSING, COLUMN_AMBIGUOUS. */
export function idColumn(names: readonly string[], wanted: string | undefined, where: string): IdColumn {
  const columns = () =>
    names
      .slice(0, 20)
      .map((name) => `"${visible(name.slice(0, 40))}"`)
      .join(', ');
  const all = names.map((name, index) => ({ index, name, kind: kindOf(name) }));
  const chosen = (found: typeof all, say: string): IdColumn => {
    const [one, more] = found;
    if (one === undefined)
      throw new AudienceError(
        'COLUMN_MISSING',
        `${where}: found the columns ${columns()}, expected ${say}: name the column that holds the ids with --column <name or number>`,
      );
    if (more !== undefined)
      throw new AudienceError(
        'COLUMN_AMBIGUOUS',
        `${where}: found ${found.map(({ name }) => `"${visible(name)}"`).join(' and ')}, expected one column of ids: say which with --column <name or number>`,
      );
    return { index: one.index, name: one.name, kind: one.kind === 'weak' ? 'user' : (one.kind ?? 'either') };
  };
  if (wanted !== undefined) {
    const exact = all.filter(({ name }) => name === wanted);
    const named = exact.length > 0 ? exact : all.filter(({ name }) => name.toLowerCase() === wanted.toLowerCase());
    return chosen(
      named.length > 0 || !/^\d+$/.test(wanted) ? named : all.slice(Number(wanted) - 1, Number(wanted)),
      `one called "${visible(wanted)}"`,
    );
  }
  const strong = all.filter(({ kind }) => kind === 'user' || kind === 'token');
  return chosen(
    strong.length > 0 ? strong : all.filter(({ kind }) => kind === 'weak'),
    'one called user, user_id, id, token or device_token',
  );
}
