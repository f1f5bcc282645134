import aliases from 'cldr-core/supplemental/aliases.json' with { type: 'json' };

/**
 * What a device says its locale is, as a language tag. Devices, servers and exports spell the same locale in many ways:
 * `pt-BR`, `pt_br`, `pt_BR.UTF-8`, `sr_RS@latin` (POSIX), `zh_TW_#Hant` and `iw_IL` (Java), `b+sr+Latn` and `pt-rBR` (Android
 * resources), `zh-cmn-Hant` and `i-klingon` (old tags), `zh-CHT` (old Windows).
 */
export interface LocaleTag {
  /** Canonical, without extensions: `pt-BR`. */
  written: string;
  language: string;
  script: string;
  /** Null: it says none (`en`, `zh-Hant`), so that the likely one stands in the key only. */
  region: string | null;
  /** Empty, or the variants with a dash before each. */
  variants: string;
  /** Language, script and region, likely ones filled in, then variants: tags that mean the same have the same key. */
  key: string;
}

const OLD_TAGS = new Map(
  Object.entries(aliases.supplemental.metadata.alias.languageAlias)
    .filter(([old]) => old.includes('-') && !old.startsWith('und-'))
    .map(([old, { _replacement }]) => [old.toLowerCase(), _replacement]),
);
const MODIFIER_SCRIPTS: Readonly<Record<string, string>> = {
  latin: 'Latn',
  latn: 'Latn',
  cyrillic: 'Cyrl',
  cyrl: 'Cyrl',
  arabic: 'Arab',
  devanagari: 'Deva',
};
const WINDOWS_SCRIPTS: Readonly<Record<string, string>> = { chs: 'Hans', cht: 'Hant' };
/** Tags that say no language. */
const NO_LANGUAGE = new Set(['und', 'mul', 'mis', 'zxx']);

/** Null: it names no language (empty, `C`, `POSIX`, `und`, `English`). */
export function localeTag(found: string): LocaleTag | null {
  const [, name = '', modifier = ''] = /^\s*([^.@]*)(?:\.[^@]*)?(?:@(.*))?$/s.exec(found.trim()) ?? [];
  const parts = partsOf(name);
  if (parts === null) return null;
  const script = parts.script ?? MODIFIER_SCRIPTS[modifier.toLowerCase()];
  if (modifier.toLowerCase() === 'valencia') parts.variants.push('valencia');
  return tagOf(
    [
      parts.language,
      ...(script === undefined ? [] : [script]),
      ...(parts.region === undefined ? [] : [parts.region]),
      ...parts.variants,
    ].join('-'),
  );
}

interface Parts {
  language: string;
  script?: string;
  region?: string;
  variants: string[];
}

/** Subtags are told apart by their form, since Java puts the script last and some exports put it anywhere. */
function partsOf(name: string): Parts | null {
  const old = OLD_TAGS.get(name.replaceAll('_', '-').toLowerCase());
  const [first = '', ...rest] = (old ?? name.replace(/^b\+/, '')).split(/[-_+]/).filter((subtag) => subtag !== '');
  if (!/^[a-z]{2,3}$/i.test(first)) return null;
  const parts: Parts = { language: first.toLowerCase(), variants: [] };
  for (const [index, given] of rest.entries()) {
    const subtag = given.replace(/^#/, '').replace(/^r(?=[A-Z]{2}$)/, '');
    if (subtag.length === 1) break;
    if (/^[a-z]{4}$/i.test(subtag)) parts.script ??= subtag;
    else if (/^([a-z]{2}|\d{3})$/i.test(subtag)) placeRegion(parts, subtag);
    else if (/^[a-z]{3}$/i.test(subtag) && index === 0) placeThird(parts, subtag.toLowerCase());
    else if (/^([a-z\d]{5,8}|\d[a-z\d]{3})$/i.test(subtag)) parts.variants.push(subtag);
    else return null;
  }
  return parts;
}

/** Java repeats the region as a variant (`th_TH_TH`), and its `no_NO_NY` is Nynorsk. */
function placeRegion(parts: Parts, region: string): void {
  if (parts.region !== undefined && parts.language === 'no' && region.toUpperCase() === 'NY') parts.language = 'nn';
  parts.region ??= region;
}

/** `zh-yue` is Cantonese (an extended language stands for itself), `zh-CHT` is Windows' word for a script. */
function placeThird(parts: Parts, subtag: string): void {
  const script = WINDOWS_SCRIPTS[subtag];
  if (script === undefined) parts.language = subtag;
  else parts.script ??= script;
}

/** Of a well-formed tag; null where it says no language. Norwegian without more words (`no`) is Bokmål. */
export function tagOf(tag: string): LocaleTag | null {
  const [canonical] = supported(tag);
  if (canonical === undefined) return null;
  const written = canonical.replace(/-[a-z\d]-.*$/i, '').replace(/^no(?=-|$)/, 'nb');
  const locale = new Intl.Locale(written);
  const likely = locale.maximize();
  // Engines differ in what they call the language of `und`.
  const [language = ''] = written.split('-');
  if (NO_LANGUAGE.has(language)) return null;
  // Klingon is written in no script that CLDR likes best; it is one language all the same.
  const script = likely.script ?? 'Zzzz';
  const variants = written.slice(
    [language, locale.script, locale.region].filter((part) => part !== undefined).join('-').length,
  );
  const key = `${likely.language}-${script}-${likely.region ?? ''}${variants}`;
  return { written, language, script, region: locale.region ?? null, variants, key };
}

/** As Intl spells it; empty for what it doesn't take for a tag. */
function supported(tag: string): string[] {
  try {
    return Intl.getCanonicalLocales(tag);
  } catch (error) {
    // Subtags that look right one by one and make no tag together, such as a variant twice.
    if (error instanceof RangeError) return [];
    throw error;
  }
}
