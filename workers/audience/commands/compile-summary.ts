import { AudienceError } from '../../../contract/audience-error.ts';
import type { Manifest } from '../../../contract/manifest.ts';
import { timesOf } from '../../../runbooks/launch/counts.ts';
import { splitText } from '../../../runbooks/launch/variants.ts';
import { acceptProblems } from '../accept.ts';
import type { Compiled, CompileOptions } from '../compile.ts';
import type { LocaleSaid } from '../judge-rows.ts';
import { namesOf } from '../read/input-files.ts';
import { listRows } from './list-rows.ts';
import { batches, count, megabytes, table } from './words.ts';

/** What a compile says when it is done. */
export function summaryOf(
  compiled: Compiled,
  options: CompileOptions,
  joined: readonly (readonly [string, string])[] = [],
): string {
  const rejected = Object.entries(compiled.rejected);
  const out = compiled.rows - compiled.manifest.devices - compiled.heldOut;
  const { segments, shards } = compiled.manifest;
  return table([
    ...joined,
    ...(compiled.files.length === 1 ? [] : [['files', namesOf(compiled.files.map(({ path }) => path))] as const]),
    ...(compiled.ignored.length === 0
      ? []
      : [['not read', `${namesOf(compiled.ignored)}: hidden, marks or empty`] as const]),
    ...compiled.files
      .filter(({ decoded }) => decoded !== '')
      .slice(0, 5)
      .map(({ path, decoded }) => ['read as', `${path}: ${decoded}`] as const),
    ['rows', count(compiled.rows)],
    [
      'devices',
      `${count(compiled.manifest.devices)} in ${count(segments.length)} segments, ${batches(segments.reduce((sum, segment) => sum + segment.batches.length, 0))}`,
    ],
    ...segments.map(
      (segment) =>
        [
          `  ${segment.id}`,
          `${count(segment.devices)} in ${batches(segment.batches.length)}${heldOutText(segment.heldOut ?? 0)}`,
        ] as const,
    ),
    ...splitRows(compiled.manifest),
    ...compiled.lists.flatMap(listRows),
    ['duplicates', count(compiled.duplicates)],
    ['rejected', count(rejected.reduce((sum, [, rows]) => sum + rows, 0))],
    ...rejected.map(([reason, rows]) => [`  ${reason}`, count(rows)] as const),
    ...localeRows(compiled.localesSaid),
    ...(compiled.skipList === null
      ? []
      : [['skip list', `${count(compiled.skipList.tokens)} tokens, ${compiled.skipList.key}`] as const]),
    ['stored', `${megabytes(compiled.bytes)} in ${count(shards.length)} shards, ${compiled.manifestKey}`],
    ...(out === 0 || options.rejectsPath === null ? [] : [['rejects', options.rejectsPath] as const]),
    ['audience', compiled.manifest.hash],
    [
      'took',
      `${(compiled.tookMs / 1000).toFixed(1)} s, at most ${Math.round(process.resourceUsage().maxRSS / 1024)} MB of memory`,
    ],
  ]);
}

const heldOutText = (devices: number): string => (devices === 0 ? '' : `, ${count(devices)} held out`);

/** Each variant's devices, and who gets nothing. */
export function splitRows({ split, segments, heldOut = 0 }: Manifest): (readonly [string, string])[] {
  if (split === undefined) return [];
  const devicesOf = (variant: string) =>
    segments.reduce((sum, { variants = {} }) => sum + timesOf(variants, variant), 0);
  return [
    ['variants', `${splitText(split)} of the users, by the hash of ${split.salt}/user`],
    ...split.variants.map(({ id }) => [`  ${id}`, count(devicesOf(id))] as const),
    ...(split.holdOut === 0 ? [] : [['held out', `${count(heldOut)}, on purpose`] as const]),
  ];
}

const LOCALES_SHOWN = 40;

/** What devices say, and what each of it gets. */
function localeRows(said: readonly LocaleSaid[]): (readonly [string, string])[] {
  const row = ({ said: word, fit, locale, rows }: LocaleSaid) =>
    [
      `  ${word === '' ? '(none)' : word}`,
      `${count(rows)} ${locale === null ? 'rejected: not a locale of the campaign' : `get ${locale} (${fit})`}`,
    ] as const;
  const rest = said.slice(LOCALES_SHOWN);
  const more =
    rest.length === 0
      ? []
      : [
          [
            '  others',
            `${count(rest.reduce((sum, { rows }) => sum + rows, 0))} in ${count(rest.length)} more locales`,
          ] as const,
        ];
  return said.length === 0
    ? []
    : [['locales', `${count(said.length)} in the list`] as const, ...said.slice(0, LOCALES_SHOWN).map(row), ...more];
}

/** For a compile that sets nothing. */
export function adviceOf(compiled: Compiled): string {
  const problems = acceptProblems(compiled, null);
  return problems.length === 0
    ? ''
    : table([
        ...problems.map((problem) => ['mind', problem] as const),
        ['', 'with --launch this audience is set only with --accept'],
      ]);
}

/** Most who have rows without a locale don't know yet that there is a way. */
function localeHint({ rejected, localesSaid }: Compiled): string {
  const known = localesSaid.find(({ locale }) => locale !== null)?.locale ?? 'en';
  return (rejected['LOCALE_UNKNOWN'] ?? 0) > 0
    ? ` Rows without a locale of the campaign can get one that you name: --fallback-locale ${known}.`
    : '';
}

/** For who only asks whether a launch would take it. Throws ACCEPT_NEEDED. */
export function refuseDoubtful(compiled: Compiled): void {
  const problems = acceptProblems(compiled, null);
  if (problems.length === 0) return;
  throw new AudienceError(
    'ACCEPT_NEEDED',
    `A launch would take this audience only with --accept:\n${problems.map((problem) => `  ${problem}`).join('\n')}\nLook at the list and the rejects.${localeHint(compiled)}`,
  );
}
