import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import type { Logger } from 'pino';
import { grantedByManifest } from './app-manifest.ts';
import { ClientApi } from './client/client-api.ts';
import { guardBrowser } from './client/guard.ts';
import { servePage } from './client/page-files.ts';
import { PageKey } from './client/page-key.ts';
import { servePhones } from './client/phones.ts';
import { EventDelivery } from './delivery/events.ts';
import { HttpMode } from './delivery/http-mode.ts';
import { Interactions } from './delivery/interactions.ts';
import { ResponseUrls } from './delivery/response-urls.ts';
import { SocketMode } from './delivery/socket-mode.ts';
import { HttpError, readBody, sendJson } from './http.ts';
import { Renderer } from './render/render.ts';
import { FileVault } from './state/file-vault.ts';
import { APP, SAMPLE_SEED } from './state/seed.ts';
import type { Seed } from './state/seed.ts';
import { SlackError } from './state/slack-error.ts';
import { Triggers } from './state/triggers.ts';
import { Views } from './state/views.ts';
import { WorkspaceState } from './state/workspace-state.ts';
import { Faults } from './web-api/faults.ts';
import { serveFile, servePrivateFile, takeUpload } from './web-api/file-routes.ts';
import { createWebApi } from './web-api/web-api.ts';

export interface WorkspaceOptions {
  /** Default 0: any free port. */
  port?: number;
  /** Where messages, channels and files are kept; null: in memory. */
  dataDir: string | null;
  /** Who is there when it begins. Absent: the people of the sample launch. */
  seed?: Seed;
  botToken: string;
  appToken: string;
  signingSecret: string;
  /** Needed for the page and the client API, by `pageUrl`. Absent or null: they are open to every program of this machine. */
  pageKey?: string | null;
  /** HTTP mode: where payloads are posted, signed. Absent or null: Socket Mode. */
  requestUrl?: string | null;
  /** The push providers' control API, for the phones on the page. */
  providersControlUrl?: string | null;
  /** The bot scopes the app was given, and the events that it hears of. Default: those of its manifest. */
  scopes?: readonly string[];
  events?: readonly string[];
  /** Default true: Slack's real limits. */
  rateLimits?: boolean;
  /** How long an app may change a message after posting it, in ms. 0 (default): for ever. */
  editWindowMs?: number;
  /** Whether the app is one that is sold outside the Marketplace, with its limits of history (by `rateLimits`) and 15 messages a page. Default: false. */
  isSold?: boolean;
  /** Seconds until a socket connection is refreshed, as Slack does every few hours. 0 (default): never. */
  connectionLifetimeS?: number;
  /** Default: silent. */
  log?: Logger;
  nowMs?: () => number;
}

export interface Workspace {
  /** `http://127.0.0.1:PORT`. */
  url: string;
  /** The war-room page, to be opened as it is: with its key, if it has one. */
  pageUrl: string;
  /** For SLACK_API_URL; ends with `/api/`. */
  apiUrl: string;
  port: number;
  /** Switches to HTTP mode (or back to Socket Mode with null); Slack's challenge is `verifyRequestUrl`. */
  setRequestUrl(url: string | null): void;
  /** Sends the url_verification challenge to the request URL; false if there is none or it fails. */
  verifyRequestUrl(): Promise<boolean>;
  setProviders(url: string | null): void;
  /** Asks the app's socket connections to reconnect, or cuts them like a broken network. */
  refreshConnections(how: 'warning' | 'refresh_requested' | 'cut'): void;
  /** From now on every connection is sent away for this reason right after its `hello`, those that are open too; `silent`: new ones get no `hello`. Null: no more. */
  refuseConnections(reason: 'link_disabled' | 'too_many_websockets' | 'silent' | null): void;
  /** What goes wrong with the Web API and the answer addresses, by method; also at `/client/faults`. */
  faults: Faults;
  connectionCount(): number;
  /** What an admin of the workspace may do to the app while it works. */
  admin: {
    archive(channelId: string, isArchived: boolean): void;
    removeApp(channelId: string): void;
    addApp(channelId: string): void;
    deleteMessage(channelId: string, ts: string): void;
    /** The app hears of it by an event, if it is there. */
    deactivate(userId: string): void;
    /** Makes some of the app's secrets anew; from then on the old ones are worth nothing. */
    renew(secrets: Partial<Pick<WorkspaceOptions, 'botToken' | 'appToken' | 'signingSecret'>>): void;
  };
  stop(): Promise<void>;
}

/** Starts the local Slack: Web API, Socket Mode or signed HTTP, client API and page on one loopback port. */
export async function startWorkspace(options: WorkspaceOptions): Promise<Workspace> {
  const nowMs = options.nowMs ?? Date.now;
  const log = options.log ?? pino({ level: 'silent' });
  const granted = grantedByManifest();
  let port = 0;
  let providersUrl = options.providersControlUrl ?? null;
  let httpMode: HttpMode | null = null;
  const baseUrl = (): string => `http://127.0.0.1:${port}`;

  const secrets = {
    botToken: options.botToken,
    appToken: options.appToken,
    signingSecret: options.signingSecret,
  };
  const state = new WorkspaceState({ dataDir: options.dataDir, seed: options.seed ?? SAMPLE_SEED, nowMs });
  const views = new Views(state);
  const triggers = new Triggers(nowMs);
  const files = new FileVault({ dataDir: options.dataDir, state });
  const responseUrls = new ResponseUrls({ state, baseUrl });
  const server = createServer((request, response) => {
    route(request, response).catch((error: unknown) => fail(response, error));
  });
  const sockets = new SocketMode({
    server,
    connectionLifetimeS: options.connectionLifetimeS ?? 0,
    onPresence: (connected) => state.tell({ kind: 'presence', connected }),
  });
  const transport = () => httpMode ?? sockets;
  const isConnected = (): boolean => httpMode !== null || sockets.connectionCount > 0;
  const events = new EventDelivery({ state, transport, log, subscribed: options.events ?? granted.events });
  const interactions = new Interactions({ state, views, triggers, responseUrls, transport });
  const client = new ClientApi({
    state,
    views,
    interactions,
    renderer: new Renderer(state),
    files,
    baseUrl,
    isConnected,
  });
  const faults = new Faults();
  const pageKey = new PageKey(options.pageKey ?? null, () => port);
  const webApi = createWebApi(
    {
      state,
      views,
      triggers,
      files,
      baseUrl,
      socketUrl: () => `ws://127.0.0.1:${port}${sockets.newTicketPath()}`,
      editWindowMs: options.editWindowMs ?? 0,
      isSold: options.isSold ?? false,
    },
    {
      tokens: secrets,
      scopes: options.scopes ?? granted.scopes,
      rateLimits: options.rateLimits ?? true,
      faults,
    },
  );

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', baseUrl());
    guardBrowser(request, port);
    const [area, first, second] = url.pathname.split('/').slice(1);
    switch (area) {
      case 'api':
        return await webApi.handle(request, response, first ?? '');
      case 'upload':
        return await takeUpload(request, response, files, second ?? '');
      case 'files-pri':
        return servePrivateFile(request, response, {
          file: files.bytes(first ?? ''),
          isAllowed:
            request.headers.authorization === `Bearer ${secrets.botToken}` &&
            (options.scopes ?? granted.scopes).includes('files:read'),
        });
      case 'actions':
        return useResponseUrl(request, response, second ?? '');
      default:
    }
    if (!pageKey.admits(request, response, url)) return;
    if (area === 'files') return serveFile(response, files, state.files.get(first ?? ''));
    if (area === 'client' && first === 'phones')
      return await servePhones(response, providersUrl, second === 'events' ? 'events' : 'phones');
    if (area === 'client' && first === 'faults') return await operateFaults(request, response);
    if (area === 'client') return await client.handle(request, response, url);
    return servePage(response, url.pathname);
  }

  async function operateFaults(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET') {
      if (!(request.headers['content-type'] ?? '').startsWith('application/json'))
        throw new HttpError(415, 'json_expected');
      faults.request(parsed((await readBody(request, 64 * 1024)).toString('utf8')));
    }
    sendJson(response, 200, { ok: true, faults: faults.list() });
  }

  async function useResponseUrl(request: IncomingMessage, response: ServerResponse, secret: string): Promise<void> {
    const met = faults.meet('response_url', response);
    if (met === 'answered') return;
    try {
      responseUrls.use(
        secret,
        JSON.parse((await readBody(request, 1024 * 1024)).toString('utf8')) as Record<string, unknown>,
      );
      if (met !== 'mute') sendJson(response, 200, { ok: true });
    } catch (error) {
      if (error instanceof SyntaxError) return sendJson(response, 400, { ok: false, error: 'invalid_payload' });
      if (!(error instanceof SlackError)) throw error;
      sendJson(response, error.error.endsWith('_url') ? 404 : 400, { ok: false, error: error.error, ...error.extra });
    }
  }

  function fail(response: ServerResponse, error: unknown): void {
    const known = error instanceof HttpError;
    if (!known) log.error({ err: error }, 'a request could not be served');
    if (response.headersSent) response.destroy();
    else sendJson(response, known ? error.status : 500, { ok: false, error: known ? error.code : 'internal_error' });
  }

  function setRequestUrl(url: string | null): void {
    httpMode =
      url === null ? null : new HttpMode({ requestUrl: url, signingSecret: () => secrets.signingSecret, nowMs });
    state.tell({ kind: 'presence', connected: isConnected() });
  }

  if (options.requestUrl !== undefined) setRequestUrl(options.requestUrl);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
  port = (server.address() as AddressInfo).port;

  return {
    url: baseUrl(),
    pageUrl: `${baseUrl()}${pageKey.query}`,
    apiUrl: `${baseUrl()}/api/`,
    port,
    setRequestUrl,
    verifyRequestUrl: async () => (httpMode === null ? false : await httpMode.verify()),
    setProviders: (url) => {
      providersUrl = url;
    },
    refreshConnections: (how) => (how === 'cut' ? sockets.cut() : sockets.refresh(how)),
    refuseConnections: (reason) => sockets.refuse(reason),
    faults,
    connectionCount: () => sockets.connectionCount,
    admin: {
      archive: (id, isArchived) => state.saveChannel({ ...state.channel(id), is_archived: isArchived }),
      removeApp: (id) => state.leave(state.channel(id), APP.botUserId),
      addApp: (id) => state.join(state.channel(id), APP.botUserId, null),
      deleteMessage: (id, ts) => state.remove(state.message(id, ts)),
      renew: (given) => void Object.assign(secrets, given),
      deactivate: (id) => state.saveUser({ ...state.user(id), deleted: true, updated: Math.floor(nowMs() / 1000) }),
    },
    stop: async () => {
      events.stop();
      client.stop();
      sockets.stop();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

/** Undefined, which no schema takes, if it is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
