/**
 * Slack delivers an event again; whether it does so with commands is not documented (docs/facts.md#slack-redelivery).
 */
const REMEMBER_MS = 600_000;

/**
 * True the first time a key is seen within ten minutes. Spares people a second answer; that nothing happens twice is
 * the record's work, which also covers other instances.
 */
export function createOnce(nowMs: () => number): (key: string) => boolean {
  const seen = new Map<string, number>();
  return (key) => {
    const now = nowMs();
    for (const [old, atMs] of seen) {
      if (now - atMs <= REMEMBER_MS) break;
      seen.delete(old);
    }
    if (seen.has(key)) return false;
    seen.set(key, now);
    return true;
  };
}
