import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { AudienceError } from '../../../contract/audience-error.ts';
import { withTemporaryFolder } from '../temporary-folder.ts';
import { withObjects } from './environment.ts';

const S3 = /^s3:\/\/([^/]+)\/(.+)$/;
const UPLOADS = 'uploads/';

export const isUpload = (path: string): boolean => path.startsWith('s3://');

/**
 * Lists that lie in the bucket (`s3://BUCKET/uploads/…`) as files of this machine, gone when `work` has ended. What is said of
 * such a file is said of where it came from. Throws ARGUMENT_INVALID, INPUT_MISSING.
 */
export async function withUploads<T>(
  paths: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  work: (fileOf: (path: string) => string) => Promise<T>,
): Promise<T> {
  const uploads = [...new Set(paths.filter(isUpload))];
  if (uploads.length === 0) return work((path) => path);
  return withTemporaryFolder('gobutton-uploads-', async (folder) => {
    const files = new Map<string, string>();
    await withObjects(undefined, env, async (objects) => {
      for (const [at, path] of uploads.entries()) {
        const bytes = await objects.get(keyOf(path, env['GOBUTTON_BUCKET'] ?? ''));
        if (bytes === null)
          throw new AudienceError('INPUT_MISSING', `${path}: found no such object, expected a list that was put there`);
        const file = join(folder, `${at}-${basename(path)}`);
        await writeFile(file, bytes, { mode: 0o600 });
        files.set(path, file);
      }
    });
    try {
      return await work((path) => files.get(path) ?? path);
    } catch (error) {
      if (!(error instanceof AudienceError)) throw error;
      const say = [...files].reduce((text, [path, file]) => text.replaceAll(file, path), error.message);
      throw new AudienceError(error.code, say, { cause: error });
    }
  });
}

function keyOf(path: string, bucket: string): string {
  const [, named, key] = S3.exec(path) ?? [];
  if (key === undefined || named !== bucket || !key.startsWith(UPLOADS))
    throw new AudienceError(
      'ARGUMENT_INVALID',
      `${path}: found another place, expected a list below s3://${bucket}/${UPLOADS}`,
    );
  return key;
}
