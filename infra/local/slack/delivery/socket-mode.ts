import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { foreignRequest } from '../../loopback.ts';
import { secretId } from '../state/ids.ts';
import type { Json } from '../state/model.ts';
import { APP } from '../state/seed.ts';
import { ACK_MS } from './transport.ts';
import type { Outcome, PayloadKind, Retry, Transport } from './transport.ts';

/** Slack: at most 10 connections of an app (docs/facts.md#slack-socket-mode). */
const CONNECTIONS = 10;
/** A socket URL is good for one connection, soon. */
const TICKET_MS = 30_000;
/** @slack/socket-mode gives up a connection without a ping for 30 s. */
const PING_MS = 10_000;
/** Slack warns about 10 s before it closes a connection (docs/facts.md#slack-socket-mode). */
const WARNING_MS = 10_000;

interface Pending {
  envelope: Json;
  on: WebSocket | null;
  answer: (outcome: Outcome) => void;
}

export interface SocketModeOptions {
  server: Server;
  /** Seconds until a connection is refreshed; Slack says so in `hello` (some hours). 0: never. */
  connectionLifetimeS: number;
  onPresence: (connected: boolean) => void;
}

/**
 * The server side of Socket Mode. A payload goes to any one connection, in turn; when a connection dies
 * with a payload unacknowledged, another one gets it, as long as its 3 s last. Without any connection a
 * payload waits for one within the same 3 s.
 */
export class SocketMode implements Transport {
  #tickets = new Map<string, number>();
  #connections: WebSocket[] = [];
  #pending = new Map<string, Pending>();
  #timers = new Set<NodeJS.Timeout>();
  #turn = 0;
  #refusal: 'link_disabled' | 'too_many_websockets' | 'silent' | null = null;
  #stopped = false;
  #sockets = new WebSocketServer({ noServer: true });
  #options: SocketModeOptions;
  #onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => this.#upgrade(request, socket, head);

  constructor(options: SocketModeOptions) {
    this.#options = options;
    options.server.on('upgrade', this.#onUpgrade);
  }

  /** Path and query of a new one-time socket address, for apps.connections.open. */
  newTicketPath(): string {
    const ticket = secretId();
    this.#tickets.set(ticket, Date.now() + TICKET_MS);
    return `/link/?ticket=${ticket}&app_id=${APP.id}`;
  }

  get connectionCount(): number {
    return this.#connections.length;
  }

  deliver(kind: PayloadKind, payload: Json, retry: Retry | null): Promise<Outcome> {
    const envelope: Json = {
      envelope_id: randomUUID(),
      type: kind,
      payload,
      accepts_response_payload: kind !== 'events_api',
      ...(kind === 'events_api' && { retry_attempt: retry?.num ?? 0, retry_reason: retry?.reason ?? '' }),
    };
    return new Promise((resolve) => {
      const id = String(envelope['envelope_id']);
      const timer = setTimeout(() => {
        const wasSent = this.#pending.get(id)?.on !== null;
        answer({ ok: false, error: wasSent ? 'operation_timeout' : 'dispatch_failed' });
      }, ACK_MS);
      const answer = (outcome: Outcome): void => {
        clearTimeout(timer);
        this.#pending.delete(id);
        resolve(outcome);
      };
      const pending: Pending = { envelope, on: null, answer };
      this.#pending.set(id, pending);
      this.#send(pending);
    });
  }

  /** Asks every connection to go, as Slack does every few hours: with a warning, or at once. */
  refresh(reason: 'warning' | 'refresh_requested' | 'link_disabled'): void {
    for (const socket of this.#connections) this.#disconnect(socket, reason);
  }

  /** Sends every connection away after its `hello`, as Slack does while Socket Mode is switched off for the app; `silent`: takes it and says nothing. */
  refuse(reason: 'link_disabled' | 'too_many_websockets' | 'silent' | null): void {
    this.#refusal = reason;
    if (reason !== null && reason !== 'silent')
      for (const socket of this.#connections) this.#disconnect(socket, reason);
  }

  /** Cuts every connection without a word, as a network does. */
  cut(): void {
    for (const socket of this.#connections) socket.terminate();
  }

  stop(): void {
    this.#stopped = true;
    this.#options.server.off('upgrade', this.#onUpgrade);
    for (const timer of this.#timers) clearTimeout(timer);
    for (const pending of this.#pending.values()) pending.answer({ ok: false, error: 'dispatch_failed' });
    this.cut();
    this.#sockets.close();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { port } = this.#options.server.address() as AddressInfo;
    // Slack's clients are no web pages: one with an origin, even ours, is not meant for us.
    if (request.headers.origin !== undefined || foreignRequest(request, port) !== null) {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    const url = new URL(request.url ?? '/', 'http://localhost');
    const ticket = url.searchParams.get('ticket') ?? '';
    const goodUntilMs = this.#tickets.get(ticket);
    this.#tickets.delete(ticket);
    if (url.pathname !== '/link/' || goodUntilMs === undefined || Date.now() > goodUntilMs) {
      socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (connection) => this.#accept(connection));
  }

  #accept(socket: WebSocket): void {
    socket.on('error', () => socket.terminate());
    if (this.#connections.length >= CONNECTIONS) {
      this.#disconnect(socket, 'too_many_websockets');
      return;
    }
    if (this.#refusal === 'silent') return;
    this.#connections.push(socket);
    socket.on('message', (data: Buffer) => this.#acknowledged(data.toString('utf8')));
    socket.on('close', () => this.#closed(socket));
    const pings = setInterval(() => socket.ping(`Ping from applink-local-0`), PING_MS);
    socket.once('close', () => clearInterval(pings));
    const lifetimeMs = this.#options.connectionLifetimeS * 1000;
    if (lifetimeMs > 0) this.#after(Math.max(0, lifetimeMs - WARNING_MS), () => this.#disconnect(socket, 'warning'));
    socket.send(
      JSON.stringify({
        type: 'hello',
        num_connections: this.#connections.length,
        debug_info: {
          host: 'applink-local-0',
          build_number: 1,
          approximate_connection_time: this.#options.connectionLifetimeS || 18_060,
        },
        connection_info: { app_id: APP.id },
      }),
    );
    if (this.#refusal !== null) return this.#disconnect(socket, this.#refusal);
    if (this.#connections.length === 1) this.#options.onPresence(true);
    for (const pending of this.#pending.values()) if (pending.on === null) this.#send(pending);
  }

  #disconnect(socket: WebSocket, reason: string): void {
    socket.send(JSON.stringify({ type: 'disconnect', reason, debug_info: { host: 'applink-local-0' } }));
    if (reason === 'warning') this.#after(WARNING_MS, () => this.#disconnect(socket, 'refresh_requested'));
    else this.#after(1_000, () => socket.close(1000));
  }

  #closed(socket: WebSocket): void {
    this.#connections = this.#connections.filter((one) => one !== socket);
    if (this.#stopped) return;
    if (this.#connections.length === 0) this.#options.onPresence(false);
    for (const pending of this.#pending.values()) {
      if (pending.on !== socket) continue;
      pending.on = null;
      this.#send(pending);
    }
  }

  #send(pending: Pending): void {
    const open = this.#connections.filter((one) => one.readyState === one.OPEN);
    const socket = open[this.#turn++ % Math.max(1, open.length)];
    if (socket === undefined) return;
    pending.on = socket;
    socket.send(JSON.stringify(pending.envelope));
  }

  #acknowledged(text: string): void {
    const message = parse(text);
    this.#pending.get(String(message?.['envelope_id']))?.answer({ ok: true, body: message?.['payload'] });
  }

  #after(delayMs: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, delayMs);
    this.#timers.add(timer);
  }
}

function parse(text: string): Json | null {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
