import parents from 'cldr-core/supplemental/parentLocales.json' with { type: 'json' };
import { localeTag, tagOf } from './tag.ts';
import type { LocaleTag } from './tag.ts';

/**
 * Which of a campaign's locales a device gets: the one rule, for the audience compiler and for test copies.
 *
 *   exact     the same locale, however it is spelled: likely subtags filled in, `zh_CN` and `zh-Hans` are one
 *   related   up CLDR's parents (`en-AU`, `en-001`, `en`), and where the campaign has none of them, the nearest relative below one of
 *             them (`es-AR` gets `es-MX` before `es-ES`)
 *
 * Parents never lead to another script, because nobody reads both for granted: `zh-HK` is never sent what `zh-CN` gets.
 */
export interface LocaleFit {
  locale: string;
  fit: 'exact' | 'related';
}

const PARENTS: Readonly<Record<string, string>> = parents.supplemental.parentLocales.parentLocale;

interface Known {
  locale: string;
  tag: LocaleTag;
  line: readonly LocaleTag[];
}

/** Reads the campaign's locales once; the function that it gives takes what a device says. Null: none of them is for it. */
export function localeResolver(locales: readonly string[]): (found: string) => LocaleFit | null {
  const known = locales
    .flatMap((locale): Known[] => {
      const tag = localeTag(locale);
      return tag === null ? [] : [{ locale, tag, line: lineOf(tag) }];
    })
    .toSorted((a, b) => a.tag.written.length - b.tag.written.length || (a.tag.written < b.tag.written ? -1 : 1));
  return (found) => {
    const tag = localeTag(found);
    if (tag === null) return null;
    const same = nearest(
      known.filter((one) => one.tag.key === tag.key),
      tag.written,
    );
    if (same !== undefined) return { locale: same.locale, fit: 'exact' };
    const line = lineOf(tag);
    const parent = line
      .map(({ written }) => known.find((one) => one.tag.written === written))
      .find((one) => one !== undefined);
    const relative = parent ?? line.map(({ key }) => below(known, key)).find((one) => one !== undefined);
    return relative === undefined ? null : { locale: relative.locale, fit: 'related' };
  };
}

/** Of several that mean the same, the one that is written so, else the shortest. */
function nearest(known: readonly Known[], written: string): Known | undefined {
  return known.find(({ tag }) => tag.written === written) ?? known[0];
}

/** The campaign's locale that is this one, or has it among its parents, closest first. */
function below(known: readonly Known[], key: string): Known | undefined {
  const places = known
    .map((one) => ({ one, steps: one.line.findIndex((tag) => tag.key === key) }))
    .filter(({ steps }) => steps !== -1);
  return places.toSorted((a, b) => a.steps - b.steps)[0]?.one;
}

/** A locale, itself first, and what CLDR has above it: always in the same script, as a test holds for the whole table. */
function lineOf(tag: LocaleTag): LocaleTag[] {
  const line = [tag];
  for (
    let at: LocaleTag | null = parentOf(tag);
    at !== null && !line.some(({ written }) => written === at?.written);
    at = parentOf(at)
  )
    line.push(at);
  return line;
}

function parentOf(tag: LocaleTag): LocaleTag | null {
  const { language, script, region, variants } = tag;
  if (variants !== '') return tagOf(tag.written.slice(0, -variants.length));
  const isUsualScript = tagOf(language)?.script === script;
  const named = isUsualScript ? language : `${language}-${script}`;
  const names =
    region === null
      ? [named]
      : [`${language}-${script}-${region}`, ...(isUsualScript ? [`${language}-${region}`] : [])];
  const listed = names.map((name) => PARENTS[name]).find((name) => name !== undefined);
  if (listed !== undefined) return tagOf(listed);
  return region === null ? null : tagOf(named);
}
