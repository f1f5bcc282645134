import { randomUUID } from 'node:crypto';
import { Agent } from 'node:https';
import { connect } from 'node:tls';
import { deleteApp, initializeApp } from 'firebase-admin/app';
import type { App, Credential } from 'firebase-admin/app';
import { cert } from 'firebase-admin/app';
import { getMessaging } from 'firebase-admin/messaging';
import type { Messaging } from 'firebase-admin/messaging';
import { fetchAccessToken } from '../credentials/fcm-oauth.ts';
import type { ServiceAccount } from '../credentials/service-account.ts';

export interface FcmClient {
  messaging: Messaging;
  close(): Promise<void>;
}

/**
 * The one place where `firebase-admin` is pointed at another address: the package fixes its host, but `send()` follows
 * an agent, and the agent says where a connection really goes. Without local URLs nothing is replaced: FCM itself.
 */
export function createFcmClient(options: {
  account: ServiceAccount;
  localUrl: string | null;
  tokenUrl: string | null;
  ca: string | null;
}): FcmClient {
  const { account, localUrl, tokenUrl, ca } = options;
  const app: App = initializeApp(
    {
      projectId: account.projectId,
      credential: tokenUrl === null ? cert(account) : localCredential(account, tokenUrl, ca),
      ...(localUrl === null ? {} : { httpAgent: agentTo(new URL(localUrl), ca) }),
    },
    `test-send-${randomUUID()}`,
  );
  return { messaging: getMessaging(app), close: () => deleteApp(app) };
}

function localCredential(account: ServiceAccount, tokenUrl: string, ca: string | null): Credential {
  return {
    async getAccessToken() {
      const { token, expiresAtMs } = await fetchAccessToken({ account, tokenUrl, ca });
      return { access_token: token, expires_in: Math.floor((expiresAtMs - Date.now()) / 1_000) };
    },
  };
}

function agentTo(url: URL, ca: string | null): Agent {
  const agent = new Agent({ keepAlive: false });
  agent.createConnection = () =>
    connect({
      host: url.hostname,
      port: Number(url.port || 443),
      servername: url.hostname,
      ALPNProtocols: ['http/1.1'],
      ...(ca === null ? {} : { ca }),
    });
  return agent;
}
