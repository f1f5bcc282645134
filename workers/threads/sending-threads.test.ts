import { Worker } from 'node:worker_threads';
import { pino } from 'pino';
import { expect, test, vi } from 'vitest';
import { secondTry } from '../../test/run/second-try.ts';
import { LoadedAudience } from '../audience/packed/loaded-audience.ts';
import { collectGarbage } from '../collect-garbage.ts';
import { createSwitchMemory } from '../halt/switch-view.ts';
import { ENTRY, SendingThread, SendingThreads } from './sending-threads.ts';

const MB = 1_000_000;

test(
  'threads that are stopped leave by themselves; one that is too busy to hear of it is ended all the same',
  secondTry('how soon a thread leaves is the machine’s'),
  async () => {
    const threads = new SendingThreads({ count: 2, switches: createSwitchMemory(), log: pino({ level: 'silent' }) });
    threads.start();
    await expect.poll(() => threads.all.every(({ hasBegun }) => hasBegun)).toBe(true);
    const terminate = vi.spyOn(Worker.prototype, 'terminate');
    try {
      await threads.stop();
      expect(threads.all).toEqual([]);
      expect(terminate).not.toHaveBeenCalled();
      const deaf = new SendingThread(
        0,
        ENTRY,
        { lanes: [], switches: createSwitchMemory(), logLevel: 'silent' },
        { message: () => undefined, error: () => undefined },
      );
      vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(() => undefined);
      const startMs = performance.now();
      await deaf.end(false);
      expect(deaf.isEnded).toBe(true);
      expect(performance.now() - startMs).toBeLessThan(4_000);
    } finally {
      vi.restoreAllMocks();
    }
  },
);

test(
  'an audience that is let go is out of memory before the next one comes, in idle threads too',
  secondTry('memory of the whole process, of which others may take some meanwhile'),
  async () => {
    const threads = new SendingThreads({ count: 2, switches: createSwitchMemory(), log: pino({ level: 'silent' }) });
    threads.start();
    const attachOne = () => {
      const memory = new SharedArrayBuffer(200 * MB);
      new Uint8Array(memory).fill(1);
      threads.attach(
        new LoadedAudience(
          { v: 1, hash: 'h', devices: 0, batchSize: 1, locales: [], localeCounts: {}, shards: [], segments: [] },
          [],
          memory,
        ),
      );
    };
    try {
      const beforeMb = process.memoryUsage.rss() / MB;
      for (let times = 1; times <= 3; times++) {
        attachOne();
        threads.attach(null);
        await vi.waitFor(
          () => {
            collectGarbage();
            expect(process.memoryUsage.rss() / MB - beforeMb).toBeLessThan(150);
          },
          { interval: 50 },
        );
      }
    } finally {
      await threads.stop();
    }
  },
);
