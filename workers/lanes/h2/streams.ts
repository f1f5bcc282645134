/** What is known of one open stream. */
export interface OpenStream<J> {
  id: number;
  job: J;
  index: number;
  writtenAtMs: number;
  /** 0 until the answer's status came. */
  status: number;
  /** Bytes of the answer's body that `content-length` still announces; -1: it was not said. */
  left: number;
}

const FIRST_SIZE = 64;
/** In few steps: what is left behind at each one stays in memory until the next full garbage collection. */
const GROWTH = 8;

/**
 * The open streams of one connection. Ids only go up, so that the newest lie in a ring of typed arrays, which
 * costs nothing to enter and leave; one that is still open when the ring comes round again (an answer that is late,
 * or never comes) moves to a map. The ring grows with the streams that are open.
 */
export class OpenStreams<J> {
  #ids = new Int32Array(FIRST_SIZE);
  #indexes = new Int32Array(FIRST_SIZE);
  #statuses = new Int16Array(FIRST_SIZE);
  #left = new Int32Array(FIRST_SIZE);
  #writtenAtMs = new Float64Array(FIRST_SIZE);
  #jobs: (J | null)[] = Array.from<J | null>({ length: FIRST_SIZE }).fill(null);
  #mask = FIRST_SIZE - 1;
  readonly #largestSize: number;
  readonly #old = new Map<number, OpenStream<J>>();
  #count = 0;

  /** `expected`: how many may be open at a time; only memory and speed depend on it. */
  constructor(expected: number) {
    this.#largestSize = 2 ** Math.ceil(Math.log2(Math.max(FIRST_SIZE, expected * 2)));
  }

  get count(): number {
    return this.#count;
  }

  open(id: number, job: J, index: number, nowMs: number): void {
    if (this.#count > this.#mask >>> 1 && this.#mask + 1 < this.#largestSize) this.#grow();
    const at = (id >>> 1) & this.#mask;
    if (this.#ids[at] !== 0) this.#moveOut(at);
    this.#ids[at] = id;
    this.#jobs[at] = job;
    this.#indexes[at] = index;
    this.#statuses[at] = 0;
    this.#left[at] = -1;
    this.#writtenAtMs[at] = nowMs;
    this.#count += 1;
  }

  #grow(): void {
    const open = this.takeWhere(() => true);
    const size = Math.min(this.#largestSize, this.#ids.length * GROWTH);
    this.#ids = new Int32Array(size);
    this.#indexes = new Int32Array(size);
    this.#statuses = new Int16Array(size);
    this.#left = new Int32Array(size);
    this.#writtenAtMs = new Float64Array(size);
    this.#jobs = Array.from<J | null>({ length: size }).fill(null);
    this.#mask = size - 1;
    for (const { id, job, index, writtenAtMs, status, left } of open) {
      this.open(id, job, index, writtenAtMs);
      this.setStatus(id, this.find(id), status);
      this.setLeft(id, this.find(id), left);
    }
  }

  #moveOut(at: number): void {
    const stream = this.#read(at);
    this.#old.set(stream.id, stream);
  }

  #read(at: number): OpenStream<J> {
    const job = this.#jobs[at];
    if (job === null || job === undefined) throw new Error('LANE_STREAM_WITHOUT_JOB');
    return {
      id: this.#ids[at] ?? 0,
      job,
      index: this.#indexes[at] ?? 0,
      writtenAtMs: this.#writtenAtMs[at] ?? 0,
      status: this.#statuses[at] ?? 0,
      left: this.#left[at] ?? -1,
    };
  }

  /** -1: not open. Otherwise its place, valid until the next `open`, for the quick accessors below; -2: in the map. */
  find(id: number): number {
    const at = (id >>> 1) & this.#mask;
    // A free place says 0, which the peer can say too.
    if (this.#ids[at] === id && id !== 0) return at;
    return this.#old.has(id) ? -2 : -1;
  }

  status(id: number, at: number): number {
    return at >= 0 ? (this.#statuses[at] ?? 0) : (this.#old.get(id)?.status ?? 0);
  }

  setStatus(id: number, at: number, status: number): void {
    if (at >= 0) this.#statuses[at] = status;
    else {
      const stream = this.#old.get(id);
      if (stream !== undefined) stream.status = status;
    }
  }

  left(id: number, at: number): number {
    return at >= 0 ? (this.#left[at] ?? -1) : (this.#old.get(id)?.left ?? -1);
  }

  setLeft(id: number, at: number, left: number): void {
    if (at >= 0) this.#left[at] = left;
    else {
      const stream = this.#old.get(id);
      if (stream !== undefined) stream.left = left;
    }
  }

  job(id: number, at: number): J {
    const job = at >= 0 ? this.#jobs[at] : this.#old.get(id)?.job;
    if (job === null || job === undefined) throw new Error('LANE_STREAM_WITHOUT_JOB');
    return job;
  }

  index(id: number, at: number): number {
    return at >= 0 ? (this.#indexes[at] ?? 0) : (this.#old.get(id)?.index ?? 0);
  }

  close(id: number, at: number): void {
    if (at >= 0) {
      this.#ids[at] = 0;
      this.#jobs[at] = null;
    } else if (!this.#old.delete(id)) return;
    this.#count -= 1;
  }

  /** Takes out every stream that `which` accepts, lowest id first. */
  takeWhere(which: (stream: OpenStream<J>) => boolean): OpenStream<J>[] {
    const taken: OpenStream<J>[] = [];
    for (const stream of this.#old.values()) if (which(stream)) taken.push(stream);
    for (let at = 0; at <= this.#mask; at += 1) {
      if (this.#ids[at] === 0) continue;
      const stream = this.#read(at);
      if (which(stream)) taken.push(stream);
    }
    for (const { id } of taken) this.close(id, this.find(id));
    return taken.toSorted((a, b) => a.id - b.id);
  }
}
