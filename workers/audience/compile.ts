import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { AudienceError } from '../../contract/audience-error.ts';
import type { Manifest } from '../../contract/manifest.ts';
import { audienceRefOf, beside, manifestHash, manifestKeyOf } from '../../contract/manifest.ts';
import type { Objects } from '../../infra/aws/objects.ts';
import type { AudienceRef, SkipListRef, Split } from '../../runbooks/launch/entries.ts';
import { devicesSql, judge } from './judge-rows.ts';
import type { Judged, LocaleSaid } from './judge-rows.ts';
import { readIdList } from './lists/id-list.ts';
import type { IdList, ListRole } from './lists/id-list.ts';
import { hitsOf, noteHits, otherTokens, refuseIdle, reportsOf, takeLists } from './lists/match-lists.ts';
import type { ListReport } from './lists/match-lists.ts';
import { Packer } from './packed/pack.ts';
import type { PackedShard } from './packed/shard-writer.ts';
import { packSkipList } from './packed/skip-list.ts';
import { storeShards } from './packed/store-shards.ts';
import { chunksOf, rowsOf, watched, withDuck } from './read/duck.ts';
import { FIELDS } from './read/fields.ts';
import type { Field, Mapping } from './read/fields.ts';
import { inputFiles, oneFormatOf } from './read/input-files.ts';
import { locateFields, openSource } from './read/source.ts';
import type { Source } from './read/source.ts';
import type { Reason } from './reject-reasons.ts';
import { storeRejects, writeRejects } from './rejects.ts';
import { variantAt } from './split.ts';
import { stage } from './staging.ts';
import { withTemporaryFolder } from './temporary-folder.ts';
import type { SegmentBy } from './values.ts';

/*
 * One piece over 300 lines: the way of a list from its files to its manifest, step by step. What a step does is in the files
 * beside it.
 */

export type CompilePhase = 'read' | 'check' | 'reject' | 'pack' | 'store';

export interface CompileOptions {
  /** Files, folders or patterns of one format: CSV (header line), NDJSON or Parquet; CSV and NDJSON may be packed with gzip or zstd. */
  input: string | readonly string[];
  /** Where shards, manifest and rejects go. */
  objects: Objects;
  segmentBy: SegmentBy;
  /** Locales of the campaign, at least one. */
  locales: readonly string[];
  /** One of `locales`: for devices of none of them. Null: these are rejected. */
  fallbackLocale: string | null;
  /** The campaign's variants and hold-out. Absent or null: everybody gets the same. */
  split?: Split | null;
  /** Devices per batch, 1 to 2,000. */
  batchSize: number;
  mapping?: Mapping;
  /** Lists of people and tokens: to leave out of the audience (suppress), or to pack beside it, where they change nothing in it (skip). */
  lists?: readonly { path: string; role: ListRole }[];
  /** Column of the ids in these lists, where its name doesn't tell: a name, or a number from 1. */
  listColumn?: string | undefined;
  /** A list may take away nobody. */
  allowNone?: boolean;
  /** Known-bad tokens: packed and stored beside. */
  skip?: readonly string[];
  /** Segments that have to be there and not be empty. */
  segments?: readonly string[];
  /** The whole list of rejects. Null: only the stored copy. */
  rejectsPath: string | null;
  threads?: number;
  memoryMb?: number;
  /** Default 8 MiB; smaller only makes sense in tests. */
  shardBytesAtMost?: number;
  /** Rows (reject), devices (pack), shards (store), or a share of 1 (read, check). */
  progress?: (phase: CompilePhase, done: number, total: number) => void;
}

export interface Compiled {
  manifest: Manifest;
  manifestKey: string;
  audience: AudienceRef;
  skipList: SkipListRef | null;
  /** What is on it. */
  skipTokens: readonly string[];
  /** rows = devices + heldOut + rejected + duplicates */
  rows: number;
  heldOut: number;
  rejected: Partial<Record<Reason, number>>;
  duplicates: number;
  localesSaid: LocaleSaid[];
  lists: ListReport[];
  bytes: number;
  /** What was read, with what was done to it before (`unpacked`, `UTF-16LE`; '' for nothing). */
  files: { path: string; decoded: string }[];
  /** Files of folders and patterns that hold no rows. */
  ignored: string[];
  tookMs: number;
}

/**
 * A device list to a frozen audience in object storage. The same rows in the same order give the same
 * hash, on any machine. Rejects with AudienceError when the list as a whole can't be used; then nothing has been stored.
 */
export async function compileAudience(options: CompileOptions): Promise<Compiled> {
  const startedAt = performance.now();
  checkOptions(options);
  return withTemporaryFolder('gobutton-audience-', async (folder) => {
    const { threads, memoryMb } = options;
    const made = await withDuck(
      { folder, ...(threads === undefined ? {} : { threads }), ...(memoryMb === undefined ? {} : { memoryMb }) },
      (connection) => make(connection, folder, options),
    );
    const manifestKey = manifestKeyOf(made.manifest.hash);
    await store(options, made, manifestKey);
    const skip = made.skip === null ? null : packSkipList(made.skip);
    if (skip !== null) await options.objects.put(skip.ref.key, skip.bytes);
    return {
      manifest: made.manifest,
      manifestKey,
      audience: audienceRefOf(made.manifest, manifestKey),
      skipList: skip?.ref ?? null,
      skipTokens: made.skip ?? [],
      rows: made.rows,
      heldOut: made.judged.heldOut,
      rejected: made.rejected,
      duplicates: made.judged.duplicates,
      localesSaid: made.judged.localesSaid,
      lists: made.lists,
      files: made.files,
      ignored: made.ignored,
      bytes: made.shards.reduce((sum, shard) => sum + shard.bytes, 0),
      tookMs: Math.round(performance.now() - startedAt),
    };
  });
}

function checkOptions({ locales, fallbackLocale, batchSize }: CompileOptions): void {
  const wrong = (found: string, expected: string) =>
    new AudienceError('ARGUMENT_INVALID', `${found}, expected ${expected}`);
  if (locales.length === 0) throw wrong('locales: found none', 'at least one');
  if (fallbackLocale !== null && !locales.includes(fallbackLocale))
    throw wrong(`fallback locale: found ${fallbackLocale}`, `one of ${locales.join(', ')}`);
  if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > 2000)
    throw wrong(`batch size: found ${batchSize}`, 'a whole number from 1 to 2,000');
}

interface Made {
  manifest: Manifest;
  shards: PackedShard[];
  judged: Judged;
  rows: number;
  rejected: Partial<Record<Reason, number>>;
  rejectsPath: string;
  lists: ListReport[];
  skip: string[] | null;
  files: Compiled['files'];
  ignored: string[];
}

async function make(connection: DuckDBConnection, folder: string, options: CompileOptions): Promise<Made> {
  const { progress } = options;
  const { files, ignored } = await inputFiles(
    typeof options.input === 'string' ? [options.input] : options.input,
    'a device list (CSV, NDJSON or Parquet)',
  );
  const sources = await openAll(connection, folder, options, files);
  const lists: IdList[] = [];
  for (const [index, list] of (options.lists ?? []).entries())
    lists.push(await readIdList(connection, { ...list, column: options.listColumn }, folder, `list-${index}`));
  const staged = await watched(
    connection,
    (share) => progress?.('read', share, 1),
    () => stage(connection, sources),
  );
  progress?.('check', 0, 1);
  const reports = await watched(
    connection,
    () => undefined,
    () => match(connection, lists, options.allowNone === true),
  );
  const judged = await watched(
    connection,
    (share) => progress?.('check', share, 1),
    () =>
      judge(connection, {
        ...options,
        split: options.split ?? null,
        optedOut: lists.some(({ role }) => role === 'suppress') ? hitsOf('suppress', lists) : null,
      }),
  );
  const rejected = {
    ...judged.rejected,
    ...(staged.unreadable.length === 0 ? {} : { ROW_UNREADABLE: staged.unreadable.length }),
  };
  const rejectsPath = options.rejectsPath ?? join(folder, 'rejects.ndjson');
  const out = staged.rows - judged.devices - judged.heldOut;
  progress?.('reject', 0, out);
  const written = await writeRejects(connection, staged, files.length > 1, options.locales, rejectsPath, out);
  if (written !== out) throw new Error(`REJECTS_LOST ${written} written of ${out}`);
  progress?.('reject', out, out);
  checkResult(options, judged, staged.rows, rejected);
  const skip = await skipTokens(connection, options, lists);
  const { shards, segments } = await pack(connection, folder, options, judged);
  return {
    manifest: manifestOf(options, judged, shards, segments),
    shards,
    judged,
    rows: staged.rows,
    rejected,
    rejectsPath,
    lists: reports,
    skip,
    files: sources.map(({ source: { path, decoded } }) => ({ path, decoded })),
    ignored,
  };
}

/** What every source of devices must have. */
export function neededFields({
  segmentBy,
  fallbackLocale,
}: Pick<CompileOptions, 'segmentBy' | 'fallbackLocale'>): ReadonlySet<Field> {
  return new Set(
    FIELDS.filter(
      (field) =>
        (field !== 'market' || segmentBy.includes('market')) && (field !== 'locale' || fallbackLocale === null),
    ),
  );
}

/** The files of the device list, each with where its fields are. */
async function openAll(
  connection: DuckDBConnection,
  folder: string,
  options: CompileOptions,
  files: Awaited<ReturnType<typeof inputFiles>>['files'],
): Promise<{ source: Source; fields: Record<Field, number | null> }[]> {
  const format = oneFormatOf(files);
  const needed = neededFields(options);
  options.progress?.('read', 0, 1);
  const sources: { source: Source; fields: Record<Field, number | null> }[] = [];
  for (const [index, file] of files.entries()) {
    const source = await openSource(connection, file, format, folder, `input-${index}`);
    sources.push({ source, fields: locateFields(source, options.mapping ?? {}, needed) });
  }
  return sources;
}

function manifestOf(
  { batchSize, split = null }: CompileOptions,
  judged: Judged,
  shards: readonly PackedShard[],
  segments: Manifest['segments'],
): Manifest {
  const body = {
    v: 1 as const,
    devices: judged.devices,
    batchSize,
    locales: judged.locales,
    localeCounts: judged.localeCounts,
    ...(split === null ? {} : { split }),
    ...(judged.heldOut === 0 ? {} : { heldOut: judged.heldOut }),
    shards: shards.map(({ id, platform, bytes, sha256, devices }) => ({
      id,
      platform,
      key: `${id}.shard`,
      bytes,
      sha256,
      devices,
    })),
    segments,
  };
  return { ...body, hash: manifestHash(body) };
}

async function match(
  connection: DuckDBConnection,
  lists: readonly IdList[],
  allowNone: boolean,
): Promise<ListReport[]> {
  if (lists.length === 0) return [];
  await takeLists(connection, lists);
  await noteHits(connection, 'SELECT rowid AS n, u, t FROM raw WHERE broken = 0');
  const reports = await reportsOf(connection, lists);
  if (!allowNone) refuseIdle(reports);
  return reports;
}

/** The tokens to skip: of the lists themselves, and of the people on them. Null: no list was given. */
async function skipTokens(
  connection: DuckDBConnection,
  options: CompileOptions,
  lists: readonly IdList[],
): Promise<string[] | null> {
  if (!lists.some(({ role }) => role === 'skip')) return options.skip === undefined ? null : [...options.skip];
  const ofPeople = await rowsOf(connection, `SELECT DISTINCT t FROM raw WHERE rowid IN (${hitsOf('skip', lists)})`);
  return [
    ...(options.skip ?? []),
    ...ofPeople.map(([token]) => String(token)),
    ...(await otherTokens(connection, 'skip', lists)),
  ];
}

/** The list, for messages. */
function nameOf({ input }: CompileOptions): string {
  return typeof input === 'string' ? input : input.join(', ');
}

function checkResult(options: CompileOptions, judged: Judged, rows: number, rejected: Made['rejected']): void {
  const seeRejects = options.rejectsPath === null ? '' : `; see ${options.rejectsPath}`;
  if (judged.devices === 0) {
    const reasons = Object.entries(rejected)
      .map(([reason, count]) => `${count} ${reason}`)
      .join(', ');
    const isOtherText = rejected.ROW_UNREADABLE === rows && rows > 0;
    throw new AudienceError(
      'AUDIENCE_EMPTY',
      `${nameOf(options)}: found ${rows} rows and no usable device${reasons === '' ? '' : ` (${reasons}${seeRejects})`}, expected at least one${isOtherText ? '. If it is in another encoding than UTF-8 or UTF-16, convert it first: iconv -f WINDOWS-1252 -t UTF-8' : ''}`,
    );
  }
  const made = new Set(judged.segments.map((segment) => segment.id));
  const empty = (options.segments ?? []).filter((segment) => !made.has(segment));
  if (empty.length > 0) {
    throw new AudienceError(
      'SEGMENT_EMPTY',
      `${nameOf(options)}: found no usable device for ${empty.join(', ')}, expected at least one each; there are ${[...made].join(', ')}${seeRejects}`,
    );
  }
}

async function pack(
  connection: DuckDBConnection,
  folder: string,
  options: CompileOptions,
  judged: Judged,
): Promise<{ shards: PackedShard[]; segments: Manifest['segments'] }> {
  const { batchSize, shardBytesAtMost, progress, split = null } = options;
  const packer = new Packer({ folder, batchSize, ...(shardBytesAtMost === undefined ? {} : { shardBytesAtMost }) });
  let open = -1;
  let openVariant = -1;
  let done = 0;
  progress?.('pack', 0, judged.devices);
  for await (const chunk of chunksOf(connection, devicesSql(split, batchSize))) {
    const segments = chunk.getColumnVector(0);
    const locales = chunk.getColumnVector(1);
    const users = chunk.getColumnVector(2);
    const tokens = chunk.getColumnVector(3);
    const variants = chunk.getColumnVector(4);
    for (let i = 0; i < chunk.rowCount; i++) {
      const at = Number(segments.getItem(i));
      if (at !== open) {
        const segment = judged.segments[at];
        if (segment === undefined) throw new Error(`SEGMENT_LOST segment ${at} of ${judged.segments.length}`);
        await packer.segment(segment.id, segment.platform);
        open = at;
      }
      const v = Number(variants.getItem(i));
      if (v !== openVariant) {
        await packer.variant(variantAt(split, v));
        openVariant = v;
      }
      const full = packer.add(String(tokens.getItem(i)), Number(locales.getItem(i)), String(users.getItem(i)));
      if (full !== null) await full;
    }
    done += chunk.rowCount;
    progress?.('pack', done, judged.devices);
  }
  const packed = await packer.finish();
  if (done !== judged.devices) throw new Error(`DEVICES_LOST ${done} packed of ${judged.devices}`);
  return { ...packed, segments: packed.segments.map((segment) => ({ ...segment, ...countsIn(judged, segment.id) })) };
}

function countsIn({ segments }: Judged, id: string): Partial<Manifest['segments'][number]> {
  const found = segments.find((segment) => segment.id === id);
  if (found === undefined) throw new Error(`SEGMENT_LOST ${id} of ${segments.length}`);
  const { localeCounts, variants, heldOut } = found;
  return { localeCounts, ...(variants === null ? {} : { variants }), ...(heldOut === 0 ? {} : { heldOut }) };
}

/** The manifest comes last: where there is one, everything that it names is there. */
async function store(options: CompileOptions, made: Made, manifestKey: string): Promise<void> {
  const { objects, progress } = options;
  progress?.('store', 0, made.shards.length);
  await storeShards(objects, manifestKey, made.shards, (done) => progress?.('store', done, made.shards.length));
  await storeRejects(objects, beside(manifestKey, 'rejects.ndjson'), made.rejectsPath);
  await objects.put(manifestKey, Buffer.from(JSON.stringify(made.manifest)), 'application/json');
}
