import { SingleBar } from 'cli-progress';
import type { CompilePhase } from './compile.ts';

/** Where a command writes; a bar is drawn only where somebody watches. */
export type Output = NodeJS.WritableStream & { isTTY?: boolean };

export interface Progress {
  /** `total` 0: not known yet. */
  update(phase: string, done: number, total: number): void;
  stop(): void;
}

/** Told beside the bar, to whoever started this. `leftMs` null: not known yet. */
export type Tell = (so: { say: string; percent: number; leftMs: number | null }) => void;

/** The share of the whole that each phase of a compile takes, as measured over 6 million rows. */
const WEIGHT: Record<CompilePhase, [from: number, to: number]> = {
  read: [0, 20],
  check: [20, 36],
  reject: [36, 38],
  pack: [38, 97],
  store: [97, 100],
};
const SAY: Record<CompilePhase, string> = {
  read: 'reading',
  check: 'checking',
  reject: 'listing rejects',
  pack: 'packing',
  store: 'storing',
};

/** A bar where somebody watches; otherwise a line per phase and at most one every five seconds. */
export function compileProgress(
  out: Output,
  tell: Tell | null = null,
): {
  update: (phase: CompilePhase, done: number, total: number) => void;
  stop: () => void;
} {
  const bar = progressBar(out);
  const startedAtMs = performance.now();
  return {
    update: (phase, done, total) => {
      const [from, to] = WEIGHT[phase];
      const share = total === 0 ? 0 : done / total;
      const count = total <= 1 ? '' : ` ${done.toLocaleString('en-US')} of ${total.toLocaleString('en-US')}`;
      const percent = from + (to - from) * share;
      const say = `${SAY[phase]}${count}`;
      bar.update(say, percent, 100);
      const tookMs = performance.now() - startedAtMs;
      tell?.({ say, percent, leftMs: percent < 1 ? null : (tookMs / percent) * (100 - percent) });
    },
    stop: () => bar.stop(),
  };
}

export function progressBar(out: Output): Progress {
  if (out.isTTY !== true) return plainLines(out);
  const bar = new SingleBar({
    format: '{bar} {percentage}%  {say}',
    barsize: 28,
    hideCursor: true,
    clearOnComplete: false,
    stream: out,
    fps: 10,
  });
  let started = false;
  return {
    update(say, done, total) {
      if (!started) bar.start(100, 0, { say });
      started = true;
      bar.update(total === 0 ? 0 : Math.floor((100 * done) / total), { say });
    },
    stop() {
      if (started) bar.stop();
    },
  };
}

const QUIET_MS = 5_000;

function plainLines(out: Output): Progress {
  let lastWord = '';
  let lastAt = 0;
  return {
    update(say, done, total) {
      const word = say.split(' ')[0] ?? '';
      if (word === lastWord && performance.now() - lastAt < QUIET_MS) return;
      lastWord = word;
      lastAt = performance.now();
      out.write(`${String(total === 0 ? 0 : Math.floor((100 * done) / total)).padStart(3)}% ${say}\n`);
    },
    stop() {
      lastWord = '';
    },
  };
}
