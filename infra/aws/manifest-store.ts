import { AudienceError } from '../../contract/audience-error.ts';
import { manifest as manifestSchema, manifestHash, wrongSum } from '../../contract/manifest.ts';
import type { Manifest } from '../../contract/manifest.ts';
import type { Objects } from './objects.ts';

/** Fetches and checks a manifest: schema, hash, and that its sums agree. Throws MANIFEST_MISSING, MANIFEST_INVALID. */
export async function readManifest(objects: Objects, key: string, signal?: AbortSignal): Promise<Manifest> {
  const bytes = await objects.get(key, signal);
  if (bytes === null)
    throw new AudienceError(
      'MANIFEST_MISSING',
      `${key}: found no such object, expected the manifest of a compiled audience`,
    );
  const invalid = (found: string, expected: string, cause?: unknown) =>
    new AudienceError('MANIFEST_INVALID', `${key}: found ${found}, expected ${expected}`, { cause });
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw invalid('no JSON', 'a manifest', cause);
  }
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(
      `something else at ${issue?.path.join('.') ?? ''} (${issue?.message ?? ''})`,
      'a manifest of version 1',
      parsed.error,
    );
  }
  const manifest = parsed.data;
  const hash = manifestHash(manifest);
  if (hash !== manifest.hash) throw invalid(`content with the hash ${hash}`, manifest.hash);
  const wrong = wrongSum(manifest);
  if (wrong !== null) throw invalid(wrong, 'sums that agree');
  return manifest;
}
