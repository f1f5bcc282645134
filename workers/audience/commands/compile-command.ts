import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describeProblem, loadRunbook } from '../../../runbooks/playbook/load.ts';
import type { Runbook } from '../../../runbooks/playbook/schema.ts';
import type { Objects } from '../../../infra/aws/objects.ts';
import { compileAudience } from '../compile.ts';
import type { Compiled, CompileOptions } from '../compile.ts';
import type { LocaleSaid } from '../judge.ts';
import { AudienceError } from '../errors.ts';
import { namesOf } from '../input-files.ts';
import { compileProgress } from '../progress.ts';
import type { Output } from '../progress.ts';
import { readList } from '../list-file.ts';
import { listOf, mappingOf, readArguments, wholeNumber } from './arguments.ts';
import { withObjects } from './environment.ts';
import { submit, withLaunch } from './launch-session.ts';
import { count, megabytes, table } from './words.ts';

const OPTIONS = [
  'runbook', 'launch', 'as', 'map', 'skip', 'suppress', 'locales', 'fallback-locale', 'batch-size', 'segments', 'out', 'rejects', 'threads', 'memory-mb',
] as const;
type Option = Partial<Record<(typeof OPTIONS)[number], string>>;
type Env = Readonly<Record<string, string | undefined>>;

export async function runCompile(args: string[], env: Env, out: Output): Promise<void> {
  const { words, option } = readArguments(args, OPTIONS);
  if (words.length === 0) throw new AudienceError('ARGUMENT_INVALID', 'compile: found no file, expected a device list (a file, several, a folder, or a pattern in quotes): npm run audience -- compile devices.csv --runbook <file>');
  if (option.launch !== undefined && option.runbook !== undefined) throw new AudienceError('ARGUMENT_INVALID', '--launch and --runbook: found both, expected one; a launch has its own runbook');
  if (option.launch !== undefined && option.out !== undefined) throw new AudienceError('ARGUMENT_INVALID', '--launch and --out: found both, expected one; a launch\'s audience goes to its bucket');
  if (option.launch === undefined) {
    const rules = option.runbook === undefined ? null : await readRunbook(option.runbook);
    await withObjects(option.out, env, (objects) => compile(words, option, rules, objects, out));
    return;
  }
  await withLaunch(option.launch, option.as, env, async (session) => {
    const { runbook, campaign } = session.launch;
    const compiled = await compile(words, option, { ...runbook, campaign }, session.cloud.objects, out);
    const rows: [string, string][] = [['audience set', await submit(session, { kind: 'set-audience', by: session.by, audience: compiled.audience })]];
    if (compiled.skipList !== null) rows.push(['skip list set', await submit(session, { kind: 'set-skip-list', by: session.by, skipList: compiled.skipList })]);
    out.write(table(rows));
  });
}

async function readRunbook(path: string): Promise<Runbook> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new AudienceError('RUNBOOK_INVALID', `${path}: found no readable file, expected a runbook in YAML`, { cause });
  });
  const loaded = loadRunbook(text, path);
  if (!loaded.ok) throw new AudienceError('RUNBOOK_INVALID', loaded.problems.map(describeProblem).join('\n'));
  return loaded.runbook;
}

async function compile(input: readonly string[], option: Option, runbook: Pick<Runbook, 'audience' | 'campaign' | 'delivery'> | null, objects: Objects, out: Output): Promise<Compiled> {
  const options: CompileOptions = {
    input, objects,
    segmentBy: runbook?.audience.segment_by ?? ['market', 'platform'],
    locales: localesOf(option.locales, runbook),
    fallbackLocale: option['fallback-locale'] ?? null,
    batchSize: wholeNumber('batch-size', option['batch-size'], runbook?.delivery.batch_size ?? 1_000, 1, 2_000),
    mapping: mappingOf(option.map),
    suppressed: option.suppress === undefined ? [] : await readList(option.suppress, 'ids of users who opted out'),
    segments: listOf('segments', option.segments) ?? [],
    rejectsPath: option.rejects ?? rejectsBeside(input[0] ?? ''),
    threads: wholeNumber('threads', option.threads, 2, 1, 64),
    memoryMb: wholeNumber('memory-mb', option['memory-mb'], 500, 200, 1_000_000),
    ...(option.skip === undefined ? {} : { skip: await readList(option.skip, 'known-bad tokens') }),
  };
  const bar = compileProgress(out);
  const compiled = await compileAudience({ ...options, progress: bar.update }).finally(() => bar.stop());
  out.write(summaryOf(compiled, options));
  return compiled;
}

/** Never inside a folder of the list: the next compile would read it. */
function rejectsBeside(input: string): string {
  if (!/[*?[{]/.test(input) || existsSync(input)) return input.replace(/\/+$/, '').replace(/(\.[a-z]+)?(\.gz|\.zst)?$/i, '.rejects.ndjson');
  const folder = dirname(input);
  return folder === '.' || /[*?[{]/.test(folder) ? 'rejects.ndjson' : `${folder}.rejects.ndjson`;
}

/** What is compiled for must be what the campaign speaks; `--locales` may narrow a runbook's, not widen it. */
function localesOf(given: string | undefined, runbook: Pick<Runbook, 'campaign'> | null): string[] {
  const listed = listOf('locales', given);
  if (runbook === null) {
    if (listed === undefined) throw new AudienceError('ARGUMENT_INVALID', 'compile: found neither --runbook, --launch nor --locales, expected one of them: the campaign\'s locales are needed');
    return listed;
  }
  const known = Object.keys(runbook.campaign.locales);
  const unknown = (listed ?? []).filter((locale) => !known.includes(locale));
  if (unknown.length > 0) throw new AudienceError('ARGUMENT_INVALID', `--locales: found ${unknown.join(', ')}, expected locales of the campaign: ${known.join(', ')}`);
  return listed ?? known;
}

function summaryOf(compiled: Compiled, options: CompileOptions): string {
  const rejected = Object.entries(compiled.rejected);
  const out = compiled.rows - compiled.manifest.devices;
  const { segments, shards } = compiled.manifest;
  return table([
    ...(compiled.files.length === 1 ? [] : [['files', namesOf(compiled.files.map(({ path }) => path))] as const]),
    ...(compiled.ignored.length === 0 ? [] : [['not read', `${namesOf(compiled.ignored)}: hidden, marks or empty`] as const]),
    ...compiled.files.filter(({ decoded }) => decoded !== '').slice(0, 5).map(({ path, decoded }) => ['read as', `${path}: ${decoded}`] as const),
    ['rows', count(compiled.rows)],
    ['devices', `${count(compiled.manifest.devices)} in ${count(segments.length)} segments, ${count(segments.reduce((sum, segment) => sum + segment.batches.length, 0))} batches`],
    ...segments.map((segment) => [`  ${segment.id}`, `${count(segment.devices)} in ${count(segment.batches.length)} batches`] as const),
    ['duplicates', count(compiled.duplicates)],
    ['rejected', count(rejected.reduce((sum, [, rows]) => sum + rows, 0))],
    ...rejected.map(([reason, rows]) => [`  ${reason}`, count(rows)] as const),
    ...localeRows(compiled.localesSaid),
    ...(compiled.skipList === null ? [] : [['skip list', `${count(compiled.skipList.tokens)} tokens, ${compiled.skipList.key}`] as const]),
    ['stored', `${megabytes(compiled.bytes)} in ${count(shards.length)} shards, ${compiled.manifestKey}`],
    ...(out === 0 || options.rejectsPath === null ? [] : [['rejects', options.rejectsPath] as const]),
    ['audience', compiled.manifest.hash],
    ['took', `${(compiled.tookMs / 1000).toFixed(1)} s, at most ${Math.round(process.resourceUsage().maxRSS / 1024)} MB of memory`],
  ]);
}

const LOCALES_SHOWN = 40;

/** What devices say, and what each of it gets. */
function localeRows(said: readonly LocaleSaid[]): (readonly [string, string])[] {
  const row = ({ said: word, fit, locale, rows }: LocaleSaid) => [`  ${word === '' ? '(none)' : word}`, `${count(rows)} ${locale === null ? 'rejected: not a locale of the campaign' : `get ${locale} (${fit})`}`] as const;
  const rest = said.slice(LOCALES_SHOWN);
  const more = rest.length === 0 ? [] : [['  others', `${count(rest.reduce((sum, { rows }) => sum + rows, 0))} in ${count(rest.length)} more locales`] as const];
  return said.length === 0 ? [] : [['locales', `${count(said.length)} in the list`] as const, ...said.slice(0, LOCALES_SHOWN).map(row), ...more];
}
