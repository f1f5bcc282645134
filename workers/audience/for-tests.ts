import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileAudience } from './compile.ts';
import type { Compiled, CompileOptions } from './compile.ts';
import { folderObjects } from './packed/folder-objects.ts';
import type { LoadedAudience } from './packed/loaded-audience.ts';
import type { Reject } from './rejects.ts';

/** A folder of its own with objects in it; `await using` removes it. */
export async function testFolder() {
  const path = await mkdtemp(join(tmpdir(), 'gobutton-test-'));
  const objects = folderObjects(join(path, 'objects'));
  const rejectsPath = join(path, 'rejects.ndjson');
  return {
    path,
    objects,
    rejectsPath,
    file: async (name: string, content: string | Uint8Array): Promise<string> => {
      await writeFile(join(path, name), content);
      return join(path, name);
    },
    compile: (input: CompileOptions['input'], options: Partial<CompileOptions> = {}): Promise<Compiled> =>
      compileAudience({
        input,
        objects,
        segmentBy: ['market', 'platform'],
        locales: ['en', 'es', 'pt-BR'],
        fallbackLocale: null,
        batchSize: 1_000,
        rejectsPath,
        memoryMb: 200,
        ...options,
      }),
    rejects: async (): Promise<Reject[]> =>
      (await readFile(rejectsPath, 'utf8'))
        .split('\n')
        .filter((line) => line !== '')
        .map((line): Reject => JSON.parse(line)),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

export const HEADER = 'user,platform,token,locale,market';

/** The n-th APNs token: 64 hex digits. */
export function apns(n: number): string {
  return n.toString(16).padStart(8, '0').repeat(8);
}

/** The n-th FCM token, as long as they usually are. */
export function fcm(n: number): string {
  return `c${n.toString(36).padStart(21, '0')}:APA91b${n.toString(36).padStart(134, 'x')}`;
}

export function csv(...rows: string[]): string {
  return `${[HEADER, ...rows].join('\n')}\n`;
}

/** Every device as the loader gives it, in order of segments and batches. */
export function devicesOf(
  audience: LoadedAudience,
): { segment: string; batch: string; platform: string; locale: string; token: string; skipped: boolean }[] {
  return audience.manifest.segments.flatMap((segment) =>
    segment.batches.flatMap(({ id }) => {
      const view = audience.view(id);
      return Array.from({ length: view.count }, (_, i) => ({
        segment: view.segment,
        batch: id,
        platform: view.platform,
        locale: audience.manifest.locales[view.locale(i)] ?? '',
        token: view.token(i),
        skipped: view.skipped(i),
      }));
    }),
  );
}
