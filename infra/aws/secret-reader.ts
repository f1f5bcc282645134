import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { placeOf } from './clients.ts';
import type { CloudConfig } from './cloud-config.ts';
import { errorName } from './cloud-error.ts';

/** A look that takes longer is tried again a minute later: what was read before stays. */
const READ_WITHIN_MS = 10_000;

/**
 * Reads secrets of Secrets Manager as they stand now (stage AWSCURRENT), by ARN. Rejects with words that name the secret and what
 * AWS said. The client is loaded with the first read: who is told of no secret pays nothing for it.
 */
export function secretReader(place: Pick<CloudConfig, 'endpoint' | 'region'>): (arn: string) => Promise<string> {
  let client: Promise<SecretsManagerClient> | null = null;
  return async (arn) => {
    const { GetSecretValueCommand, SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager');
    client ??= Promise.resolve(new SecretsManagerClient({ ...placeOf(place), maxAttempts: 3 }));
    const answer = await (
      await client
    )
      .send(new GetSecretValueCommand({ SecretId: arn, VersionStage: 'AWSCURRENT' }), {
        abortSignal: AbortSignal.timeout(READ_WITHIN_MS),
      })
      .catch((cause: unknown) => {
        throw new Error(
          `${arn} can't be read: ${errorName(cause)} ${cause instanceof Error ? cause.message : ''}`.trim(),
          {
            cause,
          },
        );
      });
    if (answer.SecretString === undefined) throw new Error(`${arn} holds bytes, expected text`);
    return answer.SecretString;
  };
}
