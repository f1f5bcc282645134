import { ApnsClient } from 'apns2';
import { Pool } from 'undici';

/**
 * The one place where `apns2` is pointed at another address: the package fixes port 443, so its public `client` is
 * replaced by a pool to the local provider. Without a local URL it is left as it is: APNs itself.
 */
export function createApnsClient(options: {
  teamId: string;
  keyId: string;
  keyPem: string;
  localUrl: string | null;
  ca: string | null;
}): ApnsClient {
  const { teamId, keyId, keyPem, localUrl, ca } = options;
  const client = new ApnsClient({ team: teamId, keyId, signingKey: keyPem });
  if (localUrl === null) return client;
  const untouched = client.client;
  const pool = new Pool(new URL(localUrl).origin, {
    connections: 1,
    allowH2: true,
    ...(ca === null ? {} : { connect: { ca } }),
  });
  void untouched.destroy();
  // Read-only in its types, a plain property in fact.
  return Object.assign(client, { client: pool });
}
