/** S3 in one bucket. Never used as a lock: conditional puts are not relied upon. */
export interface Objects {
  put(key: string, body: Uint8Array, contentType?: string): Promise<void>;
  /** Null: no such object. */
  get(key: string, signal?: AbortSignal): Promise<Uint8Array | null>;
  list(prefix: string): Promise<{ key: string; bytes: number }[]>;
}
