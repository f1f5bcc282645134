/** Which version of a credential the provider was last seen to accept, known to all threads: one answer counts for all of them. */
export class AcceptedVersion {
  readonly #slot: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#slot = new Int32Array(memory);
  }

  get version(): number {
    return Atomics.load(this.#slot, 0);
  }

  set version(version: number) {
    Atomics.store(this.#slot, 0, version);
  }
}

/** Versions count from 1. */
export function createAcceptedMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
}
