import { AudienceError } from '../../../contract/audience-error.ts';
import { manifestKeyOf } from '../../../contract/manifest.ts';
import { skipListKeyOf } from '../../../contract/skip-list-key.ts';
import { readManifest } from '../../../infra/aws/manifest-store.ts';
import { loadAudience } from '../packed/load.ts';
import { readSkipList } from '../packed/skip-list.ts';
import { progressBar } from '../progress.ts';
import type { Output } from '../progress.ts';
import { readArguments, wholeNumber } from './arguments.ts';
import { splitRows } from './compile-summary.ts';
import { withObjects } from './environment.ts';
import { batches, count, megabytes, table } from './words.ts';

type Env = Readonly<Record<string, string | undefined>>;

export async function runInspect(args: string[], env: Env, out: Output): Promise<void> {
  const { words, option } = readArguments({ name: 'inspect', words: 1 }, args, ['out']);
  const hash = theOnly(words, 'inspect', 'the hash of an audience');
  const manifest = await withObjects(option.out, env, (objects) => readManifest(objects, manifestKeyOf(hash)));
  const bytes = manifest.shards.reduce((sum, shard) => sum + shard.bytes, 0);
  out.write(
    table([
      ['audience', manifest.hash],
      ['devices', count(manifest.devices)],
      ['batch size', count(manifest.batchSize)],
      ['shards', `${count(manifest.shards.length)}, ${megabytes(bytes)}`],
      [
        'locales',
        Object.entries(manifest.localeCounts)
          .map(([locale, devices]) => `${locale} ${count(devices)}`)
          .join(', '),
      ],
      ...splitRows(manifest),
      ['segments', count(manifest.segments.length)],
      ...manifest.segments.map(
        (segment) =>
          [
            `  ${segment.id}`,
            `${count(segment.devices)} ${segment.platform} devices in ${batches(segment.batches.length)}, ${segment.batches[0]?.id ?? ''} to ${segment.batches.at(-1)?.id ?? ''}`,
          ] as const,
      ),
    ]),
  );
}

/** Loads an audience as a worker does, and says what it takes. */
export async function runLoad(args: string[], env: Env, out: Output): Promise<void> {
  const { words, option } = readArguments({ name: 'load', words: 1 }, args, ['out', 'skip-list', 'concurrency']);
  const hash = theOnly(words, 'load', 'the hash of an audience');
  const concurrency = wholeNumber('concurrency', option.concurrency, 2, 1, 32);
  const bar = progressBar(out);
  const startedAt = performance.now();
  await withObjects(option.out, env, async (objects) => {
    const audience = await loadAudience(objects, manifestKeyOf(hash), {
      concurrency,
      progress: (done, total) => bar.update(`loading ${done} of ${total} shards`, done, total),
    }).finally(() => bar.stop());
    const rows: [string, string][] = [
      ['devices', count(audience.manifest.devices)],
      ['loaded', `${megabytes(audience.bytes)} in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`],
    ];
    if (option['skip-list'] !== undefined) {
      const packed = await readSkipList(objects, {
        key: skipListKeyOf(option['skip-list']),
        hash: option['skip-list'],
      });
      const skipAt = performance.now();
      const skipped = audience.applySkipList(packed);
      rows.push(['skipped', `${count(skipped)} in ${((performance.now() - skipAt) / 1000).toFixed(1)} s`]);
    }
    const readAt = performance.now();
    rows.push([
      'tokens read',
      `${count(readAll(audience))} characters in ${((performance.now() - readAt) / 1000).toFixed(1)} s`,
    ]);
    rows.push([
      'memory',
      `${Math.round(process.memoryUsage.rss() / 1_048_576)} MB now, ${Math.round(process.resourceUsage().maxRSS / 1024)} MB at most`,
    ]);
    out.write(table(rows));
  });
}

/** Every token once, as a shot would. */
function readAll(audience: Awaited<ReturnType<typeof loadAudience>>): number {
  let characters = 0;
  for (const segment of audience.manifest.segments) {
    for (const { id } of segment.batches) {
      const view = audience.view(id);
      for (let i = 0; i < view.count; i++) characters += view.token(i).length;
    }
  }
  return characters;
}

function theOnly(words: string[], command: string, what: string): string {
  const [word] = words;
  if (word === undefined) throw new AudienceError('ARGUMENT_INVALID', `${command}: found nothing, expected ${what}`);
  return word;
}
