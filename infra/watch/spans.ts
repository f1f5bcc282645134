import { channel } from 'node:diagnostics_channel';

/**
 * What of a shot's way from press to provider is shown as a trace. Told after it is over, with the times that were taken anyway, so
 * that whoever is slow at hearing it holds up nothing. Where nobody listens it costs nothing (`areSpansHeard`).
 */
export interface Span {
  launchId: string;
  shotId: string;
  /** What it is, of few kinds: `press`, `append`, `worker`. */
  name: string;
  /** Names it in its trace for those that lie in it, whoever tells them. Absent: nothing lies in it. */
  key?: string;
  /** The `key` of what it lies in. Absent: the whole shot. */
  within?: string;
  /** Epoch ms, by the store's clock. */
  startMs: number;
  endMs: number;
  attributes?: Readonly<Record<string, string | number | boolean>>;
  /** Why it failed; absent: it did not. */
  failed?: string;
}

/** The key of the span that all others of a shot lie in. */
export const WHOLE_SHOT = 'shot';

const spans = channel('gobutton:span');

/** Asked before anything is counted or kept for a span. */
export const areSpansHeard = (): boolean => spans.hasSubscribers;

export function tellSpan(span: Span): void {
  spans.publish(span);
}

/** Returns what ends it. */
export function onSpan(hear: (span: Span) => void): () => void {
  const heard = (message: unknown) => hear(message as Span);
  spans.subscribe(heard);
  return () => {
    spans.unsubscribe(heard);
  };
}
