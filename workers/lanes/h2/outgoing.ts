import type { Duplex } from 'node:stream';
import { FLAG, FRAME, FRAME_HEADER_BYTES, writeFrameHeader, writeUint32 } from '../../../h2/frames.ts';
import { HpackEncoder } from '../../../h2/hpack-encoder.ts';
import { SendWindow } from './flow-control.ts';
import { compileRequest, MAX_REQUEST_BYTES } from './request-template.ts';
import type { CompiledRequest, RequestTemplate } from './request-template.ts';
import { WriteBuffers } from './write-buffers.ts';

/** The most that is under way to the socket of a connection. */
export const WRITE_BYTES = 64 * 1024;

/** Of all connections of a thread. */
const writeBuffers = new WriteBuffers(WRITE_BYTES);
const NOTHING = Buffer.alloc(0);

export interface OutgoingOwner<J> {
  /** Asked before the rest of a body that a window has held up is written. */
  mayFinish(job: J): 'now' | 'later' | 'never';
  /** A body stays unfinished: without its end the peer can't process the request. */
  unfinished(streamId: number): void;
  /** The write is with the system, or failed. */
  wrote(error: Error | null): void;
}

interface PartialBody<J> {
  rest: Buffer;
  window: number;
  job: J;
}

/**
 * What one connection writes, in this order: control frames, the rest of bodies that a window has held up, new requests.
 *
 *   idle --begin()--> composing --write()--> writing, or idle if there was nothing --the socket took it--> idle
 *
 * Requests are composed when a write can start, so that nothing lies between the caller and the socket.
 */
export class Outgoing<J> {
  readonly #socket: Duplex;
  readonly #owner: OutgoingOwner<J>;
  /** From here on a write takes no further request. */
  readonly #fullBytes: number;
  readonly #encoder = new HpackEncoder();
  readonly #window = new SendWindow();
  readonly #partial = new Map<number, PartialBody<J>>();
  #peerInitialWindow = 65_535;
  #control: Buffer[] = [];
  #controlBytes = 0;
  #compiled = new WeakMap<RequestTemplate, Map<number, CompiledRequest>>();
  #compiledVersion = -1;
  #out: Buffer = NOTHING;
  #at = 0;
  #isWriting = false;

  /** `writeBytes`: a write is composed until it has so many. */
  constructor(socket: Duplex, writeBytes: number, owner: OutgoingOwner<J>) {
    this.#socket = socket;
    this.#owner = owner;
    this.#fullBytes = Math.min(writeBytes, WRITE_BYTES - MAX_REQUEST_BYTES);
  }

  get isWriting(): boolean {
    return this.#isWriting;
  }

  /** Control frames that the peer has not taken. */
  get controlBytes(): number {
    return this.#controlBytes;
  }

  /** True: something waits that is no new request. */
  get isPending(): boolean {
    return this.#control.length > 0 || this.#partial.size > 0;
  }

  /** True: the write under composition takes another request. */
  get takesRequest(): boolean {
    return this.#at < this.#fullBytes && this.#window.bytes > 0;
  }

  // ---- what the peer allows

  setTableLimit(bytes: number): void {
    this.#encoder.setLimit(bytes);
  }

  /** Of new streams, and of those that are open by the same difference (RFC 9113 section 6.9.2). */
  setInitialWindow(bytes: number): void {
    for (const partial of this.#partial.values()) partial.window += bytes - this.#peerInitialWindow;
    this.#peerInitialWindow = bytes;
  }

  /** `streamId` 0: the connection's window. */
  openWindow(streamId: number, bytes: number): void {
    if (streamId === 0) return this.#window.add(bytes);
    const partial = this.#partial.get(streamId);
    if (partial !== undefined) partial.window += bytes;
  }

  // ---- composing

  control(frame: Buffer): void {
    this.#control.push(frame);
    this.#controlBytes += frame.length;
  }

  begin(): void {
    this.#out = writeBuffers.take(WRITE_BYTES);
    this.#at = 0;
    if (this.#partial.size > 0) this.#dropStopped();
    this.#takeControl();
    if (this.#partial.size > 0) this.#sendPartials();
  }

  /** Only between `begin` and `write`, and only while it `takesRequest`. */
  request(streamId: number, job: J, template: RequestTemplate, token: string): void {
    const out = this.#out;
    const at = this.#at;
    const request = this.#request(template, token.length);
    request.bytes.copy(out, at);
    writeUint32(out, at + 5, streamId);
    writeUint32(out, at + request.dataIdAt, streamId);
    out.write(token, at + request.tokenAt, request.tokenBytes, 'latin1');
    if (request.bodyBytes <= this.#peerInitialWindow && request.bodyBytes <= this.#window.bytes) {
      this.#window.take(request.bodyBytes);
      this.#at = at + request.bytes.length;
      return;
    }
    // A window is smaller than the body: headers now, the body in pieces as the peer lets us.
    const body = Buffer.from(out.subarray(at + request.dataAt + FRAME_HEADER_BYTES, at + request.bytes.length));
    this.#partial.set(streamId, { rest: body, window: this.#peerInitialWindow, job });
    this.#at = at + request.dataAt;
    this.#sendPartials();
  }

  /** Hands over what was composed, if anything. */
  write(): void {
    const out = writeBuffers.fitting(this.#out, this.#at);
    this.#out = NOTHING;
    if (this.#at === 0) return writeBuffers.give(out);
    this.#isWriting = true;
    this.#socket.write(out.subarray(0, this.#at), (error) => {
      this.#isWriting = false;
      // After an error nobody knows whether the socket still looks at it.
      if (error === null || error === undefined) writeBuffers.give(out);
      this.#owner.wrote(error ?? null);
    });
  }

  // ---- ends

  /** The stream is over. True: its body was not whole. */
  forget(streamId: number): boolean {
    return this.#partial.size > 0 && this.#partial.delete(streamId);
  }

  clear(): void {
    this.#partial.clear();
  }

  // ---- inside

  /** The request for this connection's header table; made anew whenever the table has changed. */
  #request(template: RequestTemplate, tokenBytes: number): CompiledRequest {
    const encoder = this.#encoder;
    if (this.#compiledVersion === encoder.version) {
      const cached = this.#compiled.get(template)?.get(tokenBytes);
      if (cached !== undefined) return cached;
    }
    const before = encoder.version;
    const request = compileRequest(template, tokenBytes, encoder);
    // A block that changed the table must go out once and never again.
    if (encoder.version !== before) return request;
    if (this.#compiledVersion !== before) {
      this.#compiled = new WeakMap();
      this.#compiledVersion = before;
    }
    const byLength = this.#compiled.get(template) ?? new Map<number, CompiledRequest>();
    this.#compiled.set(template, byLength.set(tokenBytes, request));
    return request;
  }

  #dropStopped(): void {
    for (const [streamId, { job }] of this.#partial) {
      if (this.#owner.mayFinish(job) !== 'never') continue;
      this.#partial.delete(streamId);
      this.#owner.unfinished(streamId);
    }
  }

  #takeControl(): void {
    while (this.#control.length > 0) {
      const next = this.#control[0];
      if (next === undefined || this.#at + next.length > WRITE_BYTES) break;
      this.#at += next.copy(this.#out, this.#at);
      this.#controlBytes -= next.length;
      this.#control.shift();
    }
  }

  /** What the windows allow of unfinished bodies. */
  #sendPartials(): void {
    for (const [streamId, partial] of this.#partial) {
      if (this.#owner.mayFinish(partial.job) !== 'now') continue;
      const bytes = Math.min(
        partial.rest.length,
        partial.window,
        this.#window.bytes,
        WRITE_BYTES - this.#at - FRAME_HEADER_BYTES,
      );
      if (bytes <= 0) continue;
      const isLast = bytes === partial.rest.length;
      this.#at = writeFrameHeader(this.#out, this.#at, bytes, FRAME.data, isLast ? FLAG.endStream : 0, streamId);
      this.#at += partial.rest.copy(this.#out, this.#at, 0, bytes);
      partial.rest = partial.rest.subarray(bytes);
      partial.window -= bytes;
      this.#window.take(bytes);
      if (isLast) this.#partial.delete(streamId);
    }
  }
}
