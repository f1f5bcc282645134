/** A message's `ts` is its moment in Slack: seconds with six decimals, and no two messages of a channel have the same. */

/** `atMs`: epoch ms. */
export const tsAt = (atMs: number): string => (atMs / 1_000).toFixed(6);

/** The last moment before this one. */
export function before(ts: string): string {
  const micros = BigInt(ts.replace('.', '')) - 1n;
  return `${micros / 1_000_000n}.${String(micros % 1_000_000n).padStart(6, '0')}`;
}
