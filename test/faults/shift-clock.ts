/** Preloaded into one process (`node --import`): its wall clock, and that of its threads, is `CLOCK_SHIFT_MS` ahead. Monotonic clocks are left alone, as a wrong wall clock leaves them. */
const shiftMs = Number(process.env['CLOCK_SHIFT_MS']);
if (!Number.isFinite(shiftMs)) throw new Error('CLOCK_SHIFT_MS is missing');
const now = Date.now.bind(Date);

class ShiftedDate extends Date {
  constructor(...parts: unknown[]) {
    if (parts.length === 0) super(now() + shiftMs);
    else super(...(parts as [number]));
  }

  static override now(): number {
    return now() + shiftMs;
  }
}
globalThis.Date = ShiftedDate as DateConstructor;
