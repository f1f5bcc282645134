import type { Command, RefusalCode } from '../../runbooks/launch/commands.ts';
import type { StoreClock } from './store-clock.ts';

/** A press is stamped when it arrives and decided at once; a store that answers slowly may take this long. */
const PRESS_OLDEST_MS = 20_000;
/** The press's own time was known as exactly as the store's was then. */
const PRESS_AHEAD_MS = 1_000;

/**
 * Why what a command says of time rests on one clock alone, or null: a press dates the end of its shot's window, and a close
 * "late" ends it. A halt is never in doubt.
 */
export function clockDoubt(clock: StoreClock, command: Command): { ok: false; code: RefusalCode; say: string } | null {
  const isPress = command.kind === 'approve-fire';
  if (!isPress && !(command.kind === 'close-shot' && command.cause === 'not-after')) return null;
  const doubt = (say: string) => ({ ok: false as const, code: 'CLOCK_IN_DOUBT' as const, say });
  if (clock.offset() === null) {
    return doubt(
      `No answer of the store has told its time, so only this machine's own clock says when ${isPress ? 'this was pressed' : 'the window ended'}. ${isPress ? 'Nothing was sent; press GO again' : 'It is tried again'}. If it stays so, something between here and DynamoDB strips the Date header.`,
    );
  }
  if (!isPress) return null;
  const aheadMs = command.pressedAtMs - clock.latestMs();
  if (aheadMs > PRESS_AHEAD_MS)
    return doubt(
      `The press is dated ${seconds(aheadMs)} ahead of the store's time, so it was dated by a clock that is off. Nothing was sent; press GO again.`,
    );
  const ageMs = clock.earliestMs() - command.pressedAtMs;
  if (ageMs > PRESS_OLDEST_MS)
    return doubt(
      `By the store's time the press is ${seconds(ageMs)} old, and no press takes so long: it was dated by a clock that is off, or waited for long. Nothing was sent; press GO again.`,
    );
  return null;
}

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
