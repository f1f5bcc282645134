import { Agent } from 'node:https';
import { connect } from 'node:tls';
import { deleteApp, initializeApp } from 'firebase-admin/app';
import type { App, Credential } from 'firebase-admin/app';
import { getMessaging } from 'firebase-admin/messaging';
import type { Messaging } from 'firebase-admin/messaging';
import { randomUUID } from 'node:crypto';
import { fetchAccessToken, type TokenSource } from '../credentials/fcm-oauth.ts';
import type { ServiceAccount } from '../credentials/service-account.ts';

export interface FcmClient { messaging: Messaging; close(): Promise<void> }

/**
 * The one place where `firebase-admin` is pointed at another address: the package fixes its host, but `send()` follows
 * an agent, and the agent says where a connection really goes. Without local URLs nothing is replaced: FCM itself.
 */
export function createFcmClient(options: { account: ServiceAccount; localUrl: string | null; tokenUrl: string | null; ca: string | null; nowMs: () => number }): FcmClient {
  const { account, localUrl, ca } = options;
  const app: App = initializeApp({
    projectId: account.projectId,
    credential: datedCredential(options),
    ...(localUrl === null ? {} : { httpAgent: agentTo(new URL(localUrl), ca) }),
  }, `test-send-${randomUUID()}`);
  return { messaging: getMessaging(app), close: () => deleteApp(app) };
}

/** The package's own is dated by the machine's clock. `nowMs`: the store's time. */
function datedCredential(source: TokenSource & { nowMs: () => number }): Credential {
  return {
    async getAccessToken() {
      const { token, expiresAtMs } = await fetchAccessToken(source);
      return { access_token: token, expires_in: Math.floor((expiresAtMs - source.nowMs()) / 1_000) };
    },
  };
}

function agentTo(url: URL, ca: string | null): Agent {
  const agent = new Agent({ keepAlive: false });
  agent.createConnection = () => connect({
    host: url.hostname, port: Number(url.port || 443), servername: url.hostname, ALPNProtocols: ['http/1.1'], ...(ca === null ? {} : { ca }),
  });
  return agent;
}
