import { availableParallelism, totalmem } from 'node:os';

/** Of DuckDB. Without a machine of its own a compile leaves the rest to whoever sits before it. */
export const SHARED = { threads: 2, memoryMb: 500 };

/** Node, what is read from S3 and packed beside the database, and the system. */
const REST_MB = 1_500;
/** DuckDB goes over its limit for a moment. */
const SHARE = 0.8;
const MOST_THREADS = 64;

/** What a task may use, which has its machine for itself: all cores, and the memory that the rest leaves. The result never depends on it. */
export function ownMachine({ cores, memoryBytes }: { cores: number; memoryBytes: number } = found()): {
  threads: number;
  memoryMb: number;
} {
  const memoryMb = Math.floor((memoryBytes / 1e6 - REST_MB) * SHARE);
  return {
    threads: Math.min(MOST_THREADS, Math.max(1, cores)),
    memoryMb: Math.max(SHARED.memoryMb, memoryMb),
  };
}

/** Of a container its own limit; without one, what the machine has. */
function found(): { cores: number; memoryBytes: number } {
  const limit = process.constrainedMemory();
  return {
    cores: availableParallelism(),
    memoryBytes: limit > 0 ? Math.min(limit, totalmem()) : totalmem(),
  };
}
