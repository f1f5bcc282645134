import { Exchange } from '../exchange.ts';

/** A request on its stream, open until its answer is written. Used again by its connection for later streams. */
export class Stream extends Exchange {
  /** END_STREAM came. */
  ended = false;
  /** The site has judged it; it stays open until its answer is written. */
  decided = false;
  /** The body so far, when it came in more than one piece. */
  parts: Buffer[] | null = null;
  bodyBytes = 0;
  /** On top of what SETTINGS_INITIAL_WINDOW_SIZE gives. */
  sendCredit = 0;

  /** As new for another request. */
  begin(streamId: number): void {
    this.streamId = streamId;
    this.reply = null;
    this.tally = null;
    this.ended = false;
    this.decided = false;
    this.parts = null;
    this.bodyBytes = 0;
    this.sendCredit = 0;
  }
}

/** Ids only go up, so that the open streams lie close together nearly always. */
const ringSize = 2048;
const ringMask = ringSize - 1;

/** The open streams of a connection by their ids, all odd: in a ring, and in a map those that it has come round to again. */
export class OpenStreams {
  readonly #ring: (Stream | null)[] = Array.from<Stream | null>({ length: ringSize }).fill(null);
  readonly #late = new Map<number, Stream>();
  size = 0;

  get(id: number): Stream | undefined {
    const stream = this.#ring[(id >>> 1) & ringMask];
    return stream?.streamId === id ? stream : this.#late.get(id);
  }

  add(stream: Stream): void {
    const at = (stream.streamId >>> 1) & ringMask;
    const before = this.#ring[at] ?? null;
    if (before !== null) this.#late.set(before.streamId, before);
    this.#ring[at] = stream;
    this.size += 1;
  }

  delete(id: number): void {
    const at = (id >>> 1) & ringMask;
    if (this.#ring[at]?.streamId === id) this.#ring[at] = null;
    else if (!this.#late.delete(id)) return;
    this.size -= 1;
  }

  deleteAbove(lastId: number): void {
    for (const stream of [...this.#ring, ...this.#late.values()])
      if (stream !== null && stream.streamId > lastId) this.delete(stream.streamId);
  }

  clear(): void {
    this.#ring.fill(null);
    this.#late.clear();
    this.size = 0;
  }
}
