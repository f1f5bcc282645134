import type { SwitchItem } from '../../infra/aws/switch-store.ts';
import type { SwitchReading } from './switch-view.ts';

export interface SwitchPollOptions {
  /** One consistent read of the launch's item. */
  read: () => Promise<SwitchItem | null>;
  /** Called with what a read has confirmed and when it was begun, newest last. */
  confirm: (reading: SwitchReading, begunMs: number) => void;
  /** `sharedNowMs`. */
  nowMs: () => number;
  /** Once when reads begin to fail, and once when they are answered again. */
  tell: (said: { reachable: boolean; why: string }) => void;
}

/**
 * The reads of the switch item, one at a time or several under way. A read that fails or takes too long confirms nothing; the
 * next one begins on time all the same. Nor does a missing item: it is there from the launch's creation on, so it was lost,
 * and a halt may have stood in it. The worker pauses until the conductor has written it again.
 */
export function switchPoll({ read, confirm, nowMs, tell }: SwitchPollOptions): () => Promise<void> {
  let failing = false;
  let newestBegunMs = 0;
  return async () => {
    const begunMs = nowMs();
    try {
      const item = await read();
      if (item === null) throw new Error('the switch item is missing');
      // An answer that was overtaken must not take a newer one back.
      if (begunMs < newestBegunMs) return;
      newestBegunMs = begunMs;
      confirm(item, begunMs);
      if (failing) tell({ reachable: true, why: '' });
      failing = false;
    } catch (error) {
      if (!failing) tell({ reachable: false, why: error instanceof Error ? error.message : String(error) });
      failing = true;
    }
  };
}
