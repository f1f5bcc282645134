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
export function secretReader(
  place: Pick<CloudConfig, 'endpoint' | 'region'>,
  withinMs = READ_WITHIN_MS,
): (arn: string) => Promise<string> {
  let client: SecretsManagerClient | null = null;
  return async (arn) => {
    const { GetSecretValueCommand, SecretsManagerClient: Client } = await import('@aws-sdk/client-secrets-manager');
    client ??= new Client({ ...placeOf(place), maxAttempts: 3 });
    const abortSignal = AbortSignal.timeout(withinMs);
    const answer = await client
      .send(new GetSecretValueCommand({ SecretId: arn, VersionStage: 'AWSCURRENT' }), { abortSignal })
      .catch((cause: unknown) => {
        const said = `${errorName(cause)} ${cause instanceof Error ? cause.message : ''}`.trim();
        const why = abortSignal.aborted ? `no answer within ${withinMs / 1_000} s` : said;
        throw new Error(`${arn} can't be read: ${why}`, { cause });
      });
    if (answer.SecretString === undefined) throw new Error(`${arn} holds bytes, expected text`);
    return answer.SecretString;
  };
}
