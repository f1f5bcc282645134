import type { Campaign } from '../../runbooks/playbook/schema.ts';
import { startThread } from '../thread.ts';
import type { Preview } from './draw.ts';

/** Fonts are read and unpacked first; a picture then takes a fraction of a second. */
const DRAWN_WITHIN_MS = 30_000;

/**
 * A picture of each of these locales, in their order, drawn in a thread of its own: a press must not wait for it. Rejects with
 * PREVIEW_LATE when it takes too long, and with whatever the drawing throws.
 */
export async function drawPreviews(
  campaign: Campaign,
  locales: readonly string[],
  withinMs = DRAWN_WITHIN_MS,
): Promise<Preview[]> {
  const thread = startThread(new URL('./draw-thread.ts', import.meta.url), { workerData: { campaign, locales } });
  const drawn: Preview[] = [];
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => reject(late(withinMs)), withinMs);
      thread.on('message', (preview: Preview) => drawn.push(preview));
      thread.once('error', reject);
      thread.once('exit', () => resolve());
    });
  } finally {
    clearTimeout(timer);
    await thread.terminate();
  }
  return drawn;
}

const late = (withinMs: number): Error =>
  Object.assign(new Error(`PREVIEW_LATE: the pictures were not drawn within ${withinMs} ms`), { code: 'PREVIEW_LATE' });
