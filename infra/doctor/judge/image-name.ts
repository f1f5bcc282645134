const ECR =
  /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([^:@]+)(?::([^@]+))?(?:@(sha256:[0-9a-f]+))?$/;

/** Null: not one of ECR. */
export function parseImage(
  image: string,
): { registry: string; region: string; repository: string; tag: string | null; digest: string | null } | null {
  const [, registry, region, repository, tag, digest] = ECR.exec(image) ?? [];
  if (registry === undefined || region === undefined || repository === undefined) return null;
  return { registry, region, repository, tag: tag ?? (digest === undefined ? 'latest' : null), digest: digest ?? null };
}
