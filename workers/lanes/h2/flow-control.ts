import { ConnectionError } from '../../../h2/frames.ts';

const INITIAL_BYTES = 65_535;
/** Answers are small; one window of this size means a WINDOW_UPDATE every few thousand answers. */
const TARGET_BYTES = 1024 * 1024;
const MAX_BYTES = 0x7fffffff;

/** What the peer may still send on the connection, RFC 9113 section 5.2. */
export class ReceiveWindow {
  #bytes = INITIAL_BYTES;

  /** The first increment, from the protocol's 65,535 to ours. */
  openMore(): number {
    const increment = TARGET_BYTES - this.#bytes;
    this.#bytes = TARGET_BYTES;
    return increment;
  }

  received(bytes: number): void {
    this.#bytes -= bytes;
    if (this.#bytes < 0) throw new ConnectionError('FLOW_CONTROL_ERROR', 'more DATA than the window allows');
  }

  /** The increment to announce, or 0 while more than half is left. */
  update(): number {
    return this.#bytes > TARGET_BYTES / 2 ? 0 : this.openMore();
  }
}

/** What we may still send on the connection. */
export class SendWindow {
  #bytes = INITIAL_BYTES;

  get bytes(): number {
    return this.#bytes;
  }

  take(bytes: number): void {
    this.#bytes -= bytes;
  }

  add(increment: number): void {
    if (this.#bytes + increment > MAX_BYTES) throw new ConnectionError('FLOW_CONTROL_ERROR', 'window over 2^31 - 1');
    this.#bytes += increment;
  }
}
