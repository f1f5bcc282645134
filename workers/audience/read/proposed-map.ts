import { visible } from '../../../infra/visible.ts';
import { kindOf, wordOf } from '../lists/list-columns.ts';
import type { Field, Mapping } from './fields.ts';

const LOCALE_NAMES = new Set([
  'lang',
  'language',
  'languagecode',
  'locale',
  'localecode',
  'devicelocale',
  'devicelanguage',
  'applocale',
]);
const MARKET_NAMES = new Set(['market', 'country', 'countrycode', 'region', 'territory', 'storefront']);
const PLATFORM_NAMES = new Set(['platform', 'os', 'devicetype', 'deviceos', 'deviceplatform', 'operatingsystem']);

const BY_NAME: Record<Field, (column: string) => boolean> = {
  user: (column) => kindOf(column) === 'user' || kindOf(column) === 'weak',
  platform: (column) => PLATFORM_NAMES.has(wordOf(column)),
  token: (column) => kindOf(column) === 'token',
  locale: (column) => LOCALE_NAMES.has(wordOf(column)),
  market: (column) => MARKET_NAMES.has(wordOf(column)),
};

/** The whole value of --map to copy. A column is proposed and never taken: whoever copies it says that it is the right one. */
export function proposedMap(columns: readonly string[], mapping: Mapping, missing: readonly Field[]): string {
  const given = (Object.entries(mapping) as [Field, string][]).filter(([field]) => !missing.includes(field));
  const wanted = missing.map((field): [Field, string] => {
    const fitting = columns.filter((column) => BY_NAME[field](column));
    const [only = ''] = fitting;
    // The command splits at commas and a shell reads the quotes.
    return [field, fitting.length === 1 && !/[",$`\\!]/.test(only) ? visible(only) : '<column>'];
  });
  return [...given, ...wanted].map(([field, column]) => `${field}=${column}`).join(',');
}
