import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Credentials } from '../credentials.ts';
import { ApnsTokens } from './apns-token.ts';
import type { TeamKey } from './apns-token.ts';
import { Apns } from './apns.ts';
import { behaviour as behaviourShape } from './behaviour.ts';
import type { Behaviour, BehaviourInput } from './behaviour.ts';
import { serveControl } from './control.ts';
import { Desk } from './desk.ts';
import type { ConnectionRecord } from './exchange.ts';
import { FcmOauth } from './fcm-oauth.ts';
import { Fcm, tokenPath } from './fcm.ts';
import { Judge } from './judge.ts';
import { Last } from './last.ts';
import { Ledger } from './ledger.ts';
import { Phones } from './phones.ts';
import { serveSite } from './server.ts';
import type { ServerState, SiteOptions } from './server.ts';

export interface ProviderOptions {
  credentials: Credentials;
  /** Wished ports; 0 or absent: any free one. */
  apnsPort?: number;
  fcmPort?: number;
  controlPort?: number;
  /** Where counts outlive the process; null or absent: nowhere. */
  dataDir?: string | null;
  behaviour?: BehaviourInput;
  /** Of loopback, that both providers listen on, each with one port for all; the URLs have the name `localhost` whatever they are. Default 127.0.0.1. */
  addresses?: SiteOptions['addresses'];
  /** First part of the control API's paths; absent: a random one. */
  controlToken?: string;
}

/** `refusals`: requests that were refused before they could be counted as a receipt, by status and reason. */
export interface ProviderState extends ServerState {
  refusals: Record<string, number>;
}

export interface Providers {
  /** https://localhost:PORT, for GOBUTTON_APNS_URL. */
  apnsUrl: string;
  fcmUrl: string;
  /** OAuth token endpoint, for GOBUTTON_FCM_TOKEN_URL. */
  tokenUrl: string;
  controlUrl: string;
  behaviour: Behaviour;
  judge: Judge;
  phones: Phones;
  state(): Record<'apns' | 'fcm', ProviderState>;
  connections(provider: 'apns' | 'fcm'): ConnectionRecord[];
  /** See ApnsTokens. */
  replaceApnsKey(key: TeamKey): void;
  stop(): Promise<void>;
}

const secretBytes = 32;
const account = z.object({ client_email: z.string() });

/** Starts stand-ins of APNs and FCM with their control API on loopback. Rejects if the credentials can't be read or nothing can be bound. */
export async function startProviders(options: ProviderOptions): Promise<Providers> {
  const { credentials } = options;
  const behaviour = behaviourShape.parse(options.behaviour ?? {});
  const judge = new Judge();
  const phones = new Phones();
  const last = new Last();
  const dataDir = options.dataDir ?? null;
  const ledger = dataDir === null ? null : new Ledger(dataDir, judge, phones);
  const { client_email: clientEmail } = account.parse(
    JSON.parse(await readFile(credentials.serviceAccountFile, 'utf8')),
  );

  const apnsDesk = new Desk('ios', { behaviour, judge, phones, last });
  const fcmDesk = new Desk('android', { behaviour, judge, phones, last });
  let tokenUrl = '';
  const apnsTokens = new ApnsTokens({
    publicKeyPem: credentials.apnsPublicKeyPem,
    keyId: credentials.apnsKeyId,
    teamId: credentials.apnsTeamId,
  });
  const apns = new Apns(apnsDesk, apnsTokens);
  const oauth = new FcmOauth({
    publicKeyPem: credentials.serviceAccountPublicKeyPem,
    clientEmail,
    secret: await oauthSecret(dataDir),
    ownUrl: () => tokenUrl,
  });
  const fcm = new Fcm(fcmDesk, oauth, credentials.projectId);

  const tls = {
    addresses: options.addresses ?? (['127.0.0.1'] as const),
    keep: () => {
      ledger?.keep();
    },
    key: credentials.serverKey,
    cert: credentials.serverCert,
  };
  const apnsServer = await serveSite(apns, { ...tls, desk: apnsDesk, port: options.apnsPort ?? 0 });
  const fcmServer = await serveSite(fcm, { ...tls, desk: fcmDesk, port: options.fcmPort ?? 0 });
  tokenUrl = `https://localhost:${fcmServer.port}${tokenPath}`;

  const state = (): Record<'apns' | 'fcm', ProviderState> => ({
    apns: { ...apnsServer.state(), refusals: Object.fromEntries(apnsDesk.refusals) },
    fcm: { ...fcmServer.state(), refusals: Object.fromEntries(fcmDesk.refusals) },
  });
  const connections = (provider: 'apns' | 'fcm'): ConnectionRecord[] =>
    (provider === 'apns' ? apnsServer : fcmServer).connections();
  const controlToken = options.controlToken ?? randomBytes(16).toString('hex');
  const control = await serveControl(
    {
      behaviour,
      judge,
      phones,
      last,
      state,
      reset() {
        for (const part of [ledger, judge, phones, last, apnsDesk, fcmDesk, apnsServer, fcmServer]) part?.reset();
        apns.forget();
        fcm.forget();
      },
      goaway: (provider) => (provider === 'apns' ? apnsServer : fcmServer).goaway(),
      connections,
    },
    options.controlPort ?? 0,
    controlToken,
  );

  return {
    apnsUrl: `https://localhost:${apnsServer.port}`,
    fcmUrl: `https://localhost:${fcmServer.port}`,
    tokenUrl,
    controlUrl: `http://127.0.0.1:${control.port}/${controlToken}`,
    behaviour,
    judge,
    phones,
    state,
    connections,
    replaceApnsKey: (key) => apnsTokens.replaceKey(key),
    async stop() {
      await Promise.all([apnsServer.stop(), fcmServer.stop(), control.stop()]);
      ledger?.close();
    },
  };
}

/** Signs access tokens; kept beside the counts, so that tokens outlive a restart as Google's do. */
async function oauthSecret(dataDir: string | null): Promise<Buffer> {
  if (dataDir === null) return randomBytes(secretBytes);
  const file = join(dataDir, 'oauth-secret');
  await mkdir(dataDir, { recursive: true });
  const kept = await readFile(file).catch(() => null);
  if (kept?.length === secretBytes) return kept;
  const made = randomBytes(secretBytes);
  await writeFile(file, made, { mode: 0o600 });
  return made;
}
