import { ApnsClient } from 'apns2';
import { Pool } from 'undici';

/**
 * The one place where `apns2` is pointed at another address: the package fixes port 443, so its public `client` is
 * replaced by a pool to the local provider. Without a local URL it is left as it is: APNs itself. `jwt`: the provider token.
 */
export function createApnsClient(options: { teamId: string; keyId: string; keyPem: string; jwt: string; localUrl: string | null; ca: string | null }): ApnsClient {
  const { teamId, keyId, keyPem, jwt, localUrl, ca } = options;
  const client = new ApnsClient({ team: teamId, keyId, signingKey: keyPem });
  // Its own would be dated by the machine's clock, and Apple takes none from the future. This one outlives the client.
  Object.assign(client, { _token: { value: jwt, timestamp: Date.now() } });
  if (localUrl === null) return client;
  const untouched = client.client;
  const pool = new Pool(new URL(localUrl).origin, { connections: 1, allowH2: true, ...(ca === null ? {} : { connect: { ca } }) });
  void untouched.destroy();
  // Read-only in its types, a plain property in fact.
  return Object.assign(client, { client: pool });
}
